"""Deal files and boarding files: text in, terms or every problem out, each with line, column and caret.

What is wrong in one place must not hide what is wrong in another. A file whose models refuse something is therefore mended (a formula that cannot be
read becomes a number, an unknown field is left out) and looked at again, as far as the compiler; of what is found then, only what the mending cannot
have caused is told.
"""

from __future__ import annotations

import copy
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from ledger.core.compiler import compile_deal
from ledger.core.deal import Boarding, Deal, Model
from ledger.core.formula import Formula, FormulaError, Number
from ledger.core.problems import MOST_LISTED, Path, Problem, ProblemsFound, nearest
from ledger.core.terms import Terms
from ledger.files import formula_text, yaml_text
from ledger.files.calendars import CALENDARS
from ledger.files.refusals import near_field, refusal
from ledger.files.yaml_text import Document

M = TypeVar("M", bound=Model)
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def load(source: bytes, name: str, called: str | None = None) -> Terms:
    """A deal file as terms that run, under another id where one is `called`. Raises ProblemsFound with all that is wrong, each placed `name:line:column`."""
    document = yaml_text.read(source, name)
    reading = _read(document, Deal)
    terms, later = _compiled(reading.model, called) if reading.model is not None else (None, [])
    problems = [*reading.problems, *(reading.as_written(problem) for problem in later if reading.is_sure(problem))]
    if terms is None or problems:
        raise ProblemsFound(document.placed(problems))
    return terms


def _compiled(deal: Deal, called: str | None) -> tuple[Terms | None, list[Problem]]:
    """The terms of a deal under its id or another, or what is wrong with it; in either case what is wrong with its calendars and its time zone."""
    problems = [*_unknown_to_the_world(deal)]
    try:
        return compile_deal(deal.under(called)), problems
    except ProblemsFound as found:
        return None, [*problems, *found.problems]


def load_boarding(source: bytes, name: str) -> Boarding:
    """A boarding file by itself; whether it fits its deal is for `ledger.core.opening`. Raises ProblemsFound as `load` does."""
    document = yaml_text.read(source, name)
    reading = _read(document, Boarding)
    if reading.model is None or reading.problems:
        raise ProblemsFound(document.placed(reading.problems))
    return reading.model


def placed(problems: Iterable[Problem], source: bytes, name: str) -> list[Problem]:
    """Problems that were found later, with their places in the file."""
    return yaml_text.read(source, name).placed(problems)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a deal file, for editors that check while one types."""
    return {"$schema": SCHEMA_DIALECT, **_without_null(Deal.model_json_schema())}


def boarding_json_schema() -> dict[str, Any]:
    """The JSON Schema of a boarding file."""
    return {"$schema": SCHEMA_DIALECT, **_without_null(Boarding.model_json_schema())}


def _without_null(schema: Any) -> Any:
    """The schema of what a file may hold: an optional field is left out there, never blank."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema if item != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    inner = {key: _without_null(value) for key, value in schema.items() if not (key == "default" and value is None)}
    only = inner.pop("anyOf", [])
    return {**inner, **(only[0] if len(only) == 1 else {"anyOf": only} if only else {})}


# From values to a model ------------------------------------------------------------------------------------------------

_UNREAD = Formula("0", Number(Fraction(0), bare=True, at=0))
"""What is read in place of a formula that cannot be parsed."""
STAND_INS: Mapping[str | int, Any] = {
    "deal": "DEAL",
    "closing_date": "2000-01-01",
    "dates": {"distribution": {"day": "1"}},
    "distribution": {"day": "1"},
    "day": "1",
    "original_balance": "1",
    "by": "period",
    **dict.fromkeys(("fails_when", "allowed_when", "when"), _UNREAD),
}
"""What is read where a field is missing or wrong that nothing goes without, so that the rest of the file can be looked at."""


@dataclass
class Reading(Generic[M]):
    """A file as a model, where there is one, with the problems until then and the places that were mended to get it."""

    model: M | None
    problems: list[Problem]
    mended: list[Path] = field(default_factory=list)
    meant: Mapping[Path, Path | None] = field(default_factory=dict)
    whole: bool = True

    def is_sure(self, problem: Problem) -> bool:
        """A later problem is not one that the mending caused: not where something was mended, and, where a value was left out, about a formula only."""
        return not _touches(problem.path, self.mended) and (self.whole or problem.offset is not None)

    def as_written(self, problem: Problem) -> Problem:
        """The problem with its path as the file has it, where a misspelt field was read as the one that was meant."""
        for written, meant in self.meant.items():
            if meant is not None and problem.path[: len(meant)] == meant:
                return replace(problem, path=(*written, *problem.path[len(meant) :]))
        return problem


def _touches(path: Path, mended: Iterable[Path]) -> bool:
    """At a mended place, inside it, or at what it is a field of."""
    return any(path[: len(place)] == place or path == place[:-1] for place in mended)


def _read(document: Document, model: type[M]) -> Reading[M]:
    """The file as a model: at once, or after mending what the model refused the first time."""
    blank = [problem.path for problem in document.problems]
    first = _validated(model, document.value)
    if not isinstance(first, list):
        return Reading(first, [*document.problems], blank, whole=not blank)
    refused = [(details["type"], refusal(details, model, document.value)) for details in first[: MOST_LISTED + 1]]
    if len(refused) > MOST_LISTED:
        return Reading(None, [*document.problems, *(problem for _, problem in refused)], blank)
    meant = {problem.path: near_field(model, problem.path) for kind, problem in refused if kind == "extra_forbidden"}
    # A field that is missing because it is misspelt, and one that has no value, are told already.
    told = [problem for _, problem in refused if problem.path not in meant.values() and problem.path not in blank]
    reading: Reading[M] = Reading(None, [*document.problems, *told], [*blank, *(problem.path for problem in told)], meant)
    reading.whole = not blank and all(kind == "formula" or problem.path[:1] not in DEPENDED_ON for kind, problem in refused)
    mended = _mend(model, document.value, [(kind, problem.path) for kind, problem in refused], meant)
    if mended is None:
        return reading
    second = _validated(model, mended)
    if not isinstance(second, list):
        return replace(reading, model=second)
    later = (refusal(details, model, mended) for details in second[: MOST_LISTED + 1])
    reading.problems.extend(reading.as_written(problem) for problem in later if not _touches(problem.path, reading.mended))
    return reading


def _validated(model: type[M], value: Any) -> M | list[ErrorDetails]:
    try:
        return model.model_validate(value, context={"parse": _parse})
    except ValidationError as error:
        # A list whose items were refused counts as too short, though it is not.
        return [details for details in error.errors(include_url=False) if details["type"] != "too_short" or not details["input"]]


@lru_cache(maxsize=4096)
def _parse(text: str) -> Formula:
    """A formula, whose error is told in a way that the model's error keeps."""
    try:
        return formula_text.parse(text)
    except FormulaError as error:
        raise PydanticCustomError("formula", "{fact}", {"fact": error.fact, "remedy": error.remedy, "offset": error.at}) from None


NAMING = frozenset(["reported", "events", "pools", "tranches", "groups", "fees", "accounts", "ledgers", "tables", "amounts", "ratios", "triggers", "waterfall"])
"""Sections whose entries are referred to, by name or by place: an entry cannot be left out."""
DEPENDED_ON = frozenset((section,) for section in NAMING | {"pool", "rounding"})
"""Sections whose fields decide what is right elsewhere."""


def _mend(model: type[Model], value: Any, errors: Iterable[tuple[str, Path]], meant: Mapping[Path, Path | None]) -> Any | None:
    """The values without what was refused; None where an entry that others refer to would go with it."""
    mended = copy.deepcopy(value)
    for kind, path in errors:
        if kind == "formula":
            _put(mended, path, _UNREAD)
        elif (other := meant.get(path)) is not None:
            _parent(mended, other).setdefault(other[-1], _parent(mended, path).pop(path[-1]))
        elif path in meant.values():
            continue
        elif path and path[-1] in STAND_INS:
            _put(mended, path, STAND_INS[path[-1]])
        elif not path or path[0] not in model.model_fields or (path[0] in NAMING and len(path) <= 2) or isinstance(path[-1], int):
            return None
        else:
            _parent(mended, path).pop(path[-1], None)
    return mended


def _put(value: Any, path: Path, stand_in: Any) -> None:
    _parent(value, path)[path[-1]] = stand_in


def _parent(value: Any, path: Path) -> Any:
    for element in path[:-1]:
        value = value[element]
    return value


# What the core cannot know -----------------------------------------------------------------------------------------------


def _unknown_to_the_world(deal: Deal) -> Iterator[Problem]:
    """Calendars and time zones that do not exist."""
    yield from _unknown_calendars(("dates", "distribution", "calendar"), deal.dates.distribution.calendar)
    for reported, value in deal.reported.items():
        if value.fixing is not None:
            yield from _unknown_calendars(("reported", reported, "fixing", "calendar"), value.fixing.calendar)
    if not _is_time_zone(deal.time_zone):
        remedy = nearest(deal.time_zone, sorted(zoneinfo.available_timezones())) or "write a name such as Europe/London or America/New_York"
        yield Problem(f"`{deal.time_zone}` is not a time zone", remedy, path=("time_zone",))


def _unknown_calendars(path: Path, names: str) -> Iterator[Problem]:
    for name in (part.strip() for part in names.split("+") if names):
        if name not in CALENDARS:
            remedy = nearest(name.upper(), CALENDARS) or f"the calendars are {', '.join(CALENDARS)}, joined by +"
            yield Problem(f"`{name}` is not a calendar", remedy, path=path)


def _is_time_zone(name: str) -> bool:
    """Whether the time zone database knows a name; UTC it need not know."""
    try:
        return name == "UTC" or bool(zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
