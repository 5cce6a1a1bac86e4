"""Who is paid principal, in which order and up to where."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.core.deals import Books, Month

POOL = "pool: {original_balance: 1_000}\naccounts: {funds: {collects: [interest, scheduled_principal, prepayment, recovery]}}\n"
FOUR = "tranches: {A: {original_balance: 400}, B: {original_balance: 300}, C: {original_balance: 200}, D: {original_balance: 100}}\n"
COLLECTED = "limit: pool.scheduled_principal + pool.prepayment"


def paid_to(tree: str, *months: int, deal: str = POOL + FOUR) -> list[dict[str, Decimal]]:
    """What each class is paid, month after month, where all principal goes through one tree."""
    books = Books(f"{deal}waterfall:\n  - {{pay: principal, to: {tree}, from: funds, {COLLECTED}}}\n")
    return [principal(books.month(scheduled_principal=amount)) for amount in months]


def principal(month: Month) -> dict[str, Decimal]:
    """Principal paid in a month, by class; those that got none are left out."""
    paid = {name: month[f"{name}.principal_paid"] for name in month.terms.groups["tranches"]}
    return {name: amount for name, amount in paid.items() if amount}


# Orders -----------------------------------------------------------------------------------------------------------------------


def test_sequential_principal_crosses_over_inside_one_month() -> None:
    first, second = paid_to("{sequential: [A, B, C, D]}", 350, 120)

    assert first == {"A": 350}
    assert second == {"A": 50, "B": 70}  # A needs 50, the other 70 crosses over in the same month


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("balance", {"A": Decimal("30"), "B": Decimal("60")}),  # now 100 : 200
        ("opening_balance", {"A": Decimal("60"), "B": Decimal("30")}),  # 400 : 200 before this month's first step
        ("original_balance", {"A": Decimal("60"), "B": Decimal("30")}),  # 400 : 200 at closing
        ("{A: 1, B: 8}", {"A": Decimal("10"), "B": Decimal("80")}),
        ("due", {"A": Decimal("30"), "B": Decimal("60")}),  # the most that each can take is its balance
    ],
)
def test_principal_is_shared_by_the_weights_that_the_deal_names(by: str, expected: dict[str, Decimal]) -> None:
    books = Books(f"""
        pool: {{original_balance: 600}}
        accounts: {{funds: {{collects: [scheduled_principal, prepayment]}}}}
        tranches: {{A: {{original_balance: 400}}, B: {{original_balance: 200}}}}
        ledgers: {{shared: {{of: [A, B], resets: period}}}}
        waterfall:
          - {{pay: principal, to: A, from: funds, limit: pool.scheduled_principal}}
          - {{pay: principal, to: {{pro_rata: [A, B], by: {by}}}, from: funds, adds_to: shared}}
    """)

    month = books.month(scheduled_principal=300, prepayment=90)

    assert {name: month[f"{name}.shared"] for name in "AB"} == expected


def test_weights_by_opening_and_by_original_balance_differ_after_the_first_month() -> None:
    by = "{pro_rata: [A, B], by: %s}"
    deal = POOL.replace("1_000", "600") + "tranches: {A: {original_balance: 400}, B: {original_balance: 200}}\n"
    tree = "{sequential: [{to: A, limit: 300, when: period == 1}, {to: {pro_rata}}]}"
    opening, original = (paid_to(tree.replace("{to: {pro_rata}}", by % field), 300, 90, deal=deal) for field in ("opening_balance", "original_balance"))

    assert opening[1] == {"A": 30, "B": 60}  # 100 : 200
    assert original[1] == {"A": 60, "B": 30}  # 400 : 200


def test_a_pari_passu_pair_stands_inside_a_sequence() -> None:
    months = paid_to("{sequential: [A, {pro_rata: [B, C]}, D]}", 420, 100, 400)

    assert months == [{"A": 400, "B": 12, "C": 8}, {"B": 60, "C": 40}, {"B": 228, "C": 152, "D": 20}]


def test_trees_nest_pro_rata_between_sequences() -> None:
    months = paid_to("{pro_rata: [{sequential: [A, C]}, {sequential: [B, D]}]}", 500, 250)

    assert months[0] == {"A": 300, "B": 200}  # 600 : 400, each to its first class
    assert months[1] == {"A": 100, "C": 50, "B": 100}  # 300 : 200


def test_a_share_above_what_a_class_can_take_is_split_again_among_the_others() -> None:
    assert paid_to("{pro_rata: [A, D], by: {A: 1, D: 3}}", 200) == [{"D": 100, "A": 100}]


# Planned and targeted amounts -------------------------------------------------------------------------------------------------

PLANNED = """
tables:
  planned: {by: period, 1: 380, 2: 360, 3: 340, 4: 320}
  targeted: {by: period, 1: 170, 2: 140, 3: 110}
tranches: {PAC: {original_balance: 400}, TAC: {original_balance: 200}, S: {original_balance: 400}}
"""


def test_a_planned_class_is_paid_to_its_schedule_caught_up_by_support_and_last_of_all_without_it() -> None:
    tree = "{sequential: [{to: PAC, limit: PAC.balance - planned}, S, PAC]}"
    months = paid_to(tree, 50, 5, 60, 420, deal=POOL + PLANNED)

    assert months[0] == {"PAC": 20, "S": 30}  # down to 380
    assert months[1] == {"PAC": 5}  # 15 behind its plan
    assert months[2] == {"PAC": 35, "S": 25}  # 375 to 340: this month's 20 and the 15 missed
    assert months[3] == {"PAC": 75, "S": 345}  # 20 by plan, S to nothing, then what is left


def test_a_targeted_class_stands_between_the_planned_class_and_its_support() -> None:
    tree = "{sequential: [{to: PAC, limit: PAC.balance - planned}, {to: TAC, limit: TAC.balance - targeted}, S, TAC, PAC]}"
    months = paid_to(tree, 60, 40, 80, deal=POOL + PLANNED)

    assert months == [
        {"PAC": 20, "TAC": 30, "S": 10},
        {"PAC": 20, "TAC": 20},  # 150: ten above its target
        {"PAC": 20, "TAC": 40, "S": 20},  # the target has slipped to 110 and is caught up
    ]


def test_several_planned_classes_may_share_one_plan() -> None:
    deal = POOL + "tables: {planned: {by: period, 1: 480, 2: 460}}\n" + FOUR
    tree = "{sequential: [{sequential: [C, B], limit: C.balance + B.balance - planned}, A]}"

    assert paid_to(tree, 30, 15, deal=deal) == [{"C": 20, "A": 10}, {"C": 15}]


# Lock-outs, accretion, shifting interest --------------------------------------------------------------------------------------


def test_a_class_is_locked_out_until_its_month() -> None:
    months = paid_to("{pro_rata: [A, {to: D, when: period > 1}]}", 100, 80)

    assert months == [{"A": 100}, {"A": 60, "D": 20}]  # 300 : 100


def test_a_non_accelerating_senior_takes_a_stepped_share_of_scheduled_principal_and_of_prepayments() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        accounts: {funds: {collects: [scheduled_principal, prepayment]}}
        tranches: {NAS: {original_balance: 200}, A: {original_balance: 800}}
        tables: {nas_shift: {by: period, 1: 0%, 2: 30%}}
        ratios: {nas_share: NAS.opening_balance / tranches.opening_balance}
        waterfall:
          - {pay: principal, to: NAS, from: funds, limit: nas_share * nas_shift * (pool.scheduled_principal + pool.prepayment)}
          - {pay: principal, to: {sequential: [A, NAS]}, from: funds}
    """)

    first, second = (principal(books.month(scheduled_principal=40, prepayment=60)) for _ in range(2))

    assert first == {"A": 100}
    assert second == {"NAS": Decimal("6.67"), "A": Decimal("93.33")}  # 200/900 x 30 % x 100 = 6.666...


def test_what_an_accrual_class_accretes_pays_the_others_until_they_are_gone() -> None:
    books = Books("""
        pool: {original_balance: 300}
        accounts: {funds: {collects: [interest, scheduled_principal]}}
        tranches: {A: {original_balance: 100, rate: 6%}, Z: {original_balance: 200, rate: 12%}}
        waterfall:
          - {accrete: interest, to: Z, when: A.balance > 0}
          - {pay: interest, to: {sequential: [A, Z]}, from: funds}
          - {pay: principal, name: accretion, to: {sequential: [A, Z]}, from: funds, limit: Z.accreted}
          - {pay: principal, to: {sequential: [A, Z]}, from: funds, limit: pool.scheduled_principal}
    """)

    first = books.month(interest="2.50", scheduled_principal=10)
    second = books.month(interest="2.46", scheduled_principal=90)

    assert (first["A.interest_paid"], first["Z.interest_paid"], first["Z.accreted"]) == (Decimal("0.50"), 0, 2)
    assert (first["A.principal_paid"], first["A.balance"], first["Z.balance"]) == (12, 88, 202)
    assert (second["Z.accreted"], second["A.balance"]) == (Decimal("2.02"), 0)  # A 0.44, Z 2.02
    assert second["Z.principal_paid"] == Decimal("4.02")  # 90 + 2.02 less the 88 of A


SHIFTING = """
pool: {original_balance: 1_000}
reported: {delinquent: {type: money, missing: 0}}
accounts: {funds: {collects: [scheduled_principal, prepayment, recovery]}}
tranches: {A: {original_balance: 750}, M: {original_balance: 150}, B: {original_balance: 100}}
groups: {subordinates: [M, B]}
tables: {shift: {by: period, 1: 85%, 2: 60%}}
ratios:
  senior_share: A.opening_balance / pool.opening_balance
  prepayment_share: "senior_share + (100% - senior_share) * (if delinquency or losses then 100% else shift)"
amounts:
  senior_principal: senior_share * pool.scheduled_principal + prepayment_share * pool.prepayment
triggers:
  delinquency: {fails_when: delinquent > 50% * subordinates.balance}
  losses: {fails_when: pool.cumulative_loss > 30% * subordinates.original_balance, curable: false}
waterfall:
  - {pay: principal, to: A, from: funds, limit: senior_principal}
  - {pay: principal, to: {pro_rata: subordinates}, from: funds}
  - {write_down: tranches.balance - pool.balance, to: {sequential: [B, M, A]}}
"""


def test_prepayments_shift_to_the_seniors_by_a_table_that_steps_down() -> None:
    books = Books(SHIFTING)

    first, second = books.month(scheduled_principal=30, prepayment=12), books.month(prepayment=10)

    # 75 % of 30, and 75 % + 85 % of 25 % = 96.25 % of 12.
    assert first["A.principal_paid"] == Decimal("22.50") + Decimal("11.55")
    assert (first["M.principal_paid"], first["B.principal_paid"]) == (Decimal("4.77"), Decimal("3.18"))  # 7.95 by 150 : 100
    # 715.95 / 958 = 74.734 %; with 60 % of the rest 89.894 %.
    assert second["A.principal_paid"] == Decimal("8.99")


@pytest.mark.parametrize(("failing", "senior"), [({"delinquent": 126}, 12), ({"charge_off": 76}, 12), ({}, Decimal("11.55"))])
def test_a_failed_test_gives_the_seniors_every_prepayment(failing: dict[str, int], senior: Decimal) -> None:
    # Half of the subordinates is 125; thirty percent of what they were, 75.
    assert Books(SHIFTING).month(prepayment=12, **failing)["A.principal_paid"] == senior


# Targets ----------------------------------------------------------------------------------------------------------------------

TURBO = """
pool: {original_balance: 1_000}
accounts: {funds: {collects: [interest, scheduled_principal, prepayment]}}
tranches: {A: {original_balance: 960, rate: 6%}, R: {kind: residual}}
amounts: {target_oc: "if period < 4 then 60 else max(20, 5% * pool.balance)"}
waterfall:
  - {pay: interest, to: A, from: funds}
  - {pay: principal, to: A, from: funds, limit: A.balance - (pool.balance - target_oc)}
  - {pay: rest, to: R, from: funds}
"""


def test_spread_turbos_principal_to_the_target_which_then_releases() -> None:
    books = Books(TURBO)

    building = books.month(interest=15, scheduled_principal=40)
    reached = books.month(interest=15, scheduled_principal=40)
    holding = books.month(interest=15, scheduled_principal=40)
    stepped_down = books.month(interest=15, scheduled_principal=80)

    assert (building["A.principal_paid"], building["R.interest_paid"]) == (Decimal("50.20"), 0)  # 55 less 4.80; overcollateralized by 50.20
    assert reached["A.principal_paid"] == Decimal("49.80")  # 909.80 to 860
    assert reached["R.interest_paid"] == Decimal("0.65")  # 55 less interest of 4.55 (909.80 x 6 % / 12) and 49.80
    assert (holding["A.principal_paid"], holding["R.interest_paid"]) == (40, Decimal("10.70"))  # interest 4.30
    assert stepped_down["A.principal_paid"] == 60  # the pool at 800 needs 40: 820 to 760, and 20 are released
    assert stepped_down["R.interest_paid"] == Decimal("30.90")  # 95 - 4.10 - 60


def test_priority_principal_stands_between_senior_and_junior_interest() -> None:
    deal = """
        pool: {original_balance: 1_000}
        accounts: {funds: {collects: [interest, scheduled_principal]}}
        tranches: {A: {original_balance: 700, rate: 6%}, B: {original_balance: 250, rate: 12%}, R: {kind: residual}}
        waterfall:
          - {pay: interest, to: A, from: funds}
          - {pay: principal, name: first priority, to: A, from: funds, limit: A.balance - pool.balance}
          - {pay: interest, to: B, from: funds}
          - {pay: principal, name: second priority, to: {sequential: [A, B]}, from: funds, limit: tranches.balance - pool.balance}
          - {pay: rest, to: R, from: funds}
    """

    month = Books(deal).month(interest=15, charge_off=306)

    # The pool closes at 694: A takes its 3.50 and 6 of principal, and 5.50 of the 15 remain for B's 2.50 and the second priority.
    assert (month["A.interest_paid"], month["B.interest_paid"]) == (Decimal("3.50"), Decimal("2.50"))
    assert (month["A.principal_paid"], month["R.interest_paid"]) == (9, 0)


def test_controlled_amortization_pays_equal_instalments_and_the_cents_that_are_left_with_the_last() -> None:
    deal = """
        pool: {original_balance: 100}
        accounts: {principal: {collects: [scheduled_principal]}}
        tranches: {A: {original_balance: 100}, seller: {kind: residual}}
        amounts: {instalment: if period < 3 then A.original_balance / 3 else A.balance}
        waterfall:
          - {pay: principal, to: A, from: principal, limit: instalment}
    """
    books = Books(deal)

    paid = [books.month(scheduled_principal=collected)["A.principal_paid"] for collected in (40, 30, 30)]

    assert paid == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]


def test_a_controlled_amount_that_was_missed_is_caught_up() -> None:
    months = paid_to("{to: A, limit: A.balance - planned}", 30, 60, deal=POOL + FOUR + "tables: {planned: {by: period, 1: 360, 2: 320}}\n")

    assert months == [{"A": 30}, {"A": 50}]


# Revolving and pre-funding ----------------------------------------------------------------------------------------------------


def test_principal_buys_loans_while_the_deal_revolves_and_pays_the_notes_afterwards() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        accounts: {collections: {collects: [scheduled_principal, interest]}, reinvestment: {collects: [purchase]}}
        tranches: {A: {original_balance: 900, rate: 6%}}
        triggers: {amortization: {fails_when: period > 2 or pool.cumulative_loss > 50, curable: false}}
        waterfall:
          - {pay: pool.scheduled_principal, to: reinvestment, from: collections, when: not amortization}
          - {pay: principal, to: A, from: [reinvestment, collections], when: amortization}
    """)

    first = books.month(scheduled_principal=100)
    second = books.month(scheduled_principal=80, purchase=95)
    third = books.month(scheduled_principal=50)

    assert (first["reinvestment.balance"], first["pool.balance"], first["A.principal_paid"]) == (100, 900, 0)
    assert (second["reinvestment.balance"], second["pool.balance"]) == (85, 915)  # 100 - 95 + 80; 900 - 80 + 95
    assert (third["A.principal_paid"], third["reinvestment.balance"]) == (135, 0)  # what was not reinvested, and this month's 50


def test_a_share_is_fixed_when_the_revolving_period_ends() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        accounts: {funds: {collects: [scheduled_principal]}}
        tranches: {investors: {original_balance: 400}, seller: {kind: residual}}
        triggers: {amortization: {fails_when: period >= 2, curable: false}}
        ratios:
          floating: investors.opening_balance / pool.opening_balance
          allocation: if amortization and period > 2 then previous(allocation) else floating
        waterfall:
          - {pay: principal, to: investors, from: funds, limit: allocation * pool.scheduled_principal, when: amortization}
          - {pay: rest, to: seller, from: funds}
    """)

    months = [books.month(scheduled_principal=100) for _ in range(4)]

    assert months[0]["seller.interest_paid"] == 100
    # 400 of the 900 that are left when it ends: 44.4 % of each month's principal, though the investors' share of the pool changes.
    assert [month["investors.principal_paid"] for month in months] == [0, Decimal("44.44"), Decimal("44.44"), Decimal("44.44")]


def test_principal_accumulates_and_is_paid_in_one_sum() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        accounts: {funds: {collects: [scheduled_principal]}, accumulation: {target: controlled}}
        tranches: {A: {original_balance: 120}, seller: {kind: residual}}
        tables: {controlled: {by: period, 1: 40, 2: 80, 3: 120}}
        waterfall:
          - {pay: accumulation.shortfall, to: accumulation, from: funds}
          - {pay: principal, to: A, from: accumulation, when: period == 3}
          - {pay: rest, to: seller, from: funds}
    """)

    months = [books.month(scheduled_principal=amount) for amount in (30, 70, 60)]

    assert [month["accumulation.balance"] for month in months] == [30, 80, 0]  # what was missed is made up
    assert [month["A.balance"] for month in months] == [120, 120, 0]
    assert [month["seller.interest_paid"] for month in months] == [0, 20, 20]


def test_a_pre_funding_account_buys_loans_and_what_it_does_not_need_prepays_the_notes() -> None:
    books = Books("""
        pool: {original_balance: 800}
        accounts: {funds: {collects: [scheduled_principal]}, prefunding: {opening: 200, collects: [purchase]}}
        tranches: {A: {original_balance: 600}, B: {original_balance: 400}}
        waterfall:
          - {pay: principal, to: {sequential: [A, B]}, from: funds}
          - {pay: principal, name: end of pre-funding, to: {pro_rata: [A, B], by: original_balance}, from: prefunding, when: period >= 2}
    """)

    first = books.month(scheduled_principal=10, purchase=120)
    second = books.month(purchase=30)

    assert (first["pool.balance"], first["prefunding.balance"]) == (910, 80)
    assert principal(second) == {"A": 30, "B": 20}  # the unused 50
    assert second["prefunding.balance"] == 0
