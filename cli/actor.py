"""`tranche actor`: who may write, by key."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.common import DEMO, Settings, example, file_problem, read_file, with_settings
from ledger.core.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from ledger.store.actors import Act


@click.group("actor")
def command() -> None:
    """List who may write, by Ed25519 keys. An actor on the list writes with --key, each commit signed; nobody else can write under that name."""


@command.command(epilog=example(f"{DEMO} actor key -o okafor.pem"))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Write the private key to FILE, the public one to FILE.pub."
)
@with_settings
def key(settings: Settings, output: Path) -> None:
    """Make a key. FILE stays with its owner, and only the owner can read it; FILE.pub is listed."""
    from ledger.store import keys

    private, public = keys.make()
    public_path = output.with_name(f"{output.name}.pub")
    write_new(output, private, 0o600)
    write_new(public_path, public, 0o644)
    found = {"private": str(output), "public": str(public_path), "key": keys.read_public(public)}
    click.echo(json.dumps(found, sort_keys=True) if settings.json else f"{output} and {public_path}: the key {found['key']}")


def write_new(path: Path, body: bytes, mode: int) -> None:
    """Write a file that is not there yet: a key that is overwritten is lost. Raises ProblemsFound."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            stream.write(body)
    except FileExistsError:
        raise ProblemsFound([Problem("the file is there already", "name another: a key that is overwritten is lost", place=str(path))]) from None
    except OSError as error:
        raise ProblemsFound([file_problem(error, str(path))]) from None


@command.command(epilog=f"\b\nExample, after `tranche actor key -o okafor.pem`:\n  {DEMO} actor add m.okafor okafor.pem.pub")
@click.argument("name")
@click.argument("public_key", type=click.Path(path_type=Path), metavar="FILE.pub")
@with_settings
def add(settings: Settings, name: str, public_key: Path) -> None:
    """List a key for an actor.

    From then on NAME writes with the private key that belongs to FILE.pub, and with nothing else. After the first, --key must name a listed key.
    """
    from ledger import service

    with settings.store() as store:
        act = service.add_actor(store, name, read_file(public_key), actor=settings.actor_in(store))
    _say(settings, act, f"{name} writes with the key {act.value}")


@command.command(epilog=f"\b\nExample, with the key of somebody else on the list:\n  {DEMO} actor revoke m.okafor --key lindqvist.pem")
@click.argument("name")
@with_settings
def revoke(settings: Settings, name: str) -> None:
    """Take an actor's key back.

    What was signed with it before still holds. NAME stays on the list, and writes again only with a new key.
    """
    from ledger import service

    with settings.store() as store:
        act = service.revoke_actor(store, name, actor=settings.actor_in(store))
    _say(settings, act, f"{name} writes no more with the key {act.value}")


@command.command("list", epilog=example(f"{DEMO} actor list"))
@with_settings
def list_(settings: Settings) -> None:
    """List every act so far.

    An act adds or revokes an actor, or sets what the database asks for; when, and by whom. Nothing is ever taken off the list.
    """
    from ledger import service
    from ledger.reports.layout import in_words, plain

    with settings.store() as store:
        found = service.acts(store)
    if settings.json:
        click.echo(json.dumps([act._asdict() for act in found], sort_keys=True))
        return
    headers = ("act", "what", "whom", "key or value", "recorded at", "by", "signed")
    rows = [(str(act.number), act.kind, act.subject, act.value, act.recorded_at, act.actor, "signed" if act.signature else "") for act in found]
    click.echo(plain([in_words("", headers, rows, left={1, 2, 3, 4, 5, 6})]) if rows else "nobody is listed: actors are declared\n", nl=False)


def _say(settings: Settings, act: Act, fact: str) -> None:
    click.echo(json.dumps(act._asdict(), sort_keys=True) if settings.json else f"act {act.number}: {fact}")
