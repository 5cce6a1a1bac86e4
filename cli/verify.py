"""`tranche verify`: is the log whole, and do the books follow from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.common import DEMO, EVIDENCE_KEY, Settings, counted, example, progress, read_file, who_acted, with_settings
from cli.folder import check
from cli.several import OfDeals, Outcome, is_pattern, print_each

if TYPE_CHECKING:
    from ledger.service import Anchor, Verified

_TIME = "%Y-%m-%dT%H:%M:%SZ"


@click.command("verify", cls=OfDeals, epilog=example(f"{DEMO} verify SMT-2000-4"))
@click.argument("deal", default="*", metavar="[DEAL]")
@click.option("--seal", "sealed", type=click.Path(path_type=Path), metavar="FILE", help="A seal of DEAL that was kept elsewhere: `tranche seal`.")
@click.option("--trust", type=click.Path(path_type=Path), metavar="KEY", help="The Ed25519 public key (PEM) that must have signed the seal.")
@click.option(
    "--timestamp-roots", "roots", type=click.Path(path_type=Path), metavar="PEM", help="The certificates under which an authority must have stamped the seal."
)
@click.option("--manifest", type=click.Path(path_type=Path), metavar="FILE", help="Instead: compare a folder of statements with its manifest.json.")
@click.option("--evidence", "all_evidence", is_flag=True, help="Read the large files that are kept, too.")
@EVIDENCE_KEY
@with_settings
def command(settings: Settings, deal: str, sealed: Path | None, trust: Path | None, roots: Path | None, manifest: Path | None, all_evidence: bool) -> None:
    """Recompute the hash chain of DEAL (a pattern for several; of every deal, where none is named), run every distribution again from the log, and compare.

    What was altered is named, the first bad position first; every signature is checked, every approval that was asked for, and the files that are kept. That
    the log was cut off at its end only a seal can show.
    """
    from ledger import service

    if manifest is not None:
        if deal != "*" or sealed or trust or roots:
            raise click.UsageError("--manifest is about files, and takes neither a deal nor a seal")
        click.echo(check(manifest))
        return
    if is_pattern(deal) and sealed is not None:
        raise click.UsageError("a seal is of one deal: name it")
    if sealed is None and (trust or roots):
        raise click.UsageError("--trust and --timestamp-roots are about a seal: name it with --seal")
    anchor = _anchor(sealed, trust, roots) if sealed else None
    with settings.store() as store, progress() as show:

        def one(name: str) -> Outcome:
            show(f"verifying {name}")
            found = service.verify(store, name, anchor, all_evidence=all_evidence)
            line = _line(found) if is_pattern(deal) else f"{name}: {_line(found)}"
            return Outcome("" if found.problems else line, _plain(found), problems=found.problems)

        print_each(settings, store, deal, one)


def _anchor(sealed: Path, trust: Path | None, roots: Path | None) -> Anchor:
    from ledger import service

    text = read_file(sealed).decode("utf-8", "replace")
    return service.Anchor(text, str(sealed), read_file(trust) if trust else None, read_file(roots) if roots else None)


def _line(found: Verified) -> str:
    anchored = "anchored by the seal" if found.is_anchored else "unanchored: no seal was given"
    stamped = f", which existed by {found.stamped_at:{_TIME}}" if found.stamped_at else ""
    whole = f"the chain is whole up to position {found.position}, head {found.head}"
    return f"{whole}; {found.periods} distributions replay to the same cents; {who_acted(found.proof)}; {_files(found)}{anchored}{stamped}"


def _files(found: Verified) -> str:
    """How many files are kept, and how many were read; nothing where none ever was."""
    kept, read, erased, _ = found.evidence
    gone = f", {erased} erased" if erased else ""
    return f"{counted(kept, 'file')} kept, {read} read{gone}; " if kept or erased else ""


def _plain(found: Verified) -> dict[str, Any]:
    problems = [str(problem) for problem in found.problems]
    return {
        "deal": found.deal,
        "position": found.position,
        "head": found.head,
        "distributions": found.periods,
        "anchored": found.is_anchored,
        "stamped_at": f"{found.stamped_at:{_TIME}}" if found.stamped_at else None,
        "actors": found.proof._asdict(),
        "evidence": {"kept": found.evidence.kept, "read": found.evidence.read, "erased": found.evidence.erased},
        "problems": problems,
    }
