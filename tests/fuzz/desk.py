"""Where damaged files are handed in: books on SQLite that are put back as they were after whatever was accepted, and one reader for each sort of file."""

from __future__ import annotations

import io
import json
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from hypothesis import strategies as st

from ledger import service
from ledger.core.formula import FormulaError
from ledger.core.opening import open_books
from ledger.core.problems import Problem, ProblemsFound
from ledger.files import deal_file, formula_text
from ledger.reports.crefc import to_crefc
from ledger.reports.json import to_json
from ledger.service import timestamps
from ledger.store import keys, tables, timestamp
from ledger.store.engine import Store
from tests.conftest import ROOT
from tests.core.test_worked_example import DEAL
from tests.fuzz.damage import damaged, rehashed, tampered_json
from tests.fuzz.database_files import hostile_schemas, with_other_bytes, with_other_rows
from tests.service import example, trust

SECONDS = 10
"""After which a reader that has not answered hangs."""
FORMULAS = (
    b"min(pool.balance * (1 - 4.25%), 2_500_000)", b"if senior_test.failed then 0 else max(rest, A.interest_due + 0.5 * B.balance) / 12",
    b"2024-01-30 <= period and not flag",
)  # fmt: skip


BOOKS = [table for table in tables.metadata.sorted_tables if table.name not in ("evidence", "evidence_part", "arrival")]


class Hangs(BaseException):
    """A reader took longer than `SECONDS`; no `except Exception` holds it back."""


@contextmanager
def in_time() -> Iterator[None]:
    def ring(_number: int, _frame: Any) -> None:
        raise Hangs(f"no answer within {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def refusal(read: Callable[[], object]) -> tuple[Problem, ...] | None:
    """The problems with which something is refused, at least one and each with its fact; None where it is accepted."""
    try:
        read()
    except ProblemsFound as found:
        problems = found.problems
    else:
        return None
    assert problems
    assert all(problem.fact for problem in problems)
    return problems


class Books:
    """A database that can be put back to what it was when it was made."""

    def __init__(self, folder: Path, fill: Callable[[Store], object]) -> None:
        self.path, self._kept = folder / "books.db", folder / "kept.db"
        self.store = Store(f"sqlite:///{self.path}")
        self.store.upgrade()
        fill(self.store)
        self._copy(self.path, self._kept)
        self.bytes, self._books = self.contents(), self._rows()

    def contents(self) -> bytes:
        """Every byte of the database as a reader sees it."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.serialize()

    def put_back(self) -> None:
        self._copy(self._kept, self.path)
        self.bytes = self.contents()

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as given, closing(sqlite3.connect(target)) as taking:
            given.backup(taking)

    def _rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of the books themselves, without the files that are kept beside them."""
        with closing(sqlite3.connect(self.path)) as connection:
            return {table.name: connection.execute(f"SELECT * FROM {table.name}").fetchall() for table in BOOKS}

    def hand_in(self, write: Callable[[Store], object]) -> None:
        """What is refused leaves nothing behind; what is accepted is taken back."""
        if refusal(lambda: write(self.store)) is None:
            self.put_back()
        else:
            assert self.contents() == self.bytes

    def hand_in_a_file(self, write: Callable[[Store], object]) -> None:
        """A file that is refused may be kept, as such, beside the books: they are as they were."""
        if refusal(lambda: write(self.store)) is not None:
            assert self._rows() == self._books
        if self.contents() != self.bytes:
            self.put_back()


class Reader(NamedTuple):
    """A sort of file: how it is damaged, and who reads it. `read` raises nothing, whatever it is given."""

    files: st.SearchStrategy[bytes]
    read: Callable[[bytes], object]


def _refused_or_read(read: Callable[[bytes], object]) -> Callable[[bytes], object]:
    return lambda source: refusal(lambda: read(source))


def _formula(source: bytes) -> None:
    with suppress(FormulaError):
        formula_text.parse(source.decode("utf-8", "surrogateescape"))


def catalogue(folder: str, ending: str) -> list[bytes]:
    """The files of the error catalogue, which reach further into the checks than any that is right."""
    return [path.read_bytes() for path in sorted((ROOT / "tests" / "errors" / folder).rglob(f"*{ending}"))]


def deals() -> list[bytes]:
    worked = [path.read_bytes() for path in sorted((ROOT / "ledger" / "deals").glob("*/deal.yaml"))]
    return [DEAL.encode(), trust.DEAL.encode(), *worked, *catalogue("deal_file", ".yaml")]


def _example(store: Store) -> None:
    example.months(store, 2)
    example.remit(store, example.MONTHS[2])


def readers(folder: Path) -> dict[str, Reader]:
    """Every reader of the product, by the name of what it reads."""
    return {**_of_files(), **_of_months(folder), **_of_logs(folder), **_of_published(folder), **_of_keys(), **_of_backups(folder), **_of_runs(folder)}


def _made(folder: Path, name: str, fill: Callable[[Store], object]) -> Books:
    (folder / name).mkdir()
    return Books(folder / name, fill)


def _of_files() -> dict[str, Reader]:
    terms = deal_file.load(DEAL.encode(), "deal.yaml")
    boarding = [path.read_bytes() for path in sorted((ROOT / "ledger" / "deals").rglob("boarding.yaml"))] + catalogue("boarding_file", ".yaml")
    branding = b'name: Harbour Trust\nlogo: logo.svg\ncontact: ["1 Quay", "+1 555"]\ndisclaimer: Unaudited.\nsections: [summary]\naccent: "#1f3a5f"\n'
    logo = b'<svg xmlns="http://www.w3.org/2000/svg"><style>.a{fill:url(#b)}</style><path d="M0 0h9" onclick="x()"/><use href="#c"/></svg>'
    return {
        "deal-file": Reader(damaged(deals()), _refused_or_read(lambda source: service.check_deal(source, "deal.yaml"))),
        "boarding-file": Reader(damaged(boarding), _refused_or_read(lambda source: open_books(terms, deal_file.load_boarding(source, "boarding.yaml")))),
        "formula": Reader(damaged(FORMULAS), _formula),
        "template": Reader(damaged([branding]), _refused_or_read(lambda source: service.branding(source, "template.yaml", lambda _name: logo))),
        "logo": Reader(damaged([logo]), _refused_or_read(lambda source: service.branding(branding, "template.yaml", lambda _name: source))),
    }


def _of_months(folder: Path) -> dict[str, Reader]:
    def remitted(name: str, deal: str) -> Reader:
        home = ROOT / "tests" / "errors" / "remittance" / name
        books = _made(folder, f"remittance-{name}", lambda store: _with_history(store, home))
        return Reader(
            damaged([path.read_bytes() for path in sorted(home.glob("*.csv"))]),
            lambda source: books.hand_in_a_file(lambda store: service.remit(store, deal, source, "month.csv", actor="servicer", accept=["incomplete"])),
        )

    corrected = _made(folder, "correction", _example)
    floating = _made(folder, "rates", trust.open_trust)
    corrections = [
        b"corrects,distribution_date,kind,value\n11:10,,,4700.00\n10:11,,,\n,2025-02-15,interest,1.00\n", b"corrects,kind,value\n4:2,interest,5\n",
        *catalogue("correction", ".csv"),
    ]  # fmt: skip
    fixings = [b"index,date,rate\nSOFR-30D-AVG,2025-02-21,4.30%\nSOFR-30D-AVG,2025-03-21,0.0425\n"]
    return {
        **{f"remittance-of-{name}": remitted(name, deal) for name, deal in _catalogued().items()},
        "correction": Reader(
            damaged(corrections),
            lambda source: corrected.hand_in_a_file(
                lambda store: service.correct(store, example.NAME, source, "correction.csv", reason="wrong", actor="checker")
            ),
        ),
        "index-fixings": Reader(
            damaged(fixings), lambda source: floating.hand_in_a_file(lambda store: service.fix_rates(store, source, "rates.csv", actor="t"))
        ),
    }


def _catalogued() -> dict[str, str]:
    homes = sorted((ROOT / "tests" / "errors" / "remittance").iterdir())
    return {home.name: service.check_deal((home / "deal.yaml").read_bytes(), "deal.yaml").deal.deal for home in homes}


def _with_history(store: Store, home: Path) -> None:
    deal = service.open_deal(store, (home / "deal.yaml").read_bytes(), "deal.yaml", actor="t").deal
    if (home / "history.csv").exists():
        service.remit(store, deal, (home / "history.csv").read_bytes(), "history.csv", source_name="history", actor="t")
        service.distribute(store, deal, actor="t")


def _of_logs(folder: Path) -> dict[str, Reader]:
    home = _made(folder, "home", _example)
    service.publish(home.store, example.NAME, example.MONTHS[0], actor="trustee")
    bundle = io.BytesIO()
    service.export_bundle(home.store, example.NAME, bundle)
    bundles = [bundle.getvalue()]
    empty = _made(folder, "empty", lambda _store: None)
    seals = [json.dumps(service.seal_log(home.store, example.NAME)).encode()]
    proofs = [json.dumps(service.prove(home.store, example.NAME, 2, 3)).encode()]

    def taken(source: bytes) -> None:
        empty.hand_in(lambda store: service.import_bundle(store, io.BytesIO(source), "a.bundle"))

    def sealed(source: bytes) -> object:
        return service.verify(home.store, example.NAME, service.Anchor(source.decode("utf-8", "replace"), "a.seal"))

    def proven(source: bytes) -> object:
        return service.check_proof(source.decode("utf-8", "replace"), "a.proof")

    return {
        "bundle": Reader(damaged(bundles), taken),
        "bundle-with-hashes-that-fit": Reader(rehashed(bundles), taken),
        "seal": Reader(st.one_of(damaged(seals), tampered_json(seals)), _refused_or_read(sealed)),
        "proof": Reader(st.one_of(damaged(proofs), tampered_json(proofs)), _refused_or_read(proven)),
    }


def _of_published(folder: Path) -> dict[str, Reader]:
    """What a trust published, in each form that is compared with the books."""
    home = _made(folder, "published", _example)
    published = [b"distribution_date,subject,item,amount,note\n2025-02-15,A,interest_paid,4000.00,\n2025-03-15,deal,failed,yes,derived\n", *_published()]
    tolerated = [b"distribution_date,subject,item,difference,reason\n2025-02-15,A,interest_paid,-0.01,rounded\n"]
    stated = [to_json(service.statement(home.store, example.NAME))]
    bond_level = [to_crefc(service.statement(home.store, example.NAME))]

    def compared(published: bytes, tolerated: bytes) -> object:
        return service.reconcile(home.store, example.NAME, (published, "published.csv"), (tolerated, "tolerated.csv"))

    def read(source: bytes) -> object:
        return compared(source, tolerated[0])

    return {
        "published-figures": Reader(damaged(published), _refused_or_read(read)),
        "published-statement": Reader(st.one_of(damaged(stated), tampered_json(stated)), _refused_or_read(read)),
        "published-bond-level": Reader(damaged(bond_level), _refused_or_read(read)),
        "tolerated-differences": Reader(damaged(tolerated), _refused_or_read(lambda source: compared(published[0], source))),
    }


def _published() -> Sequence[bytes]:
    return [path.read_bytes()[:2_000] for path in sorted((ROOT / "ledger" / "deals").rglob("published.csv"))][:3]


def _of_keys() -> dict[str, Reader]:
    """Keys, certificates and replies of a time stamp authority, which other libraries read."""
    made = ROOT / "tests" / "timestamps"
    roots, replies = (made / "roots.pem").read_bytes(), [path.read_bytes() for path in sorted(made.glob("*.reply"))]
    message = timestamps.stamped_bytes(json.loads((made / "cove.seal").read_text(encoding="utf-8")))
    return {
        "private-key": Reader(damaged(_pems()), _refused_or_read(keys.read_private)),
        "public-key": Reader(damaged([*_pems(), roots]), _refused_or_read(keys.read_public)),
        "timestamp-reply": Reader(
            st.one_of(with_other_bytes(replies[0]), damaged(replies)), _refused_or_read(lambda reply: timestamp.vouched_time(reply, message, roots))
        ),
        "timestamp-roots": Reader(damaged([roots]), _refused_or_read(lambda pem: timestamp.vouched_time(replies[0], message, pem))),
    }


def _pems() -> list[bytes]:
    """Private and public keys of Ed25519 and of what is none, the private ones also behind a password; always the same."""
    private: list[ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey] = [
        ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)),
        x25519.X25519PrivateKey.from_private_bytes(bytes(32)),
        ec.derive_private_key(7, ec.SECP256R1()),
    ]
    locks: list[serialization.KeySerializationEncryption] = [serialization.NoEncryption(), serialization.BestAvailableEncryption(b"word")]
    form, public_form = serialization.PrivateFormat.PKCS8, serialization.PublicFormat.SubjectPublicKeyInfo
    return [
        *(key.private_bytes(serialization.Encoding.PEM, form, lock) for key in private for lock in locks),
        *(key.public_key().public_bytes(serialization.Encoding.PEM, public_form) for key in private),
    ]


def _of_backups(folder: Path) -> dict[str, Reader]:
    """Files that are handed in as a backup: none of what they say runs, and none is restored in part."""
    home, empty = _made(folder, "backed-up", _example), _made(folder, "restored", lambda _store: None)
    service.publish(home.store, example.NAME, example.MONTHS[0], actor="trustee")
    path, given = folder / "good.db", folder / "given.db"
    service.backup(home.store, path)
    good = path.read_bytes()

    def restored(source: bytes) -> None:
        given.write_bytes(source)
        empty.hand_in(lambda store: service.restore(store, given))
        assert [left.name for left in folder.glob("given.db?*")] == []

    return {
        "backup-of-other-bytes": Reader(with_other_bytes(good), restored),
        "backup-of-other-rows": Reader(with_other_rows(good), restored),
        "backup-of-another-schema": Reader(st.sampled_from(hostile_schemas(good)), restored),
    }


def _of_runs(folder: Path) -> dict[str, Reader]:
    """Deal files that are accepted are also run: opened, remitted to, distributed, printed and verified."""
    books = _made(folder, "run", lambda _store: None)
    month = b"distribution_date,kind,value\n2025-02-15,interest,4600.00\n2025-02-15,scheduled_principal,6000.00\n2025-02-15,prepayment,14000.00\n"

    def run(source: bytes) -> None:
        def write(store: Store) -> None:
            deal = service.open_deal(store, source, "deal.yaml", actor="t").deal
            with suppress(ProblemsFound):  # the deal is open, and this month need not be its own
                service.remit(store, deal, month, "month.csv", actor="t", accept=["incomplete"])
                service.distribute(store, deal, actor="t")
            service.statement(store, deal)
            assert service.verify(store, deal).problems == ()

        books.hand_in(write)

    amended = _made(folder, "amended", _example)

    def amend(source: bytes) -> None:
        amended.hand_in(
            lambda store: service.correct_terms(
                store, example.NAME, source, "deal.yaml", effective=example.MONTHS[0], reason="wrong", treatment="reopen", actor="checker"
            )
        )

    return {"deal-that-is-run": Reader(damaged([DEAL.encode()]), run), "deal-that-is-corrected": Reader(damaged([DEAL.encode()]), amend)}
