"""The tables. Migrations build them; a test compares the two. Statements live in the modules beside this one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """A time with its zone, kept as microseconds since 1970 (UTC): the same order and precision on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is declared INTEGER PRIMARY KEY
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _belongs_to_project() -> Column[int]:
    return Column("project_id", Id, ForeignKey("project.id"), nullable=False)


project = Table(
    "project",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(120), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("source", Text, nullable=False),
    Column("encoder", Text, nullable=False),
    Column("schema", JSON, nullable=False),
    Column("policy", JSON, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("dims", Integer),  # of one vector; unknown until something was encoded
    Column("rows", BigInteger, nullable=False),  # vectors that count: a longer file has a tail nobody committed
    Column("message", Text, nullable=False),  # what hinders the loop; empty when nothing does
    Column("created", Moment, nullable=False),
    Column("probe", LargeBinary),  # float32[dims]: what the encoder makes of one fixed picture; unknown as long as dims is
)

item = Table(
    "item",
    metadata,
    Column("id", Id, primary_key=True),
    _belongs_to_project(),
    Column("uri", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("media", String(100), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("batch", Id, nullable=False),
    Column("split", String(10), nullable=False),
    Column("status", String(10), nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("skipped", Boolean, nullable=False),  # somebody skipped it and nobody has answered
    Column("given", Integer),  # the class the source named; what people say goes before it
    Column("created", Moment, nullable=False),
    Column("certificate_id", Id),  # under which a model labels it, unless people said something
    Column("auto", JSON(none_as_null=True)),  # the prediction that labels it then
    Column("given_shapes", JSON(none_as_null=True)),  # the shapes the source gave, as `given` is a class
    UniqueConstraint("project_id", "sha256"),
    UniqueConstraint("project_id", "row"),
)
# every count of items comes from this index alone
Index("item_facts", item.c.project_id, item.c.status, item.c.split, item.c.skipped, item.c.flagged, item.c.row)
# the order in which items are asked about when no round has chosen: not skipped, train, and then as good as random
Index(
    "item_pool",
    item.c.project_id,
    item.c.skipped,
    item.c.split.desc(),
    item.c.sha256,
    sqlite_where=item.c.status == "pool",
    postgresql_where=item.c.status == "pool",
)

Index(
    "item_certificate",
    item.c.certificate_id,
    sqlite_where=item.c.certificate_id.is_not(None),
    postgresql_where=item.c.certificate_id.is_not(None),
)

Index("item_batch", item.c.project_id, item.c.batch)

annotation = Table(
    "annotation",
    metadata,
    Column("id", Id, primary_key=True),
    _belongs_to_project(),
    Column("item_id", Id, ForeignKey("item.id"), nullable=False),
    Column("task_id", Id),
    Column("annotator", String(200), nullable=False),
    Column("key", String(100), nullable=False),  # the sender's; sending it twice is harmless
    Column("action", String(10), nullable=False),
    Column("value", JSON(none_as_null=True)),
    Column("shown", JSON(none_as_null=True)),
    Column("blind", Boolean, nullable=False),
    Column("flag", Boolean, nullable=False),
    Column("route", String(10), nullable=False),
    Column("round", Integer, nullable=False),
    Column("seconds", Float),
    Column("page", String(64)),  # the Validate page it came with
    Column("retracts", Id, ForeignKey("annotation.id"), unique=True),
    Column("created", Moment, nullable=False),
    UniqueConstraint("project_id", "annotator", "key"),
)
Index("annotation_item", annotation.c.item_id)
Index("annotation_project", annotation.c.project_id, annotation.c.id)
Index("annotation_history", annotation.c.project_id, annotation.c.annotator, annotation.c.id)
Index(
    "annotation_time",
    annotation.c.project_id,
    annotation.c.created,
    annotation.c.annotator,
    annotation.c.action,
    annotation.c.seconds,
)
Index(
    "annotation_page",
    annotation.c.project_id,
    annotation.c.page,
    sqlite_where=annotation.c.page.is_not(None),
    postgresql_where=annotation.c.page.is_not(None),
)
Index(
    "annotation_rejects",
    annotation.c.project_id,
    annotation.c.item_id,
    sqlite_where=annotation.c.action == "reject",
    postgresql_where=annotation.c.action == "reject",
)

# one row an item that is settled; always what settle() in labels.py makes of its annotations and its given class
label = Table(
    "label",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True, autoincrement=False),
    _belongs_to_project(),
    Column("class_id", Integer),  # none: it is shapes
    Column("origin", String(10), nullable=False),
    Column("route", String(10)),
    Column("annotation_id", Id),
    Column("annotator", String(200)),
    Column("model", Integer),
    Column("confidence", Float),
    Column("blind", Boolean, nullable=False),  # settled by somebody who saw no pre-label
    Column("created", Moment, nullable=False),
    Column("shapes", JSON(none_as_null=True)),  # the value of a drawn label, with its class in each of them
)
Index("label_facts", label.c.project_id, label.c.origin, label.c.route, label.c.class_id)

round_ = Table(
    "round",
    metadata,
    Column("project_id", Id, ForeignKey("project.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("strategy", String(100), nullable=False),
    Column("labels", Integer, nullable=False),
    Column("holdout", Integer, nullable=False),
    Column("accuracy", JSON(none_as_null=True)),
    Column("temperature", Float),
    Column("seconds", Float, nullable=False),
    Column("rows", BigInteger, nullable=False),  # of the project when it began
    Column("settled", Integer, nullable=False),  # labels of the project when it began
    Column("annotations", Id, nullable=False),  # the newest annotation when it began
    Column("head", LargeBinary),
    Column("created", Moment, nullable=False),
)

# the newest predictions of every row, row-aligned with the vectors; heads stay, so older ones can be computed again
round_score = Table(
    "round_score",
    metadata,
    Column("project_id", Id, ForeignKey("project.id"), primary_key=True, autoincrement=False),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("chunk", Integer, primary_key=True, autoincrement=False),
    Column("classes", LargeBinary, nullable=False),  # uint16
    Column("confidences", LargeBinary, nullable=False),  # float16
)

# shapes that a model predicts on an item, one row a model
shape_prediction = Table(
    "shape_prediction",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True, autoincrement=False),
    Column("source", String(200), primary_key=True),  # the project's own detector, or the name of another model
    _belongs_to_project(),
    Column("prediction", JSON, nullable=False),
    Column("utility", Float),  # what drawing on this image would teach, per second of work
    Column("notes", JSON, nullable=False),  # what the model said that could not be shown as it was, line by line
    Column("created", Moment, nullable=False),
)
Index("shape_prediction_project", shape_prediction.c.project_id, shape_prediction.c.source)

# what somebody has drawn on an item and not handed in
draft = Table(
    "draft",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True, autoincrement=False),
    Column("annotator", String(200), primary_key=True),
    _belongs_to_project(),
    Column("value", JSON, nullable=False),
    Column("updated", Moment, nullable=False),
)
Index("draft_project", draft.c.project_id)

task = Table(
    "task",
    metadata,
    Column("id", Id, primary_key=True),
    _belongs_to_project(),
    Column("item_id", Id, nullable=False),  # no foreign key: without a full index it makes deleting a project quadratic
    Column("round", Integer, nullable=False),
    Column("route", String(10), nullable=False),
    Column("state", String(10), nullable=False),  # open, leased, done, superseded
    Column("priority", Float, nullable=False),
    Column("reason", String(100), nullable=False),
    Column("between", JSON, nullable=False),  # the classes of the reason
    Column("prediction", JSON(none_as_null=True)),
    Column("blind", Boolean, nullable=False),
    Column("annotator", String(200)),
    Column("client", String(64)),
    Column("lease_token", String(40)),
    Column("lease_until", Moment),
    Column("created", Moment, nullable=False),
    Column("arm", String(10)),  # seeded: its pre-label was made wrong on purpose; blind: it was kept back
    Column("alternative", Integer),  # of either arm: the class that was suggested, or would have been
)
_open, _leased, _live = task.c.state == "open", task.c.state == "leased", task.c.state.in_(["open", "leased"])
# claiming is a walk along the first; without it every claim sorts all tasks
Index("task_todo", task.c.project_id, task.c.priority.desc(), task.c.id, sqlite_where=_open, postgresql_where=_open)
Index("task_leased", task.c.project_id, task.c.client, sqlite_where=_leased, postgresql_where=_leased)
Index("task_expiry", task.c.project_id, task.c.lease_until, sqlite_where=_leased, postgresql_where=_leased)
# one task in ten at most, and only while anything is certified: what counts the arms reads nothing else
_armed = task.c.arm.is_not(None)
Index("task_arm", task.c.project_id, task.c.arm, sqlite_where=_armed, postgresql_where=_armed)
# an item is in one person's hands at most
Index("task_live", task.c.item_id, unique=True, sqlite_where=_live, postgresql_where=_live)

certificate = Table(
    "certificate",
    metadata,
    Column("id", Id, primary_key=True),
    _belongs_to_project(),
    Column("number", Integer, nullable=False),  # of the project, from 1: each spends its share of the allowed doubt
    Column("state", String(10), nullable=False),
    Column("route", String(10), nullable=False),  # what becomes of the items it covers
    Column("guarantee", String(10), nullable=False),
    Column("error", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("threshold", Float),  # a raw one, when somebody chose it instead of an error
    Column("round", Integer, nullable=False),  # whose model predicts
    Column("seed", BigInteger, nullable=False),
    Column("population", BigInteger, nullable=False),  # items it speaks of
    Column("batch", Id),  # the only batch it speaks of
    Column("planned", Integer, nullable=False),  # items to be drawn for calibration
    Column("pilot", Integer, nullable=False),  # the first of them, which only show where to look
    Column("floor", Float),  # the score from which the others were drawn, once the pilot is answered
    Column("classes", JSON, nullable=False),  # names of the classes when it was drawn
    Column("facts", JSON(none_as_null=True)),  # what it rests on, once it is issued
    Column("applied", Boolean, nullable=False),  # every item it covers has been told
    Column("reason", Text, nullable=False),  # why it was refused, revoked or withdrawn
    Column("created", Moment, nullable=False),
    Column("decided", Moment),
    Column("ended", Moment),
    Column("method", String(10), nullable=False, server_default="fixed"),  # decided once, or after any label
    UniqueConstraint("project_id", "number"),
)

# what its model said of each item of the population, frozen: arrays in one order
certificate_population = Table(
    "certificate_population",
    metadata,
    Column("certificate_id", Id, ForeignKey("certificate.id"), primary_key=True, autoincrement=False),
    Column("items", LargeBinary, nullable=False),  # int64
    Column("classes", LargeBinary, nullable=False),  # uint16
    Column("scores", LargeBinary, nullable=False),  # float32, log-odds of the likeliest class
)

# items drawn at random, in the order drawn
draw = Table(
    "draw",
    metadata,
    Column("certificate_id", Id, ForeignKey("certificate.id"), primary_key=True, autoincrement=False),
    Column("purpose", String(12), primary_key=True),  # calibration, audit
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("item_id", Id, nullable=False),
    Column("predicted", Integer, nullable=False),
    Column("score", Float, nullable=False),
)
Index("draw_item", draw.c.item_id)

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True),
    _belongs_to_project(),
    Column("kind", String(20), nullable=False),
    Column("args", JSON, nullable=False),
    Column("state", String(10), nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("cancel", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("created", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
)
Index("job_project", job.c.project_id, job.c.id)

# one arrival of data: the items of one import, triaged together
batch = Table(
    "batch",
    metadata,
    Column("id", Id, primary_key=True),
    _belongs_to_project(),
    Column("job_id", Id, nullable=False, unique=True),  # of its import, and `batch` of its items
    Column("number", Integer, nullable=False),  # of the project, from 1
    Column("name", String(100), nullable=False),
    Column("source", Text, nullable=False),
    Column("state", String(10), nullable=False),  # arriving, open, done
    Column("round", Integer),  # whose model was the newest when it arrived
    Column("items", BigInteger, nullable=False),
    Column("budget", Integer, nullable=False),  # questions of its triage
    Column("classes", JSON, nullable=False),  # ids of those that had labels before it
    Column("alarm", JSON(none_as_null=True)),
    Column("report", JSON(none_as_null=True)),
    Column("message", Text, nullable=False),  # why it has no triage, or what to know about it
    Column("created", Moment, nullable=False),
    Column("opened", Moment),  # labels given later are no part of what it is compared with
    Column("finished", Moment),
    UniqueConstraint("project_id", "number"),
)

rejection = Table(
    "rejection",
    metadata,
    Column("id", Id, primary_key=True),
    _belongs_to_project(),
    Column("uri", Text, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created", Moment, nullable=False),
    UniqueConstraint("project_id", "uri"),
)
Index("rejection_kind", rejection.c.project_id, rejection.c.kind)
