"""What the operator declares (``schemas/http/options.json``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sockethub.web import FetchOptions

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Options(FetchOptions):
    """The declaration's ``options``; requests, which may hold secrets, are in no ``repr``."""

    max_bytes: int = 1024 * 1024
    redirects: int = 0
    cache_bytes: int = 0
    requests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """What one verb asks for: templates of the URL and the body, headers, and what to pick out of the answer."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    response: Mapping[str, Any]

    @classmethod
    def declared(cls, request: Mapping[str, Any]) -> Call:
        """From one of ``requests``; its form is known to be right."""
        body = request.get("body")
        headers = {"accept": JSON} | ({} if body is None else {"content-type": JSON})
        headers |= {name.lower(): value for name, value in request.get("headers", {}).items()}
        method = request.get("method", "GET" if body is None else "POST")
        return cls(method, request["url"], headers, body, request["response"])
