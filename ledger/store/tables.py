"""The tables as the queries see them. The migrations create them; a test compares the two.

Every key leads with `deal_id`, so that one deal lives on one shard; only `act`, who may write and what the database asks for, is of no deal. `event`
holds one row per fact in typed columns, in the order in which they are hashed; what a period collects is one `GROUP BY` over it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

from ledger.core.events import OF_LIFE


def instant_text(moment: datetime) -> str:
    """A time as it is hashed and as SQLite stores it: UTC, microseconds, fixed width. Raises ValueError for a time without offset."""
    if moment.tzinfo is None:
        raise ValueError(f"the time {moment.isoformat()} has no offset")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(stored: str | datetime | None) -> datetime | None:
    """A time as either database gives it back, in UTC."""
    if stored is None:
        return None
    moment = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return moment.astimezone(UTC)


class Instant(TypeDecorator[datetime]):
    """A time with offset, kept in UTC with microseconds. SQLite would drop the offset rather than convert it, hence text there."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        text = instant_text(value)
        return text if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return instant(value)


class Day(TypeDecorator[date]):
    """A business date, without zone; text on SQLite, whose strict tables know no dates."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], date | None] | None:
        return _day if dialect.name == "sqlite" else None


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


class Whole(TypeDecorator[int]):
    """A sum of whole numbers, which PostgreSQL gives as a Decimal."""

    impl = Numeric
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], int | None] | None:
        return _whole if dialect.name == "postgresql" else None


def _whole(number: Decimal | None) -> int | None:
    return None if number is None else int(number)


Big = BigInteger().with_variant(Integer(), "sqlite")
Small = SmallInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()


def _table(name: str, *items: Any, rowid: bool = True) -> Table:
    return Table(name, metadata, *items, sqlite_strict=True, sqlite_with_rowid=rowid)


def _deal() -> Column[int]:
    return Column("deal_id", Integer, ForeignKey("deal.deal_id"), nullable=False)


deal = _table(
    "deal",
    Column("deal_id", Integer, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    UniqueConstraint("name", name="deal_name"),
)

log_commit = _table(
    "log_commit",
    _deal(),
    Column("position", Integer, nullable=False),
    Column("period", Day),
    Column("treatment", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text),
    Column("attempt", Integer),
    Column("source_name", Text),
    Column("source_digest", Text),
    Column("event_count", Integer, nullable=False),
    Column("merkle_root", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("deal_id", "position", name="log_commit_key"),
    UniqueConstraint("deal_id", "previous_hash", name="log_commit_no_fork"),
    UniqueConstraint("deal_id", "period", "source", "attempt", name="log_commit_source"),
    CheckConstraint("treatment IN ('original', 'supersede', 'adjust', 'reopen')", name="log_commit_treatment"),
    CheckConstraint("(source IS NULL) = (attempt IS NULL)", name="log_commit_attempt"),
)
Index("log_commit_by_period", log_commit.c.deal_id, log_commit.c.period, log_commit.c.position)
Index(
    "log_commit_by_digest",
    log_commit.c.deal_id,
    log_commit.c.period,
    log_commit.c.source_digest,
    unique=True,
    sqlite_where=log_commit.c.source_digest.is_not(None),
    postgresql_where=log_commit.c.source_digest.is_not(None),
)

event = _table(
    "event",
    Column("deal_id", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("line", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("principal", Big),
    Column("interest", Big),
    Column("fee", Big),
    Column("amount", Big),
    Column("balance", Big),
    Column("rate", Text),
    Column("delinquency", Integer),
    Column("code", Text),
    Column("effective_on", Day),
    Column("effect", Small, nullable=False),
    Column("corrects_position", Integer),
    Column("corrects_line", Integer),
    Column("source_row", Integer),
    PrimaryKeyConstraint("deal_id", "position", "line", name="event_key"),
    CheckConstraint("effect = 1 OR effect = -1 AND corrects_position IS NOT NULL AND corrects_line IS NOT NULL", name="event_effect"),
    rowid=False,
)
Index("event_by_subject", event.c.deal_id, event.c.position, event.c.subject)
Index(
    "event_corrected_once",
    event.c.deal_id,
    event.c.corrects_position,
    event.c.corrects_line,
    event.c.effect,
    unique=True,
    sqlite_where=event.c.corrects_position.is_not(None),
    postgresql_where=event.c.corrects_position.is_not(None),
)
_MOVES_A_LIFE = text("kind IN ({})".format(", ".join(f"'{kind}'" for kind in OF_LIFE)))
Index("event_by_loan", event.c.deal_id, event.c.subject, event.c.position, sqlite_where=_MOVES_A_LIFE, postgresql_where=_MOVES_A_LIFE)

head = _table(
    "head",
    Column("deal_id", Integer, ForeignKey("deal.deal_id"), primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("event_count", Big, nullable=False),
    Column("recorded_at", Instant),
)

document = _table(
    "document",
    _deal(),
    Column("digest", Text, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("deal_id", "digest", name="document_key"),
)

distribution = _table(
    "distribution",
    _deal(),
    Column("number", Integer, nullable=False),
    Column("previous", Integer),
    Column("period", Day, nullable=False),
    Column("distribution_date", Day, nullable=False),
    Column("version", Integer, nullable=False),
    Column("known_at", Integer, nullable=False),
    Column("terms_digest", Text, nullable=False),
    Column("rules", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    PrimaryKeyConstraint("deal_id", "number", name="distribution_key"),
    ForeignKeyConstraint(["deal_id", "previous"], ["distribution.deal_id", "distribution.number"], name="distribution_previous"),
    ForeignKeyConstraint(["deal_id", "known_at"], ["log_commit.deal_id", "log_commit.position"], name="distribution_commit"),
)
Index("distribution_by_date", *(distribution.c[name] for name in ("deal_id", "distribution_date", "known_at", "number")))

posting = _table(
    "posting",
    Column("deal_id", Integer, nullable=False),
    Column("distribution", Integer, nullable=False),
    Column("line", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("amount", Big, nullable=False),
    Column("origin_period", Day),
    PrimaryKeyConstraint("deal_id", "distribution", "line", name="posting_key"),
    CheckConstraint("amount > 0", name="posting_amount"),
    CheckConstraint("source <> destination", name="posting_accounts"),
    rowid=False,
)

balance = _table(
    "balance",
    Column("deal_id", Integer, nullable=False),
    Column("distribution", Integer, nullable=False),
    Column("account", Text, nullable=False),
    Column("opening", Big, nullable=False),
    Column("received", Big, nullable=False),
    Column("paid", Big, nullable=False),
    Column("closing", Big, nullable=False),
    PrimaryKeyConstraint("deal_id", "distribution", "account", name="balance_key"),
    CheckConstraint("closing = opening + received - paid", name="balance_closing"),
    rowid=False,
)

pool_life = _table(
    "pool_life",
    _deal(),
    Column("distribution", Integer, nullable=False),
    Column("counting", Text, nullable=False),
    Column("lives", Text, nullable=False),
    PrimaryKeyConstraint("deal_id", "distribution", name="pool_life_key"),
    ForeignKeyConstraint(["deal_id", "distribution"], ["distribution.deal_id", "distribution.number"], name="pool_life_distribution"),
)

statement = _table(
    "statement",
    _deal(),
    Column("distribution", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("known_at", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("deal_id", "distribution", "version", name="statement_key"),
    ForeignKeyConstraint(["deal_id", "distribution"], ["distribution.deal_id", "distribution.number"], name="statement_distribution"),
    ForeignKeyConstraint(["deal_id", "known_at"], ["log_commit.deal_id", "log_commit.position"], name="statement_commit"),
)

act = _table(
    "act",
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("key", LargeBinary),
    Column("signature", LargeBinary),
    PrimaryKeyConstraint("number", name="act_key"),
    CheckConstraint("kind IN ('add', 'revoke', 'set')", name="act_kind"),
    CheckConstraint("(key IS NULL) = (signature IS NULL)", name="act_signature"),
)

commit_signature = _table(
    "commit_signature",
    Column("deal_id", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("act", Integer, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    PrimaryKeyConstraint("deal_id", "position", name="commit_signature_key"),
    ForeignKeyConstraint(["deal_id", "position"], ["log_commit.deal_id", "log_commit.position"], name="commit_signature_commit"),
    ForeignKeyConstraint(["act"], ["act.number"], name="commit_signature_act"),
)

evidence = _table(
    "evidence",
    _deal(),
    Column("digest", Text, nullable=False),
    Column("bytes", Big, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("cipher", Text),
    PrimaryKeyConstraint("deal_id", "digest", name="evidence_key"),
)

evidence_part = _table(
    "evidence_part",
    Column("deal_id", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("deal_id", "digest", "number", name="evidence_part_key"),
)

arrival = _table(
    "arrival",
    _deal(),
    Column("number", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("arrived_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("source_name", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("period", Day),
    Column("outcome", Text, nullable=False),
    Column("problem_count", Integer, nullable=False),
    Column("problems", Text),
    PrimaryKeyConstraint("deal_id", "number", name="arrival_key"),
    CheckConstraint("outcome IN ('appended', 'already appended', 'proposed', 'refused')", name="arrival_outcome"),
    CheckConstraint("(outcome = 'refused') = (problems IS NOT NULL)", name="arrival_problems"),
)
