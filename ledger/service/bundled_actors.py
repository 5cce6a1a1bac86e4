"""The actor list and the signatures that a bundle carries: taken over whole, or not at all, and held to what `verify` would say."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ledger.core.problems import Problem, ProblemsFound, stop_on
from ledger.files.bundle import ActLine
from ledger.service.approvals import approval_problems
from ledger.service.terms import Versions
from ledger.store.actors import Act, act_hash
from ledger.store.log import Writer
from ledger.store.projections import Reader
from ledger.store.tables import instant_text
from ledger.store.verify_actors import Signed, act_problems, signature_problems

MOST_ACTS = 10_000
_OWN = "import into a database of its own"


def take_acts(writer: Writer, given: Iterable[ActLine]) -> list[Act]:
    """Append the acts of a bundle that the database does not have, and return all that it has then.

    One list must be the beginning of the other: keys and settings of two houses are not mixed. Raises ProblemsFound.
    """
    brought, known = [_act(line) for line in islice(given, MOST_ACTS + 1)], writer.acts()
    if len(brought) > MOST_ACTS:
        raise ProblemsFound([Problem(f"it has more than {MOST_ACTS:,} acts", "no ledger has: do not trust where it comes from")])
    if any(one.hash != other.hash for one, other in zip(brought, known, strict=False)):
        raise ProblemsFound([Problem("it is not that of this database", _OWN)])
    new = brought[len(known) :]
    if new:
        stop_on(_new_problems(writer, brought, new[0]))
        writer.add_acts(new)
    return known + new


def _act(line: ActLine) -> Act:
    act = Act(**line._asdict(), hash="")
    return act._replace(hash=act_hash(act))


def _new_problems(reader: Reader, brought: Sequence[Act], first: Act) -> Iterator[Problem]:
    yield from (replace(problem, remedy="ask for the bundle again: it was altered on its way") for problem in act_problems(brought))
    held = reader.last_commit_at()
    if held is not None and first.recorded_at <= instant_text(held):
        yield Problem(f"act {first.number} was recorded at {first.recorded_at}, and what this database holds goes on to {instant_text(held)}", _OWN)


def last_before(acts: Sequence[Act], recorded_at: str) -> int:
    """The number of the last act before a time, under which a commit of that time is signed. Raises ProblemsFound where there is none."""
    number = bisect_left(acts, recorded_at, key=lambda act: act.recorded_at)
    if not number:
        raise ProblemsFound([Problem("the commit is signed, and no act comes before it", "ask for the bundle again: its actor list is missing")])
    return number


def unproven(reader: Reader, deal: str) -> Iterator[Problem]:
    """What of a deal is not signed or not approved as the database's acts ask: an import takes nothing over that `verify` would find wrong."""
    commits = [Signed(commit.position, commit.hash, commit.actor, instant_text(commit.recorded_at)) for commit in reader.commits(deal)]
    yield from (problem.at(deal) for _, problem in signature_problems(commits, reader.signatures(deal), reader.acts()))
    yield from approval_problems(reader, Versions(reader, deal))
