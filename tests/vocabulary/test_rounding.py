"""Rounding is a term of the deal: each place where a figure is rounded, and who gets the cents that are left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ledger.core.statement import Statement, draw
from ledger.reports.text import to_text
from tests.core.deals import Books, Month, problems_of

DEAL = """
pool: {original_balance: 1_000}
reported: {shortfall: {type: money, missing: 0}}
accounts: {funds: {collects: [interest, scheduled_principal]}}
tranches:
  A: {original_balance: 300, rate: 1%}
  B: {original_balance: 300, rate: 1%}
  C: {original_balance: 300, rate: 1%}
  R: {kind: residual}
groups: {notes: [A, B, C]}
"""
PRINCIPAL = "waterfall: [{pay: principal, to: {pro_rata: notes}, from: funds}]\n"


def books(rounding: str, waterfall: str = PRINCIPAL, further: str = "") -> Books:
    return Books(f"{DEAL}rounding: {rounding}\n{further}{waterfall}")


def of_notes(month: Month, item: str) -> list[Decimal]:
    return [month[f"{name}.{item}"] for name in "ABC"]


def statement(month: Month) -> Statement:
    return draw(month.terms, month.distribution)


def printed(month: Month, item: str) -> str:
    found = statement(month)
    figure = found.figure("A", item)
    assert figure is not None
    return found.text(figure)


# Interest and amounts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("half_up", ["0.13", "0.13", "0.38"]),  # 0.125, 0.1266..., 0.375
        ("half_down", ["0.12", "0.13", "0.37"]),
        ("half_even", ["0.12", "0.13", "0.38"]),
        ("down", ["0.12", "0.12", "0.37"]),
        ("up", ["0.13", "0.13", "0.38"]),
    ],
)
def test_interest_is_rounded_as_the_deal_says(mode: str, expected: list[str]) -> None:
    deal = """
        pool: {original_balance: 1_000}
        rounding: {interest: half_up}
        accounts: {funds: {collects: [interest]}}
        tranches: {A: {original_balance: 150, rate: 1%}, B: {original_balance: 152, rate: 1%}, C: {original_balance: 450, rate: 1%}}
        waterfall: [{pay: interest, to: {sequential: tranches}, from: funds}]
    """
    month = Books(deal.replace("half_up", mode)).month()

    assert of_notes(month, "interest_accrued") == list(map(Decimal, expected))


@pytest.mark.parametrize(("mode", "expected"), [("half_up", "0.13"), ("down", "0.12"), ("half_even", "0.12"), ("up", "0.13")])
def test_fees_amounts_and_limits_are_rounded_as_the_deal_says(mode: str, expected: str) -> None:
    further = "fees: {x: {rate: 1%, of: A.opening_balance / 2}, y: {amount: named}}\namounts: {named: A.opening_balance / 2_400}\n"
    waterfall = """waterfall:
  - {pay: fees, to: {sequential: [x, y]}, from: funds}
  - {pay: principal, to: A, from: funds, limit: B.balance / 2_400}
  - {pay: named, to: R, from: funds}
"""
    month = books(f"{{amounts: {mode}}}", waterfall, further).month(interest=10)

    # Each is 300 / 2,400 = 0.125.
    assert [month[name] for name in ("x.paid", "y.paid", "named", "A.principal_paid", "R.interest_paid")] == [Decimal(expected)] * 5


@pytest.mark.parametrize(("rounded", "due", "cut"), [("accrual", "0.24", "0.01"), ("due", "0.25", "0")])
def test_a_shortfall_is_split_in_cents_or_what_is_due_is_rounded_once(rounded: str, due: str, cut: str) -> None:
    waterfall = """waterfall:
  - {shortfall: shortfall, to: {pro_rata: notes, by: interest_accrued}}
  - {pay: interest, to: {sequential: notes}, from: funds}
"""
    month = books(f"{{interest_rounded: {rounded}}}", waterfall).month(interest=10, shortfall="0.01")

    # A accrues 0.25. The cent falls to A, or a third of it to each: 0.2466... is due as 0.25.
    assert (month["A.interest_due"], month["A.interest_shortfall"]) == (Decimal(due), Decimal(cut))


@pytest.mark.parametrize(("rounded", "due", "cut"), [("accrual", "0.24", "0.01"), ("due", "0.25", "0.00")])
def test_a_shortfall_of_half_a_cent_is_rounded_by_itself_or_with_what_is_due(rounded: str, due: str, cut: str) -> None:
    waterfall = """waterfall:
  - {shortfall: shortfall / 2, to: A}
  - {pay: interest, to: {sequential: notes}, from: funds}
"""
    month = books(f"{{interest_rounded: {rounded}}}", waterfall).month(interest=10, shortfall="0.01")

    # A accrues 0.25: a whole cent is cut, or 0.245 is due.
    assert (month["A.interest_due"], month["A.interest_shortfall"]) == (Decimal(due), Decimal(cut))


# Odd cents --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        ("largest_remainder", ["16.67", "16.67", "16.66"]),  # one each, to equal remainders in the order of the list
        ("first", ["16.68", "16.66", "16.66"]),
        ("last", ["16.66", "16.66", "16.68"]),
        ("each", ["16.67", "16.67", "16.67"]),  # a cent above the 50, for which the cash is there
    ],
)
def test_odd_cents_go_to_somebody(odd: str, expected: list[str]) -> None:
    waterfall = "waterfall: [{pay: principal, to: {pro_rata: notes}, from: funds, limit: 50}]\n"
    month = books(f"{{odd_cents: {odd}}}", waterfall).month(scheduled_principal="50.01")

    assert of_notes(month, "principal_paid") == list(map(Decimal, expected))
    assert month["funds.balance"] == (0 if odd == "each" else Decimal("0.01"))


def test_the_largest_remainder_is_not_the_first() -> None:
    waterfall = "waterfall: [{pay: principal, to: {pro_rata: [A, B], by: {A: 101, B: 199}}, from: funds, limit: 10}]\n"

    month = books("{}", waterfall).month(scheduled_principal=10)

    assert of_notes(month, "principal_paid")[:2] == [Decimal("3.37"), Decimal("6.63")]  # 3.3666... and 6.6333...


def test_a_retail_class_is_paid_in_whole_thousands_out_of_a_rounding_account() -> None:
    books = Books("""
        pool: {original_balance: 1_000_000}
        accounts: {funds: {collects: [scheduled_principal]}, rounding_account: {opening: 999.99}}
        tranches: {A: {original_balance: 500_000}, retail: {original_balance: 500_000}}
        amounts: {up_to_thousands: "ceiling(share, 1_000)", share: 50% * pool.scheduled_principal}
        waterfall:
          - {pay: rounding_account.balance, to: funds, from: rounding_account}
          - {pay: principal, to: retail, from: funds, limit: up_to_thousands}
          - {pay: principal, to: A, from: funds, limit: share}
          - {pay: rest, to: rounding_account, from: funds}
    """)

    first, second = books.month(scheduled_principal=9_000), books.month(scheduled_principal=9_000)

    # Half of 9,000 is 4,500: 500 of the account's 999.99 round the first up to 5,000; 499.99 are left, a cent short of rounding A's share whole.
    assert (first["retail.principal_paid"], first["A.principal_paid"], first["rounding_account.balance"]) == (5_000, 4_500, Decimal("499.99"))
    assert (second["retail.principal_paid"], second["A.principal_paid"], second["rounding_account.balance"]) == (5_000, Decimal("4499.99"), 0)


def test_interest_may_be_rounded_for_one_note_and_multiplied_by_their_number() -> None:
    books = Books("""
        pool: {original_balance: 300_000_000}
        accounts: {funds: {collects: [interest, scheduled_principal]}}
        tranches: {A: {original_balance: 260_000_000, rate: of_one_note * notes / A.opening_balance / A.year_fraction, denomination: 100_000}}
        ratios: {notes: 2_600}
        amounts: {of_one_note: A.opening_balance / notes * 4.123% * A.year_fraction}
        waterfall: [{pay: interest, to: A, from: funds}]
    """)

    month = books.month(interest=1_000_000)

    # 100,000 x 4.123 % / 12 = 343.5833..., so 343.58 on each of 2,600 notes; on all of them together it would have been 893,316.67.
    assert (month["of_one_note"], month["A.interest_paid"]) == (Decimal("343.58"), 893_308)


# Carry ------------------------------------------------------------------------------------------------------------------------


def test_balances_may_be_carried_finer_than_the_cent_and_cash_is_paid_in_cents() -> None:
    waterfall = "waterfall: [{pay: principal, to: {pro_rata: notes}, from: funds}]\n"
    deal = books("{carry: 0.000001}", waterfall)

    month = deal.month(scheduled_principal="0.10")

    assert of_notes(month, "principal_paid") == [Decimal("0.033334"), Decimal("0.033333"), Decimal("0.033333")]
    assert month.account("rounding") == Decimal("-0.01")  # 0.03 was paid to each, and 0.10 is owed no more
    assert month["funds.balance"] == Decimal("0.01")


def test_a_fraction_of_a_cent_that_was_collected_stays_until_others_make_it_a_cent() -> None:
    deal = Books("""
        rounding: {carry: 0.0001}
        pool: {original_balance: 300}
        accounts: {funds: {collects: [interest]}, reserve: {}}
        tranches: {A: {original_balance: 300, rate: 1%}}
        waterfall:
          - {pay: interest, to: A, from: funds}
          - {pay: rest, to: reserve, from: funds}
    """)

    first, second = deal.month(interest="2.5099"), deal.month(interest="0.0001")

    assert (first["A.interest_paid"], first["reserve.balance"], first["funds.balance"]) == (Decimal("0.25"), Decimal("2.25"), Decimal("0.0099"))
    assert (second["A.interest_paid"], second["funds.balance"]) == (Decimal("0.01"), 0)
    assert second.account("rounding") == 0


def test_interest_keeps_the_digits_of_the_carry() -> None:
    waterfall = "waterfall: [{pay: interest, to: {sequential: notes}, from: funds}]\n"

    assert books("{carry: 0.0001}", waterfall, "").month()["A.interest_accrued"] == Decimal("0.25")
    assert books("{carry: 1}", waterfall, "").month()["A.interest_accrued"] == 0


def test_books_may_be_kept_in_whole_dollars() -> None:
    month = books("{carry: 1}").month(scheduled_principal=100)

    assert of_notes(month, "principal_paid") == [34, 33, 33]
    assert [
        problem.split(";")[0]
        for problem in problems_of(f"{DEAL.replace('original_balance: 1_000}', 'original_balance: 1_000.50}')}rounding: {{carry: 1}}\n{PRINCIPAL}")
    ] == ["1000.5 has more decimal places than the 0 of `rounding.carry`"]


# Print ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        ("{places: 8}", "0.94444444"),  # 283.333... of 300
        ("{places: 6, mode: half_up}", "0.944444"),
        ("{places: 2, mode: up}", "0.95"),
        ("{places: 1, mode: down}", "0.9"),
    ],
)
def test_a_factor_has_the_places_of_the_deal_rounded_or_cut(factor: str, expected: str) -> None:
    assert printed(books(f"{{carry: 0.000001, factor: {factor}}}").month(scheduled_principal=50), "factor") == expected


@pytest.mark.parametrize(("per_1000", "expected"), [("{places: 7}", "55.5666667"), ("{places: 2}", "55.57"), ("{places: 4, mode: down}", "55.5666")])
def test_figures_per_thousand_have_places_of_their_own(per_1000: str, expected: str) -> None:
    assert printed(books(f"{{per_1000: {per_1000}}}").month(scheduled_principal=50), "principal_per_1000") == expected  # 16.67 of 300


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("{}", ["300.00", "283.34"]),
        ("{printed: {places: 0}}", ["300", "283"]),
        ("{printed: {places: 0, mode: up}}", ["300", "284"]),
        ("{printed: {places: 1, mode: down}}", ["300.0", "283.3"]),
    ],
)
def test_a_report_may_be_in_whole_dollars_while_the_books_keep_cents(terms: str, expected: list[str]) -> None:
    month = books(terms, PRINCIPAL.replace("pro_rata", "sequential")).month(scheduled_principal="16.66")
    row = next(line.split() for line in to_text(statement(month)).splitlines() if line.startswith("A "))

    assert month["A.balance"] == Decimal("283.34")
    assert [cell for cell in row if cell in expected][:3] == [expected[0], expected[0], expected[1]]
