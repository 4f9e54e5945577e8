"""What a URL says, and where a redirect leads (RFC 3986, RFC 9110 §4.2). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from sockethub.errors import PlatformError
from sockethub.guard import Reach, canonical

URL_CHARACTERS: Final = 2_048
PORTS: Final = {"http": 80, "https": 443}

BAD_PORTS: Final = frozenset(
    (
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
        110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530,
        531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190,
        5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211,
    )
)  # fmt: skip
"""Where other protocols than HTTP listen (Fetch §2.9), and Redis and memcached: a request must not be talk to them."""

_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")
_KEPT: Final = "!$&'()*+,-./:;=?@_~%[]"
"""What stays as it is in path and query: the reserved characters, and what is percent-encoded already."""


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute URL that may be asked for. ``host`` is canonical; ``path`` is path and query, in ASCII."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As in the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(text: str, reach: Reach = Reach()) -> Url:  # noqa: B008 - a frozen value
    """What ``text`` says.

    Raises :class:`~sockethub.errors.PlatformError`, condition ``bad-url``, ``bad-host`` or ``forbidden``.
    """
    if len(text) > URL_CHARACTERS:
        raise _bad(f"is longer than {URL_CHARACTERS} characters")
    if _CONTROL.search(text) or "\\" in text:
        raise _bad("holds a space, a backslash or a control character")
    try:
        parts = urlsplit(text)
        port = parts.port
        name = parts.hostname
    except ValueError:
        raise _bad("cannot be read") from None
    if parts.scheme not in PORTS:
        raise _bad(f"must begin with http:// or https://{_instead(parts.scheme)}")
    if "@" in parts.netloc:
        raise _bad("must not hold a name or a password")
    if not name:
        raise _bad("has no host")
    host = canonical(f"[{name}]" if "[" in parts.netloc else name)
    port = PORTS[parts.scheme] if port is None else port
    if reach.refuses_scheme(parts.scheme):
        raise PlatformError(f"{parts.scheme} may not be used here", condition="forbidden")
    if port in BAD_PORTS and port not in reach.ports:
        raise PlatformError(f"port {port} is not one for the web", condition="forbidden")
    return Url(parts.scheme, _text(host), port, _path(parts.path, parts.query))


def follow(url: Url, location: str, reach: Reach) -> Url:
    """Where ``location`` (RFC 9110 §10.2.2) leads from ``url``; raises as :func:`parse`."""
    if url.scheme == "https" and urlsplit(location).scheme == "http":
        raise PlatformError("a redirect leads from https to http", condition="forbidden")
    return parse(urljoin(str(url), location), reach)


def _path(path: str, query: str) -> str:
    written = quote(path or "/", safe=_KEPT)
    return f"{written}?{quote(query, safe=_KEPT)}" if query else written


def _text(host: object) -> str:
    return host.compressed if isinstance(host, IPv6Address) else str(host)


def _instead(scheme: str) -> str:
    return f", not with {scheme[:20]}:" if scheme else ""


def _bad(why: str) -> PlatformError:
    return PlatformError(f"the URL {why}", condition="bad-url")
