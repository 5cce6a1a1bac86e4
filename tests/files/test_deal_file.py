"""Deal files: what loads, and every way of being wrong with its message (the catalogue in tests/errors/deal_file)."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.opening import open_books
from ledger.core.problems import Problem, ProblemsFound
from ledger.files import deal_file
from tests.conftest import ROOT, shared

CATALOGUE = sorted((ROOT / "tests" / "errors" / "deal_file").glob("*.yaml"))

SMALL = """\
deal: SMALL-1
closing_date: 2024-01-30
dates: {distribution: {day: 25}}
pool: {original_balance: 100}
tranches: {A: {original_balance: 60, rate: 5%}, B: {original_balance: 40, rate: 6%}, R: {kind: residual}}
accounts: {funds: {collects: [interest, scheduled_principal]}}
waterfall:
  - {pay: interest, to: {sequential: [A, B]}, from: funds}
  - {pay: rest, to: R, from: funds}
"""


def problems_of(text: str | bytes) -> list[Problem]:
    source = text.encode() if isinstance(text, str) else text
    with pytest.raises(ProblemsFound) as caught:
        deal_file.load(source, "deal.yaml")
    return list(caught.value.problems)


def facts_of(text: str | bytes) -> list[str]:
    return [f"{problem.place}: {problem.fact}" for problem in problems_of(text)]


def found_in(text: str) -> tuple[Problem, ...]:
    """The problems of a file that may have none."""
    try:
        deal_file.load(text.encode(), "deal.yaml")
    except ProblemsFound as found:
        return found.problems
    return ()


# What loads --------------------------------------------------------------------------------------------------------------


def test_small_deal_loads_with_its_terms() -> None:
    terms = deal_file.load(SMALL.encode(), "deal.yaml")

    assert terms.deal.deal == "SMALL-1"
    assert terms.deal.closing_date == date(2024, 1, 30)
    assert terms.original == {"A": 60_00, "B": 40_00, "pool": 100_00}
    assert [getattr(step, "label", "") for step in terms.steps] == ["pay interest to A, B", "pay rest to R"]


def test_five_deals_of_the_language_reference_load() -> None:
    text = shared("reference/deal-language.md").read_text(encoding="utf-8")
    files = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    deals = [deal_file.load(source.encode(), "deal.yaml").deal.deal for source in files]

    assert deals == ["HARBOUR-2024-1", "MERIDIAN-2025-1", "COVE-2024-3", "ALBION-2024-2", "TERN-2024-R1"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_make_no_difference(end: str) -> None:
    source = "\ufeff" + SMALL.replace("\n", end)

    assert deal_file.load(source.encode(), "deal.yaml").deal == deal_file.load(SMALL.encode(), "deal.yaml").deal


@pytest.mark.parametrize(("written", "expected"), [
    ("4.25%", Fraction(17, 400)),
    ("0.0425", Fraction(17, 400)),
    ("0.04250000000000000001", Fraction(4250000000000000001, 10**20)),   # every digit is kept: no float on the way
])  # fmt: skip
def test_rates_keep_every_digit(written: str, expected: object) -> None:
    terms = deal_file.load(SMALL.replace("rate: 5%", f"rate: {written}").encode(), "deal.yaml")

    assert terms.accruals["A"].rate(None) == expected


@pytest.mark.parametrize(("written", "expected"), [("NO", "NO"), ("yes", "yes"), ("1_000", "1_000"), ("2024-01-30", "2024-01-30"), ("0x1F", "0x1F")])
def test_text_stays_what_was_written(written: str, expected: object) -> None:
    assert deal_file.load(f"title: {written}\n{SMALL}".encode(), "deal.yaml").deal.title == expected


@pytest.mark.parametrize("written", ["true", "yes", "on", "True"])
def test_a_flag_may_be_written_in_the_usual_words(written: str) -> None:
    assert deal_file.load(f"approval: {written}\n{SMALL}".encode(), "deal.yaml").deal.approval is True


def test_short_forms_mean_their_long_forms() -> None:
    short = SMALL + "reported: {sofr: rate}\ntables: {plan: {by: period, 1: 5}}\n"
    long = short.replace("sofr: rate", "sofr: {type: rate}").replace("to: R, from: funds", "to: {to: R}, from: [funds]")

    assert deal_file.load(short.encode(), "deal.yaml").deal == deal_file.load(long.encode(), "deal.yaml").deal


# What is wrong -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_each_wrong_file_is_refused_in_exactly_these_words(path: Path) -> None:
    with pytest.raises(ProblemsFound) as caught:
        deal_file.load(path.read_bytes(), path.name)

    assert str(caught.value) + "\n" == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_catalogue_is_large_and_no_two_mistakes_read_alike() -> None:
    texts = [path.with_suffix(".txt").read_text(encoding="utf-8").splitlines() for path in CATALOGUE]
    messages = ["\n".join(line.partition(": ")[2] for line in lines if line.startswith(path.name)) for path, lines in zip(CATALOGUE, texts, strict=True)]

    assert len(messages) >= 100
    assert len(set(messages)) == len(messages)


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_each_message_names_a_place_and_a_remedy(path: Path) -> None:
    with pytest.raises(ProblemsFound) as caught:
        deal_file.load(path.read_bytes(), path.name)

    for problem in caught.value.problems:
        assert re.fullmatch(re.escape(path.name) + r"(:\d+){1,2}", problem.place)
        assert problem.remedy


def test_caret_stands_below_the_place() -> None:
    [problem] = problems_of(SMALL + "amounts:\n  cap: A.balance + C.balance\n")

    line, caret = problem.excerpt.splitlines()
    assert line[caret.index("^") :] == "C.balance"
    assert problem.place == "deal.yaml:11:20"


@pytest.mark.parametrize(("written", "place"), [
    ("A.balance + C.balance", "11:20"),
    ("'A.balance + C.balance'", "11:21"),
    ('"A.balance + C.balance"', "11:21"),
    (">-\n    A.balance +\n    C.balance", "13:5"),
    ("|\n    A.balance\n    + C.balance", "13:7"),
    ("A.balance +\n    C.balance", "12:5"),
    ('"A.balance \\x2B C.balance"', "11:8"),                              # an escape hides where a character stands
])  # fmt: skip
def test_place_inside_a_formula_is_found_however_it_is_written(written: str, place: str) -> None:
    [problem] = problems_of(SMALL + f"amounts:\n  cap: {written}\n")

    assert problem.place == f"deal.yaml:{place}"
    assert "`C.balance`" in problem.fact


def test_one_wrong_formula_hides_no_other_problem_and_makes_no_noise() -> None:
    text = SMALL + "amounts:\n  one: A.balance +\n  two: one + C.balance\n  three: two + 5%\ntriggers: {late: {fails_when: three}}\n"

    assert facts_of(text) == [
        "deal.yaml:11:19: the formula ends too early",
        "deal.yaml:12:14: unknown name `C.balance`: there is no `C`",
        "deal.yaml:13:14: `+` needs like values, here are money and a number (a rate, ratio or count)",
        "deal.yaml:14:31: `three` is money, a boolean is needed here",
    ]


def test_a_misspelt_field_is_said_once_and_its_value_still_read() -> None:
    text = SMALL.replace("original_balance: 60", "orignal_balance: 60x").replace("from: funds}", "from: fund}", 1)

    assert facts_of(text) == [
        "deal.yaml:5:16: `orignal_balance` is not a field here",
        "deal.yaml:5:33: `60x` is not a plain number such as 0.0425 or 4.25%",
    ]


@pytest.mark.parametrize(("text", "facts"), [
    # A residual that is not known as one: that its share has no `as` follows from it.
    (SMALL.replace("residual", "residul"), ["deal.yaml:5:96: `residul` is not one of note, residual, reference"]),
    # An amount that cannot be read: what it would be paid as is not known.
    (SMALL.replace("pay: interest", "pay: )"), ["deal.yaml:8:11: `)` does not fit here"]),
    # A section that is missing: what stands under the others is still looked at.
    (SMALL.replace("closing_date: 2024-01-30\n", "") + "amounts: {cap: C.balance}\n",
     ["deal.yaml:1:1: `closing_date` is missing", "deal.yaml:9:16: unknown name `C.balance`: there is no `C`"]),
    # A basis that two formulas read is wrong once.
    (SMALL.replace("rate: 5%", "rate: 5%, of: C.balance") + "amounts: {cap: 'interest(A, 6%)'}\n",
     ["deal.yaml:5:52: unknown name `C.balance`: there is no `C`"]),
    # Of a section that stands twice the first is read.
    (SMALL + "ratios: {share: 5%}\nratios: {other: 5%}\namounts: {cap: share * A.balance}\n", ["deal.yaml:10:1: `ratios` stands twice, here and on line 11"]),
], ids=["residual", "amount", "missing", "basis", "twice"])  # fmt: skip
def test_what_follows_from_a_mistake_is_not_said(text: str, facts: list[str]) -> None:
    assert facts_of(text) == facts


def test_problems_come_in_the_order_of_the_file() -> None:
    text = SMALL.replace("day: 25", "day: 25, calendar: MARS").replace("pay: rest", "pay: rest, when: A.balance") + "call: {allowed_when: 5}\n"

    assert [int(problem.place.split(":")[1]) for problem in problems_of(text)] == [3, 9, 10]


# Hostile files -----------------------------------------------------------------------------------------------------------


HOSTILE = ["brackets", "braces", "nodes", "bytes", "encoding", "nul", "vertical-tab", "line-separator", "alias-bomb", "tag", "complex-key", "empty", "tab"]


@pytest.mark.parametrize(("source", "fact"), [
    (b"deal: " + b"[" * 200_000, "this is not YAML: the brackets are nested without end"),
    (b"deal: " + b"{a: " * 21 + b"b" + b"}" * 21, "the file is more than 20 levels deep"),
    (b"deal: [" + b"a, " * 20_001 + b"]", "the file has more than 20,000 keys and values"),
    (b"# " + b"x" * 1_000_000, "the file has 1,000,002 bytes, the most is 1,000,000"),
    (b"deal: \xff\xfe", "byte 0xff is not UTF-8"),
    (b"deal: a\x00b", "the character U+0000, which does not print, stands here"),
    (b"deal: a\x0bb", "the character U+000B, which does not print, stands here"),
    ("deal: a\u2028b".encode(), "the character U+2028, which does not print, stands here"),
    (b"a: &a [x]\nb: [*a, *a, *a]", "`&a` is an anchor"),
    (b"deal: !!python/object/apply:os.system [ls]", "`tag:yaml.org,2002:python/object/apply:os.system` is a tag"),
    (b"? [a, b]\n: c", "a list or a mapping stands where a name is needed"),
    (b"", "the file is not a mapping"),
    (b"\t", "a tab stands here"),
], ids=HOSTILE)  # fmt: skip
def test_hostile_file_is_refused_before_it_is_built(source: bytes, fact: str) -> None:
    assert fact in [problem.fact for problem in problems_of(source)]


@given(st.binary(max_size=200) | st.text(alphabet="deal:{}[],-&*!?|>'\"#%@` \n\tA1.", max_size=200).map(str.encode))
def test_any_bytes_load_or_give_problems(source: bytes) -> None:
    with pytest.raises(ProblemsFound):
        deal_file.load(source, "deal.yaml")


@given(st.data())
def test_any_damage_to_a_good_file_gives_placed_problems_or_loads(data: st.DataObject) -> None:
    text = SMALL + "amounts: {cap: 'if A.balance > 5 then min(A.balance, B.balance) else 10'}\nledgers: {pdl: {of: [A, B]}}\n"
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    damaged = text[:start] + data.draw(st.sampled_from(["", " ", "A", ": ", "{", "}", "-", "5%", "[]", "C.balance", "\n"])) + text[end:]

    assert all(problem.place.startswith("deal.yaml:") and problem.fact for problem in found_in(damaged))


# Boarding and the schemas --------------------------------------------------------------------------------------------------

BOARDING = """\
last_distribution: 2024-06-25
period: 5
pool: {balance: 80}
tranches: {A: {balance: 40, unpaid_interest: 0.10}, B: {balance: 40}}
accounts: {funds: 0}
"""


def test_boarding_file_loads_with_exact_amounts() -> None:
    boarding = deal_file.load_boarding(BOARDING.encode(), "boarding.yaml")

    assert boarding.period == 5
    assert boarding.tranches["A"].unpaid_interest == Fraction(1, 10)


def test_boarding_problems_are_placed_in_the_boarding_file() -> None:
    with pytest.raises(ProblemsFound) as caught:
        deal_file.load_boarding(BOARDING.replace("period: 5", "period: 0").replace("balance: 80", "balnce: 80").encode(), "boarding.yaml")

    assert [problem.place for problem in caught.value.problems] == ["boarding.yaml:2:9", "boarding.yaml:3:8"]


def test_what_does_not_fit_the_deal_is_placed_in_the_boarding_file() -> None:
    terms = deal_file.load(SMALL.encode(), "deal.yaml")
    source = BOARDING.replace("A: {balance: 40,", "A: {balance: 61,").replace("funds: 0", "fund: 0").encode()
    with pytest.raises(ProblemsFound) as caught:
        open_books(terms, deal_file.load_boarding(source, "boarding.yaml"))

    placed = deal_file.placed(caught.value.problems, source, "boarding.yaml")

    assert [problem.place for problem in placed] == ["boarding.yaml:4:12", "boarding.yaml:5:1", "boarding.yaml:5:12"]


def as_an_editor_reads(text: str) -> Any:
    """The file as an editor with YAML's own types sees it: numbers and flags typed, keys and dates as text."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {str(key): plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value.isoformat() if isinstance(value, date) else value

    return plain(yaml.safe_load(text))


WORKED = sorted((ROOT / "ledger" / "deals").glob("**/*.yaml"))


def test_there_are_worked_deals_to_try_the_schemas_on() -> None:
    assert {path.name for path in WORKED} >= {"deal.yaml", "boarding.yaml"}


@pytest.mark.parametrize("path", WORKED, ids=lambda path: str(path.relative_to(ROOT / "ledger" / "deals")))
def test_schemas_accept_what_loads(path: Path) -> None:
    boarding = path.name == "boarding.yaml"
    schema = deal_file.boarding_json_schema() if boarding else deal_file.json_schema()
    (deal_file.load_boarding if boarding else deal_file.load)(path.read_bytes(), path.name)

    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(as_an_editor_reads(path.read_text(encoding="utf-8"))))

    assert errors == []


@pytest.mark.parametrize("change", [
    {"trigers": {}},
    {"title": None},
    {"currency": "dollars"},
    {"waterfall": []},
    {"tranches": {"A": {"orginal_balance": 5}}},
    {"dates": {"distribution": {"day": 32}}},
    {"reported": {"sofr": {"missing": 0}}},
    {"tables": {"plan": {"1": 5}}},
    {"triggers": {"late": {"curable": False}}},
], ids=lambda change: next(iter(change)))  # fmt: skip
def test_schema_refuses_what_does_not_load(change: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(deal_file.json_schema())
    good = as_an_editor_reads(SMALL)

    assert validator.is_valid(good)
    assert not validator.is_valid({**good, **change})


def test_schemas_are_schemas() -> None:
    jsonschema.Draft202012Validator.check_schema(deal_file.json_schema())
    jsonschema.Draft202012Validator.check_schema(deal_file.boarding_json_schema())


def test_boarding_schema_knows_the_sections_of_a_boarding_file() -> None:
    properties = deal_file.boarding_json_schema()["properties"]

    assert set(properties) == {"last_distribution", "period", "pool", "pools", "tranches", "accounts", "fees", "ledgers", "triggers", "previous"}
