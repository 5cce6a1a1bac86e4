"""Proving the books: the chain recomputed, every distribution run again from the log and compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.core.distribution import RULES, Distribution, encode_state
from ledger.core.problems import Problem, ProblemsFound
from ledger.core.processor import distribute as run_period
from ledger.core.settlement import settled
from ledger.core.terms import Terms
from ledger.service.actors import Proof, proof_of
from ledger.service.approvals import approval_problems
from ledger.service.books import Months, closings
from ledger.service.lives import life_problems
from ledger.service.proof import Anchor, seal_problems
from ledger.service.publications import published_problems
from ledger.service.terms import Versions
from ledger.store import seal
from ledger.store.books import DistributionRow
from ledger.store.engine import Store
from ledger.store.evidence import Checked
from ledger.store.evidence import check as check_evidence
from ledger.store.evidence_key import EvidenceKey
from ledger.store.projections import Reader
from ledger.store.verify import verify as verify_books
from ledger.store.verify_actors import check_acts
from ledger.store.verify_books import orphans


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found of one deal: commits and events whose hashes agree, periods that replayed the same, and all that does not.

    `is_anchored` says that a seal from outside the database agrees: the log alone cannot show that its end was cut off, head and all. `stamped_at` is the
    time by which the seal existed, where a time stamp authority that is trusted vouches for it. `proof` says how far the commits prove who made them,
    `evidence` how many files are kept and how many of them were read.
    """

    deal: str
    position: int
    head: str
    periods: int
    problems: tuple[Problem, ...]
    is_anchored: bool = False
    stamped_at: datetime | None = None
    proof: Proof = Proof()
    evidence: Checked = Checked()


def verify(store: Store, deal: str, anchor: Anchor | None = None, *, all_evidence: bool = False) -> Verified:
    """Recompute the chain, then every distribution from the log, and compare; look at the triggers that forbid change, and for rows of no deal.

    `anchor` is a seal that was kept outside the database. The files that are kept are compared with their digests: small ones, or all that the store's key
    opens where `all_evidence` is asked for. Raises ProblemsFound for a file that is no seal.
    """
    with store.reading() as reader:
        return verify_in(reader, deal, store.check(), anchor, evidence_key=store.evidence_key, all_evidence=all_evidence)


def verify_in(
    reader: Reader,
    deal: str,
    of_database: Sequence[Problem],
    anchor: Anchor | None = None,
    *,
    evidence_key: EvidenceKey | None = None,
    all_evidence: bool = False,
) -> Verified:
    """`verify` as a reader sees the books, which may be in the middle of a transaction. `of_database` is what is wrong with the database itself."""
    problems = [*of_database, *orphans(reader.connection), *check_acts(reader.connection), *verify_books(reader, deal)]
    problems += seal_problems(reader, deal, anchor) if anchor else []
    if problems:
        return Verified(deal, 0, "", 0, tuple(problems))
    head = reader.head(deal)
    versions = Versions(reader, deal)
    rows = reader.distributions(deal)
    replay = _Replay(reader, versions, rows)
    problems = [problem for row in rows for problem in replay.problems(row)]
    # A statement that is drawn again rests on the lives that are kept.
    problems += list(life_problems(reader, deal)) or published_problems(reader, versions)
    problems += approval_problems(reader, versions)
    proof, evidence = proof_of(reader, deal), check_evidence(reader, deal, evidence_key, everything=all_evidence)
    problems += evidence.problems
    is_anchored = anchor is not None and not problems
    stamped_at = anchor.stamped_at() if anchor and is_anchored else None
    return Verified(deal, head.position, head.hash, len(rows) - 1, tuple(problems), is_anchored, stamped_at, proof, evidence)


class _Replay:
    """Every period run again from the log, in the order in which they were recorded; what they open with and what they collected is read many at a time."""

    def __init__(self, reader: Reader, versions: Versions, rows: Sequence[DistributionRow]) -> None:
        self._reader, self._versions = reader, versions
        self._closings, self._months = closings(reader, versions.deal, rows), Months(reader)
        self._paid = {row.period: row.number for row in reversed(rows)}

    def problems(self, row: DistributionRow) -> Iterator[Problem]:
        """Compare a period with what its commit sealed. The postings of opening are the terms' own, not run again."""
        terms, digest = self._versions.at(row.period, row.known_at)
        place = f"{self._versions.deal} {row.period}, distribution {row.number}"
        if digest != row.terms_digest:
            yield Problem(f"it names the terms {row.terms_digest}, in force were {digest}", "report it, with `tranche events`", place=place)
            return
        if row.previous is None:
            return
        try:
            again = self._again(terms, row, row.previous)
        except ProblemsFound as found:
            yield from found.problems
            return
        if seal.distribution_digest(row.header._replace(state=encode_state(again)), again.postings) != row.digest:
            verdict = "differs" if row.rules == RULES else f"differs under rules {RULES} (distributed under {row.rules})"
            yield Problem(f"replaying the log gives other postings: {verdict}", "report it, with `tranche events`", place=place)

    def _again(self, terms: Terms, row: DistributionRow, previous: int) -> Distribution:
        recorded = self._months.at(terms, row.period, row.known_at)
        assert recorded is not None  # it was distributed, so it had opened
        again = run_period(terms, self._closings[previous], *recorded)
        if row.version == 1:
            return again
        return settled(again, self._reader.postings(self._versions.deal, self._paid[row.period]))
