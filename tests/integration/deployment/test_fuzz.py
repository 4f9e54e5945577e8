"""Whatever clients send: it is answered, or the connection ends; no error of ours in the log, and nothing grows.

What is made up reaches the running gateway over TCP: bytes in the place of HTTP, frames and bytes after the upgrade to
a WebSocket, Engine.IO and Socket.IO packets. After each kind of it an honest client is served as ever.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.deployment import Deployment, deployment

PATIENCE_SECONDS = 0.05
"""How long an answer is waited for: there need not be one."""
ANSWER_SECONDS = 5.0
"""In which a request has to be answered."""
MOST_GROWN_KIB = 48 * 1024
"""Between the first examples and the last."""

FUZZ = settings(suppress_health_check=list(HealthCheck), deadline=None)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
WORDS = st.sampled_from(["message", "credentials", "activity-object", "schemas", "session", "resume", "end", "connect"])
ACTIVITIES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["echo", "send", "connect", "credentials"]) | JSON,
        "context": st.sampled_from(["dummy", "irc", "xmpp", "feeds", "nope"]) | JSON,
        "@context": JSON,
        "actor": st.sampled_from([{"id": "me", "type": "person"}, "me"]) | JSON,
        "target": JSON,
        "object": st.dictionaries(st.sampled_from(["type", "content", "id", "nick", "server", "port"]), JSON) | JSON,
        "id": JSON,
    },
)
EVENTS = st.fixed_dictionaries(
    {}, optional={"id": st.integers() | st.text(max_size=5) | JSON, "event": WORDS | JSON, "data": ACTIVITIES | JSON}
)
TEXTS = EVENTS.map(json.dumps) | st.text(max_size=200) | JSON.map(json.dumps)
OPCODES = st.integers(0, 15)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("fuzz"), {"gateway": {"port": 0, "rate": {"events": 10_000}}}) as running:
        _honest(running)
        yield running


@pytest.fixture(autouse=True)
def unharmed(house: Deployment) -> Iterator[None]:
    before = _resident_kib(house.process.pid)
    yield
    _honest(house)
    assert "Traceback" not in house.log
    assert not re.search(r"\[(error|critical)", house.log), house.log[-2_000:]
    assert _resident_kib(house.process.pid) - before < MOST_GROWN_KIB


@FUZZ
@given(said=st.binary(max_size=400) | st.builds(lambda a, b: b"GET /ws HTTP/1.1\r\n" + a + b, st.binary(), st.binary()))
def test_bytes_in_the_place_of_http(house: Deployment, said: bytes) -> None:
    with _tcp(house) as there:
        _say(there, said)


@FUZZ
@given(path=st.text(max_size=30), method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS"]), body=st.binary())
def test_requests(house: Deployment, path: str, method: str, body: bytes) -> None:
    where = house.url + urllib.request.quote(path)  # type: ignore[attr-defined]  # re-exported, and not said
    request = urllib.request.Request(where, body or None, {"Content-Type": "application/json"}, method=method)
    assert _status(request) < 500


@FUZZ
@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_text_frames(house: Deployment, texts: list[str]) -> None:
    with contextlib.suppress(ConnectionClosed), connect(house.websocket, close_timeout=1) as there:
        for text in texts:
            there.send(text)
        with contextlib.suppress(TimeoutError):
            while True:
                assert json.loads(there.recv(timeout=PATIENCE_SECONDS))


@FUZZ
@given(
    frames=st.lists(
        st.tuples(OPCODES, st.booleans(), st.integers(0, 7), st.booleans(), st.binary(max_size=150)), max_size=5
    ),
    cut=st.integers(0, 20),
)
def test_websocket_frames(house: Deployment, frames: list[tuple[int, bool, int, bool, bytes]], cut: int) -> None:
    """Opcodes, fragments, reserved bits, missing masks, ends too early (RFC 6455 §5)."""
    said = b"".join(_frame(*frame) for frame in frames)
    with _tcp(house) as there:
        there.sendall(_upgrade(house, "/ws"))
        assert b" 101 " in there.recv(4_096)
        _say(there, said[: len(said) - cut])


@FUZZ
@given(
    packets=st.lists(
        st.sampled_from(["0", "1", "2", "40", "41", "42", "43", "44", "45", "451-", "4"]).flatmap(
            lambda kind: (TEXTS | st.builds(lambda event, data: json.dumps([event, data]), WORDS, ACTIVITIES)).map(
                lambda rest: kind + rest
            )
        ),
        max_size=5,
    )
)
def test_socketio_packets(house: Deployment, packets: list[str]) -> None:
    url = f"ws://127.0.0.1:{house.port}/sockethub/?EIO=4&transport=websocket"
    with contextlib.suppress(ConnectionClosed), connect(url, close_timeout=1) as there:
        there.recv(timeout=5)
        there.send("40")
        for packet in packets:
            there.send(packet)
        with contextlib.suppress(TimeoutError):
            while True:
                there.recv(timeout=PATIENCE_SECONDS)


@FUZZ
@example(body="6")  # a packet that only servers send: its refusal waited for the client to ask for it
@example(body="1")  # the end, after which there is no connection to ask for
@given(body=st.text(max_size=200) | st.lists(TEXTS, max_size=5).map("\x1e4".join))
def test_socketio_payloads(house: Deployment, body: str) -> None:
    """By polling."""
    url = f"{house.url}sockethub/?EIO=4&transport=polling"
    with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as opened:
        sid = json.loads(opened.read()[1:])["sid"]
    for said in (body.encode(errors="replace"), b"1"):  # and then the end of the connection
        request = urllib.request.Request(f"{url}&sid={sid}", said, {"Content-Type": "text/plain"}, method="POST")
        assert _status(request) < 500


def _honest(house: Deployment) -> None:
    hello = {
        "type": "echo",
        "context": "dummy",
        "actor": {"id": "me"},
        "object": {"type": "message", "content": "hello"},
    }
    with connect(house.websocket, close_timeout=1) as client:
        client.send(json.dumps({"id": 1, "event": "message", "data": hello}))
        assert json.loads(client.recv(timeout=10))["ack"]["object"]["content"] == "hello"


def _status(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


@contextlib.contextmanager
def _tcp(house: Deployment) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", house.port), timeout=5) as there:
        yield there


def _say(there: socket.socket, said: bytes) -> None:
    """Send it, and read what comes until nothing does."""
    there.settimeout(PATIENCE_SECONDS)
    with contextlib.suppress(OSError):
        there.sendall(said)
        there.shutdown(socket.SHUT_WR)
        while there.recv(65_536):
            pass


def _upgrade(house: Deployment, path: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{house.port}", "Connection: Upgrade", "Upgrade: websocket")
    return "\r\n".join((*lines, "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "", "")).encode()


def _frame(opcode: int, fin: bool, reserved: int, masked: bool, payload: bytes) -> bytes:
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    second = 0x80 if masked else 0
    length = (
        struct.pack("!B", second | len(payload))
        if len(payload) < 126
        else struct.pack("!BH", second | 126, len(payload))
    )
    mask = b"\1\2\3\4" if masked else b""
    said = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)) if masked else payload
    return bytes([first]) + length + mask + said


def _resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]  # every process has one
