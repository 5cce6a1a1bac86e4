"""The files that events came from, kept by digest outside of what is hashed, and when each arrived; and an index of what moves a loan's life."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Text(), "sqlite")
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
INT, TEXT, BYTES = sa.Integer(), sa.Text(), sa.LargeBinary()

TABLES = ("evidence", "evidence_part", "arrival")
OF_LIFE = (
    "kind IN ('loan_setup', 'purchase', 'modification', 'default', 'liquidation_proceeds', 'liquidation_expense', 'realized_loss', 'charge_off',"
    " 'modification_loss', 'forgiveness', 'recovery', 'subsequent_recovery')"
)
"""What moves a loan's life, as it was when this migration was written: `ledger.core.events.OF_LIFE`."""


def upgrade() -> None:
    """Create the tables and the index on either database, then forbid what must not happen."""
    dialect = op.get_bind().dialect.name
    _create_evidence()
    _create_arrivals()
    op.create_index("event_by_loan", "event", ["deal_id", "subject", "position"], sqlite_where=sa.text(OF_LIFE), postgresql_where=sa.text(OF_LIFE))
    if dialect == "sqlite":
        _seed_statistics()
    for statement in refusals(dialect):
        op.execute(sa.text(statement))
        if dialect == "postgresql" and statement.startswith("CREATE TRIGGER"):
            words = statement.split()
            op.get_bind().exec_driver_sql(f"ALTER TABLE {words[words.index('ON') + 1]} ENABLE ALWAYS TRIGGER {words[2]}")


def _needed(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _create_evidence() -> None:
    op.create_table(
        "evidence",
        *_needed(INT, "deal_id"),
        *_needed(TEXT, "digest"),
        *_needed(BIG, "bytes"),
        *_needed(INT, "parts"),
        sa.Column("cipher", TEXT),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.deal_id"]),
        sa.PrimaryKeyConstraint("deal_id", "digest", name="evidence_key"),
        sqlite_strict=True,
    )
    op.create_table(
        "evidence_part",
        *_needed(INT, "deal_id"),
        *_needed(TEXT, "digest"),
        *_needed(INT, "number"),
        *_needed(BYTES, "body"),
        sa.PrimaryKeyConstraint("deal_id", "digest", "number", name="evidence_part_key"),
        sqlite_strict=True,
    )


def _create_arrivals() -> None:
    op.create_table(
        "arrival",
        *_needed(INT, "deal_id", "number"),
        *_needed(TEXT, "digest"),
        *_needed(TIME, "arrived_at"),
        *_needed(TEXT, "actor", "source_name", "format"),
        sa.Column("period", DAY),
        *_needed(TEXT, "outcome"),
        *_needed(INT, "problem_count"),
        sa.Column("problems", TEXT),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.deal_id"]),
        sa.PrimaryKeyConstraint("deal_id", "number", name="arrival_key"),
        sa.CheckConstraint("outcome IN ('appended', 'already appended', 'proposed', 'refused')", name="arrival_outcome"),
        sa.CheckConstraint("(outcome = 'refused') = (problems IS NOT NULL)", name="arrival_problems"),
        sqlite_strict=True,
    )


def _seed_statistics() -> None:
    """Tell SQLite's planner that the index finds a loan's few lines at once, as migration 0001 tells it of the others."""
    connection = op.get_bind()
    connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", ("event", "event_by_loan", "300000 300000 3 1"))
    connection.exec_driver_sql("ANALYZE sqlite_schema")


def refusals(dialect: str) -> list[str]:
    """The functions and triggers that this revision creates, each as one statement, in the words in which the database stores them."""
    text = Path(__file__).with_name(f"0003_{dialect}.sql").read_text(encoding="utf-8")
    return [*(part.strip() for part in text.split("\n-- next\n")), *(_sqlite_forbids() if dialect == "sqlite" else _postgresql_forbids())]


def _sqlite_forbids() -> list[str]:
    """No UPDATE of any of the tables; DELETE is the rule of each."""
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}\nBEGIN\n  SELECT RAISE(ABORT, '{table} is append-only: UPDATE is refused');\nEND"
        for table in TABLES
    ]


def _postgresql_forbids() -> list[str]:
    """No UPDATE and no TRUNCATE of any of the tables; DELETE is the rule of each."""
    changes = {"update": ("UPDATE", "ROW"), "truncate": ("TRUNCATE", "STATEMENT")}
    return [
        f"CREATE TRIGGER {table}_no_{name} BEFORE {operation} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        for table in TABLES
        for name, (operation, each) in changes.items()
    ]
