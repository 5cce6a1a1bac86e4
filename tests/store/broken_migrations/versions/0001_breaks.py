"""Creates one table, then fails."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("half", sa.Column("number", sa.Integer, primary_key=True))
    raise RuntimeError("it broke half way")
