"""Extensions by name: an entry-point group is a table from name to object, loaded when somebody asks for it.

Groups: `modicum.strategies`, `modicum.wrappers`, `modicum.encoders`, `modicum.formats`,
`modicum.shape_formats`. What modicum ships is registered in its
own pyproject.toml like anybody else's, so there is one way in.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from modicum.errors import ModicumError, NotFoundError


def get(group: str, name: str) -> object:
    """The object registered under `name`.

    Raises NotFoundError when no installed package registers the name, and ModicumError, with the cause attached, when
    the package that does cannot be imported.
    """
    table = _table(group)
    if name not in table:
        raise NotFoundError(f"no {group.rpartition('.')[2]} entry is named {name!r}; installed: {', '.join(sorted(table))}")
    try:
        return table[name].load()
    except ModicumError:
        raise
    except Exception as error:
        dist = table[name].dist
        source = dist.name if dist else table[name].value
        raise ModicumError(
            f"{name!r} of {group}, from the package {source}, cannot be loaded ({error}): repair or uninstall that package"
        ) from error


def names(group: str) -> tuple[str, ...]:
    """Every name installed in the group, sorted. Nothing is imported."""
    return tuple(sorted(_table(group)))


@cache
def _table(group: str) -> dict[str, EntryPoint]:
    # modicum's own entries win: a stranger's package must not replace what a project's policy names.
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=group):
        own = entry.dist is not None and entry.dist.name == "modicum"
        if own or entry.name not in found:
            found[entry.name] = entry
    return found
