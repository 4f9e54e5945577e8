"""The local IRC server as a client meets it, by raw lines."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import anyio
import pytest

from sockethub.embedded.child import EmbeddedServerFailed
from sockethub.embedded.ircd import local_ircd
from tests.support.processes import accepts, eventually


class Peer:
    """A client that says lines and waits for lines."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.lines = connection.makefile("r", encoding="utf-8", newline="\r\n")

    def say(self, *lines: str) -> None:
        self.connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def read(self) -> str:
        line = self.lines.readline()
        assert line, "the server closed the connection"
        return line.removesuffix("\r\n")

    def until(self, part: str) -> list[str]:
        """Read up to the line that holds ``part``; return all that came."""
        seen = [self.read()]
        while part not in seen[-1]:
            seen.append(self.read())
        return seen

    def register(self, nick: str) -> None:
        self.say(f"NICK {nick}", f"USER {nick} 0 * :Real {nick}")
        self.until(" 376 ")

    def settled(self) -> list[str]:
        """What the server had to say so far."""
        token = f"t{random.getrandbits(32)}"
        self.say(f"PING {token}")
        return self.until(token)[:-1]


@contextmanager
def connected(port: int) -> Iterator[Peer]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        peer = Peer(connection)
        with peer.lines:
            yield peer
            # Wait for the server to be done with it, so that the next test finds nick and channel free.
            with suppress(OSError):
                peer.say("QUIT")
                peer.lines.read()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server of this module's, run the way `sockethub serve` does."""
    program = (
        "import anyio\n"
        "from sockethub.embedded.ircd import local_ircd\n"
        "async def main():\n"
        "    async with local_ircd() as server:\n"
        "        print('port', server.port, flush=True)\n"
        "        await anyio.sleep(600)\n"
        "anyio.run(main)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        number = next(int(line.split()[1]) for line in parent.stdout if line.startswith(b"port "))
        yield number
        parent.kill()
    # It dies with its parent: checked once for all tests of this module.
    eventually(lambda: not accepts(("127.0.0.1", number)), "the server gone after its parent", deadline=5)


class Join(Protocol):
    def __call__(self, *nicks: str) -> list[Peer]: ...


@pytest.fixture
def room(port: int) -> Iterator[Join]:
    """Let people join ``#room``, which is empty when the test starts."""
    with ExitStack() as stack:

        def join(*nicks: str) -> list[Peer]:
            peers = [stack.enter_context(connected(port)) for _ in nicks]
            for peer, nick in zip(peers, nicks, strict=True):
                peer.register(nick)
                peer.say("JOIN #room")
                peer.until(" 366 ")
            for peer in peers:
                peer.settled()
            return peers

        yield join


def test_registration_waits_for_the_end_of_negotiation(port: int) -> None:
    with connected(port) as peer:
        peer.say("CAP LS 302", "NICK modern", "USER modern 0 * :Modern")
        assert peer.read() == ":irc.localhost CAP * LS :"
        assert peer.settled() == []
        peer.say("CAP REQ :echo-message")
        assert peer.read() == ":irc.localhost CAP modern NAK :echo-message"
        peer.say("CAP END")
        welcome = peer.until(" 376 ")
        assert [line.split()[1] for line in welcome] == ["001", "002", "003", "004", "005", "375", "372", "376"]
        assert welcome[0].endswith("modern!modern@127.0.0.1")


def test_registration_takes_either_order_and_a_password(port: int) -> None:
    with connected(port) as peer:
        peer.say("PASS any", "USER early 0 * :Early", "NICK early")
        assert peer.read().startswith(":irc.localhost 001 early :")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("NICK", "431 * :No nickname given"),
        ("NICK 1abc", "432 * 1abc :Erroneous nickname"),
        ("NICK TAKEN", "433 * TAKEN :Nickname is already in use"),
        ("USER too few", "461 * USER :Not enough parameters"),
        ("JOIN #room", "451 * :You have not registered"),
        ("CAP NONSENSE", "410 * NONSENSE :Invalid CAP command"),
        ("FROBNICATE", "421 * FROBNICATE :Unknown command"),
        ("PING :two words", "PONG irc.localhost :two words"),
    ],
)
def test_answers_before_registration(port: int, said: str, answer: str) -> None:
    with connected(port) as holder, connected(port) as peer:
        holder.register("taken")
        peer.say(said)
        assert peer.read() == f":irc.localhost {answer}"


def test_join_tells_everybody_and_lists_names(room: Join) -> None:
    alice, bob = room("alice", "bob")
    bob.say("NAMES #room")
    names, end = bob.until(" 366 ")
    assert names.startswith(":irc.localhost 353 bob = #room :")
    assert set(names.rpartition(":")[2].split()) == {"@alice", "bob"}
    assert end == ":irc.localhost 366 bob #room :End of /NAMES list"
    alice.say("PART #room :bye")
    assert bob.read() == ":alice!alice@127.0.0.1 PART #room :bye"
    alice.until("PART")
    alice.say("JOIN #ROOM")
    assert bob.read() == ":alice!alice@127.0.0.1 JOIN #room"


def test_messages_reach_the_others_and_not_the_sender(room: Join) -> None:
    alice, bob = room("alice", "bob")
    alice.say("PRIVMSG #room :Grüße: 👋", "NOTICE bob :psst", "PRIVMSG bob,#room both")
    assert [bob.read() for _ in range(4)] == [
        ":alice!alice@127.0.0.1 PRIVMSG #room :Grüße: 👋",
        ":alice!alice@127.0.0.1 NOTICE bob :psst",
        ":alice!alice@127.0.0.1 PRIVMSG bob :both",
        ":alice!alice@127.0.0.1 PRIVMSG #room :both",
    ]
    assert alice.settled() == []


def test_topics_kicks_modes_and_nicks(room: Join) -> None:
    alice, bob = room("alice", "bob")
    bob.say("TOPIC #room", "TOPIC #room :News")
    assert bob.read() == ":irc.localhost 331 bob #room :No topic is set"
    assert alice.read() == bob.read() == ":bob!bob@127.0.0.1 TOPIC #room :News"
    alice.say("TOPIC #room")
    assert alice.read() == ":irc.localhost 332 alice #room :News"
    assert alice.read().startswith(":irc.localhost 333 alice #room bob!bob@127.0.0.1 ")
    bob.say("KICK #room alice", "MODE #room")
    assert bob.read() == ":irc.localhost 482 bob #room :You're not channel operator"
    assert bob.read() == ":irc.localhost 324 bob #room :+nt"
    alice.say("MODE #room +o bob", "NICK Alicia", "KICK #room bob :enough")
    assert [bob.read() for _ in range(3)] == [
        ":alice!alice@127.0.0.1 MODE #room +o bob",
        ":alice!alice@127.0.0.1 NICK :Alicia",
        ":Alicia!alice@127.0.0.1 KICK #room bob :enough",
    ]
    bob.say("PRIVMSG #room :am I out?")
    assert bob.read() == ":irc.localhost 404 bob #room :Cannot send to channel"


def test_quitting_and_vanishing_are_told(room: Join) -> None:
    alice, bob, carol = room("alice", "bob", "carol")
    alice.say("QUIT :good night")
    assert alice.read() == "ERROR :Closing link (Quit: good night)"
    bob.connection.shutdown(socket.SHUT_RDWR)
    assert sorted([carol.read(), carol.read()]) == [
        ":alice!alice@127.0.0.1 QUIT :Quit: good night",
        ":bob!bob@127.0.0.1 QUIT :Connection closed",
    ]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("PRIVMSG", "411 alice :No recipient given (PRIVMSG)"),
        ("PRIVMSG bob", "412 alice :No text to send"),
        ("PRIVMSG nobody :x", "401 alice nobody :No such nick/channel"),
        ("JOIN room", "403 alice room :No such channel"),
        ("PART #other", "403 alice #other :No such channel"),
        ("USER a b c d", "462 alice :You may not reregister"),
        ("MODE #room +k key", "472 alice k :is unknown mode char to me"),
        ("MODE alice", "221 alice :+i"),
        ("ISON alice nobody", "303 alice :alice"),
        ("AWAY :lunch", "306 alice :You have been marked as being away"),
        ("@label=1 :alice FROBNICATE", "421 alice FROBNICATE :Unknown command"),
    ],
)
def test_answers_of_a_registered_client(room: Join, said: str, answer: str) -> None:
    (alice,) = room("alice")
    alice.say(said)
    assert alice.read() == f":irc.localhost {answer}"


def test_who_and_whois(room: Join) -> None:
    alice, _ = room("alice", "bob")
    alice.say("WHO #room")
    assert {line.split()[7] for line in alice.until(" 315 ")[:-1]} == {"alice", "bob"}
    alice.say("WHOIS bob")
    assert alice.until(" 318 ") == [
        ":irc.localhost 311 alice bob bob 127.0.0.1 * :Real bob",
        ":irc.localhost 319 alice bob :#room",
        ":irc.localhost 312 alice bob irc.localhost :for trying things out",
        ":irc.localhost 318 alice bob :End of /WHOIS list",
    ]


def test_odd_input_is_answered_and_not_the_end(room: Join) -> None:
    (alice,) = room("alice")
    source = random.Random(2812)
    verbs = [b"JOIN", b"MODE", b"KICK", b"TOPIC", b"CAP", b"WHO", b"WHOIS", b"NAMES", b"INVITE", b"LIST", b"__CLASS__"]
    for _ in range(300):
        junk = bytes(source.choice(b"#@:, +o\xff\x00azAZ09") for _ in range(source.randrange(40)))
        alice.connection.sendall(source.choice([b"", b":x ", b"@a=b "]) + source.choice(verbs) + b" " + junk + b"\r\n")
    alice.connection.sendall(b"\r\n \r\n:\r\n@\r\nPRIVMSG alice :\xff\xfe\r\n")
    assert any(line.endswith("PRIVMSG alice :\ufffd\ufffd") for line in alice.settled())


def test_an_endless_line_ends_only_that_client(port: int) -> None:
    with connected(port) as flooder, connected(port) as other:
        flooder.connection.sendall(b"x" * 10_000)
        assert flooder.read() == ":irc.localhost 417 * :Input line was too long"
        other.register("other")


@pytest.mark.anyio
async def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(
            EmbeddedServerFailed, match=rf"cannot listen on 127\.0\.0\.1:{number}: Address already in use"
        ):
            async with local_ircd(number):
                pass


@pytest.mark.anyio
async def test_it_is_gone_after_the_block() -> None:
    async with local_ircd() as server:
        assert accepts((server.host, server.port))
    assert not accepts((server.host, server.port))


def children() -> set[int]:
    """The processes this thread has started."""
    return {int(pid) for pid in Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()}


def cpu_ticks(pid: int) -> int:
    """User and system time a process has had, in clock ticks (proc(5))."""
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))


@pytest.mark.anyio
async def test_it_sleeps_when_nobody_speaks() -> None:
    before = children()
    async with local_ircd() as server:
        (pid,) = children() - before
        with connected(server.port) as peer:
            peer.register("idle")
            ticks = cpu_ticks(pid)
            await anyio.sleep(0.5)
            assert cpu_ticks(pid) - ticks <= 2, "of 50"
