"""Deal files and boarding files: text in, terms or every problem out, each with line, column and caret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from ledger.core.compiler import compile_deal
from ledger.core.deal import Boarding, Deal, Model
from ledger.core.formula import Formula, FormulaError
from ledger.core.problems import Problem, ProblemsFound, nearest
from ledger.core.terms import Terms
from ledger.files import formula_text, yaml_text
from ledger.files.yaml_text import Document

M = TypeVar("M", bound=Model)


def load(source: bytes, name: str) -> Terms:
    """A deal file as terms that run. Raises ProblemsFound with everything that is wrong, each placed `name:line:column`."""
    document = yaml_text.read(source, name)
    deal = _model(document, Deal)
    try:
        return compile_deal(deal)
    except ProblemsFound as found:
        raise ProblemsFound(map(document.placed, found.problems)) from None


def load_boarding(source: bytes, name: str) -> Boarding:
    """A boarding file by itself; whether it fits its deal is for `ledger.core.opening`. Raises ProblemsFound as `load` does."""
    return _model(yaml_text.read(source, name), Boarding)


def placed(problems: Iterable[Problem], source: bytes, name: str) -> list[Problem]:
    """Problems that were found later, with their places in the file."""
    document = yaml_text.read(source, name)
    return [document.placed(problem) for problem in problems]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a deal file, for editors that check while one types."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Deal.model_json_schema()}


def boarding_json_schema() -> dict[str, Any]:
    """The JSON Schema of a boarding file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Boarding.model_json_schema()}


# From values to a model ------------------------------------------------------------------------------------------------


def _model(document: Document, model: type[M]) -> M:
    try:
        return model.model_validate(document.value, context={"parse": _parse})
    except ValidationError as error:
        problems = [_problem(details, model, document.value) for details in error.errors(include_url=False)]
        raise ProblemsFound(sorted_by_place(map(document.placed, problems))) from None


def sorted_by_place(problems: Iterable[Problem]) -> list[Problem]:
    """In the order of the file, each said once."""

    def key(problem: Problem) -> tuple[int, ...]:
        return tuple(int(part) for part in problem.place.split(":")[1:] if part.isdigit())

    return sorted(dict.fromkeys(problems), key=key)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Formula:
    """A formula, whose error is told in a way that the model's error keeps."""
    try:
        return formula_text.parse(text)
    except FormulaError as error:
        raise PydanticCustomError("formula", "{fact}", {"fact": error.fact, "remedy": error.remedy, "offset": error.at}) from None


def _problem(details: ErrorDetails, model: type[Model], value: Any) -> Problem:
    """What a model refused, in the words of a deal file."""
    path = _path(details["loc"], value)
    context: Mapping[str, Any] = details.get("ctx", {})
    given = details["input"]
    match details["type"]:
        case "formula":
            return Problem(context["fact"], context["remedy"], path=path, offset=context["offset"])
        case "extra_forbidden":
            known = sorted(_fields(model, path[:-1]))
            return Problem(f"`{path[-1]}` is not a field here", nearest(str(path[-1]), known) or f"the fields are {', '.join(known)}", path=path)
        case "missing":
            return Problem(f"`{details['loc'][-1]}` is missing", "add it", path=path)
        case "literal_error":
            options = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            return Problem(f"`{given}` is not one of {', '.join(options)}", nearest(str(given), options), path=path)
        case kind:
            fact, remedy = _fact(kind, given, context, details["msg"])
            return Problem(fact, remedy, path=path)


def _fact(kind: str, given: Any, context: Mapping[str, Any], message: str) -> tuple[str, str]:
    """(fact, remedy) of a value that has the wrong shape."""
    if given is None:
        return "nothing is written here", "give a value, or `{}` for no fields"
    shown = f"`{given}`" if isinstance(given, str) else "a list" if isinstance(given, list) else "a mapping"
    match kind:
        case "value_error":
            return message.removeprefix("Value error, "), ""
        case "int_parsing" | "int_type" | "int_from_float":
            return f"{shown} is not a whole number", "write digits only"
        case "greater_than_equal" | "less_than_equal":
            return f"{shown} is out of range", f"it is at {'least' if kind[0] == 'g' else 'most'} {context.get('ge', context.get('le'))}"
        case "bool_parsing" | "bool_type":
            return f"{shown} is neither true nor false", "write true or false"
        case "string_pattern_mismatch":
            return f"{shown} cannot be a name here", f"it must match {context['pattern']}"
        case "string_too_long":
            return f"the text has more than {context['max_length']} characters", "shorten it"
        case "string_type":
            return f"{shown} stands where a word is needed", "write one word, or quote the text"
        case "too_short":
            return "nothing is listed here", "list at least one"
        case "model_type" | "model_attributes_type" | "dict_type" | "mapping_type":
            return f"{shown} stands where fields are needed", "write `field: value` lines, or `{}` for none"
        case "tuple_type" | "list_type":
            return f"{shown} stands where a list is needed", "write `[first, second]`"
        case _:
            return f"{shown}: {message}", ""


def _path(location: tuple[str | int, ...], value: Any) -> tuple[str | int, ...]:
    """The part of an error's location that is in the file; the rest names validators. A field that is missing or unknown ends it."""
    path: list[str | int] = []
    for element in location:
        inside = _element(value, element)
        if inside is not None:
            path.append(element)
            value = inside[0]
    return tuple(path)


def _element(value: Any, element: str | int) -> tuple[Any] | None:
    if isinstance(value, dict) and element in value:
        return (value[element],)
    if isinstance(value, list) and isinstance(element, int) and element < len(value):
        return (value[element],)
    return None


# Which fields a place has ------------------------------------------------------------------------------------------------


def _fields(model: type[Model], path: tuple[str | int, ...]) -> set[str]:
    """The names of all fields that may stand at a path of a file."""
    kinds: list[Any] = [model]
    for element in path:
        kinds = [inner for kind in kinds for inner in _inside(kind, element)]
    return {field.alias or name for kind in kinds if _is_model(kind) for name, field in kind.model_fields.items()}


def _inside(kind: Any, element: str | int) -> Iterator[Any]:
    """The types that an element of a value of this type can have."""
    if _is_model(kind):
        fields = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
        if element in fields:
            yield from _alternatives(fields[element])
    elif get_origin(kind) is dict:
        yield from _alternatives(get_args(kind)[1])
    elif get_origin(kind) is tuple:
        yield from _alternatives(get_args(kind)[0])


def _alternatives(kind: Any) -> Iterator[Any]:
    """A type without annotations, and each member of a union."""
    if get_origin(kind) is Annotated:
        yield from _alternatives(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for member in get_args(kind):
            yield from _alternatives(member)
    else:
        yield kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
