"""What ``redis.url`` says: a server, sentinels that know which server it is, or some servers of a cluster. Pure.

``redis+sentinel://user:password@host:26379,host:26379,host:26379/0?master=NAME``; with ``rediss+sentinel`` sentinels
and servers speak TLS. The user is the servers'. Further options: ``sentinel_username`` and ``sentinel_password``, and
``ports`` (6379), those that a master may listen at, separated by commas: workers whose ports are confined get no
further.

``redis+cluster://user:password@host:6379,host:6379``; with ``rediss+cluster`` they speak TLS. The servers tell of all
others, which may be at the ports that are named here, or at those of a further option ``ports``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from sockethub.crypto import Secret

__all__ = [
    "SCHEMES",
    "Address",
    "Cluster",
    "Sentinels",
    "as_nobody",
    "as_user",
    "cluster_of",
    "database_of",
    "node_url",
    "place",
    "sentinels_of",
    "server_url",
]

_SENTINEL: Final = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}
_CLUSTER: Final = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
SCHEMES: Final = {**_SENTINEL, **_CLUSTER}
SENTINEL_PORT: Final = 26379
SERVER_PORT: Final = 6379
MAX_SENTINELS: Final = 15
"""More than anybody runs; each is asked before each connection."""

MAX_NODES: Final = 100
"""Servers of a cluster that are named; a few do, for they tell of the others."""

_OWN: Final = ("master", "ports", "sentinel_username", "sentinel_password")

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Where they are and whom they watch. ``ports`` are those that a master may listen at."""

    addresses: tuple[Address, ...]
    master: str
    tls: bool = False
    username: str = ""
    password: Secret[str] | None = field(default=None, compare=False)
    ports: tuple[int, ...] = (SERVER_PORT,)


def sentinels_of(url: str) -> Sentinels | None:
    """What ``url`` says of sentinels; None when it names a server. Raises ValueError, which repeats nothing of it."""
    parts = urlsplit(url)
    if parts.scheme not in _SENTINEL:
        return None
    options = dict(parse_qsl(parts.query))
    if not options.get("master"):
        raise ValueError("must say whom the sentinels watch: …?master=NAME")
    addresses = _addresses(parts.netloc, "sentinels", SENTINEL_PORT)
    if len(addresses) > MAX_SENTINELS:
        raise ValueError(f"must not name more than {MAX_SENTINELS} sentinels")
    password = options.get("sentinel_password")
    return Sentinels(
        addresses,
        options["master"],
        parts.scheme == "rediss+sentinel",
        options.get("sentinel_username", ""),
        Secret(password) if password else None,
        _ports(options, [SERVER_PORT]),
    )


@dataclass(frozen=True, slots=True)
class Cluster:
    """Some of its servers. ``ports`` are those that all may be at."""

    addresses: tuple[Address, ...]
    tls: bool = False
    ports: tuple[int, ...] = (SERVER_PORT,)


def cluster_of(url: str) -> Cluster | None:
    """What ``url`` says of a cluster; None when it names none. Raises ValueError, which repeats nothing of it."""
    parts = urlsplit(url)
    if parts.scheme not in _CLUSTER:
        return None
    addresses = _addresses(parts.netloc, "servers", SERVER_PORT)
    if len(addresses) > MAX_NODES:
        raise ValueError(f"must not name more than {MAX_NODES} servers of a cluster")
    if parts.path.strip("/") not in ("", "0") or database_of(url):
        raise ValueError("must not choose a database: a cluster has one")
    options = dict(parse_qsl(parts.query))
    named = sorted({port for _, port in addresses})
    return Cluster(addresses, parts.scheme == "rediss+cluster", _ports(options, named))


def node_url(url: str, address: Address) -> str:
    """``url``, of a cluster, for one of its servers."""
    parts = urlsplit(server_url(url))
    host, port = address
    userinfo, at, _ = parts.netloc.rpartition("@")
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{parts.scheme}://{userinfo}{at}{where}/" + (f"?{parts.query}" if parts.query else "")


def server_url(url: str) -> str:
    """``url`` as redis-py reads it: of sentinels and clusters, all but where the server is."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        return url
    userinfo = parts.netloc.rpartition("@")[0]
    options = [(name, value) for name, value in parse_qsl(parts.query) if name not in _OWN]
    where = f"{userinfo}@master.invalid" if userinfo else "master.invalid"
    return f"{SCHEMES[parts.scheme]}://{where}{parts.path}" + (f"?{urlencode(options)}" if options else "")


def _addresses(netloc: str, whose: str, port: int) -> tuple[Address, ...]:
    return tuple(_address(text, whose, port) for text in netloc.rpartition("@")[2].split(","))


def _address(text: str, whose: str, default: int) -> Address:
    # By hand: urlsplit() knows one host for each URL.
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host = text
    host = unquote(host.removeprefix("[").removesuffix("]"))
    if not host:
        raise ValueError(f"must name the {whose}: host:{default},host:{default},…")
    return host, _port(port) if colon else default


def _ports(options: dict[str, str], default: Iterable[int]) -> tuple[int, ...]:
    return tuple(_port(text) for text in options["ports"].split(",")) if "ports" in options else tuple(default)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise ValueError("must have ports of 1 to 65535")
    return int(text)


def database_of(url: str) -> int | None:
    """The database that ``url`` chooses, where that is not 0."""
    parts = urlsplit(url)
    named = dict(parse_qsl(parts.query)).get("db") or ("" if parts.scheme == "unix" else parts.path.strip("/"))
    return int(named) or None if named.isdigit() else None


def as_user(url: Secret[str], name: str, password: str) -> Secret[str]:
    """``url`` with other credentials, of characters that need no quoting there."""
    return Secret(_with_userinfo(url.reveal(), f"{name}:{password}@"))


def as_nobody(url: Secret[str]) -> Secret[str]:
    """``url`` without credentials."""
    return Secret(_with_userinfo(url.reveal(), ""))


def _with_userinfo(url: str, userinfo: str) -> str:
    parts = urlsplit(url)
    options = [(name, value) for name, value in parse_qsl(parts.query) if name not in ("username", "password")]
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{userinfo}{host}{parts.path}" + (f"?{urlencode(options)}" if options else "")


def place(url: str) -> str:
    """Where ``url`` leads, without what it may hold of secrets."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    sentinels = sentinels_of(url)
    if sentinels is not None:
        return f"{host} (sentinels of {sentinels.master})"
    if cluster_of(url) is not None:
        return f"{host} (a cluster)"
    return parts.path if parts.scheme == "unix" else host
