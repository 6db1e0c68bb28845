"""What the desk and the progress report answer: frozen, sent to the browser as they are; others stand beside, by subject."""

from typing import Literal

from pydantic import Field

from modicum.frozen import Frozen
from modicum.types import (
    Annotation,
    Interval,
    Item,
    Label,
    Prediction,
    Round,
    Task,
)

Unit = Literal["labels", "hours", "money"]  # of a budget


class Counts(Frozen):
    """Facts, counted. `labeled` are settled labels; `human` of them by people; `holdout` blind labels on the holdout.

    `skipped` counts unlabeled items somebody skipped; `rejected` and `duplicates` count files the imports left out.
    """

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


# --- annotate ----------------------------------------------------------------------------------------------------------


class Claim(Frozen):
    """`left` counts the items a person could still be asked about; none left, or a spent budget, means finished."""

    tasks: tuple[Task, ...]
    left: int
    budget_spent: Unit | None = Field(description="the budget that stops the queue")


class Receipt(Frozen):
    """The decision is on disk."""

    annotation_id: int
    item_id: int


class Past(Frozen):
    """One decision of the film strip."""

    annotation: Annotation
    item: Item


# --- validate ----------------------------------------------------------------------------------------------------------


class ValidateClass(Frozen):
    """`histogram` counts the unlabeled items predicted as this class in 50 equal bins of confidence from 0 to 1."""

    class_id: int
    histogram: tuple[int, ...]
    confirmed: int
    page_size: int = Field(description="items of a page on which one or two wrong ones are to be expected")


class ValidateView(Frozen):
    model: int | None
    classes: tuple[ValidateClass, ...]
    holdout_errors: tuple[tuple[float, bool], ...] = Field(
        description="(confidence, wrong) for each blind holdout label under the current model"
    )


class PageView(Frozen):
    """Items predicted as one class, most doubtful first. `expected_wrong` counts items of this page, from the holdout."""

    tasks: tuple[Task, ...]
    total: int
    elsewhere: int = Field(description="further ones, on pages that others look at")
    expected_wrong: Interval | None


class PageReceipt(Frozen):
    """What became of a page. `left_out` counts items that somebody else had settled or held meanwhile: they are untouched."""

    page: str = Field(description="names the page for undo")
    confirmed: int
    relabeled: int
    returned: int
    left_out: int = 0


# --- progress ----------------------------------------------------------------------------------------------------------


class CurvePoint(Frozen):
    """Accuracy on the blind holdout once `labels` labels had been used, those of the holdout included."""

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


class Forecast(Frozen):
    """What the next labels would bring. `gain` is a difference of accuracies; `agreement` of the last models (kappa)."""

    more: int
    gain: Interval | None
    agreement: float | None
    settled: bool = Field(description="the last models agree so well that further labels hardly change a prediction")


class Progress(Frozen):
    curve: tuple[CurvePoint, ...]
    control: tuple[CurvePoint, ...]
    saving: Saving | None
    forecast: Forecast | None
    counts: Counts
    routes: dict[str, int]
    classes: tuple[ClassProgress, ...]
    confusions: tuple[Confusion, ...]
    labels_per_hour: float | None
    seconds_per_label: float | None
    seconds_left: float | None
    rounds: tuple[Round, ...]


# --- second look -------------------------------------------------------------------------------------------------------


class Neighbour(Frozen):
    """A labeled item that is most like another one, with the class it is labeled as."""

    item_id: int
    class_id: int


class Suspect(Frozen):
    """A label that is contradicted. `prediction` is what a model says that has not seen it; neighbours are nearest first."""

    item: Item
    label: Label
    prediction: Prediction
    neighbours: tuple[Neighbour, ...]
    score: float = Field(description="from 0 to 1, grows with the probability that the label is wrong")


class SuspectPage(Frozen):
    """Contradicted labels nobody has looked at again, those first where a look is worth most.

    `model` is the round after which they were found, among so many `labels`; `checking`: a newer list is on its way. `hint`
    says why there are none when nothing can be said yet.
    """

    model: int | None
    rows: tuple[Suspect, ...]
    total: int
    labels: int
    checking: bool
    hint: str


# --- one person --------------------------------------------------------------------------------------------------------


class Bias(Frozen):
    """What suggestions do to answers. `followed` of `seeded` wrong suggestions, shown on purpose, were taken over; `same` of
    `blind` answers without any named the class that would have been suggested; `pull` is the difference of the shares.

    `overlooked` of `planted` wrong items on Validate pages were confirmed. The intervals are none and the sentences empty as
    long as there are too few to say anything.
    """

    seeded: int
    followed: int
    blind: int
    same: int
    pull: Interval | None
    suggestions_said: str
    planted: int
    overlooked: int
    overlooked_share: Interval | None
    pages_said: str


class Mine(Frozen):
    """One person's own figures. `seconds` is the median of the newest `timed` answers on Annotate; `enough` is how many
    decisions of a kind it takes to say something; `measuring` whether suggestions are planted and kept back at present."""

    annotator: str
    measuring: bool
    answers: int
    on_pages: int
    seconds: float | None
    timed: int
    enough: int
    own: Bias
    everyone: Bias
