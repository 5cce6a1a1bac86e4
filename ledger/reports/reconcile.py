"""PublishedFigure figures beside ours. Each one ties, is derived, is tolerated, differs, or is not compared and says why; nothing is passed over in silence.

Figures compare exactly. One that was published with fewer decimals than ours is compared after ours is rounded to its places: money half up, factors and
amounts per 1,000 as the deal says, any other number half up. `Line.is_rounded` says where that was so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, get_args

from ledger.core.money import format_exact, round_to
from ledger.core.problems import MOST_LISTED, Problem, nearest
from ledger.core.published import Key, PublishedFigure, Tolerance
from ledger.core.statement import Figure, Statement
from ledger.reports.cells import words
from ledger.reports.document import Document
from ledger.reports.layout import Cell, Table, in_words, plain

Verdict = Literal["ties", "derived", "tolerated", "differs", "not compared"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
StatementOf = Callable[[date], Statement | None]
Near = Callable[[str, Iterable[str]], str]
"""What a name that is not ours was probably meant to be, as `nearest` says it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One published figure and what became of it. `difference` is ours less the published one; `reason` says why it is tolerated or not compared."""

    published: PublishedFigure
    verdict: Verdict
    ours: str = ""
    difference: Fraction = Fraction(0)
    reason: str = ""
    is_rounded: bool = False
    is_declared: bool = False


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Every line in the order of the file, and what is wrong: lines that differ or were not compared undeclared, and tolerances that were not needed."""

    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]

    @property
    def counts(self) -> dict[Verdict, int]:
        found = Counter(line.verdict for line in self.lines)
        return {verdict: found[verdict] for verdict in VERDICTS}

    @property
    def rounded(self) -> int:
        """How many of the figures that tie show fewer decimals than ours."""
        return sum(line.is_rounded for line in self.lines if line.verdict in ("ties", "derived"))

    @property
    def ties(self) -> bool:
        """Whether nothing is left to explain."""
        return not self.problems


def reconcile(published: Iterable[PublishedFigure], tolerated: Sequence[Tolerance], statement_of: StatementOf) -> Reconciliation:
    """Compare each published figure with the statement of its period, as `statement_of` draws it (None: the period is not distributed)."""
    allowed = {row.key: row for row in tolerated}
    statements: dict[date, Statement | None] = {}
    lines, uncompared = [], 0
    for row in published:
        day = row.key[0]
        if day not in statements:
            statements[day] = statement_of(day)
        # A file of another deal has a name that is not ours in every row; what each could have meant is looked up for the first only.
        line = _compare(row, allowed.get(row.key), statements[day], nearest if uncompared < MOST_LISTED else _nothing)
        uncompared += line.verdict == "not compared"
        lines.append(line)
    return Reconciliation(tuple(lines), (*_unexplained(lines), *_idle(tolerated, {line.published.key: line for line in lines})))


def _nothing(_word: str, _known: Iterable[str]) -> str:
    return ""


def _compare(row: PublishedFigure, allowed: Tolerance | None, statement: Statement | None, near: Near) -> Line:
    figure = _comparable(row, statement, near)
    if statement is None or isinstance(figure, str):
        declared = allowed is not None and allowed.difference is None
        return Line(row, "not compared", reason=allowed.reason if allowed and declared else str(figure), is_declared=declared)
    text, (difference, is_rounded) = statement.text(figure), _difference(row, figure, statement)
    if not difference:
        return Line(row, "derived" if row.is_derived else "ties", text, is_rounded=is_rounded)
    if allowed is not None and allowed.difference == difference:
        return Line(row, "tolerated", text, difference, allowed.reason, is_rounded, is_declared=True)
    return Line(row, "differs", text, difference, is_rounded=is_rounded)


def _comparable(row: PublishedFigure, statement: Statement | None, near: Near) -> Figure | str:
    """Our figure, or why there is none that can be compared."""
    day, subject, item = row.key
    if statement is None:
        return f"{day} is not a distributed period"
    figure = statement.figure(subject, item)
    if figure is None:
        if subject not in statement.subjects():
            return f"there is no `{subject}`; {near(subject, statement.subjects()) or 'name a class, group, fee, account, pool or `deal`'}"
        return f"`{subject}` has no `{item}`; {near(item, statement.items(subject)) or 'see the items of a statement in CSV'}"
    if not isinstance(row.value, {"date": date, "flag": bool}.get(figure.kind, Fraction)):
        return f"`{row.text}` is not what `{subject}` `{item}` is: ours is {statement.text(figure)}"
    return figure


def _difference(row: PublishedFigure, figure: Figure, statement: Statement) -> tuple[Fraction, bool]:
    """Ours less the published figure, and whether ours had to be rounded to its places for that; 1 or 0 for a date or a flag."""
    if not isinstance(row.value, Fraction):
        return Fraction(row.value != figure.value), False
    exact, places = statement.exact(figure), statement.scale if figure.kind == "money" else figure.places
    shown = exact if places is None else round_to(exact, places, figure.mode)
    if (shown * 10**row.places).denominator == 1:
        return shown - row.value, False
    return round_to(exact, row.places, figure.mode) - row.value, True


def _unexplained(lines: Iterable[Line]) -> Iterator[Problem]:
    for line in lines:
        day, subject, item = line.published.key
        what = f"{day} {subject} {item}"
        if line.verdict == "differs":
            fact = f"{what} was published as {line.published.text}, ours is {line.ours} (difference {format_exact(line.difference)})"
            yield Problem(fact, f"see the flow of funds of {day}; a difference that is known goes to tolerated.csv with its reason", place=line.published.place)
        elif line.verdict == "not compared" and not line.is_declared:
            yield Problem(f"{what} was not compared: {line.reason}", place=line.published.place)


def _idle(tolerated: Iterable[Tolerance], lines: Mapping[Key, Line]) -> Iterator[Problem]:
    """Tolerances that nothing needs, or that name another difference than there is."""
    for row in tolerated:
        line, what = lines.get(row.key), f"{row.key[0]} {row.key[1]} {row.key[2]}"
        if line is None:
            yield Problem(f"{what} is tolerated, and no such figure was published", "remove the row, or correct its date, subject and item", place=row.place)
        elif not line.is_declared:
            said = "not to be compared" if row.difference is None else f"a difference of {format_exact(row.difference)}"
            found = f"{format_exact(line.difference)}" if line.verdict == "differs" else f"none: it {'was not compared' if not line.ours else 'ties'}"
            yield Problem(f"{what} is declared with {said}, and the difference is {found}", "correct the row, or remove it", place=row.place)


# Output ---------------------------------------------------------------------------------------------------------------


def to_text(found: Reconciliation, every_line: bool = False) -> str:
    """What does not simply tie, line by line, then the counts; `every_line` shows those that tie as well."""
    shown = [line for line in found.lines if every_line or line.verdict not in ("ties", "derived")]
    rows = [(*map(str, line.published.key), line.published.text, line.ours, _shown_difference(line), line.verdict, line.reason) for line in shown]
    table = in_words("", ("date", "subject", "item", "published", "ours", "difference", "verdict", "reason"), rows, left={0, 1, 2, 6, 7})
    counts = [f"{count} {verdict}" for verdict, count in found.counts.items() if count]
    rounded = f" ({found.rounded} of those that tie were published with fewer decimals than ours)" if found.rounded else ""
    total = f"{len(found.lines)} figures: {', '.join(counts)}{rounded}"
    return plain([table]) + ("\n" if rows else "") + total + "\n"


def _shown_difference(line: Line) -> str:
    return format_exact(line.difference) if line.difference else ""


def document(found: Reconciliation, deal: str, name: str) -> Document:
    """The comparison of a deal with a published file as a document: how many lines of each verdict, and every line."""
    counts = [[*words(verdict), Cell(f"{count}", Fraction(count))] for verdict, count in found.counts.items() if count]
    rows = [[*words(*line.published.key), *_figures(line), *words(line.verdict, line.reason)] for line in found.lines]
    headers = ("date", "subject", "item", "published", "ours", "difference", "verdict", "reason")
    tables = (
        Table("verdicts", "Verdicts", ["verdict", "figures"], counts, [*words("total"), Cell(f"{len(found.lines)}", Fraction(len(found.lines)))]),
        Table("lines", "Published figures beside ours", headers, rows, left={0, 1, 2, 6, 7}),
    )
    footer = "Everything ties, is derived, tolerated or declared" if found.ties else f"Left to explain: {len(found.problems)}"
    return Document(f"{deal} beside {name}", f"{len(found.lines)} published figures", (), tables, footer)


def _figures(line: Line) -> Iterator[Cell]:
    """The published figure, ours and the difference: numbers where the published one is one."""
    published = line.published.value if isinstance(line.published.value, Fraction) else None
    yield Cell(line.published.text, published, line.published.places)
    yield Cell(line.ours, Fraction(line.ours) if published is not None and line.ours else None, _places(line.ours))
    yield Cell(_shown_difference(line), line.difference or None, _places(_shown_difference(line)))


def _places(text: str) -> int:
    return len(text.partition(".")[2])


def to_json(found: Reconciliation) -> bytes:
    """Counts and every line as canonical JSON: sorted keys, figures as text."""
    lines = [
        {
            "distribution_date": line.published.key[0].isoformat(), "subject": line.published.key[1], "item": line.published.key[2],
            "published": line.published.text, "ours": line.ours, "difference": format_exact(line.difference), "verdict": line.verdict, "reason": line.reason,
            "rounded": line.is_rounded, "declared": line.is_declared,
        }
        for line in found.lines
    ]  # fmt: skip
    value = {"counts": found.counts, "rounded": found.rounded, "problems": [str(problem) for problem in found.problems], "lines": lines}
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
