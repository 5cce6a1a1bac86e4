"""The cells of a statement's tables: words, money, numbers, figures, and sums of them, each with the value that is behind the text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from ledger.core.formula import Value
from ledger.core.money import Money, format_exact, format_money, round_exact
from ledger.core.statement import Figure, Items, Statement
from ledger.reports.layout import Cell


def words(*texts: object) -> list[Cell]:
    """Cells that hold words; None is a blank one."""
    return [Cell("" if text is None else f"{text}") for text in texts]


def money(statement: Statement, amount: Money) -> Cell:
    """An amount at carry scale, printed with the places that the deal states."""
    places = min(statement.printed.places, statement.scale)
    text = format_money(amount, statement.scale, places=places, mode=statement.printed.mode)
    return Cell(text, Fraction(amount, 10**statement.scale), places)


def number(value: Fraction, places: int, *, percent: bool = False) -> Cell:
    """A number with so many places, as a percentage where it is one; rounded half up where it is printed."""
    text = format_money(round_exact(value * (100 if percent else 1) * 10**places, "half_up"), places)
    return Cell(f"{text}%" if percent else text, value, places, percent)


def cell(statement: Statement, item: str, figure: Figure | None) -> Cell:
    """A figure as it is printed; a rate as a percentage with every digit."""
    if figure is None:
        return Cell("")
    if figure.kind == "money":
        return money(statement, units(figure.value))
    if item == "rate":
        text = format_exact(statement.exact(figure) * 100)
        return Cell(f"{text}%", statement.exact(figure), len(text.partition(".")[2]), percent=True)
    text = statement.text(figure, thousands=True)
    if figure.kind == "exact":
        return Cell(text, statement.exact(figure), len(text.partition(".")[2]))
    return Cell(text, figure.value if isinstance(figure.value, date) else None)


def units(value: Value) -> Money:
    """An amount of money; nil for what is none."""
    return value if isinstance(value, int) else 0


def total(statement: Statement, item: str, subjects: Iterable[Items]) -> Cell:
    """The sum of an item of money; blank for any other. It is rounded alone, so that it may miss the sum of rounded figures by a cent."""
    figures = [found[item] for found in subjects if item in found]
    return money(statement, sum(units(figure.value) for figure in figures)) if all(figure.kind == "money" for figure in figures) else Cell("")
