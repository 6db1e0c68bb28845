"""The nouns of modicum, frozen; one definition serves the database's JSON, the wire and the export.

Three statements are never confused: a Prediction (a model says), an Annotation (a person says), a Label (settled).
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from modicum.frozen import Colour, Frozen, Name
from modicum.geometry import Attribute, Bones, Kind, Shapes

# --- schema -----------------------------------------------------------------------------------------------------------


class Class(Frozen):
    """One entry of the schema. `id` is its column in every probability array: ids count up from 0 and are never reused.

    `colour`, `shapes` (the kinds allowed, none for all), `attributes` and `skeleton` are about drawing.
    """

    id: int = Field(ge=0)
    name: Name
    key: str | None = Field(default=None, min_length=1, max_length=1)
    archived: bool = False
    colour: Colour | None = Field(default=None, description="none: one of the list, by id")
    shapes: tuple[Kind, ...] = ()
    attributes: tuple[Attribute, ...] = Field(default=(), max_length=100)
    skeleton: Bones | None = None

    @model_validator(mode="after")
    def _drawable(self) -> Self:
        names = [entry.name for entry in self.attributes]
        if len(set(names)) < len(names):
            raise ValueError(f"the class {self.name!r} has two attributes of the same name")
        if Kind.SKELETON in self.shapes and self.skeleton is None:
            raise ValueError(f"the class {self.name!r} allows skeletons and needs one: give its keypoints and edges")
        return self


class Schema(Frozen):
    """What may be said of an item."""

    task: Literal["classify", "draw"] = Field(default="classify", description="one class an item, or shapes on an image")
    classes: tuple[Class, ...] = ()
    instructions: str = Field(default="", max_length=100_000)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        seen: dict[str, int] = {}
        for position, entry in enumerate(self.classes):
            if entry.id != position:
                raise ValueError(f"class ids count up from 0; at position {position} stands id {entry.id}")
            if not entry.archived:
                folded = entry.name.casefold()
                if folded in seen:
                    raise ValueError(f"two classes have the same name: {entry.name!r} (classes {seen[folded]} and {position})")
                seen[folded] = position
        return self


# --- values: what a person or a model can say of an item ---------------------------------------------------------------


class Choice(Frozen):
    """One class for the whole item."""

    type: Literal["choice"] = "choice"
    class_id: int = Field(ge=0)


Value = Annotated[Choice | Shapes, Field(discriminator="type")]


def class_of(value: Value | None) -> int | None:
    """The class a value gives the whole item; none for shapes."""
    return value.class_id if isinstance(value, Choice) else None


# --- policy and project ------------------------------------------------------------------------------------------------


class Policy(Frozen):
    """How the loop behaves. Shares are fractions of one, times are seconds."""

    strategy: str = Field(default="auto", description="the query strategy that picks what to ask next")
    seed_strategy: str = Field(default="typical", description="the strategy that picks the first items, before there is a model")
    budget: int | None = Field(default=None, ge=1, description="stop asking after this many human labels")
    validate_above: float = Field(default=0.9, gt=0, le=1, description="confidence from which an item waits on the Validate page")
    holdout_rate: float = Field(default=0.2, ge=0, le=0.5, description="share of the queue that shows holdout items, blind")
    retrain_after: int | None = Field(default=None, ge=1, description="new labels that start a round; none: it grows")
    lease_s: float = Field(default=600, ge=5, le=86_400, description="seconds a claimed task waits for its annotator")
    submit_on_key: bool = Field(default=True, description="a class key submits at once; otherwise Enter submits")
    sure: Literal["validate", "annotate", "hold"] = Field(
        default="validate",
        description="items above validate_above: on Validate, asked about one by one, or held",
    )
    recognised: Literal["off", "auto", "discard", "validate", "hold"] = Field(
        default="off", description="what becomes of items a certificate covers; off: nothing is certified"
    )
    guarantee: Literal["among", "whole"] = Field(
        default="among", description="auto_error bounds wrong auto-labels among the auto-labels, or among the whole pool"
    )
    auto_error: float = Field(default=0.02, gt=0, lt=0.5, description="share of auto-labels that may be wrong")
    auto_confidence: float = Field(default=0.95, ge=0.5, lt=1, description="how sure a certificate must be of auto_error")
    auto_threshold: float | None = Field(
        default=None, gt=0, le=1, description="a raw confidence instead of a certificate; what it labels is marked uncertified"
    )
    calibration: int | None = Field(
        default=None, ge=20, le=100_000, description="random items labeled blind for a certificate; none: what the wish needs"
    )
    audit_rate: float = Field(default=0.02, ge=0, le=1, description="share of auto-labels people look at, for ever, blind")
    blind_rate: float = Field(
        default=0.1, ge=0, le=0.5, description="share of questions without pre-label, while anything is certified"
    )
    seeded_rate: float = Field(
        default=0.03,
        ge=0,
        le=0.2,
        description="share of pre-labels replaced by a plausible wrong one, while anything is certified",
    )
    rate_per_hour: float | None = Field(default=None, gt=0, le=100_000, description="what an hour of labeling costs")
    currency: str = Field(default="EUR", min_length=1, max_length=10, description="of rate_per_hour and budget_money")
    budget_hours: float | None = Field(default=None, gt=0, le=1_000_000, description="stop asking after this many hours of work")
    budget_money: float | None = Field(
        default=None, gt=0, le=1e9, description="stop asking when the work has cost this much; needs rate_per_hour"
    )

    @model_validator(mode="after")
    def _payable(self) -> Self:
        if self.budget_money is not None and self.rate_per_hour is None:
            raise ValueError("budget_money needs rate_per_hour: say what an hour of labeling costs, or give budget_hours")
        return self


class Project(Frozen):
    """One data set with its schema and policy."""

    id: int
    slug: str
    name: Name
    source: str
    encoder: str
    task_schema: Schema
    policy: Policy
    seed: int
    created: datetime


class Split(StrEnum):
    """Drawn once, from the item's hash. Holdout items are never chosen by a strategy and never trained on."""

    TRAIN = "train"
    HOLDOUT = "holdout"


class Status(StrEnum):
    """Where an item stands. That it is queued follows from its open task and is stored nowhere else."""

    POOL = "pool"
    LABELED = "labeled"
    AUTO = "auto"
    DISCARDED = "discarded"


class Item(Frozen):
    """One image. `row` is its row in the project's vectors; `width` and `height` are in pixels, upright."""

    id: int
    project_id: int
    uri: str
    name: str
    sha256: str
    media: str
    width: int
    height: int
    row: int
    batch: int
    split: Split
    status: Status
    flagged: bool


# --- the three statements ----------------------------------------------------------------------------------------------


class Prediction(Frozen):
    """What a model says of one item. `model` is the number of the round that trained it."""

    model: int
    value: Value
    confidence: float = Field(ge=0, le=1)
    probabilities: tuple[float, ...] = Field(default=(), description="by class id")


class Action(StrEnum):
    """What an annotator did with a task. A rejection says only that the pre-label is wrong: the item is asked about again.

    Of stacks of a new batch: known says that it is of some class that has labels, and settles nothing; discard sets it aside.
    """

    ANSWER = "answer"
    SKIP = "skip"
    REJECT = "reject"
    KNOWN = "known"
    DISCARD = "discard"
    RETRACT = "retract"


class Annotation(Frozen):
    """What a person says of one item; never changed, never deleted. A retraction is a further annotation.

    `shown` is the pre-label the person saw, none when the item was shown blind; `seconds` is time on the item, idle time cut.
    """

    id: int
    item_id: int
    annotator: str
    action: Action
    value: Value | None
    shown: Prediction | None
    route: "Route"
    round: int
    seconds: float | None
    retracts: int | None
    created: datetime


class Arm(StrEnum):
    """How a task's pre-label was tampered with, at random, to measure how far pre-labels pull people; never sent to them.

    Seeded: it is wrong on purpose, another class the model finds likely. Blind: it was kept back.
    """

    SEEDED = "seeded"
    BLIND = "blind"


class Origin(StrEnum):
    """Who settled a label."""

    HUMAN = "human"
    MODEL = "model"
    IMPORT = "import"


class Label(Frozen):
    """What counts for an item, with its provenance."""

    item_id: int
    value: Value
    origin: Origin
    annotator: str | None
    model: int | None
    confidence: float | None
    created: datetime


# --- the loop ----------------------------------------------------------------------------------------------------------


class Route(StrEnum):
    """What happens to an item next."""

    ANNOTATE = "annotate"
    VALIDATE = "validate"
    AUTO = "auto"
    DISCARD = "discard"
    HOLD = "hold"


class Purpose(StrEnum):
    """What a decision was paid for: teaching the model, or finding out how good it is."""

    LEARNING = "learning"
    HOLDOUT = "holdout"
    CALIBRATION = "calibration"
    AUDIT = "audit"
    VALIDATION = "validation"
    SECOND_LOOK = "second_look"
    TRIAGE = "triage"
    STACKS = "stacks"


class Reason(Frozen):
    """Why an item was chosen. `code` is the strategy's name or one of holdout, validate, returned, reopened, second-look,
    triage and fallback."""

    code: str
    classes: tuple[int, ...] = Field(default=(), description="the classes the model wavers between, likeliest first")


class Decision(Frozen):
    """What a round decided for one item. `utility` grows with what a label would teach."""

    item_id: int
    route: Route
    utility: float
    reason: Reason


class Task(Frozen):
    """One person's unit of work. `prediction` is none when the item is shown blind; `lease_token` proves the claim."""

    id: int
    item: Item
    round: int
    route: Route
    reason: Reason
    prediction: Prediction | None
    blind: bool
    lease_token: str
    lease_until: datetime


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Frozen):
    """Work that takes longer than a request. `total` is 0 while it is not known."""

    id: int
    project_id: int
    kind: Literal["import"]
    args: dict[str, str | bool | None]
    state: JobState
    done: int
    total: int
    added: int
    duplicates: int
    rejected: int
    message: str
    created: datetime
    updated: datetime


class Rejection(Frozen):
    """A file the import left out, and why. `kind` duplicate: the same bytes are an item already."""

    uri: str
    kind: Literal["duplicate", "rejected"]
    reason: str
    created: datetime


class BatchState(StrEnum):
    """Arriving: its import runs, or it is compared with what is known. Open: its triage. Done: over, or there is none."""

    ARRIVING = "arriving"
    OPEN = "open"
    DONE = "done"


Method = Literal["fixed", "anytime"]
"""When a certificate is decided: once, when a fixed number is labeled, or after any label, looked at as often as one likes."""


class CertificateState(StrEnum):
    """Drawing: its random items are being labeled. Issued: it stands. The others say why it does not."""

    DRAWING = "drawing"
    ISSUED = "issued"
    REFUSED = "refused"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


class Interval(Frozen):
    """A figure with its 95% interval; `n` is the number of observations behind it."""

    mean: float
    low: float
    high: float
    n: int


class Round(Frozen):
    """One turn of the loop. `labels` counts the labels it trained on (0: the seed strategy chose), `holdout` the
    blind holdout labels its accuracy was measured on, `seconds` the time from the start of training to the open queue."""

    number: int
    strategy: str
    labels: int
    holdout: int
    accuracy: Interval | None
    temperature: float | None
    seconds: float
    created: datetime
