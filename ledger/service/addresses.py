"""Whose file this is: the deal that a remittance names in its own `deal` column, by id or by alias."""

from __future__ import annotations

from ledger.core.problems import Problem, ProblemsFound, nearest
from ledger.files import csv_text, remittance
from ledger.service.terms import terms_of
from ledger.store.projections import Reader


class Addresses:
    """Every name that the deals of a database go by. Read once."""

    def __init__(self, reader: Reader) -> None:
        self.deals: dict[str, set[str]] = {}
        for row in reader.deals():
            for name in (row.name, *terms_of(reader, row.name)[0].deal.aliases):
                self.deals.setdefault(name, set()).add(row.name)

    def deal_of(self, source: bytes, name: str) -> str:
        """The id in the books of the deal that a file names in its first row. Raises ProblemsFound where it names none, or several go by that name."""
        first = next(csv_text.read(source, name, remittance.COLUMNS, remittance.REQUIRED), None)
        said = first.cells.get("deal", "") if first else ""
        if not said:
            raise ProblemsFound([Problem("the file does not say whose it is", "add a `deal` column, or remit it to its deal by name", place=name)])
        found = sorted(self.deals.get(said, ()))
        if len(found) == 1:
            return found[0]
        fact = f"`deal` is {said}, which {' and '.join(found)} go by" if found else f"`deal` is {said}, and no deal goes by that name"
        remedy = "remit the file to its deal by name" if found else nearest(said, self.deals) or "open the deal first, or list the name under its `aliases`"
        raise ProblemsFound([Problem(fact, remedy, place=f"{name}:2")])
