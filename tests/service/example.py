"""The worked example of the books as files in memory, run through the use cases; its month 2 reports 1,000 too much principal."""

from __future__ import annotations

from ledger import service
from ledger.core.statement import Statement
from ledger.store.engine import Store
from tests.core.test_worked_example import DEAL

NAME = "EXAMPLE-1"
MONTHS = ("2025-02-15", "2025-03-15", "2025-04-15", "2025-05-15", "2025-06-15")
KINDS = {
    "2025-02-15": {"interest": 4_600, "scheduled_principal": 6_000, "prepayment": 14_000},
    "2025-03-15": {
        "interest": 5_850, "scheduled_principal": 10_000, "default": 120_000, "liquidation_proceeds": 45_000, "liquidation_expense": 5_000,
        "realized_loss": 80_000,
    },
    "2025-04-15": {"interest": 5_200, "scheduled_principal": 8_000, "recovery": 2_000},
    "2025-05-15": {"interest": 5_000, "scheduled_principal": 8_000},
    "2025-06-15": {"interest": 5_000, "scheduled_principal": 8_000},
}  # fmt: skip
CLOSING = ("pool", "A.principal", "B.principal", "B.shortfall", "cash.reserve", "excess")


def open_example(store: Store, text: str = DEAL) -> str:
    return service.open_deal(store, text.encode(), "deal.yaml", actor="tester").deal


def remit(store: Store, key: str, deal: str = NAME, **changed: int) -> int:
    """The month as the example has it, or with other figures; the position of its commit. Its first fact is the line after the 9 that open a period."""
    rows = [f"{key},{kind},{amount}.00" for kind, amount in {**KINDS[key], **changed}.items()]
    (remitted,) = service.remit(store, deal, "\n".join(["distribution_date,kind,value", *rows, ""]).encode(), f"{key}.csv", actor="tester")
    assert remitted.receipt is not None
    return remitted.receipt.position


def distribute(store: Store, deal: str = NAME) -> None:
    assert not service.distribute(store, deal, actor="tester").problems


def months(store: Store, count: int, deal: str = NAME) -> list[int]:
    """Open the example and run so many months; the positions of their remittances."""
    open_example(store)
    positions = []
    for key in MONTHS[:count]:
        positions.append(remit(store, key))
        distribute(store, deal)
    return positions


def line_of(store: Store, position: int, kind: str, subject: str | None = None, deal: str = NAME) -> str:
    """The name of the line of a commit that reports a kind."""
    with store.reading() as reader:
        found = reader.events(deal, position=position, kinds=[kind])
        return next(f"{position}:{event.line}" for _, event in found if subject in (None, event.subject))


def correct(
    store: Store, *rows: str, deal: str = NAME, header: str = "corrects,distribution_date,kind,value", treatment: str | None = None
) -> service.Corrected:
    text = "\n".join([header, *rows, ""])
    return service.correct(store, deal, text.encode(), "correction.csv", reason="it was wrong", treatment=treatment, actor="checker")  # type: ignore[arg-type]


def units(store: Store, deal: str = NAME) -> dict[str, int]:
    """The balances of the last distribution, in cents."""
    with store.reading() as reader:
        row = reader.latest_distribution(deal)
        assert row is not None
        return {account: balance.closing for account, balance in reader.balances(deal, row.number).items()}


def accounts(store: Store, deal: str = NAME) -> dict[str, int]:
    """The same in whole dollars."""
    return {account: balance // 100 for account, balance in units(store, deal).items()}


def closing(store: Store) -> tuple[int, ...]:
    found = accounts(store)
    return tuple(found.get(name, 0) for name in CLOSING)


def statement(store: Store, key: str, known_at: int | None = None, deal: str = NAME) -> Statement:
    return service.statement(store, deal, on=key, known_at=known_at)


def figure(found: Statement, subject: str, item: str) -> str:
    value = found.figure(subject, item)
    assert value is not None, (subject, item)
    return found.text(value)


def bank(store: Store, deal: str = NAME) -> int:
    """All cash accounts together, in cents: what the bank holds."""
    return sum(balance for account, balance in units(store, deal).items() if account.startswith("cash."))
