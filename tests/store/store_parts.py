"""Small projects for the tests of the store and of the two halves that meet in it."""

import hashlib
from collections.abc import Sequence

import numpy as np

from modicum.home import Home
from modicum.store import items, projects
from modicum.store.db import Database
from modicum.store.items import NewItem
from modicum.types import Policy, Project, Split
from modicum.vectors import Vectors

DIMS = 8


def split_of(sha256: str) -> Split:
    return Split.HOLDOUT if int(sha256[:8], 16) / 2**32 < 0.2 else Split.TRAIN


def new_item(number: int, class_id: int | None = None) -> NewItem:
    sha256 = hashlib.sha256(f"item {number}".encode()).hexdigest()
    name = f"{number:06}.jpg"
    return NewItem(f"file:///pictures/{name}", name, sha256, "image/jpeg", 640, 480, split_of(sha256), class_id)


def truth(number: int, n_classes: int) -> int:
    """The right class of an item: what a perfect annotator would say."""
    return number % n_classes


def clusters(n: int, n_classes: int, dims: int = DIMS) -> np.ndarray:
    """Vectors that tell the classes apart, one cluster a class."""
    rng = np.random.default_rng(7)
    centres = np.eye(n_classes, dims) * 4
    return centres[[truth(k, n_classes) for k in range(n)]] + rng.standard_normal((n, dims)) * 0.3


def make_project(
    db: Database,
    home: Home,
    n: int,
    classes: Sequence[str] = ("basset", "chow", "poodle"),
    policy: Policy | None = None,
    given: dict[int, int] | None = None,
) -> Project:
    """A project of n encoded items; `given` names the class some of them were imported with."""
    project = db.write(projects.create, "Dogs", classes, policy=policy, seed=11)
    if n:
        db.write(projects.set_dims, project.id, DIMS)
        Vectors(home.vectors_of(project.id), DIMS).append(clusters(n, len(classes)), 0)
        db.write(items.add_items, project.id, [new_item(k, (given or {}).get(k)) for k in range(n)], 0, batch=1)
    return project
