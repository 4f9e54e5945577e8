"""The registry: what the ``schemas`` event tells clients, so that they can check what they send before they send it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

from sockethub import __version__
from sockethub.activity.platforms import CREDENTIALS, PlatformInfo
from sockethub_translators.dialects import AS2_CONTEXT, SOCKETHUB_CONTEXT, platform_context

FINGERPRINT_CHARACTERS: Final = 16
CONTEXT_VERSION: Final = "1"
SCHEMA_VERSION: Final = "1"


class Registry:
    """The answer to every ``schemas`` event."""

    def __init__(self, platforms: Iterable[PlatformInfo]) -> None:
        self.replace(platforms)

    def replace(self, platforms: Iterable[PlatformInfo]) -> None:
        """From now on these are the platforms."""
        content = {
            "version": __version__,
            "contexts": {"as": AS2_CONTEXT, "sockethub": SOCKETHUB_CONTEXT},
            "platforms": [_entry(platform) for platform in platforms],
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_CHARACTERS]
        self._whole: dict[str, Any] = {"fingerprint": self.fingerprint, **content}
        self._unchanged = {"fingerprint": self.fingerprint, "unchanged": True}

    def answer(self, held: Any = None) -> dict[str, Any]:
        """The registry, or that it is the one the client holds already (``held``: its fingerprint)."""
        return self._unchanged if held == self.fingerprint else self._whole


def _entry(platform: PlatformInfo) -> dict[str, Any]:
    credentials = platform.credentials_schema
    return {
        "id": platform.id,
        "version": __version__,
        "contextUrl": platform_context(platform.id),
        "contextVersion": CONTEXT_VERSION,
        "schemaVersion": SCHEMA_VERSION,
        "types": [*([CREDENTIALS] if credentials is not None else []), *platform.declared.verbs],
        "schemas": {"credentials": credentials or {}, "messages": platform.messages_schema},
    }
