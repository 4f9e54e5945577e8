"""The header WWW-Authenticate (RFC 9110 §11.6.1): ways to authenticate that a server offers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.request import parse_http_list

HEADER_CHARACTERS: Final = 4_096
"""Of the header that are looked at; a challenge has some hundred."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way; scheme and names of parameters in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def challenges(header: str) -> list[Challenge]:
    """
    >>> [each.scheme for each in challenges('Digest realm="a, b", nonce="c", Basic realm="d"')]
    ['digest', 'basic']
    """
    return [Challenge(scheme, dict(pairs)) for scheme, pairs in _grouped(header[:HEADER_CHARACTERS])]


def _grouped(header: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    scheme, pairs = "", list[tuple[str, str]]()
    for part in parse_http_list(header):
        name, _, value = part.partition("=")
        if " " in name.strip():  # another challenge begins
            if scheme:
                yield scheme, pairs
            (first, name), pairs = name.strip().split(None, 1), []
            scheme = first.lower()
        elif "=" not in part:  # a scheme without parameters
            if scheme:
                yield scheme, pairs
            scheme, pairs = part.strip().lower(), []
            continue
        pairs.append((name.strip().lower(), _unquoted(value.strip())))
    if scheme:
        yield scheme, pairs


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value
