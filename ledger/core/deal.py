"""The deal: everything a deal file says, as one frozen value.

The sections, their fields and their meaning are in docs/deal-file.md; the models below are the same list, and the JSON Schema is made from them.
Formulas are parsed when the models are built (the loader hands the parser in as validation context, so that the core needs none) and are given
meaning in `ledger.core.terms`. Amounts are exact numbers as written; `terms` turns them into units at carry scale.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from ledger.core.fields import (
    Amount,
    Currency,
    Day,
    DayCount,
    DealId,
    FormulaField,
    Identifier,
    Label,
    Names,
    OrText,
    ReportedName,
    deal_id,
    listed,
    number_like,
)
from ledger.core.formula import Formula
from ledger.core.money import OddUnits, RoundingMode
from ledger.core.problems import Path, Problem, ProblemsFound


class Model(BaseModel):
    """A frozen value that knows all its fields: an unknown one is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True, ignored_types=(property,))


# ------------------------------------------------------------------------------------------------------------ dates


Roll = Literal["none", "following", "modified_following", "preceding", "modified_preceding"]
"""What happens on a closed day."""


def _part_of_a_year(months: int) -> int:
    if 12 % months:
        raise ValueError(f"every {months} months is not so many times a year; write 1, 2, 3, 4, 6 or 12")
    return months


class DistributionDays(Model):
    """The days on which the trust pays: `day` of every `months`-th month from `first` on, rolled to an open day, or so many business days after that."""

    day: Annotated[int, Field(ge=1, le=31)]
    months: Annotated[int, Field(ge=1, le=12), AfterValidator(_part_of_a_year)] = 1
    first: Day | None = None
    roll: Roll = "none"
    business_days_after: Annotated[int, Field(ge=0, le=60)] = 0
    calendar: Annotated[str, Field(max_length=60)] = ""


class OwnDay(Model):
    """A day that belongs to a distribution: its own date, or `day` of the month `months_before`, rolled; then so many business days before that."""

    day: Annotated[int, Field(ge=1, le=31)] | None = None
    months_before: Annotated[int, Field(ge=0, le=12)] = 0
    roll: Roll = "none"
    business_days_before: Annotated[int, Field(ge=0, le=60)] = 0

    @model_validator(mode="after")
    def _rolls_a_day(self) -> OwnDay:
        stray = [name for name in ("months_before", "roll") if name in self.model_fields_set]
        if stray and self.day is None:
            raise ValueError(f"`{stray[0]}` stands without `day`; say which day of the month, as in {{day: 31, months_before: 1, roll: preceding}}")
        return self


class CollectionMonth(Model):
    """When collections end: in the month `months_before` the distribution's, on its `day`, or on the one of the days `ends` that is nearest to that."""

    months_before: Annotated[int, Field(ge=0, le=12)] = 1
    day: Annotated[int, Field(ge=1, le=31)] = 31
    ends: Annotated[tuple[Day, ...], BeforeValidator(listed)] = ()


class AccrualFrom(Model):
    """An accrual whose first period begins on another day than the closing date."""

    period: Literal["payment", "scheduled", "month"]
    from_: Annotated[Day | None, Field(alias="from")] = None


def _accrual(value: object) -> object:
    return {"period": value} if isinstance(value, str) else value


Accrual = Annotated[AccrualFrom, BeforeValidator(_accrual), OrText("payment, scheduled or month")]


class Dates(Model):
    """When things happen; `accrual` and `day_count` are what classes and fees use that say nothing else."""

    distribution: DistributionDays
    determination: OwnDay | None = None
    record: OwnDay | None = None
    collection: CollectionMonth = CollectionMonth()
    accrual: Accrual = AccrualFrom(period="payment")
    day_count: DayCount = "30/360"


class Digits(Model):
    places: Annotated[int, Field(ge=0, le=12)]
    mode: RoundingMode = "half_up"


def _carry(value: object) -> Decimal:
    text = str(value)
    unit = Decimal(text) if re.fullmatch(r"[0-9]+([.][0-9]+)?", text, re.ASCII) else Decimal(0)
    if unit.as_tuple().digits != (1,) or not -6 <= int(unit.as_tuple().exponent) <= 0:
        raise ValueError(f"`{value}` is not a unit of the books; write 1, 0.1, 0.01, ... down to 0.000001")
    return unit


class Rounding(Model):
    """Rounding is a term of the deal: the unit of the books, and each place where a figure is rounded."""

    carry: Annotated[Decimal, BeforeValidator(_carry), number_like("^(1|0[.]0*1)$")] = Decimal("0.01")
    interest: RoundingMode = "half_up"
    amounts: RoundingMode = "half_up"
    interest_rounded: Literal["accrual", "due"] = "accrual"
    odd_cents: OddUnits = "largest_remainder"
    factor: Digits = Digits(places=8)
    per_1000: Digits = Digits(places=8)
    printed: Digits = Digits(places=2)

    @property
    def scale(self) -> int:
        """Decimal places of a unit of the books: 2 for the cent."""
        return -int(self.carry.as_tuple().exponent)

    @property
    def minor_unit(self) -> int:
        """The cent, in units of the books: cash moves in whole ones."""
        return int(10 ** max(0, self.scale - 2))


# ------------------------------------------------------------------------------------------------- what is reported

ReportedType = Literal["money", "rate", "number", "date", "flag"]


class Fixing(Model):
    """When an index is fixed for a period: business days before the accrual period begins, of `calendar` or else of the calendar of distributions."""

    business_days_before: Annotated[int, Field(ge=0, le=60)]
    calendar: Annotated[str, Field(max_length=60)] = ""


class Reported(Model):
    """A value that is stated each period; `missing` is what stands in for it, `previous` the last one stated.

    A rate of an `index` may come from a file of fixings that serves every deal: the one of the day that `fixing` says, else of the period's key.
    """

    type: ReportedType
    missing: FormulaField | None = None
    index: Label = ""
    fixing: Fixing | None = None


def _reported(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


class EventKind(Model):
    """A kind of event of the deal's own, by its effects."""

    cash: Literal["in", "out"] | None = None
    pool: Literal["up", "down"] | None = None
    loss: Literal["up", "down"] | None = None

    @property
    def of_a_pool(self) -> bool:
        """Whether it moves a pool or its losses; otherwise it is a fact of the whole deal, and need not name one of several pools."""
        return self.pool is not None or self.loss is not None


class Pool(Model):
    """Loans. `balance` where the remittance states the closing pool rather than its movements.

    `delinquency` is the method by which the servicer counts days past due: of the Mortgage Bankers Association, by which a payment is 30 days past due
    on the day before the next one is due, or of the Office of Thrift Supervision, by which it is on that day, and so a month later at a month's end.
    """

    original_balance: Amount
    balance: FormulaField | None = None
    defaulted: Literal["included", "excluded"] = "included"
    delinquency: Literal["MBA", "OTS"] | None = None


# ------------------------------------------------------------------------------------- classes, fees, accounts, ledgers


class Tranche(Model):
    """A class of notes or certificates. With `of` and no balance it is an interest-only class; `residual` takes what is left."""

    original_balance: Amount | None = None
    rate: FormulaField | None = None
    of: FormulaField | None = None
    day_count: DayCount | None = None
    accrual: Accrual | None = None
    unpaid_interest: Literal["carried", "lost"] = "carried"
    interest_on_unpaid: FormulaField | None = None
    kind: Literal["note", "residual", "reference"] = "note"
    title: Label = ""
    cusip: Label = ""
    isin: Label = ""
    denomination: Amount | None = None


class Fee(Model):
    """A payee that is no class. `amount`, or `rate` of `of`, and what events of the kinds `owed_by` say; none for a payee that is paid by formula only."""

    amount: FormulaField | None = None
    rate: FormulaField | None = None
    of: FormulaField | None = None
    owed_by: Names = ()
    day_count: DayCount | None = None
    accrual: Accrual | None = None
    unpaid: Literal["carried", "lost"] = "carried"
    title: Label = ""


class Account(Model):
    """A cash account: what it collects, what it holds at closing, what it should hold."""

    collects: tuple[str, ...] = ()
    opening: Amount = Fraction(0)
    target: FormulaField | None = None
    cash: bool = True


class Ledger(Model):
    """A memo balance, never below zero; per class where `of` names classes."""

    of: Names = ()
    up_to: Literal["balance"] | None = None
    resets: Literal["never", "period", "yearly"] = "never"


class Table(Model):
    """Values by date or by a formula: the row with the greatest key that is not above the present one."""

    by: str
    rows: dict[str, FormulaField]

    @model_validator(mode="before")
    @classmethod
    def _rows(cls, value: object) -> object:
        if isinstance(value, Mapping) and "rows" not in value:
            return {**({"by": value["by"]} if "by" in value else {}), "rows": {key: row for key, row in value.items() if key != "by"}}
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """In the file the rows stand beside `by`, each under its key."""
        formula = {"type": ["string", "number", "boolean"], "description": "a constant"}
        return {"type": "object", "properties": {"by": {"type": "string"}}, "required": ["by"], "additionalProperties": formula, "description": cls.__doc__}


class Trigger(Model):
    """A test. `curable: false` stays failed for good; tested at determination, or at closing for the next period."""

    fails_when: FormulaField
    curable: bool = True
    tested: Literal["determination", "closing"] = "determination"


# -------------------------------------------------------------------------------------------------------- waterfall


def _sort_of_weights(value: object) -> str:
    return "stated" if isinstance(value, Mapping) else "field"


Weights = Annotated[Annotated[str, Tag("field")] | Annotated[dict[str, FormulaField], Tag("stated")], Discriminator(_sort_of_weights)]


def _single(value: object) -> object:
    return {"to": value} if isinstance(value, str) else value


class Node(Model):
    """A node of an allocation tree: one payee (`to`), or children in sequence or pro rata; `limit` and `when` on any."""

    to: str | None = None
    sequential: Branches | None = None
    pro_rata: Branches | None = None
    by: Weights | None = None
    limit: FormulaField | None = None
    when: FormulaField | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> Node:
        shapes = [shape for shape in ("to", "sequential", "pro_rata") if getattr(self, shape) is not None]
        if len(shapes) != 1:
            raise ValueError(f"the node has {' and '.join(shapes) or 'no payees'}; write one of `to`, `sequential` and `pro_rata`")
        if self.by is not None and self.pro_rata is None:
            raise ValueError(f"`by` stands beside `{shapes[0]}`; it weighs the shares of `pro_rata` only")
        return self

    @property
    def children(self) -> tuple[Node, ...]:
        return self.sequential or self.pro_rata or ()


Tree = Annotated[Node, BeforeValidator(_single), OrText("one payee")]
Branches = Annotated[tuple[Tree, ...], BeforeValidator(listed), OrText("a group")]

Verb = Literal["pay", "accrete", "write_down", "write_up", "shortfall", "record"]
VERBS: tuple[Verb, ...] = ("pay", "accrete", "write_down", "write_up", "shortfall", "record")


class Step(Model):
    """One step: a verb with what it moves, to whom, from which accounts, up to which limit, under which condition."""

    pay: FormulaField | None = None
    accrete: FormulaField | None = None
    write_down: FormulaField | None = None
    write_up: FormulaField | None = None
    shortfall: FormulaField | None = None
    record: FormulaField | None = None
    to: Tree | None = None
    from_: Annotated[Names, Field(alias="from")] = ()
    limit: FormulaField | None = None
    when: FormulaField | None = None
    as_: Annotated[str | None, Field(alias="as")] = None
    settles: str | None = None
    adds_to: str | None = None
    name: Label = ""

    @model_validator(mode="after")
    def _one_verb(self) -> Step:
        verbs = [verb for verb in VERBS if getattr(self, verb) is not None]
        if len(verbs) != 1:
            raise ValueError(f"the step has {' and '.join(verbs) or 'no verb'}; write one of {', '.join(VERBS)}")
        return self

    @property
    def verb(self) -> Verb:
        return next(verb for verb in VERBS if getattr(self, verb) is not None)

    @property
    def what(self) -> Formula:
        formula: Formula = getattr(self, self.verb)
        return formula


class Block(Model):
    """Steps under one condition, which is read once, on entry."""

    when: FormulaField
    steps: tuple[Steps, ...]


def _shape(value: Any) -> str:
    return "block" if isinstance(value, Block) or (isinstance(value, Mapping) and "steps" in value) else "step"


Steps = Annotated[Annotated[Step, Tag("step")] | Annotated[Block, Tag("block")], Discriminator(_shape)]


class CallTerms(Model):
    allowed_when: FormulaField


class Deal(Model):
    """The whole contract of one trust. `docs/deal-file.md` says what each section means."""

    deal: DealId
    title: Label = ""
    currency: Currency = "USD"
    closing_date: Day
    time_zone: str = "UTC"
    aliases: tuple[Label, ...] = ()
    settlement: Literal["assumed", "wired"] = "assumed"
    approval: bool = False
    dates: Dates
    rounding: Rounding = Rounding()
    reported: dict[ReportedName, Annotated[Reported, BeforeValidator(_reported), OrText("a type by itself")]] = {}
    events: dict[Identifier, EventKind] = {}
    pool: Pool | None = None
    pools: dict[Identifier, Pool] = {}
    tranches: Annotated[dict[Identifier, Tranche], Field(min_length=1)]
    groups: dict[Identifier, Names] = {}
    seniority: Names = ()
    fees: dict[Identifier, Fee] = {}
    accounts: Annotated[dict[Identifier, Account], Field(min_length=1)]
    ledgers: dict[Identifier, Ledger] = {}
    tables: dict[Identifier, Table] = {}
    amounts: dict[Identifier, FormulaField] = {}
    ratios: dict[Identifier, FormulaField] = {}
    triggers: dict[Identifier, Trigger] = {}
    waterfall: Annotated[tuple[Steps, ...], Field(min_length=1)]
    call: CallTerms | None = None

    @property
    def all_pools(self) -> Mapping[str, Pool]:
        """Pools by name; the only one of a deal with `pool` is called `pool`."""
        return self.pools or ({"pool": self.pool} if self.pool else {})

    def under(self, called: str | None) -> Deal:
        """The same deal under another id, for a run of a trust that is opened beside others. Raises ProblemsFound where that can be no id."""
        if called is None or called == self.deal:
            return self
        try:
            return self.model_copy(update={"deal": deal_id(called)})
        except ValueError as error:
            fact, _, remedy = str(error).partition("; ")
            raise ProblemsFound([Problem(fact, remedy)]) from None

    def steps(self) -> Iterator[tuple[Path, Step]]:
        """Every step with its path in the file, in the order of the file, blocks opened."""
        return _walk(self.waterfall, ("waterfall",))


def _walk(steps: tuple[Step | Block, ...], path: Path) -> Iterator[tuple[Path, Step]]:
    for index, step in enumerate(steps):
        here = (*path, index)
        if isinstance(step, Block):
            yield from _walk(step.steps, (*here, "steps"))
        else:
            yield here, step


# ----------------------------------------------------------------------------------------------- taken over mid-life


class BoardedPool(Model):
    balance: Amount
    cumulative_loss: Amount = Fraction(0)


class BoardedTranche(Model):
    balance: Amount = Fraction(0)
    unpaid_interest: Amount = Fraction(0)
    interest_on_unpaid: Amount = Fraction(0)
    cumulative_loss: Amount = Fraction(0)


class BoardedFee(Model):
    unpaid: Amount = Fraction(0)


_KEPT = {"type": ["string", "number", "boolean", "array"], "items": {"type": ["string", "number", "boolean"]}}


def _several(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


class Boarding(Model):
    """The position of a deal that is taken over mid-life, after its distribution number `period` on `last_distribution` (as paid)."""

    last_distribution: Day
    period: Annotated[int, Field(ge=1, le=1200)]
    pool: BoardedPool | None = None
    pools: dict[str, BoardedPool] = {}
    tranches: dict[str, BoardedTranche] = {}
    accounts: dict[str, Amount] = {}
    fees: dict[str, BoardedFee] = {}
    ledgers: dict[str, Amount] = {}
    triggers: dict[str, Literal["failed", "passed"]] = {}
    previous: dict[str, Annotated[tuple[str, ...], BeforeValidator(_several), WithJsonSchema(_KEPT)]] = {}
