"""A leak is found, wherever it is: else no deployment's end proves anything."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from tests.support import secrecy
from tests.support.deployment import deployment
from tests.support.redis import run_redis

CANARY = "canary-of-this-test"
LEAK = pytest.raises(AssertionError, match=f"leaked: '{CANARY}' in ")


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said here on purpose is nobody else's leak."""
    monkeypatch.setattr(secrecy, "_said", {CANARY})


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[int]:
    running = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()", *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert running.stdout is not None
    running.stdout.readline()  # it is there: what others see of a process is nothing at first
    try:
        yield running.pid
    finally:
        running.kill()
        running.communicate()


def test_what_clients_say_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrecy, "_said", set())
    secrecy.remember(
        {"object": {"password": "pw-alice", "nick": "nobodys-secret"}, "all": [{"content": "a longer text"}]}
    )
    secrecy.remember({"content": "short"})
    assert secrecy._said == {"pw-alice", "a longer text"}


@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_base64_hides_nothing(before: str) -> None:
    with LEAK:
        secrecy.assert_secret([("the log", base64.b64encode(f"{before}{CANARY}, and more".encode()))])


def test_found_in_arguments_and_environments() -> None:
    with process(CANARY) as pid, LEAK:
        secrecy.assert_secret(secrecy.of_processes([pid]))
    with process(SECRET=CANARY) as pid, LEAK:
        secrecy.assert_secret(secrecy.of_processes([pid]))
    with process() as pid:
        secrecy.assert_secret(secrecy.of_processes([pid]))


def test_found_in_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text(f"said: {CANARY}")
    with LEAK:
        secrecy.assert_secret(secrecy.of_files(tmp_path))
    (tmp_path / "core.1234").touch()
    with pytest.raises(AssertionError, match="a core file"):
        secrecy.assert_secret(secrecy.of_files(tmp_path))


@pytest.mark.parametrize("key", ["key", CANARY])
def test_found_in_redis_when_it_ends(key: str) -> None:
    with LEAK, run_redis() as server, redis.Redis.from_url(server.url) as client:
        client.xadd(key, {"m": CANARY if key == "key" else "sealed"})


def test_found_in_the_log_of_a_deployment_when_it_ends(tmp_path: Path) -> None:
    """The name of a platform is told when its worker starts."""
    with LEAK, deployment(tmp_path, {"platforms": {CANARY: PLATFORM}}):
        pass


def test_the_pages_of_a_deployment_are_looked_at(tmp_path: Path) -> None:
    with deployment(tmp_path) as house:
        pages = [text for place, text in secrecy.of_pages(house.log) if place.startswith("/metrics")]
        assert len(pages) == 2, "the gateway's and the workers'"
        assert all(b"sockethub_" in text for text in pages)


PLATFORM = {
    "mode": "stateless",
    "driver": "sockethub.platforms.dummy:DummyPlatform",
    "verbs": ["echo"],
    "schemas": {"messages": "dummy/messages.json"},
    "worker": {"pool_size": 1},
}
