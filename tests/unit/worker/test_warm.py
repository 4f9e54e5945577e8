"""Workers that run before the fork get as far as real ones, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from sockethub.worker import warm


def test_a_login_is_gone_through_from_its_credentials_to_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Mapping[str, Any]] = []
    asked: list[bytes] = []
    connect, answer = warm.WarmLogin.connect, warm.StandIn._answer

    async def connecting(self: warm.WarmLogin, credentials: Mapping[str, Any], restore: Any) -> Any:
        opened.append(credentials)
        return await connect(self, credentials, restore)

    def answering(self: warm.StandIn, command: list[bytes]) -> bytes:
        asked.append(command[0].upper())
        return answer(self, command)

    monkeypatch.setattr(warm.WarmLogin, "connect", connecting)
    monkeypatch.setattr(warm.StandIn, "_answer", answering)

    with capture_logs() as told:
        warm.warm_up()

    assert opened == [warm.ACTIVITY] * warm.JOBS
    assert asked.count(b"EXEC") == 2 * warm.JOBS, "each job is answered"
    assert asked.count(b"SET") >= warm.JOBS, "what is to be restored is stored"
    assert [each for each in told if each["log_level"] in ("warning", "error", "critical")] == []


def test_nothing_stays_behind() -> None:
    warm.warm_up()  # whatever is opened once and kept is open now
    before, threads = sorted(os.listdir("/proc/self/fd")), set(threading.enumerate())

    warm.warm_up()

    assert sorted(os.listdir("/proc/self/fd")) == before
    assert set(threading.enumerate()) == threads  # those of tests before; a fork server refuses to have any


def test_what_a_login_imports_late_is_there_before_the_fork() -> None:
    say = "import sys; from sockethub.worker.warm import warm_up; warm_up(); print('encodings.idna' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, check=True).stdout.endswith(
        "True\n"
    )
