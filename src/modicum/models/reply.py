"""What every model from outside is: a function from photos to candidates for shapes, in the model's own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modicum.images import decode

FROM_OUTSIDE = 0  # the number that stands for a model no round has trained


@dataclass(frozen=True)
class Photo:
    """An image as a model gets it: its bytes, its pixels when they are asked for. `width` and `height` are pixels, upright."""

    id: int
    name: str
    data: bytes
    media: str
    width: int
    height: int

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """uint8[height, width, 3], RGB, upright. Raises MediaError."""
        return decode(self.data)


@dataclass(frozen=True)
class Candidate:
    """One object as a model tells of it, before anything of it is checked.

    `name` is the model's name of the class. `forms` are fields of geometries with their `kind`, the best first: a detector of
    keypoints knows a box as well; none for a class of the whole image. `path` is its place in what the model answered.
    """

    name: str
    forms: tuple[Mapping[str, Any], ...]
    score: float | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    group: int | None = None
    path: str = ""


@dataclass(frozen=True)
class Reply:
    """What a model says of one image; `notes` tell what of its answer could not be read at all."""

    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()


class ShapeModel(Protocol):
    """A model that draws. `name` is what people read, without its version; `version` tells two states of it apart.

    `classes` are the names it may use, none when it does not say so beforehand; `step` photos are given to it at a time.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def step(self) -> int: ...
    def __call__(self, photos: Sequence[Photo], /) -> list[Reply]:
        """One reply for each photo, in order. Raises ModelError when the model cannot be used at all."""
        ...
