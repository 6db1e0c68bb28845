"""What a project's encoder makes of one fixed picture, to notice another encoder under the same name."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("project", sa.Column("probe", sa.LargeBinary(), nullable=True))
