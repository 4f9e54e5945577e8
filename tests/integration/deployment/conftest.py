"""One deployment for the tests that do not break it, and a real ircd beside it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.support.deployment import Deployment, deployment


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """`sockethub serve` on embedded defaults; do not kill its parts."""
    directory: Path = tmp_path_factory.mktemp("house")
    with deployment(directory) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails shows what the deployment has said."""
    report = yield
    deployed = getattr(item, "funcargs", {}).get("house")
    if report.failed and isinstance(deployed, Deployment):
        report.sections.append(("the deployment's log", deployed.log))
    return report
