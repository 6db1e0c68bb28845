"""Objects of your own Python code by their place, such as `module:object` or `folder/file.py:object`."""

import importlib
import importlib.util
import sys
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

from modicum.errors import ModelError


def found(place: str) -> tuple[Any, str]:
    """The object at a place, and a version: its own `version`, else told from the bytes of its file.

    This runs the code of the module: a place may come from the command line alone, never from a request. The folder the command
    was given in is looked at too. Raises ModelError with what the code raised.
    """
    module_place, _, name = place.rpartition(":") if ":" in place else (place, "", "")
    module = _module(module_place)
    found: Any = module
    for part in filter(None, name.split(".")):
        if not hasattr(found, part):
            known = ", ".join(entry for entry in vars(module) if not entry.startswith("_"))[:300]
            raise ModelError(f"{module_place} has no {name!r}; it has {known}")
        found = getattr(found, part)
    return found, str(getattr(found, "version", "") or _told_by_file(module))[:80]


def called(thing: Any, *members: str) -> Any:
    """The thing itself when it has these members, else what calling it without arguments gives. Raises ModelError."""
    if all(hasattr(thing, member) for member in members) and not isinstance(thing, type):
        return thing
    if callable(thing):
        try:
            made = thing()
        except Exception as error:
            raise ModelError(f"calling {_name(thing)} failed ({type(error).__name__}: {error!s:.200})") from error
        if all(hasattr(made, member) for member in members):
            return made
    raise ModelError(f"{_name(thing)} needs {' and '.join(members)}, and so does what calling it without arguments gives")


def _module(place: str) -> ModuleType:
    try:
        if place.endswith(".py"):
            path = Path(place).expanduser().resolve()
            if not path.is_file():
                raise ModelError(f"there is no file {path}")
            spec = importlib.util.spec_from_file_location(path.stem, path)
            if spec is None or spec.loader is None:
                raise ModelError(f"{path} cannot be imported")
            module = importlib.util.module_from_spec(spec)
            sys.modules[path.stem] = module  # dataclasses and pickles of the module look it up by name
            spec.loader.exec_module(module)
            return module
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.append(here)
        return importlib.import_module(place)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{place!r} cannot be imported ({type(error).__name__}: {' '.join(str(error).split()):.200})") from error


def _told_by_file(module: ModuleType) -> str:
    path = getattr(module, "__file__", None)
    return sha256(Path(path).read_bytes()).hexdigest()[:8] if path and Path(path).is_file() else "0"


def _name(thing: Any) -> str:
    return str(getattr(thing, "__name__", type(thing).__name__))
