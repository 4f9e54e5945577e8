"""CardDAV (RFC 6352): what the platform declares about itself.

===================  ===================================================================================================
:mod:`.platform`     the driver: what differs from other WebDAV
:mod:`.cards`        from vCard (RFC 2426, RFC 6350) to items of activities, and back (pure)
===================  ===================================================================================================
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

__all__ = ["PLATFORM"]

_SCHEMAS: Final = Path(__file__).parent / "schemas"

PLATFORM: Final[dict[str, Any]] = {
    "mode": "persistent",
    "driver": "sockethub_carddav.platform:CardDavPlatform",
    "verbs": ["connect", "disconnect", "fetch", "query", "create", "update", "delete"],
    "schemas": {kind: str(_SCHEMAS / f"{kind}.json") for kind in ("credentials", "messages", "responses", "options")},
    "queue": {"retryable": ["connect", "fetch", "query"], "time_limit_seconds": 70},
}
"""What a stanza starts from that says ``use: carddav``."""
