"""An index fixing, once for every deal that names the index; and what a servicer may still say of the same rate."""

from __future__ import annotations

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.service import evidence
from ledger.store.engine import Store
from tests.service.trust import DEAL, distribute, figure, month, open_trust, remit

FEBRUARY = "SOFR-30D-AVG,2025-01-13,4.30%"
"""Two business days before the closing date, 15 January, a Wednesday: the Monday."""


def fix(store: Store, *rows: str, name: str = "rates.csv") -> service.Fixings:
    return service.fix_rates(store, "\n".join(["index,date,rate", *rows, ""]).encode(), name, actor="tester")


def head(store: Store, deal: str = "COVE-1") -> int:
    with store.reading() as reader:
        return reader.head(deal).position


def test_fixing_is_stated_in_each_deal_that_names_the_index(store: Store) -> None:
    for deal in ("COVE-1", "COVE-2"):
        open_trust(store, DEAL.replace("deal: COVE-1", f"deal: {deal}"))
    open_trust(store, DEAL.replace("deal: COVE-1", "deal: OTHER").replace("SOFR-30D-AVG", "PRIME"))

    found = fix(store, FEBRUARY)

    assert [(one.deal, str(one.period), dict(one.rates)) for one in found.fixed] == [
        ("COVE-1", "2025-02-25", {"sofr": "0.0430"}),
        ("COVE-2", "2025-02-25", {"sofr": "0.0430"}),
    ]
    assert (found.unmatched, found.problems) == ([], [])
    assert head(store, "OTHER") == 1
    assert [len(evidence.arrived(store, deal)) for deal in ("COVE-1", "COVE-2", "OTHER")] == [1, 1, 0]
    assert evidence.row_of(store, "COVE-2", evidence.arrived(store, "COVE-2")[0].arrival.digest, 2) == FEBRUARY
    assert service.verify(store, "COVE-1", all_evidence=True).problems == ()


def test_month_whose_rate_came_before_it_needs_no_rate(store: Store) -> None:
    open_trust(store)
    fix(store, FEBRUARY)

    remit(store, "2025-02-25", sofr=None)
    assert distribute(store).problems == ()

    # 800,000 x (4.3 % + 1 %) / 12 = 3,533.333
    assert figure(store, "A", "interest_paid") == "3533.33"
    assert service.verify(store, "COVE-1").problems == ()


def test_rate_alone_gives_nothing_to_distribute(store: Store) -> None:
    open_trust(store)
    fix(store, FEBRUARY)

    done = distribute(store)

    assert (done.distributions, done.problems) == ([], ())


def test_rate_of_the_month_after_next_may_come_before_next_month(store: Store) -> None:
    open_trust(store)
    # March accrues from 25 February as paid; two business days before is Friday the 21st.
    found = fix(store, "SOFR-30D-AVG,2025-02-21,4.40%")
    assert [str(one.period) for one in found.fixed] == ["2025-03-25"]

    remit(store, "2025-02-25")
    remit(store, "2025-03-25", sofr=None)
    assert distribute(store).problems == ()

    # A opens March at 790,000: x 5.4 % / 12
    assert figure(store, "A", "interest_paid") == "3555.00"


def test_same_file_again_adds_nothing(store: Store) -> None:
    open_trust(store)
    fix(store, FEBRUARY)

    again, longer = fix(store, FEBRUARY), fix(store, FEBRUARY, "SOFR-30D-AVG,2025-01-14,4.31%")

    assert [one.receipt for found in (again, longer) for one in found.fixed] == [None, None]
    assert [row.row for row in longer.unmatched] == [3]
    assert head(store) == 2


def test_fixing_that_no_open_period_waits_for_is_listed(store: Store) -> None:
    open_trust(store)

    found = fix(store, "SOFR-30D-AVG,2025-01-14,4.30%", "PRIME,2025-01-13,7.50%")

    assert [(row.row, row.index) for row in found.unmatched] == [(2, "SOFR-30D-AVG"), (3, "PRIME")]
    assert (found.fixed, found.problems) == ([], [])


def test_distributed_period_waits_for_no_rate(store: Store) -> None:
    open_trust(store)
    remit(store, "2025-02-25")
    distribute(store)

    found = fix(store, "SOFR-30D-AVG,2025-01-13,9.99%")

    assert [row.row for row in found.unmatched] == [2]


def test_without_a_fixing_rule_the_file_dates_the_period(store: Store) -> None:
    open_trust(store, DEAL.replace(", fixing: {business_days_before: 2}", ""))

    found = fix(store, "SOFR-30D-AVG,2025-02-25,4.30%", "SOFR-30D-AVG,2025-03-25,4.40%")

    assert [(str(one.period), dict(one.rates)) for one in found.fixed] == [("2025-02-25", {"sofr": "0.0430"}), ("2025-03-25", {"sofr": "0.0440"})]


def test_index_may_have_a_calendar_of_its_own(store: Store) -> None:
    # Good Friday, 18 April 2025, is a holiday of the bond market and not of the Federal Reserve: from the 25th as paid five days back.
    open_trust(store, DEAL.replace("business_days_before: 2", "business_days_before: 5, calendar: US-SIFMA"))
    open_trust(store, DEAL.replace("business_days_before: 2", "business_days_before: 5").replace("deal: COVE-1", "deal: COVE-2"))

    found = fix(store, "SOFR-30D-AVG,2025-04-17,4.17%", "SOFR-30D-AVG,2025-04-18,4.18%")

    assert [(one.deal, str(one.period), dict(one.rates)) for one in found.fixed] == [
        ("COVE-1", "2025-05-25", {"sofr": "0.0417"}),
        ("COVE-2", "2025-05-25", {"sofr": "0.0418"}),
    ]


def test_accrual_begins_on_the_day_that_was_paid(store: Store) -> None:
    # 25 May 2025 is a Sunday and the 26th Memorial Day: May is paid on Tuesday the 27th; two business days before is Thursday the 22nd.
    open_trust(store)

    found = fix(store, "SOFR-30D-AVG,2025-05-22,4.50%")

    assert [str(one.period) for one in found.fixed] == ["2025-06-25"]


def test_servicer_may_state_the_same_rate_and_no_other(store: Store) -> None:
    open_trust(store)
    fix(store, FEBRUARY)

    with pytest.raises(ProblemsFound) as found:
        service.remit(store, "COVE-1", month("2025-02-25", sofr="4.31%"), "february.csv", actor="tester")
    remit(store, "2025-02-25", sofr="4.3%")

    (problem,) = found.value.problems
    assert str(problem).startswith("february.csv:4: `sofr` is 0.0431, position 2 states 0.0430 for 2025-02-25; ")
    assert distribute(store).problems == ()
    assert figure(store, "A", "interest_paid") == "3533.33"


def test_second_source_may_not_state_another_amount(store: Store) -> None:
    open_trust(store, DEAL.replace("reported: {sofr", "reported: {expenses: {type: money, missing: 0}, sofr"))
    remit(store, "2025-02-25", "2025-02-25,reported,expenses,70.00")

    second = b"distribution_date,kind,subject,value\n2025-02-25,reported,expenses,71.00\n"

    with pytest.raises(ProblemsFound) as found:
        service.remit(store, "COVE-1", second, "trustee.csv", source_name="trustee", actor="tester")

    assert str(found.value).startswith("trustee.csv:2: `expenses` is 71.00, position 2 states 70.00 for 2025-02-25; ")


def test_deal_whose_servicer_states_another_rate_fails_alone(store: Store) -> None:
    open_trust(store)
    open_trust(store, DEAL.replace("deal: COVE-1", "deal: COVE-2"))
    remit(store, "2025-02-25", sofr="4.31%")

    found = fix(store, FEBRUARY)

    assert [one.deal for one in found.fixed] == ["COVE-2"]
    (problem,) = found.problems
    assert str(problem).startswith("COVE-1: `sofr` of 2025-02-25 is 0.0430 by SOFR-30D-AVG of 2025-01-13 (row 2), position 2 states 0.0431; ")
    assert found.unmatched == []


def test_rate_of_an_index_that_an_amendment_names_is_stated_from_its_period_on(store: Store) -> None:
    fixed_rate = DEAL.replace("reported: {sofr: {type: rate, index: SOFR-30D-AVG, fixing: {business_days_before: 2}}}\n", "").replace("sofr + 1%", "5%")
    open_trust(store, fixed_rate)
    service.amend(store, "COVE-1", DEAL.encode(), "amended.yaml", effective="2025-03", actor="tester")

    found = fix(store, FEBRUARY, "SOFR-30D-AVG,2025-02-21,4.40%")

    assert [str(one.period) for one in found.fixed] == ["2025-03-25"]
    assert [row.row for row in found.unmatched] == [2]


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ("index,date,rate\n", ["rates.csv: the file has no rows; "]),
        ("index,rate\nSOFR,4%\n", ["rates.csv:1: the column `date` is missing; the header is a line such as index,date,rate"]),
        (
            "index,date,rate\n,2025-01-13,4%\nSOFR,13.01.2025,4%\nSOFR,2025-01-13,high\n",
            [
                "rates.csv:2: the row names no `index`; ",
                "rates.csv:3: `date` `13.01.2025` is not a date; ",
                "rates.csv:4: `rate` `high` ",
            ],
        ),
        ("index,date,rate\nSOFR,2025-01-13,4%\nSOFR,2025-01-13,4%\n", ["rates.csv:3: SOFR of 2025-01-13 stands twice, first in row 2; "]),
    ],
)
def test_file_that_is_wrong_states_nothing(sqlite: str, content: str, problems: list[str]) -> None:
    store = Store(sqlite)
    with pytest.raises(ProblemsFound) as found:
        service.fix_rates(store, content.encode(), "rates.csv", actor="tester")
    store.close()

    assert len(found.value.problems) == len(problems)
    assert all(str(problem).startswith(expected) for problem, expected in zip(found.value.problems, problems, strict=True)), found.value
