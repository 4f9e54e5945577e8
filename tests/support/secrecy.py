"""Nothing that clients say, and no password, is to be found where it has no business: looked for at every deployment's
end, in what its processes print, in their arguments and environments, on their pages for the operator, in the files
that they leave, and in Redis.

What clients of the tests send is remembered (:func:`remember`), so that each test is one of secrecy too. Passwords that
servers of the tests ask for are there from the beginning.
"""

from __future__ import annotations

import base64
import http.client
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import redis

from tests.support.ircd import SERVER_PASSWORD

PASSWORDS: Final = {"password", "token", "secret", "clientKey"}
"""Members whose values are secret."""

TEXTS: Final = {"content"}
"""Members whose values nobody else should read."""

SHORTEST_PASSWORD: Final = 8
SHORTEST_TEXT: Final = 10
"""What is shorter is found in logs by chance."""

PAGES: Final = ("/metrics", "/status.json", "/")
OPERATIONS_PORT: Final = re.compile(r"operations port is listening.*?port=(?:\x1b\[\S*?m)*(\d+)")

LARGEST_FILE: Final = 64 * 1024 * 1024

_said: set[str] = {SERVER_PASSWORD}


def remember(data: Any) -> None:
    """What a client is about to send: its passwords and texts, however deep."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            if isinstance(value, str):
                shortest = SHORTEST_PASSWORD if name in PASSWORDS else SHORTEST_TEXT if name in TEXTS else None
                if shortest is not None and len(value) >= shortest:
                    _said.add(value)
            else:
                remember(value)
    elif isinstance(data, list):
        for value in data:
            remember(value)


def assert_secret(places: Iterable[tuple[str, bytes]], words: Iterable[str] | None = None) -> None:
    """None of ``words`` (by default, all that was remembered) is in any of the places, plain or in base64."""
    forms = {word: tuple(_forms(word)) for word in (_said if words is None else words)}
    found = [
        f"{word!r} in {place}" for place, text in places for word, each in forms.items() if any(f in text for f in each)
    ]
    assert not found, f"leaked: {'; '.join(sorted(set(found)))}"


def _forms(word: str) -> Iterator[bytes]:
    raw = word.encode("utf-8", "surrogatepass")
    yield raw
    if len(raw) >= SHORTEST_TEXT:  # of a shorter one, too little is left
        for skipped in range(3):  # a text may begin at any of the three places of a group
            yield base64.b64encode(raw[skipped:])[: (len(raw) - skipped) // 3 * 4]


def of_processes(pids: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """What others can see of running processes."""
    for pid in pids:
        for name in ("cmdline", "environ"):
            with suppress(OSError):  # it has ended meanwhile, or shows nothing
                yield f"{name} of {pid}", Path(f"/proc/{pid}/{name}").read_bytes()


def of_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All below ``folder``; a core file is a leak whatever is in it."""
    for path in (Path(parent, name) for parent, _, names in os.walk(folder) for name in names):
        assert not path.name.startswith("core"), f"a core file: {path}"
        with suppress(OSError):
            if path.is_file() and path.stat().st_size <= LARGEST_FILE:
                yield str(path), path.read_bytes()


def of_temporary_files() -> Iterator[tuple[str, bytes]]:
    """Of ours, whichever process made them; those of the tests' servers have a word more in their names."""
    for folder in Path(tempfile.gettempdir()).glob("sockethub-*"):
        if re.fullmatch(r"sockethub-(gateway-)?\w{8}", folder.name):
            yield from of_files(folder)


def of_pages(log: str) -> Iterator[tuple[str, bytes]]:
    """What the operations ports that ``log`` tells of show to whoever asks; nothing where they are gone."""
    for found in OPERATIONS_PORT.finditer(log):
        for path in PAGES:
            connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=5.0)
            with closing(connection), suppress(OSError, http.client.HTTPException):
                connection.request("GET", path)
                yield f"{path} of port {found[1]}", connection.getresponse().read()


def of_redis(url: str) -> Iterator[tuple[str, bytes]]:
    """Every key and value there is; nothing where the server is gone."""
    with redis.Redis.from_url(url, socket_timeout=5.0) as client, suppress(redis.RedisError):
        for key in client.scan_iter(count=1_000):
            yield f"key {key!r}", key
            yield f"value of {key!r}", client.dump(key) or b""
