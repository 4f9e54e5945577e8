"""Types of what several sections of the declaration hold."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

Port = Annotated[int, Field(ge=0, le=65535)]
DottedName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", max_length=200, examples=["package.module:Name"])
]
"""``package.module:attribute``."""
Origin = Annotated[
    str, Field(pattern=r"^(\*|[a-z][a-z0-9+.-]*://[^/\s]+)$", max_length=300, examples=["https://chat.example"])
]
"""A web origin as browsers send it (RFC 6454 §6.2), or ``*``."""
Host = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$", max_length=253, examples=["chat.example"]),
]
"""A host name (RFC 1123 §2.1) without a port; other scripts as their A-labels, which is what browsers send."""
EndpointPath = Annotated[str, Field(pattern=r"^/[\w/-]+$", max_length=100, examples=["/ws"])]
PlatformId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40, examples=["irc"])]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$", max_length=60, examples=["eu"])]
Verb = Annotated[str, Field(pattern=r"^[A-Za-z][\w-]*$", max_length=60, examples=["send"])]


def _cidr(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:  # its text holds the value
        raise ValueError("must be a range of addresses such as 10.1.0.0/16") from None
    return text


Cidr = Annotated[str, AfterValidator(_cidr), Field(max_length=60, examples=["10.1.0.0/16"])]
"""A range of IP addresses (RFC 4632 §3.1, RFC 4291 §2.3), or a single one."""
