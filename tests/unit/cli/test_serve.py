from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sockethub.cli.serve import IMPATIENT, shared_redis
from sockethub.config import Declaration
from sockethub.errors import ConfigError

SCRIPT = """
import anyio
from sockethub.cli.serve import until_stopped

async def part():
    try:
        print("running", flush=True)
        await anyio.sleep_forever()
    finally:
        with anyio.CancelScope(shield=True):
            print("leaving", flush=True)
            await anyio.sleep({seconds})
            print("left", flush=True)

async def reload():
    print("reloaded", flush=True)

anyio.run(until_stopped, part, reload)
"""


@contextmanager
def leaving_takes(seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A process whose only part takes so long to leave; yielded once it runs."""
    argv = [sys.executable, "-c", SCRIPT.format(seconds=seconds)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        yield process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_it_leave(number: signal.Signals) -> None:
    with leaving_takes(0.05) as process:
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    assert (process.returncode, output.splitlines()[-2:]) == (0, ["leaving", "left"])


def test_a_hangup_ends_nothing() -> None:
    with leaving_takes(0.05) as process:
        assert process.stdout is not None
        for _ in range(2):
            process.send_signal(signal.SIGHUP)
            assert process.stdout.readline() == "reloaded\n"
        assert process.poll() is None
        process.terminate()


def test_a_second_signal_ends_it_at_once() -> None:
    with leaving_takes(60) as process:
        assert process.stdout is not None
        process.send_signal(signal.SIGTERM)
        while process.stdout.readline() != "leaving\n":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (IMPATIENT, "")


@pytest.mark.parametrize(
    ("sections", "missing"),
    [
        ({}, "redis.url"),
        ({"redis": {"url": "redis://h"}}, "keys"),
        ({"redis": {"url": "redis://h"}, "keys": {"file": "k"}}, None),
    ],
)
def test_halves_share_a_redis_and_a_key(sections: dict[str, object], missing: str | None) -> None:
    stanza = {"mode": "stateless", "driver": "a:B", "verbs": ["echo"], "schemas": {"messages": "m.json"}}
    declaration = Declaration.model_validate({"platforms": {"a": stanza}} | sections)
    if missing is None:
        assert shared_redis(declaration).reveal() == "redis://h"
        return
    with pytest.raises(ConfigError, match=f"^{missing}: gateways and workers apart share"):
        shared_redis(declaration)
