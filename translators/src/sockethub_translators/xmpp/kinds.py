"""Which functions read and write which kind of stanza: the tables, and how a writer is chosen.

A reader gives the view of a stanza, or None when it is not of its kind after all; a writer gives the stanza of a view.
Neither knows of residue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from . import (
    admin,
    archive,
    blocking,
    bookmarks,
    commands,
    disco,
    edits,
    errors,
    events,
    invites,
    iq,
    markers,
    messages,
    muc,
    ns,
    presence,
    private,
    profile,
    raw,
    rooms,
    roster,
    services,
)
from .element import Element
from .env import Activity, Env
from .frame import Origin

__all__ = ["IQ_READERS", "READERS", "WRITERS", "Reader", "Writer", "writer_of"]

Reader: TypeAlias = Callable[[Element, Env], Activity | None]
Writer: TypeAlias = Callable[[Activity, Env, Origin], Element]

READERS: Final[dict[str, Reader]] = {
    ns.MESSAGE: messages.get_message,
    ns.PRESENCE: presence.get_presence,
}
"""By the name of the stanza: messages and presences."""

IQ_READERS: Final[dict[str, Reader]] = {
    "": iq.get_empty,
    admin.QUERY: admin.get_admin,
    archive.FIN: archive.get_fin,
    archive.QUERY: archive.get_query,
    blocking.BLOCK: blocking.get_block,
    blocking.LIST: blocking.get_list,
    blocking.UNBLOCK: blocking.get_block,
    bookmarks.PUBSUB: bookmarks.get_bookmarks,
    commands.COMMAND: commands.get_command,
    disco.INFO: disco.get_info,
    edits.MODERATE: edits.get_moderate,
    disco.ITEMS: disco.get_items,
    private.QUERY: private.get_storage,
    profile.VCARD: profile.get_profile,
    rooms.OWNER: rooms.get_owner,
    roster.QUERY: roster.get_roster,
    services.PING: services.get_question,
    services.REQUEST: services.get_request,
    services.SLOT: services.get_slot,
    services.TIME: services.get_question,
    services.VERSION: services.get_question,
}
"""By the name of an IQ's payload; the empty name reads those without."""

WRITERS: Final[dict[tuple[str, str | None], Writer]] = {
    ("add", "bookmark"): bookmarks.put_add,
    ("add", "reaction"): edits.put_react,
    ("add", "relationship"): admin.put_relationship,
    ("block", None): blocking.put_block,
    ("delete", "message"): edits.put_delete,
    ("delete", "room"): rooms.put_destroy,
    ("error", None): errors.put_error,
    ("invite", None): invites.put_invite,
    ("join", None): muc.put_join,
    ("leave", None): admin.put_leave,
    ("make-friend", None): presence.put_friend,
    ("query", "acknowledgement"): iq.put_empty,
    ("query", "attendance"): disco.put_items,
    ("query", "blocklist"): blocking.put_list,
    ("query", "bookmark"): bookmarks.put_query,
    ("query", "command"): commands.put_command,
    ("query", "form"): rooms.put_form,
    ("query", "history"): archive.put_history,
    ("query", "ping"): services.put_question,
    ("query", "presence"): presence.put_probe,
    ("query", "profile"): profile.put_query,
    ("query", "relationship"): admin.put_query,
    ("query", "room-info"): disco.put_info,
    ("query", "room-list"): disco.put_items,
    ("query", "roster"): roster.put_roster,
    ("query", "time"): services.put_question,
    ("query", "upload-slot"): services.put_slot,
    ("query", "version"): services.put_question,
    ("remove", "bookmark"): bookmarks.put_remove,
    ("remove", "reaction"): edits.put_react,
    ("remove", "relationship"): admin.put_relationship,
    ("remove-friend", None): presence.put_friend,
    ("request-friend", None): presence.put_friend,
    ("send", "me"): messages.put_said,
    ("send", "message"): messages.put_said,
    ("send", "note"): messages.put_said,
    ("undo", "blocklist"): blocking.put_block,
    ("update", "address"): muc.put_address,
    ("update", "bookmark"): private.put_storage,
    ("update", "form"): rooms.put_form,
    ("update", "marker"): markers.put_marker,
    ("update", "presence"): presence.put_presence,
    ("update", "profile"): profile.put_update,
    ("update", "reaction"): edits.put_reactions,
    ("update", "receipt"): markers.put_receipt,
    ("update", "relationship"): admin.put_relationship,
    ("update", "room-info"): rooms.put_room_info,
    ("update", "topic"): rooms.put_topic,
    ("update", "typing"): markers.put_typing,
    ("xmpp:raw", None): raw.put_raw,
}
"""By verb and object type; None stands for any, where the verb alone tells."""

_EVENTS: Final = frozenset({("add", "bookmark"), ("remove", "bookmark"), ("update", "marker"), ("update", "profile")})


def writer_of(activity: Activity, verb: str, kind: str | None) -> Writer | None:
    """Who writes an activity of this verb and object type; None when nobody does."""
    form = (verb, kind)
    if form in _EVENTS and events.is_event(activity):
        return events.put_event
    if form == ("query", "bookmark") and private.is_stored(activity):
        return private.put_storage
    return WRITERS.get(form) or WRITERS.get((verb, None))
