"""The platform: a login at one server; nothing is kept open between commands."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import anyio

from sockethub.errors import NotConnected, PlatformError
from sockethub.worker.interface import Activity, LoginContext, PersistentPlatform, verb
from sockethub_dav.client import DavClient
from sockethub_dav.flavour import Flavour
from sockethub_dav.multistatus import DAV, Found, tag
from sockethub_dav.options import Options

_PRINCIPAL: Final = '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'
_HOME: Final = '<propfind xmlns="DAV:" xmlns:x="{namespace}"><prop><x:{home}/></prop></propfind>'
_COLLECTIONS: Final = (
    '<propfind xmlns="DAV:" xmlns:x="{namespace}" xmlns:a="http://apple.com/ns/ical/">'
    "<prop><resourcetype/><displayname/>{properties}</prop></propfind>"
)


class DavPlatform(PersistentPlatform):
    """``fetch`` finds collections, ``query`` their items; ``create``, ``update`` and ``delete`` change one.

    An item is changed only where its etag is still the one that the client has seen. Options:
    :class:`~sockethub_dav.options.Options`. A subclass says what items are.
    """

    connects_on_demand = True
    journals = True
    flavour: ClassVar[Flavour]

    def __init__(self, context: LoginContext) -> None:
        super().__init__(context)
        self._options = Options.declared(context.options)
        self._web = self._options.client(context.reach)
        self._dav: DavClient | None = None
        self._home = ""

    # --- What items are: pure -----------------------------------------------------------------------------------------

    @abstractmethod
    def described(self, collection: Found) -> dict[str, Any]:
        """Members of a collection beside ``id``, ``type`` and ``name``."""

    @abstractmethod
    def report(self, wanted: Mapping[str, Any]) -> str:
        """The body of the REPORT that finds what the object of a ``query`` wants."""

    @abstractmethod
    def items(self, text: str) -> list[dict[str, Any]]:
        """What one item says, but for ``id`` and ``etag``; empty for what cannot be read."""

    def wanted(self, items: list[dict[str, Any]], wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Those of the items found that are to be answered."""
        return items

    @abstractmethod
    def created(self, given: Mapping[str, Any], uid: str, now: datetime) -> str:
        """A new item."""

    @abstractmethod
    def changed(self, text: str, given: Mapping[str, Any], now: datetime) -> str:
        """An item with what is given changed, and everything else as it was."""

    # --- The login ----------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._dav is not None

    async def connect(self, credentials: Mapping[str, Any], restore: Mapping[str, Any] | None) -> Activity | None:
        if self._dav is not None:
            return None
        given = credentials["object"]
        dav = DavClient(self._web, self.context.reach, given, require_tls=self._options.require_tls)
        self._home = await self._discovered(dav)
        self._dav = dav
        return None

    async def disconnect(self, reason: str) -> None:
        self._dav = None

    async def _discovered(self, dav: DavClient) -> str:
        """The collection of collections (RFC 4791 §6.2.1, RFC 6352 §7.1.1)."""
        flavour = self.flavour
        principal = await self._principal(dav)
        body = _HOME.format(namespace=flavour.namespace, home=flavour.home)
        for found in await dav.find("PROPFIND", principal, body, depth=0):
            if home := found.href_of(tag(flavour.namespace, flavour.home)):
                return dav.absolute(home)
        raise PlatformError(f"this server has no {flavour.collection_type} for you", condition="not-found")

    async def _principal(self, dav: DavClient) -> str:
        """Whom the server takes us for: asked at the address given, then at the well-known one."""
        refusal = PlatformError("this is no such server", condition="not-found")
        for url in (dav.url, dav.absolute(self.flavour.well_known)):
            try:
                for found in await dav.find("PROPFIND", url, _PRINCIPAL, depth=0):
                    if principal := found.href_of(tag(DAV, "current-user-principal")):
                        return dav.absolute(principal)
            except PlatformError as error:
                if error.condition not in ("not-found", "http-error", "bad-response"):
                    raise
                refusal = error
        raise refusal

    # --- Verbs --------------------------------------------------------------------------------------------------------

    @verb("fetch")
    async def fetch(self, activity: Activity) -> Activity | None:
        flavour = self.flavour
        body = _COLLECTIONS.format(namespace=flavour.namespace, properties=flavour.properties)
        dav = self._server()
        found = await dav.find("PROPFIND", self._home, body, depth=1)
        kind = tag(flavour.namespace, flavour.collection)
        items = [
            {
                "id": dav.absolute(each.href),
                "type": flavour.collection_type,
                "name": each.text(tag(DAV, "displayname")),
                **self.described(each),
            }
            for each in found
            if each.is_a(kind)
        ]
        return self._collection(activity, items)

    @verb("query")
    async def query(self, activity: Activity) -> Activity | None:
        dav = self._server()
        wanted = activity.get("object") or {}
        url = dav.absolute(activity["target"]["id"])
        found = await dav.find("REPORT", url, self.report(wanted), depth=1)
        # Beside the loop, which has a lease to renew: a large calendar takes seconds.
        items = await anyio.to_thread.run_sync(self._read, dav, found)
        answer = self._collection(activity, self.wanted(items, wanted))
        self.context.log.debug("items found", items=answer["totalItems"])
        self.context.emit(answer)
        return answer

    @verb("create")
    async def create(self, activity: Activity) -> Activity | None:
        dav, given = self._server(), activity["object"]
        uid = given.get("uid") or str(uuid.uuid4())
        folder = dav.absolute(activity["target"]["id"]).rstrip("/")
        url = dav.absolute(f"{folder}/{uuid.uuid4()}{self.flavour.suffix}")
        text = self.created(given, uid, datetime.now(UTC))
        await self.context.journal()
        etag = await dav.put(url, text, self._content_type(), etag=None)
        return self._changed(activity, {"id": url, "type": given["type"], "uid": uid, "etag": etag})

    @verb("update")
    async def update(self, activity: Activity) -> Activity | None:
        dav, given = self._server(), activity["object"]
        url = dav.absolute(given["id"])
        stored = await dav.get(url, self.flavour.media_type)
        if not _same(stored.headers.get("etag"), given["etag"]):
            raise PlatformError("somebody else has changed it meanwhile: query it again", condition="conflict")
        text = self.changed(stored.body.decode("utf-8", "replace"), given, datetime.now(UTC))
        await self.context.journal()
        etag = await dav.put(url, text, self._content_type(), etag=given["etag"])
        return self._changed(activity, {"id": url, "type": given["type"], "etag": etag})

    @verb("delete")
    async def delete(self, activity: Activity) -> Activity | None:
        dav, given = self._server(), activity["object"]
        url = dav.absolute(given["id"])
        await self.context.journal()
        await dav.delete(url, given["etag"])
        return self._changed(activity, {"id": url, "type": given["type"]})

    def _read(self, dav: DavClient, found: list[Found]) -> list[dict[str, Any]]:
        data = tag(self.flavour.namespace, self.flavour.data)
        return [
            {"id": dav.absolute(each.href), "etag": each.etag, **item}
            for each in found
            for item in self.items(each.text(data))
        ]

    def _server(self) -> DavClient:
        if self._dav is None:
            raise NotConnected("not connected")
        return self._dav

    def _content_type(self) -> str:
        return f"{self.flavour.media_type}; charset=utf-8"

    def _collection(self, activity: Activity, items: list[dict[str, Any]]) -> Activity:
        answer: Activity = {name: activity[name] for name in ("context", "actor", "target") if name in activity}
        return {**answer, "type": "collection", "totalItems": len(items), "items": items}

    def _changed(self, activity: Activity, item: dict[str, Any]) -> Activity:
        """The etag is left out where the server does not tell it: query the item to have it."""
        return {**activity, "object": {name: value for name, value in item.items() if value}}


def _same(stored: str | None, seen: str) -> bool:
    """Whether an item is still the one that was seen; servers that compress an answer weaken its etag."""
    return stored is None or stored.removeprefix("W/") == seen.removeprefix("W/")
