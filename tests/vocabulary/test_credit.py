"""Losses and their recovery, reserves and other accounts, facilities, insurers, advances, swaps, reference classes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ledger.core.problems import ProblemsFound
from tests.core.deals import Books, Month, problems_of

CLASSES = """
pool: {original_balance: 1_000}
accounts: {funds: {collects: [interest, scheduled_principal, recovery, subsequent_recovery, liquidation_proceeds, liquidation_expense]}}
tranches:
  A-1: {original_balance: 500}
  A-2: {original_balance: 300}
  M: {original_balance: 120}
  B: {original_balance: 80}
groups: {seniors: [A-1, A-2]}
"""


def figures(month: Month, item: str, *names: str) -> tuple[Any, ...]:
    return tuple(month[f"{name}.{item}"] for name in names)


# Losses -----------------------------------------------------------------------------------------------------------------------


def test_losses_are_borne_from_the_bottom_and_pro_rata_by_the_seniors() -> None:
    books = Books(CLASSES + "waterfall: [{write_down: tranches.balance - pool.balance, to: {sequential: [B, M, {pro_rata: seniors}]}}]")

    first, second = books.month(charge_off=100), books.month(charge_off=260)

    assert figures(first, "realized_loss", "A-1", "A-2", "M", "B") == (0, 0, 20, 80)
    assert figures(second, "realized_loss", "A-1", "A-2", "M", "B") == (100, 60, 100, 0)  # 160 by 500 : 300


def test_losses_may_be_shared_by_a_group_and_by_original_balance() -> None:
    books = Books(CLASSES + "waterfall: [{write_down: pool.loss, to: {pro_rata: [M, B, {sequential: [A-2, A-1]}], by: original_balance}}]")

    assert figures(books.month(charge_off=100), "realized_loss", "A-1", "A-2", "M", "B") == (0, 80, 12, 8)


def test_a_liquidation_gives_proceeds_costs_and_a_loss_that_is_written_down() -> None:
    waterfall = """
waterfall:
  - {pay: principal, to: {sequential: [A-1, A-2]}, from: funds}
  - {write_down: pool.loss, to: {sequential: [B, M]}}
"""
    books = Books(CLASSES + waterfall)

    books.month(default=120)
    month = books.month(liquidation_proceeds=45, liquidation_expense=5, realized_loss=80)

    assert (month["A-1.principal_paid"], month["B.realized_loss"], month["pool.balance"]) == (40, 80, 880)
    assert month["tranches.balance"] == 880


def test_later_recoveries_write_classes_up_by_no_more_than_they_bore() -> None:
    waterfall = """
waterfall:
  - {pay: principal, to: A-1, from: funds}
  - {write_up: pool.subsequent_recovery, to: {sequential: [A-1, M, B]}}
  - {write_down: pool.charge_off, to: {sequential: [B, M]}}
"""
    books = Books(CLASSES + waterfall)

    books.month(charge_off=90)
    month = books.month(subsequent_recovery=30)

    # M bore 10 and B 80: M is made whole, B gets the other 20, and the cash pays A-1.
    assert figures(month, "written_up", "A-1", "M", "B") == (0, 10, 20)
    assert figures(month, "cumulative_loss", "M", "B") == (0, 60)
    assert month["A-1.principal_paid"] == 30


def test_a_principal_deficiency_is_debited_from_the_bottom_and_cured_from_the_top_out_of_revenue() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        accounts: {revenue: {collects: [interest, recovery]}, principal: {collects: [scheduled_principal]}}
        tranches: {A: {original_balance: 900}, B: {original_balance: 100}}
        ledgers: {pdl: {of: [A, B], up_to: balance}}
        waterfall:
          - {record: pool.charge_off, as: pdl, to: {sequential: [B, A]}}
          - {pay: A.pdl, to: principal, from: revenue, settles: A.pdl}
          - {pay: B.pdl, to: principal, from: revenue, settles: B.pdl}
          - {pay: principal, to: {sequential: [A, B]}, from: principal}
    """)

    first = books.month(interest=15, charge_off=120)
    second = books.month(interest=60)

    # B's ceiling is its balance of 100; the other 20 fell to A, and 15 of revenue cured as many of those, and went to A as principal.
    assert figures(first, "pdl", "A", "B") == (5, 100)
    assert (first["A.principal_paid"], first["revenue.balance"]) == (15, 0)
    assert figures(second, "pdl", "A", "B") == (0, 45)
    assert second["A.balance"] == 825


def test_interest_paid_out_of_principal_is_debited_in_the_month_that_borrows_it() -> None:
    books = Books("""
        pool: {original_balance: 1_200}
        accounts: {revenue: {collects: [interest]}, principal: {collects: [scheduled_principal]}}
        tranches: {A: {original_balance: 1_100, rate: 12%}, B: {original_balance: 100}}
        ledgers: {pdl: {of: [A, B], up_to: balance}, borrowed: {resets: period}}
        waterfall:
          - {pay: interest, to: A, from: revenue}
          - {pay: interest, name: out of principal, to: A, from: principal, adds_to: borrowed}
          - {record: borrowed, as: pdl, to: {sequential: [B, A]}}
          - {pay: principal, to: {sequential: [A, B]}, from: principal}
    """)

    first, second = books.month(interest=7, scheduled_principal=40), books.month(interest=20, scheduled_principal=40)

    assert (first["A.interest_paid"], first["borrowed"], first["B.pdl"], first["A.principal_paid"]) == (11, 4, 4, 36)
    assert (second["borrowed"], second["B.pdl"]) == (0, 4)  # nothing was borrowed this month


def test_a_limit_caps_what_a_class_bears_in_a_month() -> None:
    books = Books(CLASSES + "waterfall: [{write_down: pool.loss, to: B, limit: 10% * B.original_balance}]")

    assert [books.month(charge_off=amount)["B.realized_loss"] for amount in (5, 60)] == [5, 8]


def test_excess_spread_covers_losses_before_any_class_does() -> None:
    waterfall = """
waterfall:
  - {pay: principal, to: {sequential: [A-1, A-2]}, from: funds, limit: tranches.balance - pool.balance}
  - {write_down: tranches.balance - pool.balance, to: {sequential: [B, M]}}
"""
    month = Books(CLASSES + waterfall).month(interest=12, charge_off=20)

    assert (month["A-1.principal_paid"], month["B.realized_loss"]) == (12, 8)


def test_a_loss_that_no_class_can_bear_is_a_problem() -> None:
    books = Books(CLASSES + "waterfall: [{write_down: pool.charge_off, to: B}]")

    with pytest.raises(ProblemsFound, match=r"20\.00 of loss cannot be written down"):
        books.month(charge_off=100)


# Accounts ---------------------------------------------------------------------------------------------------------------------


def test_a_reserve_has_a_target_with_a_floor_that_steps_down_and_is_held_where_a_test_fails() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        reported: {delinquent: {type: money, missing: 0}}
        accounts:
          funds: {collects: [interest, scheduled_principal]}
          reserve: {opening: 30, target: "if delinquency then previous(required) else required"}
        tranches: {A: {original_balance: 900}, R: {kind: residual}}
        amounts: {required: "max(if period >= 2 then 2% * pool.balance else 3% * pool.balance, 10)"}
        triggers: {delinquency: {fails_when: delinquent > 50}}
        waterfall:
          - {pay: principal, to: A, from: funds}
          - {pay: reserve.shortfall, to: reserve, from: funds}
          - {pay: reserve.excess, to: R, from: reserve}
    """)

    months = [books.month(scheduled_principal=amount, delinquent=late) for amount, late in ((100, 0), (100, 60), (100, 0), (300, 0))]

    assert [month["reserve.balance"] for month in months] == [27, 27, 14, 10]  # 3 % of 900; held; 2 % of 700; the floor
    assert [month["R.interest_paid"] for month in months] == [3, 0, 13, 4]


def test_a_spread_account_builds_up_from_what_is_left_and_is_released_above_its_requirement() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        accounts: {funds: {collects: [interest]}, spread: {target: 2% * pool.balance}}
        tranches: {A: {original_balance: 900, rate: 6%}, R: {kind: residual}}
        waterfall:
          - {pay: interest, to: A, from: [funds, spread]}
          - {pay: rest, to: spread, from: funds}
          - {pay: spread.excess, to: R, from: spread}
    """)

    months = [books.month(interest=amount) for amount in (16, 18, 1)]

    assert [month["spread.balance"] for month in months] == [Decimal("11.50"), 20, Decimal("16.50")]
    assert [month["R.interest_paid"] for month in months] == [0, 5, 0]


def test_a_yield_supplement_account_pays_a_scheduled_amount_into_collections_each_month() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        accounts:
          funds: {collects: [interest]}
          yield_supplement: {opening: 12, target: remaining}
        tranches: {A: {original_balance: 900, rate: 12%}}
        tables: {remaining: {by: period, 1: 7, 2: 3, 3: 0}}
        waterfall:
          - {pay: yield_supplement.excess, to: funds, from: yield_supplement}
          - {pay: interest, to: A, from: funds}
    """)

    assert [books.month(interest=4)["A.interest_paid"] for _ in range(3)] == [9, 8, 7]


def test_an_interest_reserve_pays_interest_only_and_returns_what_is_left() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        accounts: {funds: {collects: [interest]}, capitalized_interest: {opening: 10}}
        tranches: {A: {original_balance: 900, rate: 6%}, seller: {kind: residual}}
        waterfall:
          - {pay: interest, to: A, from: [funds, capitalized_interest]}
          - {pay: rest, to: seller, from: capitalized_interest, when: period >= 2}
    """)

    first, second = books.month(interest=2), books.month(interest=3)

    assert (first["A.interest_paid"], first["capitalized_interest.balance"]) == (Decimal("4.50"), Decimal("7.50"))
    assert (second["seller.interest_paid"], second["capitalized_interest.balance"]) == (6, 0)


PAYAHEAD = """
pool: {original_balance: 1_000}
accounts: {funds: {collects: [interest, payahead, payahead_applied]}, payahead: {}}
tranches: {A: {original_balance: 900}}
waterfall:
  - {pay: pool.payahead_applied, to: funds, from: payahead}
  - {pay: pool.payahead, to: payahead, from: funds}
  - {pay: principal, to: A, from: funds}
"""


def test_what_borrowers_pay_ahead_is_theirs_until_it_falls_due() -> None:
    books = Books(PAYAHEAD)

    deposited = books.month(interest=5, payahead=30)
    applied = books.month(payahead_applied=20)

    assert (deposited["A.principal_paid"], deposited["payahead.balance"], deposited["pool.balance"]) == (5, 30, 1_000)
    assert deposited.account("borrowers.payahead") == -30
    assert (applied["A.principal_paid"], applied["payahead.balance"], applied["pool.balance"]) == (20, 10, 980)
    assert applied.account("borrowers.payahead") == -10


def test_a_deposit_that_is_part_of_what_was_wired_is_owed_to_borrowers_too() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        events: {payahead_deposit: {}, payahead_withdrawal: {pool: down}}
        accounts: {funds: {collects: [interest]}, payahead: {}}
        tranches: {A: {original_balance: 900}}
        fees: {borrowers_ahead: {owed_by: [payahead_deposit, payahead_withdrawal]}}
        waterfall:
          - {pay: pool.payahead_withdrawal, to: funds, from: payahead}
          - {pay: pool.payahead_deposit, to: payahead, from: funds}
          - {pay: principal, to: A, from: funds}
    """)

    deposited = books.month(interest=35, payahead_deposit=30)
    applied = books.month(payahead_withdrawal=20)

    assert (deposited["A.principal_paid"], deposited["payahead.balance"], deposited["borrowers_ahead.unpaid"]) == (5, 30, 30)
    assert (applied["A.principal_paid"], applied["payahead.balance"], applied["pool.balance"]) == (20, 10, 980)
    assert (applied["borrowers_ahead.due"], applied["borrowers_ahead.unpaid"]) == (10, 10)


# What others lend, insure and swap --------------------------------------------------------------------------------------------

FACILITY = """
pool: {original_balance: 1_200}
accounts:
  funds: {collects: [interest, scheduled_principal]}
  facility: {cash: false, opening: 60}
tranches: {A: {original_balance: 1_200, rate: 10%}, R: {kind: residual}}
fees:
  commitment: {rate: 12%, of: facility.opening_balance}
  interest_on_draws: {rate: 24%, of: previous_drawn}
ledgers: {drawn: {}}
amounts: {previous_drawn: 60 - facility.opening_balance}
waterfall:
  - {pay: fees, to: {sequential: [commitment, interest_on_draws]}, from: funds}
  - {pay: drawn, to: facility, from: funds, settles: drawn}
  - {pay: interest, to: A, from: funds}
  - {pay: interest, name: draw, to: A, from: facility, adds_to: drawn}
  - {pay: rest, to: R, from: funds}
"""


def test_a_liquidity_facility_is_drawn_for_interest_bears_interest_and_is_repaid_first() -> None:
    books = Books(FACILITY)

    drawn = books.month(interest=5)
    repaid = books.month(interest=22)

    # A earns 10. The premium is 1 % of 60, so 4.40 of 5.00 are left for A and 5.60 are drawn.
    assert (drawn["A.interest_paid"], drawn["drawn"], drawn["facility.balance"]) == (10, Decimal("5.60"), Decimal("54.40"))
    # 0.54 on what was undrawn, 0.11 on what was drawn, the 5.60, A's 10, and what is left.
    assert (repaid["commitment.paid"], repaid["interest_on_draws.paid"]) == (Decimal("0.54"), Decimal("0.11"))
    assert (repaid["drawn"], repaid["facility.balance"], repaid["R.interest_paid"]) == (0, 60, Decimal("5.75"))


def test_a_facility_lends_no_more_than_was_committed() -> None:
    books = Books(FACILITY.replace("opening: 60", "opening: 6"))

    month = books.month()

    assert (month["A.interest_paid"], month["A.unpaid_interest"], month["facility.balance"]) == (6, 4, 0)


INSURED = """
pool: {original_balance: 1_200}
events: {policy_draw: {cash: in}}
accounts: {funds: {collects: [interest, policy_draw]}}
tranches: {A: {original_balance: 1_200, rate: 10%}, R: {kind: residual}}
fees:
  premium: {rate: 1%, of: A.opening_balance}
  insurer: {owed_by: policy_draw}
waterfall:
  - {pay: fees, to: premium, from: funds}
  - {pay: interest, to: A, from: funds}
  - {pay: fees, name: reimbursement, to: insurer, from: funds}
  - {pay: rest, to: R, from: funds}
"""


def test_an_insurer_earns_a_premium_pays_draws_and_is_reimbursed_after_interest() -> None:
    books = Books(INSURED)

    drawn = books.month(interest=7, policy_draw=4)
    reimbursed = books.month(interest=20)

    assert (drawn["premium.paid"], drawn["A.interest_paid"]) == (1, 10)
    assert (drawn["insurer.due"], drawn["insurer.paid"], drawn["insurer.unpaid"]) == (4, 0, 4)
    assert (reimbursed["insurer.due"], reimbursed["insurer.paid"], reimbursed["R.interest_paid"]) == (4, 4, 5)


ADVANCES = """
pool: {original_balance: 1_200}
accounts: {funds: {collects: [interest, advance_interest, advance_principal, advance_repaid_by_borrower, advance_reimbursement]}}
tranches: {A: {original_balance: 1_200, rate: 10%}}
fees: {advances: {owed_by: [advance_principal, advance_interest, advance_reimbursement]}}
waterfall:
  - {pay: fees, to: advances, from: funds, limit: pool.advance_repaid_by_borrower + nonrecoverable}
  - {pay: interest, to: A, from: funds}
  - {pay: principal, to: A, from: funds}
reported: {nonrecoverable: {type: money, missing: 0}}
"""


def test_servicer_advances_are_reimbursed_first_out_of_what_borrowers_repay() -> None:
    books = Books(ADVANCES)

    advanced = books.month(interest=4, advance_interest=6, advance_principal=3)
    repaid = books.month(interest=10, advance_repaid_by_borrower=5)
    given_up = books.month(interest=10, nonrecoverable=3)

    assert (advanced["A.interest_paid"], advanced["A.principal_paid"], advanced["advances.unpaid"]) == (10, 3, 9)
    assert (advanced["pool.balance"], advanced.account("due.borrowers")) == (1_197, 9)
    assert (repaid["advances.paid"], repaid["advances.unpaid"], repaid.account("due.borrowers")) == (5, 4, 4)
    assert repaid["A.interest_paid"] == Decimal("9.98")  # 1,197 at 10 %, in full out of the other 10
    assert (given_up["advances.paid"], given_up["advances.unpaid"]) == (3, 1)
    assert given_up["A.interest_paid"] == 7


def test_what_the_servicer_keeps_before_the_wire_lowers_what_it_is_owed_for_advances() -> None:
    books = Books(ADVANCES)

    books.month(interest=4, advance_interest=6)
    month = books.month(interest=16, advance_reimbursement=6)

    assert (month["advances.due"], month["advances.unpaid"], month["A.interest_paid"]) == (0, 0, 10)


def test_an_invoice_is_owed_when_it_is_reported_and_paid_where_the_waterfall_says() -> None:
    books = Books("""
        pool: {original_balance: 1_000}
        events: {invoice: {}}
        accounts: {funds: {collects: [interest]}}
        tranches: {A: {original_balance: 900, rate: 12%}}
        fees: {trustee: {amount: 1, owed_by: invoice}}
        waterfall: [{pay: interest, to: A, from: funds}, {pay: fees, to: trustee, from: funds}]
    """)

    first, second = books.month(interest=15, invoice=8), books.month(interest=20)

    assert (first["trustee.due"], first["trustee.paid"], first["trustee.unpaid"]) == (9, 6, 3)
    assert (second["trustee.due"], second["trustee.paid"]) == (4, 4)


@pytest.mark.parametrize(
    ("fees", "message"),
    [
        ("{x: {owed_by: advence}}", "`advence` is not a kind of event; did you mean advance?"),
        ("{x: {owed_by: advance}, y: {owed_by: [deposit, advance]}}", "`advance` is owed to x already; each kind is owed to one payee, once"),
        ("{x: {owed_by: [advance, advance]}}", "`advance` is owed to x already; each kind is owed to one payee, once"),
        ("{x: {owed_by: payoff}}", "`payoff` is principal of the pool, which no payee is owed; name a kind that is income, cost or an advance"),
    ],
)
def test_a_payee_can_be_owed_by_kinds_that_are_nobody_elses(fees: str, message: str) -> None:
    [problem] = problems_of(CLASSES + f"fees: {fees}\nwaterfall: [{{pay: fees, to: x, from: funds}}]")

    assert problem.startswith(message)


@pytest.mark.parametrize(("notional", "base"), [("A.opening_balance", 1_200), ("scheduled", 600)])
@pytest.mark.parametrize(("index", "net"), [("7%", 2), ("3%", -2)])
def test_a_swap_pays_the_net_of_its_legs_either_way(notional: str, base: int, index: str, net: int) -> None:
    books = Books(f"""
        pool: {{original_balance: 1_200}}
        reported: {{index: rate}}
        accounts: {{funds: {{collects: [interest, swap_receipt]}}}}
        tranches: {{A: {{original_balance: 1_200, rate: index}}, R: {{kind: residual}}}}
        fees: {{swap: {{amount: "max(0, fixed_leg - floating_leg)"}}}}
        tables: {{scheduled: {{by: period, 1: 600, 2: 500}}}}
        amounts:
          fixed_leg: interest(A, 5%, {notional})
          floating_leg: interest(A, index, {notional})
          swap_receipt: max(0, floating_leg - fixed_leg)
        waterfall:
          - {{pay: fees, to: swap, from: funds}}
          - {{pay: interest, to: A, from: funds}}
          - {{pay: rest, to: R, from: funds}}
    """)

    month = books.month(interest=20, index=index)

    received = Decimal(net * base) / 1_200
    assert month["swap.paid"] == max(Decimal(0), -received)
    assert month["funds.collected"] == 20 + max(Decimal(0), received)
    assert month["R.interest_paid"] == 20 + received - month["A.interest_paid"]


def test_a_swap_and_senior_interest_share_pari_passu_what_there_is() -> None:
    books = Books("""
        pool: {original_balance: 1_200}
        accounts: {funds: {collects: [interest]}}
        tranches: {A: {original_balance: 1_200, rate: 12%}, B: {original_balance: 100, rate: 12%}}
        fees: {swap: {amount: 6}}
        waterfall:
          - {pay: due, to: {sequential: [{pro_rata: [A, swap]}, B]}, from: funds}
    """)

    short, full = books.month(interest=9), books.month(interest=30)

    assert (short["A.interest_paid"], short["swap.paid"]) == (6, 3)  # 12 and 6 are owed
    assert (short["A.unpaid_interest"], short["swap.unpaid"]) == (6, 3)
    assert (full["A.interest_paid"], full["swap.paid"], full["B.interest_paid"]) == (18, 9, 2)
    assert full["funds.balance"] == 1


def test_a_cap_agreement_pays_what_the_index_exceeds_its_strike_by() -> None:
    books = Books("""
        pool: {original_balance: 1_200}
        reported: {index: rate}
        accounts: {funds: {collects: [interest, cap_receipt]}}
        tranches: {A: {original_balance: 1_200, rate: index}}
        amounts: {cap_receipt: "interest(A, max(0%, index - 6%), A.opening_balance)"}
        waterfall: [{pay: interest, to: A, from: funds}]
    """)

    assert [books.month(interest=6, index=index)["A.interest_paid"] for index in ("5%", "8%")] == [5, 8]  # 2 % of 1,200 for a month, and the 1 saved


# Credit-risk transfer ---------------------------------------------------------------------------------------------------------


def test_reference_classes_move_without_cash() -> None:
    books = Books(
        """
        pool: {original_balance: 1_000}
        events: {stated_principal: {cash: in, pool: down}, credit_event: {pool: down}, issuer_payment: {cash: in}}
        tranches:
          A-H: {original_balance: 900, kind: reference}
          M: {original_balance: 57, rate: 12%}
          M-H: {original_balance: 3, kind: reference}
          B-H: {original_balance: 40, kind: reference}
        tables: {severity: {by: period, 1: 25%}}
        amounts: {lost: severity * pool.credit_event, recovered: pool.credit_event - lost}
        accounts: {issuer: {collects: [issuer_payment]}, reference: {cash: false, collects: [stated_principal, recovered]}}
        waterfall:
          - {pay: interest, to: M, from: issuer}
          - {pay: principal, to: {sequential: [A-H, {pro_rata: [M, M-H]}]}, from: reference}
          - {write_down: lost, to: {sequential: [B-H, {pro_rata: [M, M-H]}]}}
    """.replace("loss:", "event_loss:")
        .replace("- loss", "- event_loss")
        .replace("write_down: loss", "write_down: event_loss")
    )

    month = books.month(issuer_payment="0.57", stated_principal=20, credit_event=200)

    # A quarter of 200 is lost: B-H bears 40, M and M-H share 10 by 57 : 3. The other 150 and the 20 pay A-H.
    assert figures(month, "realized_loss", "A-H", "M", "M-H", "B-H") == (0, Decimal("9.50"), Decimal("0.50"), 40)
    assert (month["A-H.principal_paid"], month["M.interest_paid"]) == (170, Decimal("0.57"))
    assert (month["tranches.balance"], month["pool.balance"]) == (780, 780)
    assert month.account("cash.issuer") == 0
    assert sum(amount for account, amount in month.distribution.closing.balances.items() if account.startswith("cash.")) == 0
