"""What the models of a file refuse, in the words of the file: each error with the path of its place, the value, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ledger.core.deal import Model
from ledger.core.problems import Path, Problem, nearest


def refusal(details: ErrorDetails, model: type[Model], value: Any) -> Problem:
    """One error of a model as a problem with its path; a field that is missing or unknown ends the path."""
    path = path_in(value, details["loc"])
    context: Mapping[str, Any] = details.get("ctx", {})
    match details["type"]:
        case "formula":
            return Problem(context["fact"], context["remedy"], path=path, offset=context["offset"])
        case "extra_forbidden":
            known = sorted(fields(model, path[:-1]))
            return Problem(f"`{path[-1]}` is not a field here", nearest(str(path[-1]), known) or f"the fields are {', '.join(known)}", path=path)
        case "missing":
            return Problem(f"`{details['loc'][-1]}` is missing", "add it", path=(*path, details["loc"][-1]))
        case "literal_error":
            options = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            given = str(details["input"])
            return Problem(f"`{given}` is not one of {', '.join(options)}", nearest(given, options) or "write one of them", path=path)
        case kind:
            fact, remedy = _fact(kind, details["input"], context, details["msg"])
            if isinstance(details["input"], list) and path[-1:] == ("to",):
                remedy = "say how its members share: `{sequential: [...]}` or `{pro_rata: [...]}`"
            return Problem(fact, remedy, path=path)


def _fact(kind: str, given: Any, context: Mapping[str, Any], message: str) -> tuple[str, str]:
    """(fact, remedy) of a value of a wrong shape."""
    if kind == "value_error":
        fact, _, remedy = message.removeprefix("Value error, ").partition("; ")
        return fact, remedy
    shown = f"`{given[:60]}{'...' * (len(given) > 60)}`" if isinstance(given, str) else "a list" if isinstance(given, list) else "a mapping"
    fact, remedy = _SHAPES.get(kind, (message, ""))
    return f"{shown} {fact}", remedy.format_map(context)


_NEEDS_FIELDS = ("stands where fields are needed", "write `field: value` lines, or `{{}}` for none")
_NEEDS_LIST = ("stands where a list is needed", "write `[first, second]`")
_SHAPES: Mapping[str, tuple[str, str]] = {
    "int_parsing": ("is not a whole number", "write digits only"),
    "int_type": ("stands where a whole number is needed", "write digits only"),
    "greater_than_equal": ("is too small", "the least is {ge}"),
    "less_than_equal": ("is too large", "the most is {le}"),
    "bool_parsing": ("is neither true nor false", "write true or false"),
    "bool_type": ("is neither true nor false", "write true or false"),
    "string_too_long": ("is too long", "write at most {max_length} characters"),
    "string_type": ("stands where one word or text is needed", "write it on one line, quoted where it has a colon"),
    "too_short": ("is empty", "list at least one"),
    "model_type": _NEEDS_FIELDS,
    "model_attributes_type": _NEEDS_FIELDS,
    "dict_type": _NEEDS_FIELDS,
    "tuple_type": _NEEDS_LIST,
    "list_type": _NEEDS_LIST,
}
"""What the models' errors of each kind mean: (fact after the value, remedy with the limits of the error)."""


def near_field(model: type[Model], path: Path) -> Path | None:
    """The path with the known field that its last word was probably meant to be."""
    known = fields(model, path[:-1])
    near = get_close_matches(str(path[-1]), known, n=1) if path else []
    return (*path[:-1], near[0]) if near else None


def path_in(value: Any, location: Path) -> Path:
    """The part of an error's location that is in the file; the rest names validators, or what a short form leaves out."""
    path: list[str | int] = []
    for element in location:
        if element in value if isinstance(value, dict) else isinstance(value, list) and isinstance(element, int) and element < len(value):
            value = value[element]
            path.append(element)
    return tuple(path)


# Which fields a place has ------------------------------------------------------------------------------------------------


def fields(model: type[Model], path: Path) -> set[str]:
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
