"""`onnx:file`, `http://host`, `python:place` or `cvat:place` -> a model that draws.

These run code or reach the network, so they are accepted from the command line alone and never through HTTP.
"""

from pathlib import Path

from modicum.errors import ModelError
from modicum.models.reply import ShapeModel
from modicum.types import Schema

ALLOWED = "onnx:detector.onnx, http://host:port, python:module:object or cvat:module:object"


def resolve(name: str, schema: Schema, *, above: float | None = None, inline: bool = False) -> tuple[ShapeModel, dict[str, str]]:
    """The model, and how it names the project's classes itself; `schema` and `inline` are for models behind HTTP.

    Raises ModelError.
    """
    scheme, _, rest = name.partition(":")
    if scheme == "onnx" and rest:
        from modicum.models.onnx_file import load as load_onnx

        found = load_onnx(Path(rest))
        return found, dict(found.said.map)
    if scheme in ("http", "https") and rest:
        from modicum.models.remote import connect

        return connect(name, schema, inline=inline), {}
    if scheme == "python" and rest:
        from modicum.models.python_object import load as load_object

        return load_object(rest), {}
    if scheme == "cvat" and rest:
        from modicum.models.cvat_function import load as load_function

        return load_function(rest, above), {}
    raise ModelError(f"received the model {name!r}; allowed are {ALLOWED}")
