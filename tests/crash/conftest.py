"""Processes of their own for what a test kills, or lets run beside others."""

from __future__ import annotations

import multiprocessing
import multiprocessing.context

import pytest

PATIENCE = 60
"""Seconds after which a child or server that does not answer fails the test."""
Processes = multiprocessing.context.ForkServerContext


@pytest.fixture(scope="module")
def processes() -> Processes:
    """Children are forked from a server that has imported the ledger, and nothing of this process's connections."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.work", "tests.crash.writers"])
    return context
