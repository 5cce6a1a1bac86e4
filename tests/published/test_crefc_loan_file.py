"""The same real month from the loan file itself: the Loan Periodic Update as it was sent, as a workbook and as CSV, in; the administrator's bond file out."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from decimal import Decimal

import pytest

from ledger import service
from ledger.core.problems import ProblemsFound
from ledger.core.statement import Statement
from ledger.reports.crefc import COLUMNS, to_crefc
from ledger.service.remittances import Remitted
from ledger.store.engine import Store
from tests.conftest import shared
from tests.published.test_crefc import CENT, DEAL, EXCEPTIONS, FOLDER, REAL, STATIC, by_class, loans, same, total

FORMS = pytest.mark.parametrize("form", ["xlsx", "csv"])


def loan_file(form: str) -> tuple[bytes, str]:
    """The file as the servicer sent it; the CSV was made from the workbook, and given a header that no such file has."""
    name = f"loan_periodic_update.{form}"
    sent = shared(f"{REAL}/{name}").read_bytes()
    return (sent.partition(b"\n")[2] if form == "csv" else sent), name


def beside() -> bytes:
    """What the deal is told beside the loans: one day of their net interest, and the special servicer's fees."""
    rows = loans()
    a_day = sum((Decimal(row["beginning_scheduled_balance"]) * Decimal(row["net_rate"]) / 360 for row in rows), Decimal(0)).quantize(CENT)
    fees = total(rows, "special_servicing_fee_plus_adj")
    header = "distribution_date,kind,subject,value\n"
    return f"{header}2018-01-06,reported,withheld_interest,{a_day}\n2018-01-06,reported,special_servicing_fee,{fees}\n".encode()


def boarded(store: Store) -> None:
    text = {name: (FOLDER / f"{name}.yaml").read_bytes() for name in ("deal", "boarding")}
    service.open_deal(store, text["deal"], "deal.yaml", boarding=(text["boarding"], "boarding.yaml"), actor="tester")


def remitted(store: Store, form: str) -> Remitted:
    body, name = loan_file(form)
    (month,) = service.remit(store, DEAL, body, name, format_="crefc-lpu", accept=["incomplete"], actor="tester")
    service.remit(store, DEAL, beside(), "beside.csv", source_name="administrator", actor="tester")
    return month


def distributed(store: Store, form: str) -> tuple[Remitted, Statement]:
    boarded(store)
    month = remitted(store, form)
    assert service.distribute(store, DEAL, actor="tester").problems == ()
    return month, service.statement(store, DEAL)


@FORMS
def test_loan_file_gives_the_administrators_bond_file(sqlite: str, form: str) -> None:
    with closing(Store(sqlite)) as store:
        _, statement = distributed(store, form)
    with shared(f"{REAL}/bond_level.csv").open(encoding="utf-8", newline="") as file:
        theirs = by_class(iter(list(csv.reader(file))[1:]))

    ours = by_class(csv.reader(io.StringIO(to_crefc(statement).decode())))
    differing = {(name, column) for name, row in theirs.items() for column in COLUMNS if column not in STATIC and not same(ours[name][column], row[column])}
    assert ours.keys() == theirs.keys()
    assert differing == EXCEPTIONS.keys()


@FORMS
def test_loans_add_up_to_what_the_report_says_of_them(sqlite: str, form: str) -> None:
    with closing(Store(sqlite)) as store:
        month, statement = distributed(store, form)

    pool = statement.items("pool")
    assert month.report is not None
    assert month.report.outcomes == {"new": 65}
    assert month.report.warnings == []
    assert month.report.columns == {}
    assert statement.text(pool["scheduled_principal"]) == "508486.85"
    assert statement.text(pool["interest"]) == "3745970.22"
    assert statement.text(pool["fee_retained"]) == "14842.78"  # each loan's net interest is rounded, as the servicer rounds it
    assert statement.text(pool["closing_balance"]) == "947573801.20"
    assert statement.text(statement.items("deal")["net_interest"]) == "3610768.49"
    assert statement.text(statement.items("interest_reserve")["closing_balance"]) == "120358.95"


def test_workbook_and_csv_say_the_same(sqlite: str) -> None:
    with closing(Store(sqlite)) as store:
        boarded(store)
        files = [loan_file(form) for form in ("xlsx", "csv")]
        months = [service.remit(store, DEAL, *file, format_="crefc-lpu", accept=["incomplete"], actor="tester", dry_run=True) for file in files]
        reports = [month.report for (month,) in months]

    assert reports[0] == reports[1]
    assert reports[0] is not None


def test_files_name_without_its_alias_is_another_deals(sqlite: str) -> None:
    text = {name: (FOLDER / f"{name}.yaml").read_text() for name in ("deal", "boarding")}
    body, name = loan_file("csv")
    with closing(Store(sqlite)) as store:
        deal = text["deal"].replace("aliases: [CGCMT15GC33]\n", "").encode()
        service.open_deal(store, deal, "deal.yaml", boarding=(text["boarding"].encode(), "boarding.yaml"), actor="tester")
        with pytest.raises(ProblemsFound, match=r"the file is of CGCMT15GC33, this deal is CCMT15GC33; .*aliases"):
            service.remit(store, DEAL, body, name, format_="crefc-lpu", accept=["incomplete"], actor="tester")


def test_loan_file_in_csv_is_known_by_its_first_line(sqlite: str) -> None:
    body, name = loan_file("csv")
    with closing(Store(sqlite)) as store:
        boarded(store)
        (month,) = service.remit(store, DEAL, body, name, accept=["incomplete"], actor="tester", dry_run=True)

    assert month.report is not None
    assert month.report.format == "crefc-lpu/1"
