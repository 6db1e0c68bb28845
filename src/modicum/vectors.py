"""The embeddings of one project: one raw float16 file, memory-mapped; how many of its rows count is known to the database.

The file is written first and the row count committed second, so a crash leaves at most a tail that nobody reads and the
next append cuts off.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modicum.errors import EncoderError, StorageError

_DTYPE = np.dtype("<f2")


class Vectors:
    """Vectors of `dims` dimensions in the file `path`, which need not exist yet."""

    def __init__(self, path: Path, dims: int) -> None:
        self.path = path
        self.dims = dims

    def append(self, array: NDArray[np.floating], committed_rows: int) -> None:
        """Puts `array` [n, dims] behind the first `committed_rows` rows and returns when it is on the disk.

        Whatever stands behind these rows was never committed and is cut off. Raises EncoderError for vectors of another
        width or beyond float16, StorageError when the disk refuses; the committed rows are intact in any case.
        """
        rows = self._checked(array)
        start = committed_rows * self.dims * _DTYPE.itemsize
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
            with self.path.open("r+b") as file:
                if file.seek(0, os.SEEK_END) < start:
                    raise StorageError(self._short(committed_rows))
                file.truncate(start)
                file.seek(start)
                file.write(rows.tobytes())
                file.flush()
                os.fsync(file.fileno())
            if committed_rows == 0:
                _sync_directory(self.path.parent)
        except OSError as error:
            raise StorageError(
                f"the vectors cannot be written to {self.path.parent}: {error.strerror}; "
                "free some space, then resume: what was imported so far is kept"
            ) from error

    def read(self, rows: int) -> NDArray[np.float16]:
        """The first `rows` rows as float16[rows, dims], read-only and mapped. Raises StorageError when some are missing."""
        if rows == 0:
            return np.empty((0, self.dims), _DTYPE)
        try:
            return np.memmap(self.path, _DTYPE, mode="r", shape=(rows, self.dims))
        except (OSError, ValueError) as error:
            raise StorageError(self._short(rows)) from error

    def _checked(self, array: NDArray[np.floating]) -> NDArray[np.float16]:
        if array.ndim != 2 or array.shape[1] != self.dims:
            shape = list(array.shape)
            raise EncoderError(f"this project's vectors are [n, {self.dims}], the encoder gave {shape}; use its first encoder")
        with np.errstate(over="ignore"):
            rows = array.astype(_DTYPE)
        if not np.isfinite(rows).all():
            raise EncoderError("the encoder gave values that are not finite in float16 (up to 65,504); check its preprocessing")
        return rows

    def _short(self, rows: int) -> str:
        return f"{self.path} holds fewer than the {rows} rows the database counts; restore it from a backup or import again"


def _sync_directory(folder: Path) -> None:
    """Makes a new file's name survive a power cut, where the system offers that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
