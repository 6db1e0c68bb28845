"""Certificates that may be looked at after every label."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("certificate", sa.Column("method", sa.String(length=10), nullable=False, server_default="fixed"))
