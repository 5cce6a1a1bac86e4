"""What the command takes as a process of its own: to start, and at most of memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from ledger.store.engine import Store
from tests.bench.figure import NEITHER, Figure, at_most
from tests.bench.months import appended, finished
from tests.bench.results import ROOT
from tests.bench.setting import Setting
from tests.bench.thirty_years import DEAL

_TRANCHE = [sys.executable, "-c", "from cli.main import main; main(prog_name='tranche')"]
# A process counts as its own what it was before it became another program: the bench itself, were it not for a small one between.
_SMALL = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
_SMALL += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
_UNIT = 2**20 if sys.platform == "darwin" else 2**10


def tranche(url: str, *words: str) -> list[str]:
    """The command line of the program, of this checkout and in this interpreter."""
    return [*_TRANCHE, "--database", url, *words]


def url_of(store: Store) -> str:
    return store.url.render_as_string(hide_password=False)


def run(*commands: Sequence[str]) -> float:
    """Seconds that processes take which begin together."""
    started = time.perf_counter()
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) for command in commands]
    codes = [process.wait() for process in processes]
    taken = time.perf_counter() - started
    assert not any(codes), commands
    return taken


def megabytes(command: Sequence[str]) -> float:
    """The most memory that a process had at once."""
    said = subprocess.run([sys.executable, "-I", "-S", "-c", _SMALL, *command], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return int(said.stdout) / _UNIT


def help_(_setting: Setting) -> float:
    return run([*_TRANCHE, "--help"])


def interpreter(_setting: Setting) -> float:
    """Python that does nothing: no command of it starts faster."""
    return run([sys.executable, "-c", ""])


def statement(setting: Setting) -> float:
    return run(tranche(url_of(setting.once(finished).store), "statement", DEAL))


def memory_of_distribution(setting: Setting) -> float:
    """A database whose months are remitted, and none distributed."""
    store, _, _ = appended(setting)
    taken = megabytes(tranche(url_of(store), "distribute", DEAL))
    with store.reading() as reader:
        assert len(reader.distributions(DEAL)) == setting.sizes.months + 1
    return taken


FIGURES = (
    Figure("`tranche --help` from a cold start", "s", help_, interpreter, goals=(at_most(0.15),), databases=NEITHER),
    Figure("`tranche statement` from a cold start", "s", statement, interpreter, goals=(at_most(0.6),)),
    Figure("memory of `tranche distribute` of 360 months", "MB", memory_of_distribution, goals=(at_most(150),)),
)
