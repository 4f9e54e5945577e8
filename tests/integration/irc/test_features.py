"""What goes beyond RFC 2812: on InspIRCd where it can, on a server that does as told where no packaged one can."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any

import anyio
import pytest

from sockethub.errors import PlatformError
from tests.integration.irc.driver import Driver, connected, driver
from tests.integration.irc.fake import FakeServer, fake_server, welcome
from tests.support.ircd import IrcServer, run_inspircd
from tests.support.ircpeer import irc_peer
from tests.support.tcpproxy import tcp_proxy
from tests.support.tls import Certificates

pytestmark = pytest.mark.anyio


async def test_what_can_be_done_is_told(ngircd: IrcServer, inspircd: IrcServer) -> None:
    features = []
    for server in (ngircd, inspircd):
        async with connected("ann", server) as ann:
            told = await ann.saw("update", "capabilities")
            assert (told["actor"]["type"], told["target"]["id"]) == ("service", f"ann@{server.host}")
            features.append(set(told["object"]["features"]))
    assert {"attendance", "topic", "nick", "room-list"} <= features[0]
    assert not {"typing", "reaction", "history", "delete"} & features[0]
    assert {"typing", "reaction", "reply", "watch"} <= features[1]


async def test_what_the_server_lacks_is_said_at_once(ngircd: IrcServer) -> None:
    async with connected("ann", ngircd, "#lacks") as ann:
        room = ann.room("#lacks")
        for verb, target, obj in (
            ("query", room, {"type": "history", "limit": 5}),
            ("update", room, {"type": "typing", "state": "active"}),
            ("delete", room, {"type": "message", "id": "m1"}),
            ("request-friend", ann.person("ben"), None),
            ("query", room, {"type": "marker"}),
        ):
            with anyio.fail_after(1), pytest.raises(PlatformError) as caught:
                await ann.do(verb, target, obj)
            assert caught.value.condition == "unsupported", verb


async def test_typing_reactions_and_replies(inspircd: IrcServer) -> None:
    async with connected("ann", inspircd, "#tags") as ann, connected("ben", inspircd, "#tags") as ben:
        room = ann.room("#tags")
        await ann.say(room, "hello")
        heard = await ben.saw("send", "message", content="hello")
        about = {"type": "message", "id": heard["object"]["id"]}
        await ben.do("update", room, {"type": "typing", "state": "active"})
        await ann.saw("update", "typing", state="active")
        await ben.do("add", room, {"type": "reaction", "content": "+1", "inReplyTo": about})
        assert (await ann.saw("add", "reaction"))["object"]["inReplyTo"] == about
        await ben.do("send", room, {"type": "message", "content": "yes", "inReplyTo": about})
        assert (await ann.saw("send", "message", content="yes"))["object"]["inReplyTo"] == about


async def test_what_one_says_comes_back_with_its_id(inspircd: IrcServer) -> None:
    """And is not told again: the acknowledgement has it."""
    async with connected("ann", inspircd, "#ids") as ann, connected("ben", inspircd, "#ids") as ben:
        said = await ann.do("send", ann.room("#ids"), {"type": "message", "content": "hello"})
        assert said is not None
        assert said["object"] == (await ben.saw("send", "message", content="hello"))["object"]
        assert not [each for each in ann.emitted if each["type"] == "send"]


async def test_watching_somebody(inspircd: IrcServer) -> None:
    async with connected("ann", inspircd) as ann:
        await ann.do("request-friend", ann.person("ben"))
        await ann.saw("update", "presence", presence="offline")
        assert ann.saves[-1]["watched"] == ["ben"]
        async with connected("ben", inspircd):
            told = await ann.saw("update", "presence", presence="online")
            assert told["actor"]["name"] == "ben"
            ann.emitted.clear()
        await ann.saw("update", "presence", presence="offline")
        await ann.do("remove-friend", ann.person("ben"))
        assert "watched" not in ann.saves[-1]
        ann.emitted.clear()
        async with connected("ben", inspircd):
            await ann.do("query", ann.person("ben"), {"type": "profile"})
        assert not [each for each in ann.emitted if each.get("object", {}).get("type") == "presence"]


async def test_whom_one_watches_is_watched_again_by_the_next_connection(inspircd: IrcServer) -> None:
    async with driver("ann", inspircd) as ann:
        await ann.connect(restore={"joins": [], "nick": "ann", "watched": ["cat"]})
        assert (await ann.saw("update", "presence"))["actor"]["name"] == "cat"


async def test_questions_of_other_clients_are_answered_but_not_without_end(server: IrcServer) -> None:
    async with (
        connected("ann", server, ctcp_version="Owlery 1") as ann,
        irc_peer("curious", server.host, server.port) as peer,
    ):
        await peer.send("PRIVMSG ann :\x01VERSION\x01")
        answer = await peer.line(lambda line: " NOTICE curious " in line)
        assert answer.endswith(":\x01VERSION Owlery 1\x01")
        for number in range(20):
            await peer.send(f"PRIVMSG ann :\x01PING {number}\x01")
        await peer.send("PRIVMSG ann :\x01TIME\x01")
        # All has been seen, and answered or not, when what was sent behind it has been.
        await peer.send("PRIVMSG ann :was that all?")
        await ann.saw("send", "message", content="was that all?")
        await ann.say(ann.person("curious"), "it was")
        await peer.line(lambda line: line.endswith(":it was"))
        answers = [line for line in peer.lines if "NOTICE curious :\x01" in line]
        assert 1 < len(answers) <= 6
        assert not [line for line in answers if "TIME" in line]


async def test_the_version_may_be_kept_to_oneself(ngircd: IrcServer) -> None:
    async with connected("ann", ngircd, ctcp_version=""), irc_peer("nosy", ngircd.host, ngircd.port) as peer:
        await peer.send("PRIVMSG ann :\x01VERSION\x01")
        await peer.send("PRIVMSG ann :\x01PING 1\x01")
        assert "PING 1" in await peer.line(lambda line: " NOTICE nosy " in line)


async def test_another_nickname_where_the_operator_lets_it_be_tried(ngircd: IrcServer) -> None:
    async with connected("taken", ngircd), driver("taken", ngircd, nick_collision="underscore") as second:
        await second.connect()
        assert second.identities == [f"taken_@{ngircd.host}"]


# --- Servers that want TLS (IRCv3 sts) --------------------------------------------------------------------------------

STS = '<module name="ircv3_sts">\n<sts host="*" duration="1h" port="{tls_port}" preload="no">'


async def test_tls_where_the_server_asks_for_it(certificates: Certificates) -> None:
    """From the first connection on, and for as long as it says, whatever the credentials say."""
    with run_inspircd(certificates, STS) as server:
        # By name: InspIRCd says how long to remember it to those who have said whom they want (SNI).
        async with driver("ann", ("localhost", server.port), tls_ca_file=str(server.authority)) as ann:
            await ann.connect(password="sesame")
            await ann.join("#sts")
            state = ann.saves[-1]
            # Said over TLS alone.
            assert state["sts"]["port"] == server.tls_port
        nowhere = ("localhost", 1)
        async with driver("ann", nowhere, tls_ca_file=str(server.authority)) as ann:
            await ann.connect(restore=state)


async def test_nothing_secret_is_said_before_tls() -> None:
    async def handle(server: FakeServer, line: str) -> None:
        if line.startswith("CAP LS"):
            server.say(":irc.fake CAP * LS :sts=port=1,duration=60 sasl=PLAIN")

    for given in ({"password": "sesame"}, {"token": "t0ken"}, {}):
        async with fake_server(handle) as fake, driver("ann", (fake.host, fake.port)) as ann:
            with pytest.raises(PlatformError) as caught:
                await ann.connect(**given)
            assert caught.value.condition == "connection-refused"
            assert not [line for line in fake.lines if line.startswith(("PASS", "AUTHENTICATE", "CAP REQ"))]


# --- What no packaged server has --------------------------------------------------------------------------------------

CAPS = (
    "batch message-tags server-time labeled-response draft/chathistory draft/multiline=max-bytes=4096,max-lines=24 "
    "draft/message-redaction draft/read-marker"
)


async def modern(server: FakeServer, line: str) -> None:
    """As :func:`welcome`, with the capabilities that are still drafts."""
    tags, _, rest = line.partition(" ") if line.startswith("@") else ("", "", line)
    label = f"@{next((tag for tag in tags[1:].split(';') if tag.startswith('label=')), '')} " if tags else ""
    if line.startswith("CAP LS"):
        server.say(f":irc.fake CAP * LS :{CAPS}")
    elif rest.startswith("JOIN"):
        room = rest.partition(" ")[2]
        server.say(f"{label}BATCH +j labeled-response", f"@batch=j :ann!a@h JOIN {room}")
        server.say(f"@batch=j :irc.fake 353 ann = {room} :ann", f"@batch=j :irc.fake 366 ann {room} :End", "BATCH -j")
    elif rest.startswith("CHATHISTORY"):
        server.say(f"{label}BATCH +h chathistory #past")
        for number in (1, 2):
            time = f"time=2026-11-23T12:00:0{number}.000Z"
            server.say(f"@batch=h;{time};msgid=m{number} :ben!b@h PRIVMSG #past :number {number}")
        server.say("BATCH -h")
    elif rest.startswith("MARKREAD"):
        server.say(f"{label}:irc.fake MARKREAD #past timestamp=2026-11-23T12:00:01.000Z")
    elif rest.startswith("REDACT") and "forbidden" in rest:
        server.say(f"{label}:irc.fake FAIL REDACT REDACT_FORBIDDEN #past forbidden :Not yours")
    elif label and rest.split(" ")[0] in ("REDACT", "BATCH", "MONITOR"):
        server.say(f"{label}:irc.fake ACK")
    elif rest == "CAP END":
        await welcome(server, "USER")
    elif not rest.startswith(("BATCH -", "USER")):
        await welcome(server, line)


async def test_history() -> None:
    async with fake_server(modern) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        await ann.join("#past")
        page = await ann.do("query", ann.room("#past"), {"type": "history", "limit": 2})
        assert page is not None
        assert (page["type"], page["totalItems"]) == ("collection", 2)
        assert [item["object"]["content"] for item in page["items"]] == ["number 1", "number 2"]
        assert not [each for each in ann.emitted if each["type"] == "send"]


async def test_several_lines_are_one_message() -> None:
    async with fake_server(modern) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        await ann.say(ann.room("#past"), "one\ntwo")
        start = next(line for line in fake.lines if "BATCH +" in line)
        assert start.startswith("@label=")
        assert [line for line in fake.lines if "PRIVMSG" in line] == [
            "@batch=1 PRIVMSG #past :one",
            "@batch=1 PRIVMSG #past :two",
        ]


async def test_messages_are_taken_back() -> None:
    async with fake_server(modern) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        await ann.join("#past")
        await ann.do("delete", ann.room("#past"), {"type": "message", "id": "m1"})
        with pytest.raises(PlatformError) as caught:
            await ann.do("delete", ann.room("#past"), {"type": "message", "id": "forbidden"})
        assert caught.value.condition == "redact-forbidden"


async def test_how_far_one_has_read() -> None:
    async with fake_server(modern) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        moment = "2026-11-23T12:00:01.000Z"
        await ann.do("update", ann.room("#past"), {"type": "marker", "published": moment})
        answer = await ann.do("query", ann.room("#past"), {"type": "marker"})
        assert answer is not None
        assert answer["object"]["published"] == moment


async def test_a_room_of_five_thousand() -> None:
    people = 5_000

    async def crowd(server: FakeServer, line: str) -> None:
        if not line.startswith("JOIN"):
            await welcome(server, line)
            return
        server.say(":ann!a@h JOIN #big")
        for start in range(0, people, 20):
            names = " ".join(f"owl{number}" for number in range(start, start + 20))
            server.say(f":irc.fake 353 ann = #big :{names}")
        server.say(":irc.fake 366 ann #big :End")

    async with fake_server(crowd) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        with anyio.fail_after(20):
            await ann.join("#big")
        told = {each["actor"]["name"] for each in ann.emitted if each.get("object", {}).get("type") == "presence"}
        assert len(told) == people


def _modes(it: Driver) -> list[tuple[str, ...]]:
    seen = [each["object"]["modes"] for each in it.emitted if each.get("object", {}).get("type") == "mode"]
    return [tuple(mode) for modes in seen for mode in modes]


async def test_roles_bans_invitations_and_kicks(server: IrcServer) -> None:
    async with connected("ann", server, "#mods") as ann, connected("ben", server, "#mods") as ben:
        room = ann.room("#mods")
        role = {"type": "relationship", "relationship": "role", "subject": {"type": "presence", "role": "participant"}}
        await ann.do("add", ann.person("ben"), {**role, "object": room})
        assert (await ben.saw("add", "relationship"))["target"]["name"] == "ben"
        await ann.do("update", room, {"type": "mode", "modes": [["+", "i"], ["+", "b", "mallory!*@*"]]})
        told = (("+", "i"), ("+", "b", "mallory!*@*"))
        # ngIRCd tells of each by itself.
        await ben.until(lambda: all(each in _modes(ben) for each in told))
        kick = {"actor": ann.person("ben"), "irc:by": ann.person("ann")}
        await ann.do("leave", room, {"type": "message", "content": "out"}, **kick)
        assert (await ben.saw("leave", "message", content="out"))["irc:by"]["name"] == "ann"
        with pytest.raises(PlatformError) as caught:
            await ben.join("#mods")
        assert caught.value.condition == "invite-only"
        await ann.do("invite", room, ann.person("ben"))
        assert (await ben.saw("invite"))["target"]["name"] == "#mods"
        await ben.join("#mods")


async def scram_server(server: FakeServer, line: str) -> None:
    """RFC 7677, for the password ``pencil``."""
    if line.startswith("CAP LS"):
        server.say(":irc.fake CAP * LS :sasl=SCRAM-SHA-256,PLAIN")
    elif line == "AUTHENTICATE SCRAM-SHA-256":
        server.say("AUTHENTICATE +")
    elif line.startswith("AUTHENTICATE") and server.scram is None:
        first = base64.b64decode(line.split(" ")[1]).decode().partition("n,,")[2]
        challenge = f"r={first.partition('r=')[2]}more,s={base64.b64encode(b'salt').decode()},i=4096"
        server.scram = f"{first},{challenge}"
        server.say(f"AUTHENTICATE {base64.b64encode(challenge.encode()).decode()}")
    elif line.startswith("AUTHENTICATE") and line != "AUTHENTICATE +":
        said, _, proof = base64.b64decode(line.split(" ")[1]).decode().partition(",p=")
        salted = hashlib.pbkdf2_hmac("sha256", b"pencil", b"salt", 4096)
        message = f"{server.scram},{said}".encode()
        client = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client).digest(), message, "sha256")
        if bytes(a ^ b for a, b in zip(client, signature, strict=True)) != base64.b64decode(proof):
            server.say(":irc.fake 904 ann :No")
            return
        verifier = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
        server.say(f"AUTHENTICATE {base64.b64encode(b'v=' + base64.b64encode(verifier)).decode()}")
    elif line.startswith("AUTHENTICATE"):
        server.say(":irc.fake 900 ann ann!a@h ann :Logged in", ":irc.fake 903 ann :Good")
    elif line == "CAP END":
        await welcome(server, "USER")
    elif not line.startswith("USER"):
        await welcome(server, line)


async def test_scram() -> None:
    async with fake_server(scram_server) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect(password="pencil")
        assert ann.platform.connected
        assert "AUTHENTICATE PLAIN" not in fake.lines


async def test_what_others_change_is_told(inspircd: IrcServer) -> None:
    """Without being asked: ``setname``, ``away-notify``, ``invite-notify``, ``extended-join``."""
    async with connected("ann", inspircd, "#news") as ann, irc_peer("ben", inspircd.host, inspircd.port) as peer:
        caps = "setname away-notify"
        await peer.send(f"CAP REQ :{caps}")
        await peer.join("#news")
        joined = await ann.saw("join")
        assert joined["actor"]["name"] == "ben"
        await peer.send("SETNAME :Ben Owl")
        changed = await ann.saw("update", "profile")
        assert (changed["actor"]["name"], changed["object"]["name"]) == ("ben", "Ben Owl")
        await peer.send("AWAY :tea")
        away = await ann.saw("update", "presence", presence="away")
        assert (away["actor"]["name"], away["object"]["content"]) == ("ben", "tea")
        await ann.do("update", ann.room("#news"), {"type": "mode", "modes": [["+", "o", "ben"]]})
        async with connected("cat", inspircd) as cat:
            await peer.send("INVITE cat #news")
            assert (await cat.saw("invite"))["target"]["name"] == "#news"
            told = await ann.saw("invite")
            assert (told["actor"]["name"], told["object"]["name"]) == ("ben", "cat")


def _account(activity: dict[str, Any]) -> Any:
    """Wherever it stands: of the one who acts, of what changes, of the message."""
    parts = (activity["actor"], activity.get("object", {}), activity)
    return next((part["irc:account"] for part in parts if "irc:account" in part), None)


async def test_accounts_of_others_are_told(services: IrcServer) -> None:
    """``account-notify``, ``account-tag``, ``extended-join``."""
    nick = f"u{secrets.token_hex(4)}"
    async with connected("ann", services, "#who") as ann, connected(nick, services, "#who") as ben:
        await ben.say(ben.person("NickServ"), f"REGISTER sesame {nick}@test.example")
        known = await ann.saw("update", "profile")
        assert (known["actor"]["name"], _account(known)) == (nick, nick)
        await ben.say(ben.room("#who"), "with a tag")
        said = await ann.saw("send", "message", content="with a tag")
        assert _account(said) == nick
        await ben.do("leave", ben.room("#who"))
        ann.emitted.clear()
        await ben.join("#who")
        joined = await ann.saw("join")
        assert _account(joined) == nick


async def test_a_host_that_changes_is_told() -> None:
    """``chghost``; on networks it is for operators and services to do."""

    async def handle(server: FakeServer, line: str) -> None:
        await welcome(server, line)
        if line.startswith("JOIN"):
            server.say(":ben!b@h JOIN #news", ":ben!b@h CHGHOST user new.host")

    async with fake_server(handle) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        await ann.join("#news")
        changed = await ann.saw("update", "profile")
        assert changed["object"]["irc:host"] == "new.host"


async def test_what_can_be_done_is_told_again_by_the_next_connection(ngircd: IrcServer) -> None:
    async with tcp_proxy(ngircd.host, ngircd.port) as proxy, driver("ann", (proxy.host, proxy.port)) as ann:
        await ann.connect()
        ann.emitted.clear()
        proxy.cut()
        await ann.saw("connect", "connect", status="reconnected")
        await ann.saw("update", "capabilities")
