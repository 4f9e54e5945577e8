"""One client's way of speaking: reading what it says into the canonical form, writing what it is told as it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sockethub.activity.objects import KnownObjects
from sockethub.errors import MalformedMessage
from sockethub_translators import dialects
from sockethub_translators.dialects import Dialect, DialectEnv
from sockethub_translators.errors import DialectError

Activity = dict[str, Any]


class Speech:
    """The dialect a session last used for each platform, and what it has introduced."""

    __slots__ = ("_dialects", "_last", "objects")

    def __init__(self) -> None:
        self.objects = KnownObjects()
        self._dialects: dict[str, Dialect] = {}
        self._last: Dialect | None = None

    def platform_of(self, raw: Any) -> str:
        """The platform ``raw`` is for; raises :class:`~sockethub.errors.MalformedMessage`."""
        try:
            return dialects.platform_of(raw)
        except DialectError as error:
            raise malformed(error) from None

    def read(self, raw: Mapping[str, Any], platform: str, server: str) -> Activity:
        """The canonical form; raises :class:`~sockethub.errors.MalformedMessage`.

        ``server`` is what bare ids belong to. The dialect is remembered for what this client is told.
        """
        try:
            activity = dialects.decode(raw, DialectEnv(server=server, objects=self.objects))
        except DialectError as error:
            raise malformed(error) from None
        self._last = self._dialects[platform] = dialects.detect(raw, self._dialects.get(platform))
        return activity

    def dialect(self, platform: str) -> Dialect:
        """The dialect this client is told in."""
        return self._dialects.get(platform) or self._last or dialects.SEED

    def write(self, activity: Activity, server: str) -> dict[str, Any]:
        """``activity`` as this client writes; raises :class:`ValueError` for what is no canonical activity."""
        try:
            return dialects.encode(activity, self.dialect(activity["context"]), DialectEnv(server=server))
        except (AttributeError, LookupError, TypeError, RecursionError) as error:
            raise ValueError("not a canonical activity") from error  # of a worker that was taken over, or has a bug


def malformed(error: DialectError) -> MalformedMessage:
    """The client's mistake in words, with the place where they do not name it already."""
    pointer = error.path.removeprefix("$").replace(".", "/").replace("[", "/").replace("]", "")
    if pointer in ("", "/@context", "/type", "/actor") or pointer.removesuffix("/id") in error.message:
        return MalformedMessage(error.message)
    return MalformedMessage(f"{pointer}: {error.message}")
