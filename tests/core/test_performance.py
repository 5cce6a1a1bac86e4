"""Rates of prepayment and default, against figures worked by hand and those that textbooks print."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from ledger.core.events import COMPONENTS, by_effects
from ledger.core.money import round_to
from ledger.core.performance import ROLES, Life, Lived, PoolMonth, cdr, cpr, mdr, pool_month, rates, severity, smm, together

DAY = date(2025, 2, 25)


def month(opening: int, **amounts: int) -> PoolMonth:
    """A month that closes with what its movements leave."""
    left = opening - sum(amounts.get(name, 0) for name in ("scheduled", "unscheduled", "defaulted"))
    return PoolMonth(DAY, opening, **({"scheduled": 0, "unscheduled": 0, "defaulted": 0, "loss": 0, "recovered": 0} | amounts), closing=left)


def test_every_kind_of_event_has_its_place_in_the_table_or_moves_no_principal() -> None:
    without = {name for name in COMPONENTS if name not in ROLES}

    assert all(COMPONENTS[name].pool is None and COMPONENTS[name].loss is None for name in without)
    assert set(ROLES) <= set(COMPONENTS)


def test_what_is_prepaid_is_measured_against_what_scheduled_principal_leaves() -> None:
    assert smm([month(1_000, scheduled=200, unscheduled=8)]) == Fraction(1, 100)  # 8 of 800


def test_a_textbooks_month_of_voluntary_and_involuntary_prepayment() -> None:
    one = [month(10_000_000_00, scheduled=10_514_96, unscheduled=20_000_00, defaulted=15_000_00)]

    assert [round_to(rate or 0, 4, "half_up") for rate in (smm(one), mdr(one))] == [Fraction("0.0020"), Fraction("0.0015")]


@pytest.mark.parametrize(("rate", "annual"), [("0.01", "0.1136"), ("0.002", "0.0237"), ("0.0035", "0.0412"), ("0.005143", "0.0600")])
def test_a_years_rate_from_a_months_as_printed(rate: str, annual: str) -> None:
    assert round_to(cpr([month(1_000_000, unscheduled=int(Fraction(rate) * 1_000_000))]) or 0, 4, "half_up") == Fraction(annual)


def test_the_rate_of_several_months_is_what_each_would_have_had_to_be() -> None:
    assert smm([month(100, unscheduled=19), month(100)]) == Fraction(1, 10)  # 0.81 survived: 0.9 and 0.9
    assert cpr([month(100, unscheduled=19), *[month(100)] * 11]) == Fraction(19, 100)
    assert cdr([month(100, defaulted=19), *[month(100)] * 11]) == Fraction(19, 100)


def test_a_root_without_end_has_twenty_places() -> None:
    found = smm([month(100, unscheduled=50), month(100)])

    assert found == 1 - Fraction("0.70710678118654752440")


def test_a_year_of_quarters_is_four_periods() -> None:
    assert cpr([month(100, unscheduled=19), *[month(100)] * 3], months_each=3) == Fraction(19, 100)
    assert dict(rates(Lived(Life(), [month(100, unscheduled=19)]), months_each=3))["cpr_3_month"] == 1 - Fraction(81, 100) ** 4


def test_severity_is_of_the_balances_of_the_loans_that_were_liquidated() -> None:
    assert severity([month(1_000, defaulted=95, liquidated=0), month(905, loss=39, liquidated=95)]) == Fraction(39, 95)
    assert severity([month(1_000, defaulted=95)]) is None


def test_months_without_a_balance_say_nothing_and_do_not_count() -> None:
    assert cpr([month(100, unscheduled=10), month(0)]) == cpr([month(100, unscheduled=10)])
    assert smm([month(100, scheduled=100)]) is None


def test_a_pool_that_moved_without_a_name_has_no_rate() -> None:
    assert smm([month(100, unscheduled=1), month(99)._replace(unnamed=2)]) is None
    assert mdr([month(99)._replace(unnamed=2)]) is None


def test_more_prepaid_than_there_was_is_all_of_it() -> None:
    assert cpr([month(100, scheduled=50, unscheduled=60)]) == 1


def test_windows_are_given_where_there_are_as_many_months() -> None:
    given = {name.partition("_")[2] for name, _ in rates(Lived(Life(), [month(100, unscheduled=1)] * 4))}

    assert given == {"1_month", "3_month", "life"}


def test_a_month_counts_each_component_by_its_role() -> None:
    figures = {"scheduled_principal": 10, "capitalized_interest": 3, "curtailment": 4, "payoff": 50, "default": 95, "charge_off": 2, "forgiveness": 1}

    found = pool_month(DAY, 1_000, 841, (0, 95), figures, {})

    assert (found.scheduled, found.unscheduled, found.defaulted, found.loss, found.liquidated) == (7, 54, 97, 2, 2)


def test_a_liquidation_without_a_default_is_one() -> None:
    figures = {"liquidation_proceeds": 60, "liquidation_expense": 4, "realized_loss": 35, "recovery": 5}

    found = pool_month(DAY, 1_000, 905, (0, 0), figures, {})

    assert (found.defaulted, found.liquidated, found.loss, found.recovered) == (95, 95, 39, 5)


def test_movements_of_kinds_of_the_deals_own_and_of_a_stated_balance_have_no_name() -> None:
    own = {"credit_event": by_effects(pool="down"), "notice": by_effects("in")}

    assert pool_month(DAY, 100, 90, (0, 0), {"credit_event": 7, "notice": 9, "other_reduction": -3}, own).unnamed == 10


def test_pools_are_added_up_period_by_period() -> None:
    assert together([[month(100, unscheduled=1)], [month(50, defaulted=2)]]) == [month(150, unscheduled=1, defaulted=2)]
