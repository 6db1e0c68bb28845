"""Every error modicum raises on purpose; the message says what was received, what is allowed and what to do next.

ModicumError
├── InputError            something a person or a file gave us cannot be used      (HTTP 422)
│   ├── SchemaError       classes or settings that contradict each other
│   ├── MediaError        one image that cannot be read; the rest goes on
│   ├── SourceError       a folder, zip or table that cannot be listed
│   └── ModelError        a model from outside that cannot be loaded, reached or understood
├── NotFoundError         a name or id that stands for nothing                     (HTTP 404)
├── ConflictError         the state has moved on since the caller looked           (HTTP 409)
│   ├── LeaseLostError    a task that meanwhile belongs to somebody else
│   └── HomeLockedError   another modicum works on this home
├── MissingExtraError     an optional dependency that is not installed             (HTTP 501)
├── EncoderError          weights that are absent, altered or do not fit
└── StorageError          the disk or the database refused a write                 (HTTP 507)
"""


class ModicumError(Exception):
    """Base of all errors modicum raises on purpose.

    `message` is one line for a person; `path` points into the data that was received, such as `$.classes[2].name`.
    """

    def __init__(self, message: str, *, path: str | None = None) -> None:
        self.message = message
        self.path = path
        super().__init__(f"{path}: {message}" if path else message)


class InputError(ModicumError):
    """Something a person or a file gave us cannot be used."""


class SchemaError(InputError):
    """Classes or settings that contradict each other."""


class MediaError(InputError):
    """One image that cannot be read."""


class SourceError(InputError):
    """A folder, zip or table that cannot be listed."""


class ModelError(InputError):
    """A model from outside that cannot be loaded, reached or understood."""


class NotFoundError(ModicumError):
    """A name or id that stands for nothing."""


class ConflictError(ModicumError):
    """The state has moved on since the caller looked."""


class LeaseLostError(ConflictError):
    """A task that meanwhile belongs to somebody else."""


class HomeLockedError(ConflictError):
    """Another modicum works on this home."""


class MissingExtraError(ModicumError):
    """An optional dependency that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f"{what} needs the extra '{extra}', which is not installed: pip install 'modicum[{extra}]'")


class EncoderError(ModicumError):
    """Weights that are absent, altered or do not fit."""


class StorageError(ModicumError):
    """The disk or the database refused a write."""
