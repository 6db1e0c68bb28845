"""What is told of a batch: its alarm, its stacks, its report; frozen, and sent to the browser as it is."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from modicum.frozen import Frozen
from modicum.types import BatchState, Interval


class Finding(Frozen):
    """One thing noticed of a batch, in plain words, with up to nine items that show it. `count`: of items, for new ones."""

    kind: Literal["new", "more", "less", "unsure", "different"]
    text: str
    class_id: int | None = Field(description="of more and less")
    items: tuple[int, ...]
    count: Interval | None


class Alarm(Frozen):
    """`p` belongs to the question whether the batch is the same content, in the same mixture, as what has labels; `drift`: no."""

    p: float
    drift: bool
    findings: tuple[Finding, ...]


class BatchView(Frozen):
    """One arrival of data. `new_classes` had no label before it; `found` counts items labeled as one of those, `asked` the
    questions answered of a `budget`, `saved` the items nobody had to look at; `finished`: asking on is not worth it.

    `remaining` is the number of new items nobody has seen, none while it is not known. `message` says why there is no triage.
    `job` is the import it came with, which is what items and certificates call their batch.
    """

    number: int
    job: int
    name: str
    source: str
    created: datetime
    state: BatchState
    items: int
    budget: int
    new_classes: tuple[int, ...]
    asked: int
    found: int
    saved: int
    alarm: Alarm | None
    remaining: Interval | None
    finished: bool
    message: str


class Batches(Frozen):
    batches: tuple[BatchView, ...] = Field(description="newest first")


class Stack(Frozen):
    """Items of a batch that belong together and seem new, the most typical first, up to 60 of `count`.

    `nearest` is the class they look most like; `named` the class they have, once people said so.
    """

    id: str
    items: tuple[int, ...]
    count: int
    chance: float = Field(description="mean probability to be new")
    nearest: int | None
    named: int | None


class ClassAccuracy(Frozen):
    """Of holdout items of one class, the share that was recognised before the batch and is recognised now."""

    class_id: int
    new: bool
    before: Interval | None
    after: Interval | None


class DriftPoint(Frozen):
    """One batch in the history: how it differed (p, none where it was not compared), and the new items found in it."""

    number: int
    name: str
    created: datetime
    items: int
    p: float | None
    drift: bool
    found: int


class BatchReport(Frozen):
    """What came of a batch. Labels are those of its items by people: `asked` one by one, `by_stack` a stack at a time.

    `before` and `after` are models' accuracy on holdout items drawn at random; `classes` also counts those the triage found, for
    new classes. `pending`: a model that knows the last labels is still to come, and `after` with it.
    """

    number: int
    name: str
    source: str
    created: datetime
    finished: datetime
    items: int
    asked: int
    by_stack: int
    saved: int
    found: int
    new_classes: tuple[int, ...]
    remaining: Interval | None
    discarded: int
    alarm: Alarm | None
    model_before: int | None
    model_after: int | None
    before: Interval | None
    after: Interval | None
    classes: tuple[ClassAccuracy, ...]
    drift: tuple[DriftPoint, ...]
    pending: bool


class BatchDetail(Frozen):
    batch: BatchView
    stacks: tuple[Stack, ...]
    report: BatchReport | None


class StackReceipt(Frozen):
    """What became of a stack. `page` takes it back at /validate/retract; `left_out` were settled or taken up by others."""

    page: str
    class_id: int | None
    labeled: int
    left_out: int
