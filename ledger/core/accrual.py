"""Accrual: what each class and fee earns over the period, before any step runs."""

from __future__ import annotations

from ledger.core import posting
from ledger.core.money import Exact, Money, RoundingMode, round_ratio
from ledger.core.posting import EXCESS
from ledger.core.state import Running

ACCRUAL = "accrual"
"""Step and cause of a posting that accrues."""


def accrue(run: Running) -> None:
    """Accrue interest of classes, then fees, and reset the ledgers whose time has come."""
    terms = run.terms
    for tranche in terms.deal.tranches:
        if tranche in terms.accruals:
            accrue_interest(run, tranche)
    for fee in terms.deal.fees:
        run.transfer(posting.fee(fee), EXCESS, fee_accrued(run, fee), ACCRUAL, f"{fee}.accrued", ACCRUAL)
    reset_ledgers(run)


def accrue_interest(run: Running, tranche: str) -> None:
    """Interest = basis x rate x year fraction, rounded at once; interest on unpaid interest at its own rate, rounded alone, in its own bucket.

    Where the deal rounds what is due (`interest_rounded: due`), the exact product is kept beside it, for a shortfall to be taken from.
    """
    terms, claims, items = run.terms, run.terms.claims[tranche], run.terms.items[tranche]
    basis, mode = terms.accruals[tranche].basis(run), terms.deal.rounding.interest
    if basis:
        accrued = _product(basis, run.rate(tranche), run.year_fraction(tranche), mode)
        if terms.deal.rounding.interest_rounded == "due":
            run.exact_interest[tranche] = basis * run.rate(tranche) * run.year_fraction(tranche)
        run.transfer(claims.interest, EXCESS, accrued, ACCRUAL, items.interest_accrued, ACCRUAL)
    unpaid = -run.opening[claims.shortfall]
    if unpaid > 0 and tranche in terms.on_unpaid:
        accrued = _product(unpaid, terms.on_unpaid[tranche](run), run.year_fraction(tranche), mode)
        run.transfer(claims.interest_on_unpaid, EXCESS, accrued, ACCRUAL, items.interest_on_unpaid_accrued, ACCRUAL)


def fee_accrued(run: Running, fee: str) -> Money:
    """A fee of this period: its amount, or basis x rate x year fraction, rounded as amounts are."""
    terms = run.terms
    if fee in terms.fee_amounts:
        amount: Money = terms.fee_amounts[fee](run)
        return max(0, amount)
    if fee not in terms.accruals:
        return 0
    basis: Money = terms.accruals[fee].basis(run)
    return _product(basis, run.rate(fee), run.year_fraction(fee), terms.deal.rounding.amounts)


def _product(basis: Money, rate: Exact, fraction: Exact, mode: RoundingMode) -> Money:
    """One exact product and one rounding, in whole numbers: fractions are only multiplied out, never reduced."""
    (above, below), (part, whole) = rate.as_integer_ratio(), fraction.as_integer_ratio()
    return round_ratio(basis * above * part, below * whole, mode)


def reset_ledgers(run: Running) -> None:
    """Empty the ledgers that begin anew: each period, or with the first distribution of a calendar year."""
    new_year = run.dates.distribution.year != run.dates.previous_distribution.year
    for name, ledger in run.terms.deal.ledgers.items():
        if ledger.resets == "period" or (ledger.resets == "yearly" and new_year):
            for tranche in run.terms.ledger_classes[name] or (None,):
                account = posting.ledger(name, tranche)
                run.transfer(account, posting.ledger_memo(name), run.balances[account], "reset", "", ACCRUAL)
