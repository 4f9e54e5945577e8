"""Servers that mean harm, or have gone mad: memory stays bounded, and nobody else's words are taken for an answer."""

from __future__ import annotations

import resource
import socket

import anyio
import anyio.lowlevel
import pytest

from sockethub.errors import PlatformError
from tests.integration.irc.driver import driver
from tests.integration.irc.fake import FakeServer, fake_server, welcome

pytestmark = pytest.mark.anyio

MEBIBYTE = 1024 * 1024


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def test_line_without_end_stays_bounded() -> None:
    async with fake_server() as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        before = peak_bytes()
        chunk = b"x" * MEBIBYTE
        for _ in range(100):
            fake.writer.write(chunk)
            await fake.writer.drain()
        fake.say("", ":eve!e@h PRIVMSG ann :after it all")
        await ann.saw("send", "message", content="after it all")
        assert peak_bytes() - before < 20 * MEBIBYTE


async def test_a_line_that_comes_a_byte_at_a_time() -> None:
    """It is heard when it is whole."""

    async def busy(server: FakeServer, line: str) -> None: ...

    async with fake_server() as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        fake.handle = busy  # what it said else would be in the middle of the line
        for byte in b":eve!e@h PRIVMSG ann :drop by drop\r\n":
            fake.writer.write(bytes([byte]))
            await anyio.sleep(0.01)
        await ann.saw("send", "message", content="drop by drop")
        fake.handle = welcome
        await ann.join("#room")


async def test_garbage_is_skipped() -> None:
    async with fake_server() as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        fake.writer.write(
            b"\x00\xff\xfe\r\n:\r\n@\r\n:only.source\r\n@tags=\r\n   \r\n\n\n" + bytes(range(256)) + b"\r\n"
        )
        fake.say(
            *(f":irc.fake {number:03d} ann" for number in range(1000)),
            *(f":irc.fake {number:03d} ann #x" for number in range(1000) if number not in (1, 432, 433, 464, 465)),
            "BATCH", "BATCH +", "BATCH -x", "CAP", "NICK", "JOIN", "PART", "KICK #x", "MODE", "TOPIC", "PONG",
        )  # fmt: skip
        fake.say(":eve!e@h PRIVMSG ann :after it all")
        await ann.saw("send", "message", content="after it all")
        assert ann.platform.connected


async def test_server_that_asks_and_never_reads() -> None:
    async def deaf(server: FakeServer, line: str) -> None:
        await welcome(server, line)

    async with fake_server(deaf) as fake, driver("ann", (fake.host, fake.port), reconnect_seconds=0) as ann:
        await ann.connect()
        raw = fake.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        fake.writer.transport.pause_reading()  # type: ignore[attr-defined]
        ping = ("PING :" + "x" * 400 + "\r\n").encode() * 200
        with anyio.fail_after(30):
            while not ann.losses:
                fake.writer.write(ping)
                await anyio.lowlevel.checkpoint()
                if fake.writer.is_closing():
                    break
        await ann.until(lambda: bool(ann.losses) or not ann.platform.connected)


async def test_another_person_cannot_confirm_or_refuse() -> None:
    """What others send while a command is under way is not its answer."""

    async def slow(server: FakeServer, line: str) -> None:
        if line.startswith("PING"):
            server.say(
                ":eve!e@h PONG irc.fake :guess",
                ":eve!e@h PRIVMSG ann :404 ann #room :no",
                ":irc.fake 401 ann nobody :No such nick",
                ":irc.fake 404 ann #other :Cannot send",
            )
        await welcome(server, line)

    async with fake_server(slow) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        await ann.join("#room")
        await ann.say(ann.room("#room"), "hello")
        assert (await ann.saw("error"))["irc:numeric"] in ("401", "404")


async def test_refusal_is_given_to_the_command_it_is_about() -> None:
    async def refuse(server: FakeServer, line: str) -> None:
        if line.startswith("PRIVMSG bob"):
            server.say(":irc.fake 401 ann bob :No such nick")
        else:
            await welcome(server, line)

    async with fake_server(refuse) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        outcomes: dict[str, str] = {}

        async def say(nick: str) -> None:
            try:
                await ann.say(ann.person(nick), "psst")
                outcomes[nick] = "sent"
            except PlatformError as error:
                outcomes[nick] = error.condition

        async with anyio.create_task_group() as tasks:
            for nick in ("eve", "bob", "joe"):
                tasks.start_soon(say, nick)
        assert outcomes == {"eve": "sent", "bob": "no-such-nick", "joe": "sent"}


async def test_answer_that_comes_after_the_confirmation() -> None:
    async def slow(server: FakeServer, line: str) -> None:
        await welcome(server, line)
        if line.startswith("PING") and "LIST" in server.lines:
            server.say(":irc.fake 322 ann #slow 3 :takes its time", ":irc.fake 323 ann :End of LIST")

    async with fake_server(slow) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        rooms = await ann.do("query", {"id": fake.host, "type": "service"}, {"type": "room-list"})
        assert rooms is not None
        assert [room["name"] for room in rooms["object"]["rooms"]] == ["#slow"]


async def test_topic_without_setter_is_not_held_back() -> None:
    async def terse(server: FakeServer, line: str) -> None:
        if line.startswith("JOIN"):
            server.say(f":ann!a@h {line}", ":irc.fake 332 ann #room :tea")
        else:
            await welcome(server, line)

    async with fake_server(terse) as fake, driver("ann", (fake.host, fake.port)) as ann:
        await ann.connect()
        await ann.join("#room")
        await ann.saw("update", "topic", content="tea")


async def test_flood_limit_paces_and_refuses() -> None:
    options = {"flood_burst": 2, "flood_rate": 20, "flood_wait_seconds": 1}
    async with fake_server() as fake, driver("ann", (fake.host, fake.port), **options) as ann:
        await ann.connect()
        began = anyio.current_time()
        await ann.say(ann.room("#room"), "\n".join(f"line {n}" for n in range(8)))
        assert 0.25 <= anyio.current_time() - began < 5
        assert [line for line in fake.lines if "line" in line] == [f"PRIVMSG #room :line {n}" for n in range(8)]
        with pytest.raises(PlatformError, match="too much at once") as caught:
            await ann.say(ann.room("#room"), "\n".join("x" * 60))
        assert caught.value.condition == "too-fast"
