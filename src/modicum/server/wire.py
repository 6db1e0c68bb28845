"""What travels between browser and server beyond the nouns of types.py; the interface's types are generated from it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from modicum.certificate_views import Fallen
from modicum.frozen import Frozen, Name
from modicum.geometry import Shapes
from modicum.types import (
    Action,
    Annotation,
    Interval,
    Item,
    Job,
    Label,
    Method,
    Policy,
    Prediction,
    Project,
    Rejection,
    Round,
    Value,
)
from modicum.views import Counts


class Problem(Frozen):
    """Every error answer. `path` points into what was sent, such as `$.classes[2].name`."""

    error: str
    message: str
    path: str | None = None


class FormatView(Frozen):
    """A format of the export; `suffix` is how its files end, `text` one line about it, which may be empty."""

    name: str
    suffix: str
    text: str


class Me(Frozen):
    annotator: str
    version: str
    home: str
    encoders: tuple[str, ...]
    strategies: tuple[str, ...]
    seed_strategies: tuple[str, ...]
    wrappers: tuple[str, ...]
    formats: tuple[FormatView, ...]
    shape_formats: tuple[FormatView, ...] = Field(description="of projects that draw; what is downloaded is a zip")


# --- projects ----------------------------------------------------------------------------------------------------------


class ProjectCard(Frozen):
    slug: str
    name: Name
    created: datetime
    classes: int
    items: int
    labeled: int
    accuracy: Interval | None
    thumbs: tuple[int, ...] = Field(description="up to four item ids")
    job: Job | None


class ProjectView(Frozen):
    """`message` is one line about what hinders the loop, empty when nothing does. `fallen`: what everybody is to know of."""

    project: Project
    counts: Counts
    round: Round | None
    training: bool
    job: Job | None
    message: str = ""
    fallen: Fallen | None = None


class NewProject(Frozen):
    """`source`: a folder, zip, CSV or JSONL on the server's machine, or `upload:ID` from /api/uploads; none: import later."""

    name: Name
    classes: tuple[str, ...] = ()
    source: str | None = None
    encoder: str | None = None
    labels_from_folders: bool = False
    task: Literal["classify", "draw"] = "classify"


class ProjectPatch(Frozen):
    name: Name | None = None
    instructions: str | None = None
    policy: Policy | None = None


class NewClass(Frozen):
    name: str


class ClassPatch(Frozen):
    name: str | None = None
    key: str | None = None
    archived: bool | None = None


class Upload(Frozen):
    id: str
    files: int
    bytes: int


class NewImport(Frozen):
    source: str
    labels_from_folders: bool = False
    batch: Name | None = Field(default=None, description="name of the batch this import is; none: its source and the date")


class ImportView(Frozen):
    job: Job | None
    rate: float | None = Field(description="items per second, lately")
    recent: tuple[int, ...] = Field(description="ids of the newest items, newest first, up to 24")


class Rejections(Frozen):
    total: int
    rows: tuple[Rejection, ...]


# --- annotate ----------------------------------------------------------------------------------------------------------


class ClaimRequest(Frozen):
    """`client` is one browser tab: it gets back the tasks it holds already before it gets new ones."""

    client: str = Field(min_length=8, max_length=64)
    n: int = Field(default=3, ge=1, le=50)


class Submission(Frozen):
    """One decision. `key` makes sending it twice harmless."""

    task_id: int
    lease_token: str
    key: str = Field(min_length=8, max_length=64)
    action: Action = Action.ANSWER
    value: Value | None = None
    flag: bool = False
    seconds: float | None = Field(default=None, ge=0, le=86_400)


class RetractRequest(Frozen):
    annotation_id: int
    client: str
    key: str = Field(min_length=8, max_length=64)


class ItemView(Frozen):
    """`notes` say line by line what could not be taken as a model said it of this item."""

    item: Item
    label: Label | None
    prediction: Prediction | None
    annotations: tuple[Annotation, ...]
    notes: tuple[str, ...] = ()


class Draft(Frozen):
    """What somebody has drawn on an item and not handed in; none: nothing."""

    shapes: Shapes | None


class PredictionNote(Frozen):
    """What could not be taken as a model said it, and of how many items it said so."""

    source: str
    note: str
    items: int


class ShapeSources(Frozen):
    """The models that have predicted shapes, with the number of items each has looked at, and what went wrong."""

    sources: dict[str, int]
    notes: tuple[PredictionNote, ...]


class Upcoming(Frozen):
    """Items that are opened soon."""

    items: tuple[int, ...] = Field(default=(), max_length=10)


class AssistTools(Frozen):
    """`model`: whether the home has a segmenter that answers clicks."""

    model: bool


# --- validate ----------------------------------------------------------------------------------------------------------


class PageRequest(Frozen):
    class_id: int
    above: float = Field(ge=0, le=1)
    size: int = Field(default=60, ge=1, le=500)
    client: str = Field(min_length=8, max_length=64)


class ImagesRequest(Frozen):
    """A page of images on which every shape has at least the score `above`."""

    above: float = Field(ge=0, le=1)
    size: int = Field(default=12, ge=1, le=200)
    client: str = Field(min_length=8, max_length=64)


class PageConfirm(Frozen):
    """Confirms a page: items in `wrong` go back to Annotate, those in `relabeled` get that class, the rest are confirmed.

    Images in `wrong_shapes` go back too; the shapes named there by their ids are not suggested again.
    """

    tasks: tuple[tuple[int, str], ...] = Field(description="(task id, lease token) of every item of the page")
    wrong: tuple[int, ...] = ()
    relabeled: dict[int, int] = Field(default={}, description="task id -> class id")
    wrong_shapes: dict[int, tuple[str, ...]] = Field(default={}, description="task id -> ids of shapes")
    key: str = Field(min_length=8, max_length=64)
    seconds: float | None = None


class PageRetract(Frozen):
    page: str
    client: str = Field(min_length=8, max_length=64)


class SecondLook(Frozen):
    """The class an item keeps or gets. `shown` is the prediction it was listed with; `key` makes sending it twice harmless."""

    class_id: int = Field(ge=0)
    key: str = Field(min_length=8, max_length=64)
    shown: Prediction | None = None
    seconds: float | None = Field(default=None, ge=0, le=86_400)


class Pulse(Frozen):
    """Sent by /events whenever one of its fields changes."""

    round: int | None
    training: bool
    annotations: int
    labeled: int
    items: int
    job: Job | None
    schema_version: int = Field(description="number of classes; a change means: fetch the project again")
    fallen: int | None = Field(default=None, description="number of the certificate that was revoked and is to be told of")


# --- certificates ------------------------------------------------------------------------------------------------------


class NewCertificate(Frozen):
    """`calibration`: random items to be labeled blind, none: the policy's number, or what its wish needs. `batch`: the job
    of a batch, to certify its items by themselves."""

    calibration: int | None = Field(default=None, ge=20, le=100_000)
    batch: int | None = None
    method: Method = Field(default="fixed", description="anytime: may be looked at and issued after any label, and takes more")


# --- batches -----------------------------------------------------------------------------------------------------------


class StackDecision(Frozen):
    """`leave_out` are item ids the decision is not about; `key` makes sending it twice harmless."""

    leave_out: tuple[int, ...] = ()
    key: str = Field(min_length=8, max_length=64)
    seconds: float | None = Field(default=None, ge=0, le=86_400)


class StackName(StackDecision):
    """The class of a stack: by its name, which is added when there is none, or by its id."""

    class_name: Name | None = None
    class_id: int | None = Field(default=None, ge=0)
