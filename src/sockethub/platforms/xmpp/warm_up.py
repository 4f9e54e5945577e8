"""A rehearsal before the fork: whole logins against a server on loopback, in the same process.

What a login touches (imports, compiled patterns, caches) is then shared by all that are forked. Nothing is left behind:
the address is a literal, so nobody is asked for it, and the loop is closed with all its sockets.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import anyio

from sockethub.platforms.xmpp.rehearsal import END, Host, hosting
from sockethub.worker.interface import LoginContext, Reach

if TYPE_CHECKING:
    from sockethub.platforms.xmpp.platform import XmppPlatform

__all__ = ["rehearse"]

LOGINS: Final = 16
"""CPython specialises code that has run some ten times; what is specialised before the fork stays shared."""
SECONDS: Final = 10.0
"""A rehearsal takes some tenths; one that hangs must not keep the service from starting."""

ME: Final = "me@localhost"
PASSWORD: Final = "rehearsal"
ROOM: Final = "room@service.localhost"
X: Final = "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/>{}</x>"
SAID: Final = f"<message type='groupchat' from='{ROOM}/{{}}' id='{{}}'><body>hello</body></message>"

_STANZA: Final = rf"<(?P<name>iq|presence|message)\b(?P<attrs>[^>]*)>|{END}"
_ATTRIBUTE: Final = re.compile(r"(\w+)=[\"']([^\"']*)[\"']")


async def _answer(host: Host) -> None:
    """Say what a server says, without looking closely."""
    while True:
        found = await host.hear(_STANZA)
        if found["name"] is None:
            host.say(END)
            return
        about = dict(_ATTRIBUTE.findall(found["attrs"]))
        to = f" from='{about['to']}'" if "to" in about else ""
        if found["name"] == "iq" and about.get("type") in ("get", "set"):
            host.say(f"<iq type='result' id='{about['id']}'{to}/>")
        elif found["name"] == "presence" and "to" in about:
            host.say(f"<presence from='{ROOM}/you'>{X.format('')}</presence>")
            status = X.format("<status code='110'/>")
            host.say(f"<presence from='{about['to']}'>{status}</presence>" + SAID.format("you", "1"))
        elif found["name"] == "message":
            host.say(SAID.format("me", about["id"]))


class _Silence:
    def debug(self, event: str, **fields: object) -> None: ...
    def info(self, event: str, **fields: object) -> None: ...
    def warning(self, event: str, **fields: object) -> None: ...


async def _save(state: Mapping[str, Any]) -> None: ...


async def _rehearse(cls: type[XmppPlatform]) -> None:
    with anyio.fail_after(SECONDS):
        async with hosting(_answer, f"{ME}/web", PASSWORD) as port:
            for _ in range(LOGINS):
                await _one_login(cls, port)


async def _one_login(cls: type[XmppPlatform], port: int) -> None:
    me, room = {"id": ME, "type": "person"}, {"id": ROOM, "type": "room"}
    login = {"type": "credentials", "userAddress": ME, "password": PASSWORD, "server": "127.0.0.1", "port": port}
    async with anyio.create_task_group() as tasks:
        context = LoginContext(
            platform="xmpp",
            options={"require_tls": False},
            reach=Reach(private_addresses=True),
            log=_Silence(),
            emit=lambda activity: None,
            identify=lambda actor: None,
            save=_save,
            lost=lambda reason: None,
            tasks=tasks,
        )
        platform = cls(context)
        await platform.connect({"context": "xmpp", "type": "credentials", "actor": me, "object": login}, None)
        await platform.perform({"context": "xmpp", "type": "join", "actor": me, "target": room})
        note = {"type": "message", "content": "hello \N{WAVING HAND SIGN}"}
        await platform.perform({"context": "xmpp", "type": "send", "actor": me, "target": room, "object": note})
        await platform.disconnect("")
        tasks.cancel_scope.cancel()


def rehearse(cls: type[XmppPlatform]) -> None:
    """Run the rehearsal on a loop of its own. Raises whatever a login would."""
    asyncio.run(_rehearse(cls))
