"""Drawing: labels that are shapes, shapes the source gave, what models predict of them, and drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("item", sa.Column("given_shapes", sa.JSON(), nullable=True))
    with op.batch_alter_table("label") as label:
        label.add_column(sa.Column("shapes", sa.JSON(), nullable=True))
        label.alter_column("class_id", existing_type=sa.Integer(), nullable=True)
    op.create_table(
        "shape_prediction",
        sa.Column("item_id", ID, autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("prediction", sa.JSON(), nullable=False),
        sa.Column("utility", sa.Float(), nullable=True),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_shape_prediction_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_shape_prediction_project_id")),
        sa.PrimaryKeyConstraint("item_id", "source", name=op.f("pk_shape_prediction")),
    )
    op.create_index("shape_prediction_project", "shape_prediction", ["project_id", "source"])
    op.create_table(
        "draft",
        sa.Column("item_id", ID, autoincrement=False, nullable=False),
        sa.Column("annotator", sa.String(length=200), nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_draft_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_draft_project_id")),
        sa.PrimaryKeyConstraint("item_id", "annotator", name=op.f("pk_draft")),
    )
    op.create_index("draft_project", "draft", ["project_id"])
