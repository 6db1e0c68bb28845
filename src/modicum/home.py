"""The folder modicum keeps everything in: the database, vectors, uploads, caches, and the lock that keeps a second one out."""

import os
import shutil
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from modicum.errors import HomeLockedError, StorageError


class Home:
    """Paths under one home folder, created when missing.

    Without a path it is `$MODICUM_HOME`, or else the user's data folder. Raises StorageError when it cannot be created.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        chosen = path or os.environ.get("MODICUM_HOME") or platformdirs.user_data_dir("modicum", appauthor=False)
        self.path = Path(chosen).expanduser().resolve()
        try:
            for folder in (self.path, self.vectors, self.uploads, self.cache):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._refused(error) from error

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the embedded database."""
        return f"sqlite:///{self.path / 'modicum.db'}"

    @property
    def vectors(self) -> Path:
        return self.path / "vectors"

    @property
    def uploads(self) -> Path:
        return self.path / "uploads"

    @property
    def cache(self) -> Path:
        return self.path / "cache"

    @property
    def server_json(self) -> Path:
        """Where a running server leaves its address and token for the command line."""
        return self.path / "server.json"

    def vectors_of(self, project_id: int) -> Path:
        """The project's embeddings, one raw float16 file."""
        return self.vectors / f"{project_id}.f16"

    def dense_of(self, project_id: int) -> Path:
        """Folder of what the encoder sees in every part of the images somebody has drawn on; it can be computed again."""
        return self.cache / "dense" / str(project_id)

    def training_of(self, project_id: int) -> Path:
        """Folder of trainings that were interrupted."""
        return self.path / "training" / str(project_id)

    def remove_project(self, project_id: int) -> None:
        """Remove what the project kept outside the database, apart from uploads, which other projects may share."""
        self.vectors_of(project_id).unlink(missing_ok=True)
        shutil.rmtree(self.cache / "thumbs" / str(project_id), ignore_errors=True)
        shutil.rmtree(self.dense_of(project_id), ignore_errors=True)
        shutil.rmtree(self.training_of(project_id), ignore_errors=True)

    def lock(self) -> FileLock:
        """Take the home for this process; release() gives it back, and so does the end of the process.

        Raises HomeLockedError when another process has it, StorageError when the home cannot be written.
        """
        lock = FileLock(self.path / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise HomeLockedError(
                f"another modicum works on {self.path}: use that one, stop it, or set MODICUM_HOME to another folder"
            ) from error
        except OSError as error:
            raise self._refused(error) from error
        return lock

    def _refused(self, error: OSError) -> StorageError:
        return StorageError(
            f"cannot write to the home folder {self.path} ({error.strerror}): choose another one with MODICUM_HOME=FOLDER"
        )
