"""Any ONNX image model as an encoder: onnxruntime with one thread a call, because the callers are parallel themselves."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import ValidationError

from modicum.encoders.image import ImageEncoder, Preprocessing
from modicum.errors import EncoderError

_MAX_JSON = 100_000  # bytes


@dataclass(frozen=True)
class OnnxNetwork:
    """A loaded model with one image input and vectors as its first output."""

    session: onnxruntime.InferenceSession

    def __call__(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        (vectors,) = self.session.run(self._output, {self.session.get_inputs()[0].name: pixels})
        return np.asarray(vectors, np.float32).reshape(len(pixels), -1)

    @property
    def _output(self) -> list[str]:
        return [self.session.get_outputs()[0].name]

    @property
    def fixed_batch(self) -> int | None:
        """The number of pictures the model insists on, if it does."""
        first = self.session.get_inputs()[0].shape[0]
        return first if isinstance(first, int) else None


def load(model: Path | bytes, preprocessing: Preprocessing, name: str) -> ImageEncoder:
    """An encoder from an ONNX model; one grey picture is sent through it to learn its dimensions.

    Raises EncoderError when the model cannot be loaded or does not turn pictures of that preprocessing into vectors.
    """
    try:
        source = model if isinstance(model, bytes) else str(model)
        session = onnxruntime.InferenceSession(source, one_thread(), providers=["CPUExecutionProvider"])
        network = OnnxNetwork(session)
        if len(session.get_inputs()) != 1 or network.fixed_batch not in (None, 1):
            raise EncoderError(f"{name} must have one input, a batch of images [n, ...] of any n; export it with a dynamic batch")
        grey = np.full((preprocessing.size, preprocessing.size, 3), 127, np.uint8)
        (raw,) = session.run([session.get_outputs()[0].name], {session.get_inputs()[0].name: preprocessing.apply([grey])})
    except EncoderError:
        raise
    except Exception as error:  # onnxruntime's exceptions have no common base of their own
        reason = str(error).splitlines()[0]
        raise EncoderError(f"{name} is no ONNX model that fits its preprocessing ({reason}); check both files") from error
    shape = np.shape(raw)
    if len(shape) not in (2, 4) or shape[0] != 1 or (len(shape) == 4 and shape[2:] != (1, 1)):
        raise EncoderError(f"{name} gives {list(shape)} for one picture; an encoder gives one vector [1, dims]: export it pooled")
    return ImageEncoder(name, int(shape[1]), preprocessing, network, step=1 if network.fixed_batch else 4)


def one_thread() -> onnxruntime.SessionOptions:
    """Options for a session whose callers are parallel themselves."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only; they arrive as exceptions as well
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def from_file(rest: str, cache: Path) -> ImageEncoder:
    """`file:model.onnx` with `model.json` beside it. Nothing is cached: it is a file already. Raises EncoderError."""
    path = Path(rest).expanduser().resolve()
    name, description = f"file:{path}", path.with_suffix(".json")
    if not path.is_file():
        raise EncoderError(f"{name}: there is no file {path}")
    if not description.is_file():
        example = Preprocessing(size=224, mean=(123.7, 116.3, 103.5), std=(58.4, 57.1, 57.4)).model_dump_json()
        raise EncoderError(f"{name}: its preprocessing is missing; write it to {description}, such as {example}")
    return load(path, read_preprocessing(description), name)


def read_preprocessing(path: Path) -> Preprocessing:
    """The preprocessing in a JSON file. Raises EncoderError, naming the field."""
    try:
        if path.stat().st_size > _MAX_JSON:
            raise EncoderError(f"{path} is larger than {_MAX_JSON:,} bytes; it should hold the preprocessing only")
        return Preprocessing.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        allowed = ", ".join(Preprocessing.model_fields)
        reason = first["msg"].removeprefix("Value error, ")
        raise EncoderError(f"{path}: {field + ': ' if field else ''}{reason}; fields: {allowed}") from error
    except OSError as error:
        raise EncoderError(f"{path} cannot be read: {error.strerror}") from error
