"""`scheme:rest` -> encoder. The schemes are entry points, so a package of yours can bring a further one."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from modicum import plugins
from modicum.encoders.image import Encoder
from modicum.errors import EncoderError

GROUP = "modicum.encoders"


def resolve(name: str, cache: Path) -> Encoder:
    """The encoder `name` stands for, weights kept below the folder `cache`.

    `package:efficientnet-lite0` comes with modicum; `file:model.onnx` reads a model with its preprocessing in model.json
    beside it; `hf:org/name[/file.onnx]` and `timm:name` download. Raises EncoderError, MissingExtraError, StorageError.
    """
    scheme, _, rest = name.partition(":")
    known = plugins.names(GROUP)
    if scheme not in known or not rest:
        schemes = ", ".join(f"{entry}:" for entry in known)
        raise EncoderError(f"received the encoder {name!r}; allowed are {schemes} and a name, such as package:efficientnet-lite0")
    load = cast(Callable[[str, Path], Encoder], plugins.get(GROUP, scheme))
    return load(rest, cache)
