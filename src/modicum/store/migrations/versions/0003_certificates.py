"""Certificates with what they rest on, labels by a model, and the two arms that measure anchoring."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("item", sa.Column("certificate_id", ID, nullable=True))
    op.add_column("item", sa.Column("auto", sa.JSON(), nullable=True))
    there = sa.text("certificate_id IS NOT NULL")
    op.create_index("item_certificate", "item", ["certificate_id"], sqlite_where=there, postgresql_where=there)
    op.add_column("task", sa.Column("arm", sa.String(length=10), nullable=True))
    op.add_column("task", sa.Column("alternative", sa.Integer(), nullable=True))
    armed = sa.text("arm IS NOT NULL")
    op.create_index("task_arm", "task", ["project_id", "arm"], sqlite_where=armed, postgresql_where=armed)
    op.create_table(
        "certificate",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("route", sa.String(length=10), nullable=False),
        sa.Column("guarantee", sa.String(length=10), nullable=False),
        sa.Column("error", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=False),
        sa.Column("batch", ID, nullable=True),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("pilot", sa.Integer(), nullable=False),
        sa.Column("floor", sa.Float(), nullable=True),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_certificate_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_certificate_project_id_number")),
    )
    op.create_table(
        "certificate_population",
        sa.Column("certificate_id", ID, autoincrement=False, nullable=False),
        sa.Column("items", sa.LargeBinary(), nullable=False),
        sa.Column("classes", sa.LargeBinary(), nullable=False),
        sa.Column("scores", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_population_certificate_id")),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate_population")),
    )
    op.create_table(
        "draw",
        sa.Column("certificate_id", ID, autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("predicted", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_draw_certificate_id")),
        sa.PrimaryKeyConstraint("certificate_id", "purpose", "position", name=op.f("pk_draw")),
    )
    op.create_index("draw_item", "draw", ["item_id"])
