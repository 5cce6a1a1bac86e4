"""The log, the books, and what the database refuses: change, late rows, inexact reversals, gaps, balances that are not the sum of postings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SMALL = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Text(), "sqlite")
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
INT, TEXT, BYTES = sa.Integer(), sa.Text(), sa.LargeBinary()

APPEND_ONLY = ("deal", "log_commit", "event", "document", "distribution", "posting", "balance", "statement")
# The keys that make a row the same row: an INSERT OR REPLACE of it would delete without any DELETE trigger where recursive_triggers is off.
KEYS = {
    "deal": ("deal_id", "name"),
    "document": ("deal_id, digest",),
    "distribution": ("deal_id, number",),
    "posting": ("deal_id, distribution, line",),
    "balance": ("deal_id, distribution, account",),
    "statement": ("deal_id, distribution, version",),
}


def upgrade() -> None:
    """Create the tables on either database, seed SQLite's statistics, then forbid what must not happen."""
    dialect = op.get_bind().dialect.name
    _create_log()
    _create_books()
    if dialect == "sqlite":
        _seed_statistics()
    for statement in refusals(dialect):
        op.execute(sa.text(statement))
    if dialect == "postgresql":
        _enable_always()


def _table(name: str, columns: dict[str, tuple[Any, bool]], *constraints: Any, rowid: bool = True) -> None:
    """A strict table; `columns` gives each type and whether it may be NULL."""
    made = [sa.Column(column, kind, nullable=nullable) for column, (kind, nullable) in columns.items()]
    op.create_table(name, *made, *constraints, sqlite_strict=True, sqlite_with_rowid=rowid)


def _needed(kind: Any, *names: str) -> dict[str, tuple[Any, bool]]:
    return dict.fromkeys(names, (kind, False))


def _optional(kind: Any, *names: str) -> dict[str, tuple[Any, bool]]:
    return dict.fromkeys(names, (kind, True))


def _of_deal() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["deal_id"], ["deal.deal_id"])


def _create_log() -> None:
    """deal, log_commit, event, head and document."""
    op.create_table(
        "deal",
        sa.Column("deal_id", INT, sa.Identity(always=True), primary_key=True),
        sa.Column("name", TEXT, nullable=False),
        sa.UniqueConstraint("name", name="deal_name"),
        sqlite_strict=True,
    )
    _table(
        "log_commit",
        _needed(INT, "deal_id", "position") | _optional(DAY, "period") | _needed(TEXT, "treatment") | _needed(TIME, "recorded_at")
        | _needed(TEXT, "actor", "reason") | _optional(TEXT, "source") | _optional(INT, "attempt") | _optional(TEXT, "source_name", "source_digest")
        | _needed(INT, "event_count") | _needed(BYTES, "merkle_root", "previous_hash", "hash"),
        _of_deal(),
        sa.PrimaryKeyConstraint("deal_id", "position", name="log_commit_key"),
        sa.UniqueConstraint("deal_id", "previous_hash", name="log_commit_no_fork"),
        sa.UniqueConstraint("deal_id", "period", "source", "attempt", name="log_commit_source"),
        sa.CheckConstraint("treatment IN ('original', 'supersede', 'adjust', 'reopen')", name="log_commit_treatment"),
        sa.CheckConstraint("(source IS NULL) = (attempt IS NULL)", name="log_commit_attempt"),
    )  # fmt: skip
    op.create_index("log_commit_by_period", "log_commit", ["deal_id", "period", "position"])
    _unique_where("log_commit_by_digest", "log_commit", ["deal_id", "period", "source_digest"], "source_digest IS NOT NULL")
    _table(
        "event",
        _needed(INT, "deal_id", "position", "line") | _needed(TEXT, "kind") | _optional(TEXT, "subject")
        | _optional(BIG, "principal", "interest", "fee", "amount", "balance") | _optional(TEXT, "rate") | _optional(INT, "delinquency")
        | _optional(TEXT, "code") | _optional(DAY, "effective_on") | _needed(SMALL, "effect")
        | _optional(INT, "corrects_position", "corrects_line", "source_row"),
        sa.PrimaryKeyConstraint("deal_id", "position", "line", name="event_key"),
        sa.CheckConstraint("effect = 1 OR effect = -1 AND corrects_position IS NOT NULL AND corrects_line IS NOT NULL", name="event_effect"),
        rowid=False,
    )  # fmt: skip
    op.create_index("event_by_subject", "event", ["deal_id", "position", "subject"])
    columns = ["deal_id", "corrects_position", "corrects_line", "effect"]
    _unique_where("event_corrected_once", "event", columns, "corrects_position IS NOT NULL")
    op.create_table(
        "head",
        sa.Column("deal_id", INT, sa.ForeignKey("deal.deal_id"), primary_key=True, autoincrement=False),
        sa.Column("position", INT, nullable=False),
        sa.Column("hash", BYTES, nullable=False),
        sa.Column("event_count", BIG, nullable=False),
        sa.Column("recorded_at", TIME),
        sqlite_strict=True,
    )
    key = sa.PrimaryKeyConstraint("deal_id", "digest", name="document_key")
    _table("document", _needed(INT, "deal_id") | _needed(TEXT, "digest", "body"), _of_deal(), key)


def _create_books() -> None:
    """distribution, posting, balance and statement."""
    commit = ["log_commit.deal_id", "log_commit.position"]
    of_distribution = ["distribution.deal_id", "distribution.number"]
    _table(
        "distribution",
        _needed(INT, "deal_id", "number") | _optional(INT, "previous") | _needed(DAY, "period", "distribution_date")
        | _needed(INT, "version", "known_at") | _needed(TEXT, "terms_digest") | _needed(INT, "rules") | _needed(TEXT, "state", "digest"),
        _of_deal(),
        sa.PrimaryKeyConstraint("deal_id", "number", name="distribution_key"),
        sa.ForeignKeyConstraint(["deal_id", "previous"], of_distribution, name="distribution_previous"),
        sa.ForeignKeyConstraint(["deal_id", "known_at"], commit, name="distribution_commit"),
    )  # fmt: skip
    op.create_index("distribution_by_date", "distribution", ["deal_id", "distribution_date", "known_at", "number"])
    _table(
        "posting",
        _needed(INT, "deal_id", "distribution", "line") | _needed(TEXT, "step", "item", "cause", "source", "destination") | _needed(BIG, "amount")
        | _optional(DAY, "origin_period"),
        sa.PrimaryKeyConstraint("deal_id", "distribution", "line", name="posting_key"),
        sa.CheckConstraint("amount > 0", name="posting_amount"),
        sa.CheckConstraint("source <> destination", name="posting_accounts"),
        rowid=False,
    )  # fmt: skip
    _table(
        "balance",
        _needed(INT, "deal_id", "distribution") | _needed(TEXT, "account") | _needed(BIG, "opening", "received", "paid", "closing"),
        sa.PrimaryKeyConstraint("deal_id", "distribution", "account", name="balance_key"),
        sa.CheckConstraint("closing = opening + received - paid", name="balance_closing"),
        rowid=False,
    )
    _table(
        "statement",
        _needed(INT, "deal_id", "distribution", "version", "known_at") | _needed(TEXT, "digest", "body"),
        _of_deal(),
        sa.PrimaryKeyConstraint("deal_id", "distribution", "version", name="statement_key"),
        sa.ForeignKeyConstraint(["deal_id", "distribution"], of_distribution, name="statement_distribution"),
        sa.ForeignKeyConstraint(["deal_id", "known_at"], commit, name="statement_commit"),
    )


def _unique_where(name: str, table: str, columns: list[str], condition: str) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def _seed_statistics() -> None:
    """Tell SQLite's planner what a large log looks like; without it, following one loan through its months scans the deal (400 ms against 0.24)."""
    connection = op.get_bind()
    connection.exec_driver_sql("ANALYZE")
    shapes = {
        ("event", "event"): "6000000 6000000 100000 1",
        ("event", "event_by_subject"): "6000000 6000000 100000 1 1",
        ("event", "event_corrected_once"): "60000 60000 1000 2 1",
        ("log_commit", "sqlite_autoindex_log_commit_1"): "400 400 1",  # SQLite's own name for the index of the primary key
    }
    for (table, index), shape in shapes.items():
        connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", (table, index, shape))
    connection.exec_driver_sql("ANALYZE sqlite_schema")


def refusals(dialect: str) -> list[str]:
    """The functions and triggers that this revision creates, each as one statement, in the words in which the database stores them."""
    text = Path(__file__).with_name(f"0001_{dialect}.sql").read_text(encoding="utf-8")
    special = [part.strip() for part in text.split("\n-- next\n")]
    return [*_sqlite_forbids(), *special] if dialect == "sqlite" else [*special, *_postgresql_forbids()]


def _sqlite_forbids() -> list[str]:
    """No UPDATE, no DELETE, no second insert of a row."""
    statements = []
    for table in APPEND_ONLY:
        for operation in ("UPDATE", "DELETE"):
            message = f"'{table} is append-only: {operation} is refused'"
            name = f"{table}_no_{operation.lower()}"
            statements.append(f"CREATE TRIGGER {name} BEFORE {operation} ON {table}\nBEGIN\n  SELECT RAISE(ABORT, {message});\nEND")
    for table, keys in KEYS.items():
        same = " OR ".join("(" + " AND ".join(f"{column} = NEW.{column}" for column in key.split(", ")) + ")" for key in keys)
        condition = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"
        message = f"'{table} is append-only: the row is there already'"
        statements.append(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}\n{condition}\nBEGIN\n  SELECT RAISE(ABORT, {message});\nEND")
    return statements


def _postgresql_forbids() -> list[str]:
    """No UPDATE, no DELETE, no TRUNCATE (of the head either, whose one lawful UPDATE has a trigger of its own)."""
    statements = []
    for table in APPEND_ONLY:
        statements.append(f"CREATE TRIGGER {table}_no_change BEFORE DELETE OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    for table in (*APPEND_ONLY, "head"):
        statements.append(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")
    return statements


def _enable_always() -> None:
    """Let the triggers fire for a session that calls itself a replica, too."""
    for statement in refusals("postgresql"):
        if statement.startswith("CREATE TRIGGER"):
            words = statement.split()
            op.get_bind().exec_driver_sql(f"ALTER TABLE {words[words.index('ON') + 1]} ENABLE ALWAYS TRIGGER {words[2]}")
