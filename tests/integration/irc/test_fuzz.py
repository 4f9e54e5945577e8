"""Whatever a server says: the login goes on, or ends with a reason; nothing breaks, and what is told is valid.

Lines are made of what the driver knows, wrongly put together, and of bytes; they come at every stage of a connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import anyio
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sockethub.errors import OutcomeUnknown, PlatformError
from tests.integration.irc.driver import Driver, driver
from tests.integration.irc.fake import FakeServer, fake_server, welcome

WITHIN_SECONDS = 10.0
FUZZ = settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
PROMPT = {"reconnect_seconds": 0, "connect_seconds": 0.5, "reply_seconds": 0.5}

WORDS = st.sampled_from(
    [b"ann", b"#x", b"*", b":", b"", b"+o", b"-k", b"@", b"@ann", b"=", b"bob!b@h", b"irc.fake", b"LS", b"ACK",
     b"NAK", b"NEW", b"DEL", b":multi-prefix sasl=PLAIN message-tags batch", b"CHANTYPES=", b"PREFIX=(",
     b"PREFIX=(ov)@", b"NICKLEN=x", b"NETWORK=", b"CHANMODES=,,,", b"+1", b"-1", b"1", b":\x01ACTION\x01",
     b":\x01VERSION", b":hello there", b"timestamp=2026-01-01T00:00:00.000Z", b"draft/multiline",
     b"chathistory", b"99999999999999999999"]
)  # fmt: skip
COMMANDS = st.sampled_from(
    [b"PRIVMSG", b"NOTICE", b"TAGMSG", b"JOIN", b"PART", b"QUIT", b"KICK", b"NICK", b"MODE", b"TOPIC",
     b"INVITE", b"CAP", b"AUTHENTICATE", b"BATCH", b"ACCOUNT", b"AWAY", b"CHGHOST", b"SETNAME", b"RENAME",
     b"REDACT", b"MARKREAD", b"FAIL", b"WARN", b"NOTE", b"PING", b"PONG", b"ERROR", b"WALLOPS", b"STS"]
) | st.integers(0, 999).map(lambda number: b"%03d" % number)  # fmt: skip
TAGS = st.sampled_from(
    [b"", b"@ ", b"@time=2026-01-01T00:00:00.000Z ", b"@time=x ", b"@batch=1 ", b"@label=1 ",
     b"@msgid=a;account= ", b"@+draft/reply=a;+draft/react=\\: ", b"@a=\\", b"@" + b";" * 500 + b" "]
)  # fmt: skip
SOURCES = st.sampled_from([b"", b": ", b":ann!a@h ", b":ann ", b":eve!e@h ", b":irc.fake ", b":!@ "])
ODD = st.binary(max_size=20)
LINES = st.builds(
    lambda tags, source, command, words: tags + source + command + b"".join(b" " + word for word in words),
    TAGS, SOURCES, COMMANDS, st.lists(WORDS | ODD, max_size=6),
)  # fmt: skip
SAID = st.lists(LINES | st.binary(max_size=60), max_size=25).map(lambda lines: b"\r\n".join(lines) + b"\r\n")


async def _survives(fake: FakeServer, it: Driver) -> None:
    """It is still there, or has said why not."""
    fake.say("PING :after-it-all")
    with anyio.fail_after(WITHIN_SECONDS):
        while not it.losses and it.platform.connected:
            if any("PONG" in line and "after-it-all" in line for line in fake.lines):
                return
            await anyio.sleep(0.002)


@FUZZ
@given(said=SAID)
@example(said=b":irc.fake 001\r\n")
def test_before_the_welcome(said: bytes) -> None:
    async def scenario() -> None:
        async def handle(server: FakeServer, line: str) -> None:
            if line.startswith("USER"):
                server.writer.write(said)
            await welcome(server, line)

        async with fake_server(handle) as fake, driver("ann", (fake.host, fake.port), **PROMPT) as it:
            try:
                await it.connect()
            except (PlatformError, OutcomeUnknown):
                return
            await _survives(fake, it)

    anyio.run(scenario)


@FUZZ
@given(said=SAID)
@example(said=b"BATCH +1 draft/multiline #x\r\n@batch=1 :a!b@c PRIVMSG #x :y\r\nBATCH -1\r\nBATCH -1\r\n")
def test_while_in_a_room(said: bytes) -> None:
    async def scenario() -> None:
        async with fake_server() as fake, driver("ann", (fake.host, fake.port), **PROMPT) as it:
            await it.connect()
            await it.join("#x")
            fake.writer.write(said)
            await _survives(fake, it)

    anyio.run(scenario)


@FUZZ
@given(said=SAID, verb=st.sampled_from(["PRIVMSG", "TOPIC", "NAMES", "NICK"]))
def test_in_the_place_of_an_answer(said: bytes, verb: str) -> None:
    async def scenario() -> None:
        welcomed = False

        async def handle(server: FakeServer, line: str) -> None:
            if welcomed and line.startswith(verb):  # NICK is said before, too
                server.writer.write(said)
            await welcome(server, line)

        async with fake_server(handle) as fake, driver("ann", (fake.host, fake.port), **PROMPT) as it:
            await it.connect()
            await it.join("#x")
            welcomed = True
            with suppress(PlatformError, OutcomeUnknown), anyio.move_on_after(1):
                match verb:
                    case "PRIVMSG":
                        await it.say(it.room("#x"), "hello")
                    case "TOPIC":
                        await it.do("update", it.room("#x"), {"type": "topic", "content": "hello"})
                    case "NAMES":
                        await it.do("query", it.room("#x"), {"type": "attendance"})
                    case "NICK":
                        await it.do("update", it.person("anna"), {"type": "address"})
            await _survives(fake, it)

    anyio.run(scenario)


@pytest.fixture(autouse=True)
def no_tracebacks(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """What is logged as an exception is a bug, also where it was caught."""
    yield
    assert "Traceback" not in capsys.readouterr().out
