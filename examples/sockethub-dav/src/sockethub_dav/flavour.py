"""What differs between CalDAV and CardDAV, beside what the items say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flavour:
    """``namespace`` is that of the protocol's XML; names without one are in it."""

    namespace: str
    well_known: str
    """Path from which the principal is found (RFC 6764 §5)."""
    home: str
    """Property of a principal that leads to the collections."""
    collection: str
    """Resource type of a collection."""
    collection_type: str
    """The same, as activities call it."""
    properties: str
    """Properties of a collection to ask for, in XML."""
    data: str
    """Property of an item that holds it."""
    media_type: str
    suffix: str
