"""The sections of ESMA's investor report, field by field beside the statement that they are drawn from."""

from __future__ import annotations

import csv
import io

from ledger.reports.esma import IVSF, IVSR, IVSS, to_esma
from tests.reports.statements import statement


def rows(name: str, month: int = 2) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_esma(statement(month))[name].decode())))


def test_section_of_the_securitisation_has_each_field_once_in_order() -> None:
    found = rows("IVSS.csv")

    assert [row["field"] for row in found] == [f"IVSS{number}" for number in range(1, 29)]
    assert [row["name"] for row in found] == list(IVSS)


def test_fields_of_the_securitisation_are_the_statements_figures() -> None:
    found = {row["field"]: row["value"] for row in rows("IVSS.csv")}

    assert (found["IVSS1"], found["IVSS2"], found["IVSS12"]) == ("HARBOUR-1", "2025-02-28", "Y")
    # March brings 5,000 of principal and 5,000 of interest, and charges off 7,000; nothing is left for the residual class
    assert (found["IVSS16"], found["IVSS17"], found["IVSS19"], found["IVSS24"]) == ("5000.00", "5000.00", "0.00", "7000.00")
    assert found["IVSS4"] == ""


def test_each_test_has_its_threshold_and_its_actual_value() -> None:
    (late,) = rows("IVSR.csv")

    assert len(late) == len(IVSR)
    assert (late["IVSR2"], late["IVSR4"], late["IVSR5"], late["IVSR6"], late["IVSR7"]) == ("late", "delinquent > 1_000", "1000.00", "1500.00", "Y")


def test_cash_flows_are_the_flow_of_funds_with_what_is_left() -> None:
    found, shown = rows("IVSF.csv"), statement(2)

    assert len(found[0]) == len(IVSF)
    assert [row["IVSF5"] for row in found] == [f"{line.amount / 100:.2f}" for line in shown.flow_of_funds]
    assert [row["IVSF6"] for row in found] == ["ND5" if line.left is None else f"{line.left / 100:.2f}" for line in shown.flow_of_funds]


def test_deal_without_triggers_has_no_tests() -> None:
    shown = statement(0)

    assert to_esma(shown)["IVSR.csv"].decode().splitlines() == [",".join(f"IVSR{number}" for number in range(1, 11))]
