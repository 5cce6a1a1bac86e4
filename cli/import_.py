"""`tranche import`: the log that a bundle brings, appended as it was recorded, and the books made again from it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cli.common import DEMO, Settings, counted, example, file_problem, progress, read_file, with_settings
from ledger.core.problems import ProblemsFound


@click.command("import", epilog=example(f"{DEMO} import sequoia.bundle"))
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--seal", "sealed", type=click.Path(path_type=Path), metavar="FILE", help="A seal that was kept elsewhere, which the bundle must agree with.")
@click.option("--trust", type=click.Path(path_type=Path), metavar="KEY", help="The Ed25519 public key (PEM) that must have signed the seal.")
@with_settings
def command(settings: Settings, bundle: Path, sealed: Path | None, trust: Path | None) -> None:
    """Append the commits of a BUNDLE, as `tranche export` wrote it, to this database: all of them, or none and what is wrong.

    Every hash is recomputed and every distribution made again from the log. A deal that is there already must be the beginning of the bundle; then only
    what is new is appended.
    """
    from ledger import service

    anchor = service.Anchor(read_file(sealed).decode("utf-8", "replace"), str(sealed), read_file(trust) if trust else None) if sealed else None
    try:
        stream = bundle.open("rb")
    except OSError as error:
        raise ProblemsFound([file_problem(error, str(bundle))]) from None
    with stream, settings.store() as store, progress() as show:
        done = service.import_bundle(store, stream, str(bundle), anchor, lambda position: show(f"imported up to position {position}"))
    new = f"{counted(done.commits, 'commit')} and {counted(done.events, 'event')} appended" if done.commits else "nothing new"
    text = f"{done.deal}: {new}; position {done.position}, head {done.hash}"
    click.echo(json.dumps(done._asdict(), sort_keys=True) if settings.json else text)
