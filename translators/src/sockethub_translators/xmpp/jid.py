"""JIDs: prepared and compared as RFC 7622 says, and escaped as XEP-0106 does.

The domain is prepared without IDNA tables, which Python does not have: width, case and composition are mapped, labels
and their length checked, but not whether each is a registrable name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from ..errors import EncodeError, ParseError
from .precis import opaque_string, username_case_mapped

__all__ = ["JID", "escape", "parse_jid", "unescape"]

MAX_PART: Final = 1023
"""Bytes of each part (RFC 7622 §3.1)."""
MAX_LABEL: Final = 63
"""Bytes of a label of the domain, as the DNS has it (RFC 1035 §2.3.4)."""

_PLAIN_LOCAL: Final = re.compile(r"[a-z0-9_.!#$%*+=?^`{|}~()\[\]\\;,-]*")
_PLAIN_DOMAIN: Final = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)
_PLAIN_RESOURCE: Final = re.compile(r"[\x20-\x7e]*")
_NOT_LOCAL: Final = re.compile(r"[\"&'/:<>@]")
_NOT_DOMAIN: Final = re.compile(r"[\0-\x2c/:-@\[-`{-\x9f\s]")


class JID(NamedTuple):
    """A prepared JID; parts that it has not are empty."""

    local: str
    domain: str
    resource: str

    @property
    def bare(self) -> str:
        return f"{self.local}@{self.domain}" if self.local else self.domain

    def __str__(self) -> str:
        return f"{self.bare}/{self.resource}" if self.resource else self.bare


@lru_cache(maxsize=1024)
def parse_jid(text: str) -> JID:
    """Prepare a JID (RFC 7622 §3); raises :class:`ParseError` for what is none."""
    bare, slash, resource = text.partition("/")
    local, at, domain = bare.partition("@")
    if not at:
        local, domain = "", bare
    if at and not local:
        raise ParseError("a JID with nothing before the @")
    if slash and not resource:
        raise ParseError("a JID with nothing after the slash")
    return JID(_local(local), _domain(domain), _resource(resource))


def _bounded(part: str, what: str) -> str:
    if len(part.encode("utf-8", "surrogatepass")) > MAX_PART:
        raise ParseError(f"the {what} of a JID of more than {MAX_PART} bytes")
    return part


def _local(local: str) -> str:
    if not _PLAIN_LOCAL.fullmatch(local):
        try:
            local = username_case_mapped(_bounded(local, "local part"))
        except ValueError as error:
            raise ParseError(f"the local part of a JID: {error}") from None
        if not local or _NOT_LOCAL.search(local):
            raise ParseError("the local part of a JID has a character that RFC 7622 §3.3.1 forbids")
    return _bounded(local, "local part")


def _domain(domain: str) -> str:
    domain = _bounded(domain.removesuffix("."), "domain")
    if _PLAIN_DOMAIN.fullmatch(domain):
        return domain
    if domain.startswith("[") and domain.endswith("]") and re.fullmatch(r"[0-9A-Fa-f:.]+", domain[1:-1]):
        return domain.lower()
    mapped = unicodedata.normalize("NFKC", domain).casefold()
    mapped = unicodedata.normalize("NFC", mapped).replace("\u3002", ".")
    labels = mapped.split(".")
    if _NOT_DOMAIN.search(mapped) or not all(map(_is_label, labels)):
        raise ParseError("the domain of a JID is not a host name")
    if unicodedata.normalize("NFC", unicodedata.normalize("NFKC", mapped).casefold()) != mapped:
        raise ParseError("the domain of a JID does not settle")
    return _bounded(mapped, "domain")


def _is_label(label: str) -> bool:
    if not label or label[0] == "-" or label[-1] == "-" or unicodedata.category(label[0])[0] == "M":
        return False
    if len(label.encode("utf-8", "surrogatepass")) > MAX_LABEL:
        return False
    return all(char.isascii() or unicodedata.category(char)[0] in "LMN" for char in label)


def _resource(resource: str) -> str:
    if not _PLAIN_RESOURCE.fullmatch(resource):
        try:
            resource = opaque_string(_bounded(resource, "resource"))
        except ValueError as error:
            raise ParseError(f"the resource of a JID: {error}") from None
    return _bounded(resource, "resource")


# --- XEP-0106 ---------------------------------------------------------------------------------------------------------

_ESCAPED: Final = {char: f"\\{ord(char):02x}" for char in " \"&'/:<>@\\"}
_SEQUENCE: Final = re.compile(r"\\(20|22|26|27|2f|3a|3c|3e|40|5c)")
_TO_ESCAPE: Final = re.compile(r"[ \"&'/:<>@]|\\(?=20|22|26|27|2f|3a|3c|3e|40|5c)")


def escape(text: str) -> str:
    """A name of another network as a local part (XEP-0106 §4.2); raises :class:`EncodeError` where that has none."""
    if text.startswith(" ") or text.endswith(" "):
        raise EncodeError("a name with a space at its end cannot be escaped (XEP-0106 §3)")
    return _TO_ESCAPE.sub(lambda match: _ESCAPED[match[0]], text)


def unescape(local: str) -> str:
    """The inverse of :func:`escape`. Total."""
    if local.startswith("\\20") or local.endswith("\\20"):
        return local
    return _SEQUENCE.sub(lambda match: chr(int(match[1], 16)), local)
