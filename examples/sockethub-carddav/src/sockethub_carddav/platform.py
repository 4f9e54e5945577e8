"""The driver: what differs from other WebDAV."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from xml.sax.saxutils import escape

from sockethub_carddav import cards
from sockethub_dav import DavPlatform, Flavour, Found

NAMESPACE: Final = "urn:ietf:params:xml:ns:carddav"
LIMIT: Final = 1_000
"""Contacts of one answer, unless the client asks for fewer."""

FIELDS: Final = {"name": "FN", "email": "EMAIL", "phone": "TEL", "organization": "ORG"}

_REPORT: Final = (
    '<c:addressbook-query xmlns="DAV:" xmlns:c="{namespace}"><prop><getetag/><c:address-data/></prop>'
    '<c:filter test="anyof">{filters}</c:filter></c:addressbook-query>'
)
_FILTER: Final = (
    '<c:prop-filter name="{name}"><c:text-match collation="i;unicode-casemap" match-type="contains">{text}'
    "</c:text-match></c:prop-filter>"
)


class CardDavPlatform(DavPlatform):
    """Address books, and the contacts in them."""

    flavour = Flavour(
        namespace=NAMESPACE,
        well_known="/.well-known/carddav",
        home="addressbook-home-set",
        collection="addressbook",
        collection_type="addressBook",
        properties="<x:addressbook-description/>",
        data="address-data",
        media_type="text/vcard",
        suffix=".vcf",
    )

    @classmethod
    def warm_up(cls) -> None:
        cards.items(cards.created({"type": "person", "name": "t"}, "t", datetime.now(UTC)))

    def described(self, collection: Found) -> dict[str, Any]:
        text = collection.text(f"{{{NAMESPACE}}}addressbook-description")[:1024]
        return {"content": text} if text else {}

    def report(self, wanted: Mapping[str, Any]) -> str:
        names = [FIELDS[field] for field in wanted.get("fields", FIELDS)] if wanted.get("text") else []
        # Without a filter servers differ in what they answer: every card has a name (RFC 6350 §6.2.1).
        filters = '<c:prop-filter name="FN"/>'
        if names:
            text = escape(wanted["text"])
            filters = "".join(_FILTER.format(name=name, text=text) for name in names)
        return _REPORT.format(namespace=NAMESPACE, filters=filters)

    def items(self, text: str) -> list[dict[str, Any]]:
        return cards.items(text)

    def wanted(self, items: list[dict[str, Any]], wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
        return items[: wanted.get("limit", LIMIT)]

    def created(self, given: Mapping[str, Any], uid: str, now: datetime) -> str:
        return cards.created(given, uid, now)

    def changed(self, text: str, given: Mapping[str, Any], now: datetime) -> str:
        return cards.changed(text, given, now)
