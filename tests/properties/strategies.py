"""Random small deals and random histories of their collections."""

from __future__ import annotations

from string import Template
from typing import Any

from hypothesis import strategies as st

from ledger.core.collections import Collections, Flow
from ledger.core.events import Event

MONTHS = st.integers(3, 8)
DAY_COUNTS = ("30/360", "act/360", "act/365", "act/act isda")


def _choice(draw: st.DrawFn, *options: str) -> str:
    return draw(st.sampled_from(options))


@st.composite
def trees(draw: st.DrawFn, names: tuple[str, ...], weigh: str = "balance") -> str:
    """A tree over all names in an order of its own, in the text of a deal file; some nodes have a limit or a condition, some payees come twice."""
    order = draw(st.permutations(names))
    split = draw(st.integers(1, len(order)))
    inner = ", ".join(_leaf(draw, name) for name in order[:split])
    first = f"{{sequential: [{inner}]}}" if draw(st.booleans()) else f"{{pro_rata: [{inner}], by: {weigh}}}"
    rest = ", ".join(order[split:] or order[:1])
    return f"{{{_choice(draw, 'sequential', 'pro_rata')}: [{first}, {rest}]}}"


def _leaf(draw: st.DrawFn, name: str) -> str:
    match draw(st.integers(0, 5)):
        case 0:
            return f"{{to: {name}, limit: {draw(st.integers(-50, 5_000))}}}"
        case 1:
            return f"{{to: {name}, when: period > {draw(st.integers(0, 4))}}}"
        case _:
            return name


DEAL = Template("""
deal: RANDOM-1
closing_date: 2025-08-17
dates: {distribution: {day: $day, roll: $roll}, accrual: $accrual, day_count: $day_count}
rounding: {carry: $carry, interest: $interest, interest_rounded: $rounded, odd_cents: $odd_cents}
reported: {relief: {type: money, missing: 0}}
pool: {original_balance: $pool, defaulted: $defaulted}
tranches:
$tranches
  R: {kind: residual}
fees:
  servicing: {rate: 0.50%, of: pool.opening_balance}
  trustee: {amount: $fee, unpaid: $unpaid}
ledgers: {pdl: {of: tranches, up_to: balance}, in_year: {resets: $resets}}
accounts:
  revenue: {collects: [interest, recovery, liquidation_expense]}
  principal: {collects: [scheduled_principal, prepayment, liquidation_proceeds]}
  reserve: {opening: $reserve, target: $target% * tranches.balance}
triggers: {blocked: {fails_when: pool.cumulative_loss > 2% * pool.original_balance, curable: $curable, tested: $tested}}
waterfall:
$waterfall
""")
"""3 to 6 classes, a residual, fees, a reserve, a deficiency ledger, a yearly cap, a trigger, losses and write-ups."""

CHOICES = {
    "roll": ("none", "following", "modified_following"),
    "accrual": ("payment", "scheduled", "month"),
    "day_count": DAY_COUNTS,
    "carry": ("0.01", "0.0001"),
    "interest": ("half_up", "down", "half_even"),
    "rounded": ("accrual", "due"),
    "odd_cents": ("largest_remainder", "first", "last", "each"),
    "defaulted": ("included", "excluded"),
    "unpaid": ("carried", "lost"),
    "resets": ("yearly", "period"),
    "curable": ("true", "false"),
    "tested": ("determination", "closing"),
}
FIGURES = {"day": (1, 31), "fee": (0, 90), "reserve": (0, 900), "target": (0, 4)}


@st.composite
def deals(draw: st.DrawFn) -> str:
    """The text of a deal file."""
    names = tuple(f"T{number}" for number in range(1, draw(st.integers(3, 6)) + 1))
    balances = {name: draw(st.integers(1, 50_000)) for name in names}
    drawn = {name: _choice(draw, *options) for name, options in CHOICES.items()}
    return DEAL.substitute(
        {name: str(draw(st.integers(least, most))) for name, (least, most) in FIGURES.items()},
        **drawn,
        pool=sum(balances.values()) + draw(st.integers(0, 5_000)),
        tranches="\n".join(f"  {name}: {{{_tranche(draw, balance)}}}" for name, balance in balances.items()),
        waterfall="\n".join(f"  - {step}" for step in _steps(draw, names)),
    )


def _tranche(draw: st.DrawFn, balance: int) -> str:
    unpaid = _choice(draw, "unpaid_interest: carried", "unpaid_interest: lost", "interest_on_unpaid: 9%")
    rate = f"{draw(st.integers(0, 12))}.{draw(st.integers(0, 99)):02}%"
    return f"original_balance: {balance}, rate: {rate}, day_count: {_choice(draw, *DAY_COUNTS)}, {unpaid}"


def _steps(draw: st.DrawFn, names: tuple[str, ...]) -> list[str]:
    """The usual steps, the ones between the first and the last in an order of their own."""
    senior, listed, junior_first = names[0], ", ".join(names), ", ".join(reversed(names))
    interest, losses = draw(trees(names, "interest_accrued")), draw(trees(names))
    principal, gains = draw(trees(names, _choice(draw, "balance", "original_balance"))), draw(trees(names, "cumulative_loss"))
    limit = _choice(draw, "principal.collected", "60% * principal.balance", "tranches.balance")
    turbo = _choice(draw, "blocked", "not blocked")
    middle = [
        f"{{pay: interest, to: {interest}, from: [revenue, reserve]}}",
        f"{{pay: interest, name: addition, to: {senior}, from: principal, adds_to: in_year, limit: 400 - in_year}}",
        f"{{record: pool.loss, as: pdl, to: {losses}}}",
        f"{{pay: {senior}.pdl, to: principal, from: revenue, settles: {senior}.pdl}}",
        f"{{pay: principal, to: {principal}, from: principal, limit: {limit}}}",
        f"{{pay: principal, name: turbo, to: {names[-1]}, from: revenue, limit: tranches.balance - pool.balance, when: {turbo}}}",
        "{pay: reserve.shortfall, to: reserve, from: revenue}",
        f"{{write_up: pool.recovery, to: {gains}}}",
        f"{{accrete: interest, to: {names[1]}, when: {_choice(draw, 'false', senior + '.balance > 0')}}}",
    ]
    return [
        f"{{shortfall: relief, to: {{pro_rata: [{listed}], by: interest_accrued}}}}",
        "{pay: fees, to: {pro_rata: [servicing, trustee]}, from: [revenue, reserve]}",
        *draw(st.permutations(middle)),
        f"{{write_down: tranches.balance - pool.balance, to: {{sequential: [{junior_first}]}}}}",
        "{pay: reserve.excess, to: R, from: reserve}",
        "{pay: rest, to: R, from: revenue, when: not blocked}",
    ]


Parts = st.lists(st.integers(0, 100), min_size=5, max_size=5)


@st.composite
def histories(draw: st.DrawFn, pool: int) -> list[Collections]:
    """Collections of 3 to 8 months, in cents, of a pool that never falls below zero: full months, nil months, losses, liquidations, recoveries."""
    months, lost = [], 0
    for _ in range(draw(MONTHS)):
        if draw(st.integers(0, 7)) == 0:
            months.append(Collections())
            continue
        scheduled, prepaid, charged, liquidated, left = (pool * part // 600 for part in draw(Parts))
        pool -= scheduled + prepaid + charged + liquidated
        proceeds = liquidated * draw(st.integers(0, 100)) // 100
        expense = draw(st.integers(0, 5_000)) if liquidated else 0
        recovery = lost * draw(st.integers(0, 60)) // 100
        lost += charged + liquidated - proceeds + expense - recovery
        amounts = {
            "interest": left * draw(st.integers(0, 20)) // 100,
            "scheduled_principal": scheduled,
            "prepayment": prepaid,
            "charge_off": charged,
            "default": liquidated if draw(st.booleans()) else 0,
            "liquidation_proceeds": proceeds,
            "liquidation_expense": expense,
            "realized_loss": liquidated - proceeds + expense,
            "recovery": recovery,
        }
        relief = draw(st.integers(0, 3_000))
        facts = (Event(0, "reported", "relief", amount=relief),) if draw(st.booleans()) else ()
        months.append(Collections(tuple(Flow(name, None, amount) for name, amount in amounts.items() if amount), facts))
    return months


def scaled(collections: Collections, factor: int) -> Collections:
    """The same in finer units, for a deal that carries more digits than the cent."""
    facts = tuple(fact._replace(amount=(fact.amount or 0) * factor) for fact in collections.facts)
    return Collections(tuple(flow._replace(amount=flow.amount * factor) for flow in collections.flows), facts)


def split(draw: st.DrawFn, collections: Collections) -> Collections:
    """The same collections in another order and in other parts, as other batches of a log would sum them."""
    flows: list[Any] = []
    for flow in collections.flows:
        part = draw(st.integers(0, flow.amount))
        flows += [flow._replace(amount=part), flow._replace(amount=flow.amount - part)]
    return Collections(tuple(draw(st.permutations(flows))), collections.facts)
