"""What the lives of a deal's pools come to at every twelfth period, so that a statement need not read all months before it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INT, TEXT = sa.Integer(), sa.Text()


def upgrade() -> None:
    """Create the table on either database, empty: what is not kept is worked out from the books. Then forbid what must not happen."""
    dialect = op.get_bind().dialect.name
    op.create_table(
        "pool_life",
        *(sa.Column(name, INT, nullable=False) for name in ("deal_id", "distribution")),
        *(sa.Column(name, TEXT, nullable=False) for name in ("counting", "lives")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.deal_id"]),
        sa.PrimaryKeyConstraint("deal_id", "distribution", name="pool_life_key"),
        sa.ForeignKeyConstraint(["deal_id", "distribution"], ["distribution.deal_id", "distribution.number"], name="pool_life_distribution"),
        sqlite_strict=True,
    )
    for statement in refusals(dialect):
        op.execute(sa.text(statement))
        if dialect == "postgresql":
            op.get_bind().exec_driver_sql(f"ALTER TABLE pool_life ENABLE ALWAYS TRIGGER {statement.split()[2]}")


def refusals(dialect: str) -> list[str]:
    """The triggers that this revision creates, each as one statement, in the words in which the database stores them."""
    return _sqlite_forbids() if dialect == "sqlite" else _postgresql_forbids()


def _sqlite_forbids() -> list[str]:
    """No UPDATE, no DELETE, no second insert of a row."""
    forbidden = {operation: f"'pool_life is append-only: {operation} is refused'" for operation in ("UPDATE", "DELETE")}
    there = "WHEN EXISTS (SELECT 1 FROM pool_life WHERE (deal_id = NEW.deal_id AND distribution = NEW.distribution))"
    again = "SELECT RAISE(ABORT, 'pool_life is append-only: the row is there already')"
    return [
        *(
            f"CREATE TRIGGER pool_life_no_{operation.lower()} BEFORE {operation} ON pool_life\nBEGIN\n  SELECT RAISE(ABORT, {message});\nEND"
            for operation, message in forbidden.items()
        ),
        f"CREATE TRIGGER pool_life_no_replace BEFORE INSERT ON pool_life\n{there}\nBEGIN\n  {again};\nEND",
    ]


def _postgresql_forbids() -> list[str]:
    """No UPDATE, no DELETE, no TRUNCATE."""
    changes = {"change": ("DELETE OR UPDATE", "ROW"), "truncate": ("TRUNCATE", "STATEMENT")}
    return [
        f"CREATE TRIGGER pool_life_no_{name} BEFORE {operation} ON pool_life FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        for name, (operation, each) in changes.items()
    ]
