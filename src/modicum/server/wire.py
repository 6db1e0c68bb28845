"""What travels between browser and server beyond the nouns of types.py; the interface's types are generated from it."""

from datetime import datetime

from pydantic import Field

from modicum.types import (
    Action,
    Annotation,
    Frozen,
    Interval,
    Item,
    Job,
    Label,
    Name,
    Policy,
    Prediction,
    Project,
    Rejection,
    Round,
    Task,
    Value,
)


class Problem(Frozen):
    """Every error answer. `path` points into what was sent, such as `$.classes[2].name`."""

    error: str
    message: str
    path: str | None = None


class Me(Frozen):
    annotator: str
    version: str
    home: str
    encoders: tuple[str, ...]
    strategies: tuple[str, ...]
    seed_strategies: tuple[str, ...]


# --- projects ----------------------------------------------------------------------------------------------------------


class Counts(Frozen):
    """Facts, counted. `labeled` are settled labels; `human` of them by people; `holdout` blind human labels on the holdout."""

    items: int
    labeled: int
    human: int
    holdout: int
    holdout_items: int
    pool: int
    auto: int
    discarded: int
    skipped: int
    flagged: int
    rejected: int
    duplicates: int


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
    project: Project
    counts: Counts
    round: Round | None
    training: bool
    job: Job | None


class NewProject(Frozen):
    """`source`: a folder, zip, CSV or JSONL on the server's machine, or `upload:ID` from /api/uploads; none: import later."""

    name: Name
    classes: tuple[str, ...] = ()
    source: str | None = None
    encoder: str | None = None
    labels_from_folders: bool = False


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


class Claim(Frozen):
    """`left` counts the items a person could still be asked about; none left, or a spent budget, means finished."""

    tasks: tuple[Task, ...]
    left: int
    budget_spent: bool


class Submission(Frozen):
    """One decision. `key` makes sending it twice harmless."""

    task_id: int
    lease_token: str
    key: str = Field(min_length=8, max_length=64)
    action: Action = Action.ANSWER
    value: Value | None = None
    flag: bool = False
    seconds: float | None = Field(default=None, ge=0, le=86_400)


class Receipt(Frozen):
    """The decision is on disk."""

    annotation_id: int
    item_id: int


class RetractRequest(Frozen):
    annotation_id: int
    client: str
    key: str = Field(min_length=8, max_length=64)


class Past(Frozen):
    """One decision of the film strip."""

    annotation: Annotation
    item: Item


class ItemView(Frozen):
    item: Item
    label: Label | None
    prediction: Prediction | None
    annotations: tuple[Annotation, ...]


# --- validate ----------------------------------------------------------------------------------------------------------


class ValidateClass(Frozen):
    """`histogram` counts the unlabeled items predicted as this class in 50 equal bins of confidence from 0 to 1."""

    class_id: int
    histogram: tuple[int, ...]
    confirmed: int


class ValidateView(Frozen):
    model: int | None
    classes: tuple[ValidateClass, ...]
    holdout_errors: tuple[tuple[float, bool], ...] = Field(
        description="(confidence, wrong) for each blind holdout label under the current model"
    )


class PageRequest(Frozen):
    class_id: int
    above: float = Field(ge=0, le=1)
    size: int = Field(default=60, ge=1, le=500)
    client: str = Field(min_length=8, max_length=64)


class PageView(Frozen):
    """Items predicted as one class, most doubtful first. `expected_wrong` counts items of this page, from the holdout."""

    tasks: tuple[Task, ...]
    total: int
    expected_wrong: Interval | None


class PageConfirm(Frozen):
    """Confirms a page: items in `wrong` go back to Annotate, those in `relabeled` get that class, the rest are confirmed."""

    tasks: tuple[tuple[int, str], ...] = Field(description="(task id, lease token) of every item of the page")
    wrong: tuple[int, ...] = ()
    relabeled: dict[int, int] = Field(default={}, description="task id -> class id")
    key: str = Field(min_length=8, max_length=64)
    seconds: float | None = None


class PageReceipt(Frozen):
    page: str = Field(description="names the page for undo")
    confirmed: int
    relabeled: int
    returned: int


class PageRetract(Frozen):
    page: str


# --- progress ----------------------------------------------------------------------------------------------------------


class CurvePoint(Frozen):
    labels: int
    accuracy: Interval
    extrapolated: bool = False


class ClassProgress(Frozen):
    class_id: int
    labeled: int
    predicted: int
    accuracy: Interval | None


class Confusion(Frozen):
    actual: int
    predicted: int
    count: int
    items: tuple[int, ...]


class Saving(Frozen):
    """Labels a random order would have needed for today's accuracy, with its interval, beside those used."""

    labels: int
    random_labels: Interval | None
    note: str


class Progress(Frozen):
    curve: tuple[CurvePoint, ...]
    control: tuple[CurvePoint, ...]
    saving: Saving | None
    counts: Counts
    routes: dict[str, int]
    classes: tuple[ClassProgress, ...]
    confusions: tuple[Confusion, ...]
    labels_per_hour: float | None
    seconds_per_label: float | None
    seconds_left: float | None
    rounds: tuple[Round, ...]


class Pulse(Frozen):
    """Sent by /events whenever one of its fields changes."""

    round: int | None
    training: bool
    annotations: int
    labeled: int
    items: int
    job: Job | None
    schema_version: int = Field(description="number of classes; a change means: fetch the project again")
