"""The operations port: what it tells, and whom it refuses."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
import redis

from tests.integration.operations.watching import ROOT, declared, page, port
from tests.support.halves import Half, half
from tests.support.redis import RedisServer

OPERATIONS = {"enabled": True, "port": 0, "workers_port": 0}
PAGE = ROOT / "docs" / "reference" / "metrics.md"
_ROW = re.compile(r"^\| `(\w+)`(?: \{([\w, ]+)\})? \| (\w+) \| (.+) \|$", re.MULTILINE)
_NAME = re.compile(r"\b(?:sockethub|process|python)_[a-z_]+")
_SUFFIX = re.compile(r"_(?:bucket|count|sum)$")


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[dict[str, Half]]:
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    folder = declared(tmp_path_factory.mktemp("operations"), redis_server.url, "dummy", operations=OPERATIONS)
    with half("workers", folder) as workers, half("gateway", folder) as gateway:
        yield {"workers": workers, "gateway": gateway}


def test_metrics_are_named_as_is_customary(halves: dict[str, Half]) -> None:
    """As https://prometheus.io/docs/practices/naming/ has it: unit last, `_total` for counters and nothing else."""
    for each in halves.values():
        kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", page(port(each), "/metrics")[1], re.MULTILINE))
        assert len(kinds) > 20
        for name, kind in kinds.items():
            assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name), name
            assert name.endswith("_total") == (kind == "counter"), name
            assert kind != "histogram" or name.endswith("_seconds"), name


def test_the_page_of_metrics_tells_what_the_servers_tell(halves: dict[str, Half]) -> None:
    explained = {name: (kind, text) for name, _, kind, text in _ROW.findall(PAGE.read_text())}
    served = {}
    for each in halves.values():
        for line in page(port(each), "/metrics")[1].splitlines():
            if line.startswith("# HELP sockethub_"):
                name, text = line.removeprefix("# HELP ").split(" ", 1)
            elif line.startswith("# TYPE sockethub_"):
                served[name] = (line.split()[-1], text)
    assert len(served) > 30
    assert served == explained


def test_the_dashboard_asks_for_metrics_that_there_are(halves: dict[str, Half]) -> None:
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "sockethub.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
        for name in _NAME.findall(target["expr"])
    }
    assert len(asked) > 20
    there = set()
    for each in halves.values():
        there |= set(re.findall(r"^# TYPE (\w+)", page(port(each), "/metrics")[1], re.MULTILINE))
    assert {name for name in asked if name not in there and _SUFFIX.sub("", name) not in there} == set()


def test_health(halves: dict[str, Half]) -> None:
    for each in halves.values():
        assert page(port(each), "/livez") == (200, '{"status": "alive"}\n')
        assert page(port(each), "/readyz") == (200, '{"status": "ready"}\n')


def test_only_pages_that_there_are_are_read(halves: dict[str, Half]) -> None:
    number = port(halves["workers"])
    assert page(number, "/nothing")[0] == 404
    assert page(number, "/livez", "POST")[0] == 405
    assert page(number, "/livez", Host="127.0.0.1:1")[0] == 200
    assert page(number, "/livez", Host="sockethub.evil.example")[0] == 403, "a name that was pointed here"


def test_what_is_no_request_ends_the_connection(halves: dict[str, Half]) -> None:
    for nonsense in (b"\x16\x03\x01" * 50, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5_000, b"GET /\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port(halves["gateway"])), 10) as client:
            client.sendall(nonsense)
            client.settimeout(20)
            with suppress(ConnectionResetError):  # it was closed with something unread
                assert client.recv(1) == b""
    assert page(port(halves["gateway"]), "/livez")[0] == 200
