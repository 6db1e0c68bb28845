"""A model behind HTTP that speaks the protocol of Label Studio's ML backends: /health, /setup and /predict.

Source: label_studio_ml, api.py, and Label Studio's documentation of predictions.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from modicum.errors import ModelError
from modicum.formats.label_studio_writer import config
from modicum.geometry import Kind
from modicum.models.http_calls import Place, place
from modicum.models.lending import Lender
from modicum.models.regions import candidates
from modicum.models.reply import Photo, Reply
from modicum.types import Schema

_CONTROLS = {
    Kind.BOX: "rectanglelabels",
    Kind.ROTATED: "rectanglelabels",
    Kind.POLYGON: "polygonlabels",
    Kind.ELLIPSE: "ellipselabels",
    Kind.POINTS: "keypointlabels",
    Kind.SKELETON: "keypointlabels",
    Kind.MASK: "brushlabels",
}
PROJECT = "1.0"  # Label Studio sends id and time of the project; a backend needs them only to keep models of several apart


@dataclass(frozen=True)
class RemoteModel:
    """A backend that answered when it was connected to; one photo a call, because many look at the first task alone."""

    place: Place
    version: str
    label_config: str
    inline: bool
    classes: tuple[str, ...] = ()
    step: int = 1

    @property
    def name(self) -> str:
        return self.place.url

    @cached_property
    def lender(self) -> Lender:
        return Lender(self.place.parts.hostname or "localhost", self.place.parts.port)

    def __call__(self, photos: Sequence[Photo], /) -> list[Reply]:
        return [self._one(photo) for photo in photos]

    def _one(self, photo: Photo) -> Reply:
        if self.inline:
            address = f"data:{photo.media};base64,{base64.b64encode(photo.data).decode()}"
            return self._said(photo, self._predict(photo, address))
        with self.lender.lend([photo]) as (address,):
            return self._said(photo, self._predict(photo, address))

    def _predict(self, photo: Photo, address: str) -> Any:
        body = {
            "tasks": [{"id": photo.id, "data": {"image": address}}],
            "model_version": self.version,
            "project": PROJECT,
            "label_config": self.label_config,
            "params": {"login": None, "password": None, "context": {}},
        }
        return self.place.post("/predict", body)

    def _said(self, photo: Photo, answer: Any) -> Reply:
        results = answer.get("results") if isinstance(answer, Mapping) else None
        if not isinstance(results, list):
            raise ModelError(f'{self.name}/predict answered without "results", a list of predictions')
        if results and isinstance(results[0], list):  # several predictions of one task
            results = results[0]
        if not results:
            return Reply((), ("the model gave no prediction",))
        notes = [f"$.results[{n}]: a further prediction of the same image was left out" for n in range(1, len(results))]
        first = results[0]
        if not isinstance(first, Mapping) or not isinstance(first.get("result"), list):
            return Reply((), ('$.results[0]: no prediction with a list "result"',))
        said = first.get("model_version")
        if said and str(said) != self.version:
            notes.append(f"answered by the version {said!s:.60}, not {self.version}")
        found, lost = candidates(first, photo.width, photo.height, "$.results[0]")
        return Reply(found, (*notes, *lost))

    def close(self) -> None:
        """Stops giving out photos."""
        if "lender" in self.__dict__:
            self.lender.close()


def connect(address: str, schema: Schema, *, inline: bool = False, timeout: float = 120.0) -> RemoteModel:
    """The model at an address, once it says that it is up and knows the classes.

    `inline` sends pictures inside the request instead of addresses from which the model fetches them. Raises ModelError.
    """
    where = place(address, timeout=timeout)
    health = where.get("/health")
    if not isinstance(health, Mapping) or str(health.get("status", "UP")).upper() != "UP":
        raise ModelError(f"{where.url}/health says {health!s:.200} instead of UP: wait until the model is ready")
    wanted = label_config(schema)
    setup = {"project": PROJECT, "schema": wanted, "hostname": "", "access_token": "", "extra_params": None}
    answer = where.post("/setup", setup)
    version = answer.get("model_version") if isinstance(answer, Mapping) else None
    return RemoteModel(where, str(version)[:80] if version else "unknown", wanted, inline)


def label_config(schema: Schema) -> str:
    """The labeling configuration of a project: one control a kind of shape some class allows, with the classes in use."""
    classes = tuple(entry for entry in schema.classes if not entry.archived)
    kinds = {kind for entry in classes for kind in entry.shapes or tuple(_CONTROLS)}
    return config(classes, {_CONTROLS[kind] for kind in kinds if kind in _CONTROLS} | {"choices"}, {})
