"""What the command takes as a process of its own: to start, and at most of memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from click.testing import CliRunner

from cli.main import main
from ledger.store.engine import Store
from tests.bench.figure import NEITHER, Figure, at_most, seconds
from tests.bench.months import appended, finished
from tests.bench.results import ROOT
from tests.bench.setting import Setting
from tests.bench.thirty_years import DEAL

_TRANCHE = [sys.executable, "-c", "from cli.main import main; main(prog_name='tranche')"]
# A process counts as its own what it was before it became another program: the bench itself, were it not for a small one between.
_BETWEEN = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
_BETWEEN += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
# An installed program is compiled once; a checkout is, where it may be written, and the first run of several pays for it.
_COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
_UNIT = 2**20 if sys.platform == "darwin" else 2**10


def url_of(store: Store) -> str:
    return store.url.render_as_string(hide_password=False)


def run(setting: Setting, url: str, *commands: Sequence[str]) -> float:
    """Seconds that commands take which begin together. The small form runs them inside, since it takes longer to start them than to run them."""
    if setting.sizes.is_small:
        return seconds(lambda: _inside(url, commands))
    started = time.perf_counter()
    processes = [subprocess.Popen([*_TRANCHE, "--database", url, *command], cwd=ROOT, env=_COMPILED, stdout=subprocess.DEVNULL) for command in commands]
    codes = [process.wait() for process in processes]
    taken = time.perf_counter() - started
    assert not any(codes), commands
    return taken


def megabytes(setting: Setting, url: str, command: Sequence[str]) -> float:
    """The most memory that the process of a command had at once."""
    if setting.sizes.is_small:
        return run(setting, url, command)
    between = [sys.executable, "-I", "-S", "-c", _BETWEEN, *_TRANCHE, "--database", url]
    said = subprocess.run([*between, *command], cwd=ROOT, env=_COMPILED, stdout=subprocess.PIPE, check=True)
    return int(said.stdout) / _UNIT


def _inside(url: str, commands: Sequence[Sequence[str]]) -> None:
    for command in commands:
        result = CliRunner().invoke(main, ["--database", url, *command])
        assert result.exit_code == 0, result.output


def help_(setting: Setting) -> float:
    return run(setting, "sqlite://", ["--help"])


def interpreter(_setting: Setting) -> float:
    """Python that does nothing: no command of it starts faster."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", ""], cwd=ROOT, check=True))


def statement(setting: Setting) -> float:
    return run(setting, url_of(setting.once(finished).store), ["statement", DEAL])


def memory_of_distribution(setting: Setting) -> float:
    """A database whose months are remitted, and none distributed."""
    store, _, _ = appended(setting)
    taken = megabytes(setting, url_of(store), ["distribute", DEAL])
    with store.reading() as reader:
        assert len(reader.distributions(DEAL)) == setting.sizes.months + 1
    return taken


FIGURES = (
    Figure("`tranche --help` from a cold start", "s", help_, interpreter, goals=(at_most(0.15),), databases=NEITHER),
    Figure("`tranche statement` from a cold start", "s", statement, interpreter, goals=(at_most(0.6),)),
    Figure("memory of `tranche distribute` of 360 months", "MB", memory_of_distribution, goals=(at_most(150),)),
)
