"""Who may write, by key, and what the database asks for: a chain of acts; and the signatures of commits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
INT, TEXT, BYTES = sa.Integer(), sa.Text(), sa.LargeBinary()

APPEND_ONLY = ("act", "commit_signature")


def upgrade() -> None:
    """Create both tables on either database, then forbid what must not happen."""
    dialect = op.get_bind().dialect.name
    _create_acts()
    _create_signatures()
    for statement in refusals(dialect):
        op.execute(sa.text(statement))
        if dialect == "postgresql" and statement.startswith("CREATE TRIGGER"):
            words = statement.split()
            op.get_bind().exec_driver_sql(f"ALTER TABLE {words[words.index('ON') + 1]} ENABLE ALWAYS TRIGGER {words[2]}")


def _needed(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _create_acts() -> None:
    op.create_table(
        "act",
        *_needed(INT, "number"),
        *_needed(TEXT, "kind", "subject", "value"),
        *_needed(TIME, "recorded_at"),
        *_needed(TEXT, "actor"),
        *_needed(BYTES, "previous_hash", "hash"),
        sa.Column("key", BYTES),
        sa.Column("signature", BYTES),
        sa.PrimaryKeyConstraint("number", name="act_key"),
        sa.CheckConstraint("kind IN ('add', 'revoke', 'set')", name="act_kind"),
        sa.CheckConstraint("(key IS NULL) = (signature IS NULL)", name="act_signature"),
        sqlite_strict=True,
    )


def _create_signatures() -> None:
    op.create_table(
        "commit_signature",
        *_needed(INT, "deal_id", "position", "act"),
        *_needed(BYTES, "key", "signature"),
        sa.PrimaryKeyConstraint("deal_id", "position", name="commit_signature_key"),
        sa.ForeignKeyConstraint(["deal_id", "position"], ["log_commit.deal_id", "log_commit.position"], name="commit_signature_commit"),
        sa.ForeignKeyConstraint(["act"], ["act.number"], name="commit_signature_act"),
        sqlite_strict=True,
    )


def refusals(dialect: str) -> list[str]:
    """The functions and triggers that this revision creates, each as one statement, in the words in which the database stores them."""
    text = Path(__file__).with_name(f"0002_{dialect}.sql").read_text(encoding="utf-8")
    return [*(part.strip() for part in text.split("\n-- next\n")), *(_sqlite_forbids() if dialect == "sqlite" else _postgresql_forbids())]


def _sqlite_forbids() -> list[str]:
    """No UPDATE and no DELETE."""
    return [
        f"CREATE TRIGGER {table}_no_{operation.lower()} BEFORE {operation} ON {table}\n"
        f"BEGIN\n  SELECT RAISE(ABORT, '{table} is append-only: {operation} is refused');\nEND"
        for table in APPEND_ONLY
        for operation in ("UPDATE", "DELETE")
    ]


def _postgresql_forbids() -> list[str]:
    """No UPDATE, no DELETE, no TRUNCATE."""
    changes = {"change": ("DELETE OR UPDATE", "ROW"), "truncate": ("TRUNCATE", "STATEMENT")}
    return [
        f"CREATE TRIGGER {table}_no_{name} BEFORE {operation} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        for table in APPEND_ONLY
        for name, (operation, each) in changes.items()
    ]
