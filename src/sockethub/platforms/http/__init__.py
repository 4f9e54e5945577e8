"""HTTP APIs as verbs, declared and not coded: a stateless platform that a declaration takes by ``use: http``.

===================  ===================================================================================================
:mod:`.platform`     one command: fill in, ask, pick out
:mod:`.options`      what the operator declares
:mod:`.templates`    from an activity to a URL and a body (pure)
:mod:`.picking`      from the answer to an activity (pure)
:mod:`.pointers`     JSON Pointer (pure)
===================  ===================================================================================================

This module is what the declaration's loader imports, and imports none of these.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["PLATFORM"]

PLATFORM: Final[dict[str, Any]] = {
    "mode": "stateless",
    "driver": "sockethub.platforms.http.platform:HttpPlatform",
    "schemas": {
        "messages": "http/messages.json",
        "responses": "http/responses.json",
        "options": "http/options.json",
    },
    "queue": {"concurrency": 32},
    "worker": {"memory_mb": 1024, "pool_size": 1},
}
"""What a stanza starts from that says ``use: http``; ``verbs`` and ``options`` are its own."""
