"""Allocation trees: sequential, pro rata, nested, limits, conditions, a payee that occurs twice."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.allocation import Branch, Odd, Payee, allocation_of, share_within


def allocate(tree: Branch, amount: int, rooms: dict[str, int], odd: Odd = "largest_remainder") -> dict[str, int]:
    """What each payee got; a room shrinks as its payee is given."""
    given: dict[str, int] = defaultdict(int)

    def payee(name: str) -> Payee:
        def give(_run: object, part: int) -> None:
            assert part > 0  # a payee whose share is nothing is not given anything
            given[name] += part

        return Payee(lambda _run: rooms[name] - given[name], give)

    placed = allocation_of(tree, {name: payee(name) for name in rooms}, odd, "half_up").allocate(given, amount)

    assert odd == "each" or placed == sum(given.values())
    return {payee: part for payee, part in given.items() if part}


def leaf(payee: str, limit: Fraction | int | None = None, when: bool | None = None) -> Branch:
    return Branch(payee, limit=None if limit is None else lambda _run: limit, when=None if when is None else lambda _run: when)


def sequential(*children: Branch, limit: int | None = None, when: bool | None = None) -> Branch:
    return Branch(None, children, limit=None if limit is None else lambda _run: limit, when=None if when is None else lambda _run: when)


def pro_rata(*children: Branch, by: dict[str, int] | None = None, limit: int | None = None) -> Branch:
    weigh = None if by is None else (lambda _run, branch: sum(by[payee] for payee in branch.payees()))
    return Branch(None, children, True, weigh, None if limit is None else lambda _run: limit)


A, B, C = leaf("A"), leaf("B"), leaf("C")


def test_in_sequence_each_payee_waits_for_the_one_before() -> None:
    assert allocate(sequential(A, B, C), 150, {"A": 100, "B": 100, "C": 100}) == {"A": 100, "B": 50}


def test_pro_rata_shares_follow_what_each_can_take_unless_weights_are_given() -> None:
    rooms = {"A": 300, "B": 100}

    assert allocate(pro_rata(A, B), 100, rooms) == {"A": 75, "B": 25}
    assert allocate(pro_rata(A, B, by={"A": 1, "B": 1}), 100, rooms) == {"A": 50, "B": 50}


def test_what_a_full_payee_cannot_take_crosses_over_to_the_others() -> None:
    shares = allocate(pro_rata(A, B, C, by={"A": 2, "B": 1, "C": 1}), 100, {"A": 20, "B": 100, "C": 100})

    assert shares == {"A": 20, "B": 40, "C": 40}


def test_a_payee_without_weight_is_served_when_the_others_are_full() -> None:
    assert allocate(pro_rata(A, B, by={"A": 1, "B": 0}), 100, {"A": 60, "B": 100}) == {"A": 60, "B": 40}


def test_nested_groups_share_by_the_sum_of_their_members() -> None:
    tree = pro_rata(sequential(A, B), C, by={"A": 30, "B": 20, "C": 50})

    assert allocate(tree, 80, {"A": 30, "B": 20, "C": 50}) == {"A": 30, "B": 10, "C": 40}


def test_a_limit_on_a_node_cuts_the_node_and_the_rest_goes_on() -> None:
    assert allocate(sequential(sequential(A, B, limit=120), C), 200, {"A": 100, "B": 100, "C": 100}) == {"A": 100, "B": 20, "C": 80}
    assert allocate(sequential(leaf("A", limit=-5), B), 50, {"A": 100, "B": 100}) == {"B": 50}


def test_a_limit_is_rounded_to_whole_units() -> None:
    assert allocate(sequential(leaf("A", limit=Fraction(5, 2)), B), 10, {"A": 100, "B": 100}) == {"A": 3, "B": 7}


def test_a_node_whose_condition_does_not_hold_is_passed_over() -> None:
    assert allocate(sequential(leaf("A", when=False), B), 50, {"A": 100, "B": 100}) == {"B": 50}
    assert allocate(sequential(sequential(A, when=False), B), 50, {"A": 100, "B": 100}) == {"B": 50}
    assert allocate(pro_rata(leaf("A", when=False), B), 50, {"A": 100, "B": 100}) == {"B": 50}


def test_a_payee_may_come_again_after_the_others() -> None:
    planned = sequential(leaf("PAC", limit=40), leaf("support"), leaf("PAC"))

    assert allocate(planned, 100, {"PAC": 70, "support": 35}) == {"PAC": 65, "support": 35}
    assert allocate(planned, 200, {"PAC": 70, "support": 35}) == {"PAC": 70, "support": 35}


def test_a_payee_below_two_shares_is_filled_once_and_the_rest_is_split_again() -> None:
    tree = pro_rata(sequential(A, B), sequential(A, C), by={"A": 1, "B": 1, "C": 1})

    assert allocate(tree, 100, {"A": 10, "B": 100, "C": 100}) == {"A": 10, "B": 40, "C": 50}
    assert allocate(pro_rata(A, sequential(A), B, by={"A": 1, "B": 0}), 100, {"A": 10, "B": 100}) == {"A": 10, "B": 90}


@pytest.mark.parametrize("odd", ["largest_remainder", "first", "last", "each", "exact"])
def test_what_is_more_than_all_rooms_is_left_by_every_rule_for_odd_units(odd: Odd) -> None:
    assert share_within(10, [1, 2], [3, 4], odd) == [3, 4]


def test_the_last_unit_is_given_as_any_other() -> None:
    rooms = {"A": 99, "B": 99}

    assert allocate(A, 1, rooms) == {"A": 1}
    assert allocate(sequential(A, B), 100, rooms) == {"A": 99, "B": 1}
    assert allocate(pro_rata(A, B), 1, rooms) == {"A": 1}
    assert allocate(pro_rata(A, sequential(A), B, by={"A": 1, "B": 0}), 100, rooms) == {"A": 99, "B": 1}


def test_a_condition_that_the_amount_does_not_reach_is_not_read() -> None:
    def unreadable(_run: Any) -> bool:
        raise AssertionError("B is not reached")

    assert allocate(sequential(A, Branch("B", when=unreadable)), 100, {"A": 100, "B": 100}) == {"A": 100}


def test_a_single_unit_of_room_is_filled_and_none_is_not() -> None:
    assert share_within(4, [1, 1], [1, 9], "largest_remainder") == [1, 3]
    assert share_within(4, [1, 1], [0, 9], "largest_remainder") == [0, 4]
    assert share_within(4, [1, 1], [0, 2], "largest_remainder") == [0, 2]
    assert share_within(0, [1, 1], [9, 9], "largest_remainder") == [0, 0]


def test_the_weight_of_a_full_payee_does_not_turn_the_odd_units() -> None:
    assert share_within(2, [3, 1, 1], [2, 1, 0], "largest_remainder") == [2, 0, 0]  # of 1.5 and 0.5 the earlier; of 1.2, 0.4 and 0.4 it would be the second


def test_shares_that_just_fill_their_rooms_are_left_as_they_are() -> None:
    assert share_within(3, [1, 1, 3], [1, 1, 3], "largest_remainder") == [1, 0, 2]  # 0.6, 0.6 and 1.8: the third's remainder is the largest, then the first's


def test_odd_cents_never_exceed_a_room() -> None:
    assert share_within(100, [1, 1, 1], [33, 50, 50], "first") == [33, 34, 33]


def test_shares_rounded_each_alone_may_miss_the_amount() -> None:
    thirds = pro_rata(A, B, C, by={"A": 1, "B": 1, "C": 1})

    assert allocate(thirds, 100, {"A": 99, "B": 99, "C": 99}, "each") == {"A": 33, "B": 33, "C": 33}
    assert allocate(thirds, 100, {"A": 10, "B": 99, "C": 99}, "each") == {"A": 10, "B": 45, "C": 45}
    assert allocate(thirds, 100, {"A": 10, "B": 40, "C": 40}, "each") == {"A": 10, "B": 40, "C": 40}
    assert allocate(sequential(thirds, leaf("D")), 100, {"A": 99, "B": 99, "C": 99, "D": 99}, "each") == {"A": 33, "B": 33, "C": 33}


def test_what_rounding_each_alone_misses_is_nobodys_also_where_one_of_them_is_full() -> None:
    tree = sequential(pro_rata(A, B, C, leaf("D"), by=dict.fromkeys("ABCD", 1)), leaf("E"))

    assert allocate(tree, 110, {"A": 10, "B": 99, "C": 99, "D": 99, "E": 99}, "each") == {"A": 10, "B": 33, "C": 33, "D": 33}


def test_what_a_full_payee_hands_back_is_split_again_where_rounding_cannot_have_missed_as_much() -> None:
    tree = pro_rata(A, sequential(A), B, by={"A": 1, "B": 2})  # 7, 7 and 14 of 28; A takes 4 of its second 7

    assert allocate(tree, 28, {"A": 11, "B": 99}, "each") == {"A": 11, "B": 17}


def test_exact_shares_are_not_rounded() -> None:
    third = Fraction(100, 3)

    assert allocate(pro_rata(A, B, C, by={"A": 1, "B": 1, "C": 1}), 100, {"A": 99, "B": 99, "C": 99}, "exact") == {"A": third, "B": third, "C": third}


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Branch:
    if depth == 0 or draw(st.booleans()):
        return leaf(draw(st.sampled_from("ABCDE")), draw(st.none() | st.integers(0, 60)))
    children = draw(st.lists(trees(depth - 1), min_size=1, max_size=4))
    if draw(st.booleans()):
        return sequential(*children, limit=draw(st.none() | st.integers(0, 120)))
    weights = {payee: draw(st.integers(0, 5)) for payee in "ABCDE"} if draw(st.booleans()) else None
    return pro_rata(*children, by=weights, limit=draw(st.none() | st.integers(0, 120)))


@given(trees(), st.integers(0, 400), st.fixed_dictionaries({payee: st.integers(0, 80) for payee in "ABCDE"}))
def test_nobody_gets_more_than_the_room_and_all_that_fits_is_placed(tree: Branch, amount: int, rooms: dict[str, int]) -> None:
    given = allocate(tree, amount, rooms)

    assert all(0 < part <= rooms[payee] for payee, part in given.items())
    assert sum(given.values()) <= amount


@given(st.integers(0, 400), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 80)), min_size=1, max_size=6))
def test_shares_place_everything_that_the_rooms_hold(amount: int, payees: list[tuple[int, int]]) -> None:
    shares = share_within(amount, [weight for weight, _ in payees], [room for _, room in payees], "largest_remainder")

    assert sum(shares) == min(amount, sum(room for _, room in payees))
