"""Houses for the campaign, and its log."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.houses import Houses
from tests.faults.table import Log, read, table


@pytest.fixture(scope="session")
async def houses(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Houses]:
    standing = Houses(tmp_path_factory)
    yield standing
    await standing.end()


def pytest_configure(config: pytest.Config) -> None:
    """``make chaos`` says where the log is; the process that hears of every run writes it."""
    if "CHAOS_LOG" in os.environ and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Log(Path(os.environ["CHAOS_LOG"])), "chaos-log")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    log = terminalreporter.config.pluginmanager.get_plugin("chaos-log")
    if log is not None:
        terminalreporter.write_line("\n".join(table(read(log.path))))
