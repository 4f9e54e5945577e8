"""The local IRC server's process: ``python -m sockethub.embedded.ircd_server FD``, FD being a listening socket.

Built on :mod:`irc.server`, a server for tests, and amended where a client of today would stumble over it: capability
negotiation (IRCv3 ``CAP``) holds registration back and does not break it; registration waits for both NICK and USER
and is answered in full (RFC 2812 section 5.1, ``005``); nicks and channels are compared without case; the answers to
JOIN, NAMES, MODE, TOPIC, KICK, WHO and WHOIS have their forms of RFC 2812; PONG returns its token; a
line that is not UTF-8 or makes no sense is answered and not the end. Its loop sleeps when nobody speaks; the
original's never does.

One thread a client, one lock for everything they share: it is for a handful of people on one machine.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import irc.server
from irc.server import IRCChannel, IRCError

SERVER = "irc.localhost"
NETWORK = "Sockethub"
MAX_CLIENTS = 256
"""Connections at once; further ones are closed. Each has a thread."""

MAX_LINE = 8704
"""Bytes of a line: 8191 of tags, 512 of message, and one that shows it is too long (IRCv3 message-tags)."""

SEND_TIMEOUT = 2
"""Seconds a client may refuse to read before it is cut off; meanwhile the others wait for it."""

NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,29}")
CHANNEL = re.compile(r"#[^\x00\x07\r\n ,:]{0,63}")
ISUPPORT = (
    f"CASEMAPPING=ascii CHANLIMIT=#: CHANMODES=,,,nt CHANTYPES=# NETWORK={NETWORK} NICKLEN=30 CHANNELLEN=64 "
    "PREFIX=(o)@ MODES=1"
)

BEFORE_REGISTRATION = frozenset({"CAP", "NICK", "PASS", "PING", "PONG", "QUIT", "USER"})
MAX_PARAMETERS = 15
"""RFC 2812 section 2.3.1."""

Parameters = list[str]


def parse(line: str) -> tuple[str, Parameters]:
    """Command, in capitals, and parameters of a message (RFC 2812 section 2.3.1); tags and prefix are dropped."""
    while line[:1] in {"@", ":"}:
        line = line.partition(" ")[2].lstrip(" ")
    words, colon, trailing = line.partition(" :")
    command, *parameters = words.split() or [""]
    return command.upper(), parameters + ([trailing] if colon else [])


class Channel(IRCChannel):
    """A channel: its members and operators, its topic."""

    def __init__(self, name: str) -> None:
        super().__init__(name, topic="")
        self.operators: set[Client] = set()
        self.topic_at = 0

    def names(self) -> str:
        """The members as NAMES lists them."""
        return " ".join(f"{'@' if member in self.operators else ''}{member.nick}" for member in self.clients)


@functools.cache
def arity(handler: Callable[..., None]) -> tuple[int, int]:
    """The fewest and the most parameters of a command, read off its handler."""
    parameters = list(inspect.signature(handler).parameters.values())[1:]
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return 0, MAX_PARAMETERS
    return sum(parameter.default is parameter.empty for parameter in parameters), len(parameters)


class Client(irc.server.IRCClient):
    """One connection."""

    server: Server
    nick: str | None
    channels: dict[str, Channel]

    # -- the loop ------------------------------------------------------------------------------------------------

    def handle(self) -> None:
        """Read lines until the connection ends."""
        self.registered = False
        self.negotiating = False
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_TIMEOUT, 0))
        self.leaving = "Connection closed"
        try:
            with self.request.makefile("rb") as lines:
                while line := lines.readline(MAX_LINE):
                    self._take(line)
        except (self.Disconnect, OSError):
            """It is gone; ``finish`` tells the others."""

    def _take(self, line: bytes) -> None:
        with self.server.lock:
            if not line.endswith(b"\n"):
                self.numeric("417", "Input line was too long")
                raise self.Disconnect
            command, parameters = parse(line.decode(errors="replace").rstrip("\r\n"))
            if command:
                self._perform(command, parameters)

    def _perform(self, command: str, parameters: Parameters) -> None:
        handler: Callable[..., None] | None = getattr(type(self), f"on_{command.lower()}", None)
        try:
            if handler is None:
                self.fail("unknowncommand", command, "Unknown command")
            if not self.registered and command not in BEFORE_REGISTRATION:
                self.fail("notregistered", "You have not registered")
            fewest, most = arity(handler)
            if len(parameters) < fewest:
                self.fail("needmoreparams", command, "Not enough parameters")
            handler(self, *parameters[:most])
        except IRCError as problem:
            self.numeric(problem.code, *problem.value)

    def finish(self) -> None:
        """Take it out of everything it was in."""
        with self.server.lock:
            self.to_peers(f":{self.mask} QUIT :{self.leaving}")
            for channel in list(self.channels.values()):
                self.leave(channel)
            if self.nick is not None:
                self.server.clients.pop(self.nick.lower(), None)

    # -- words for the handlers ----------------------------------------------------------------------------------

    @property
    def mask(self) -> str:
        """Who it is in the prefix of a message."""
        return f"{self.nick}!{self.user}@{self.host[0]}"

    def send(self, line: str) -> None:
        """Send a line; a client that is gone, or does not read, is cut off, and its own thread notices."""
        try:
            self.request.sendall(f"{line}\r\n".encode())
        except OSError:
            with contextlib.suppress(OSError):
                self.request.shutdown(socket.SHUT_RDWR)

    def numeric(self, code: str, *words: str) -> None:
        """Send a numeric reply; the last word is trailing."""
        *middle, last = words
        self.send(" ".join([f":{SERVER}", code, self.nick or "*", *middle, f":{last}"]))

    def fail(self, name: str, *words: str) -> NoReturn:
        """Refuse with the numeric of that name (:data:`irc.events.codes`)."""
        raise IRCError.from_name(name, words)

    def to_peers(self, line: str) -> None:
        """Send ``line`` once to everybody who shares a channel with it."""
        for peer in {peer for channel in self.channels.values() for peer in channel.clients} - {self}:
            peer.send(line)

    @staticmethod
    def to_all(members: Iterable[Client], line: str) -> None:
        for member in list(members):
            member.send(line)

    def leave(self, channel: Channel) -> None:
        """Drop it from a channel, and the channel when nobody is left."""
        channel.clients.discard(self)
        channel.operators.discard(self)
        self.channels.pop(channel.name.lower(), None)
        if not channel.clients:
            self.server.channels.pop(channel.name.lower(), None)

    def channel(self, name: str, *, joined: bool = True, operator: bool = False) -> Channel:
        """The channel of that name; refuses when there is none, or it lacks the standing asked for."""
        channel: Channel | None = self.server.channels.get(name.lower())
        if channel is None:
            self.fail("nosuchchannel", name, "No such channel")
        if joined and self not in channel.clients:
            self.fail("notonchannel", name, "You're not on that channel")
        if operator and self not in channel.operators:
            self.fail("chanoprivsneeded", name, "You're not channel operator")
        return channel

    def peer(self, nick: str) -> Client:
        """The client of that nick; refuses when there is none."""
        client: Client | None = self.server.clients.get(nick.lower())
        if client is None or not client.registered:
            self.fail("nosuchnick", nick, "No such nick/channel")
        return client

    # -- registration (RFC 2812 section 3.1, IRCv3 capability-negotiation) -------------------------------------------

    def on_cap(self, verb: str, argument: str = "") -> None:
        verb = verb.upper()
        if verb in {"LS", "REQ"}:
            self.negotiating = not self.registered
        answer = {"LS": ("LS", ""), "LIST": ("LIST", ""), "REQ": ("NAK", argument)}.get(verb)
        if answer is not None:
            self.send(f":{SERVER} CAP {self.nick or '*'} {answer[0]} :{answer[1]}")
        elif verb == "END":
            self.negotiating = False
            self._register()
        else:
            self.numeric("410", verb, "Invalid CAP command")

    def on_pass(self, password: str) -> None:
        """Any will do."""

    def on_nick(self, nick: str = "") -> None:
        if not nick:
            self.fail("nonicknamegiven", "No nickname given")
        if NICK.fullmatch(nick) is None:
            self.fail("erroneusnickname", nick, "Erroneous nickname")
        if self.server.clients.get(nick.lower(), self) is not self:
            self.fail("nicknameinuse", nick, "Nickname is already in use")
        if self.registered and nick != self.nick:
            change = f":{self.mask} NICK :{nick}"
            self.send(change)
            self.to_peers(change)
        if self.nick is not None:
            self.server.clients.pop(self.nick.lower(), None)
        self.nick = nick
        self.server.clients[nick.lower()] = self
        self._register()

    def on_user(self, user: str, mode: str, unused: str, realname: str) -> None:
        if self.registered:
            self.fail("alreadyregistered", "You may not reregister")
        self.user, self.realname = user.lstrip("~") or "user", realname
        self._register()

    def _register(self) -> None:
        if self.registered or self.negotiating or self.nick is None or self.user is None:
            return
        self.registered = True
        self.numeric("001", f"Welcome to the local IRC server, {self.mask}")
        self.numeric("002", f"Your host is {SERVER}, made for trying things out")
        self.numeric("003", f"This server was started {time.ctime(self.server.started)}")
        self.send(f":{SERVER} 004 {self.nick} {SERVER} sockethub i nto")
        self.numeric("005", *ISUPPORT.split(), "are supported by this server")
        self.on_motd()

    def on_motd(self) -> None:
        self.numeric("375", f"- {SERVER} Message of the day -")
        self.numeric("372", "- Only this machine can reach this server; nothing is kept.")
        self.numeric("376", "End of /MOTD command")

    def on_ping(self, token: str = "") -> None:
        self.send(f":{SERVER} PONG {SERVER} :{token}")

    def on_pong(self, token: str = "") -> None:
        """Nobody asked."""

    def on_quit(self, reason: str = "") -> None:
        self.leaving = f"Quit: {reason}" if reason else "Client quit"
        self.send(f"ERROR :Closing link ({self.leaving})")
        raise self.Disconnect

    # -- messages (section 3.3) ------------------------------------------------------------------------------------

    def on_privmsg(self, targets: str = "", text: str = "") -> None:
        self._message("PRIVMSG", targets, text)

    def on_notice(self, targets: str = "", text: str = "") -> None:
        try:
            self._message("NOTICE", targets, text)
        except IRCError:
            """A notice is never answered (section 3.3.2)."""

    def _message(self, command: str, targets: str, text: str) -> None:
        if not targets:
            self.fail("norecipient", f"No recipient given ({command})")
        if not text:
            self.fail("notexttosend", "No text to send")
        for target in targets.split(","):
            line = f":{self.mask} {command} {target} :{text}"
            if target.startswith("#"):
                members = self.server.channels[target.lower()].clients if target.lower() in self.channels else ()
                if not members:
                    self.fail("cannotsendtochan", target, "Cannot send to channel")
                self.to_all(members - {self}, line)
            else:
                self.to_all([self.peer(target)], line)

    # -- channels (section 3.2) ------------------------------------------------------------------------------------

    def on_join(self, names: str, keys: str = "") -> None:
        if names == "0":
            for channel in list(self.channels.values()):
                self.on_part(channel.name)
            return
        for name in names.split(","):
            if CHANNEL.fullmatch(name) is None:
                self.fail("nosuchchannel", name, "No such channel")
            if name.lower() not in self.channels:
                self._enter(self.server.channels.setdefault(name.lower(), Channel(name)))

    def _enter(self, channel: Channel) -> None:
        if not channel.clients:
            channel.operators.add(self)
        channel.clients.add(self)
        self.channels[channel.name.lower()] = channel
        self.to_all(channel.clients, f":{self.mask} JOIN {channel.name}")
        if channel.topic:
            self.on_topic(channel.name)
        self.on_names(channel.name)

    def on_part(self, names: str, reason: str = "") -> None:
        for name in names.split(","):
            channel = self.channel(name)
            self.to_all(channel.clients, f":{self.mask} PART {channel.name}" + (f" :{reason}" if reason else ""))
            self.leave(channel)

    def on_names(self, name: str = "*") -> None:
        channel = self.server.channels.get(name.lower())
        if channel is not None:
            self.numeric("353", "=", channel.name, channel.names())
        self.numeric("366", name, "End of /NAMES list")

    def on_topic(self, name: str, topic: str | None = None) -> None:
        channel = self.channel(name)
        if topic is not None:
            channel.topic, channel.topic_by, channel.topic_at = topic, self.mask, int(time.time())
            self.to_all(channel.clients, f":{self.mask} TOPIC {channel.name} :{topic}")
        elif channel.topic:
            self.numeric("332", channel.name, channel.topic)
            self.send(f":{SERVER} 333 {self.nick} {channel.name} {channel.topic_by} {channel.topic_at}")
        else:
            self.numeric("331", channel.name, "No topic is set")

    def on_kick(self, name: str, nick: str, reason: str = "") -> None:
        channel, victim = self.channel(name, operator=True), self.peer(nick)
        if victim not in channel.clients:
            self.fail("usernotinchannel", nick, name, "They aren't on that channel")
        self.to_all(channel.clients, f":{self.mask} KICK {channel.name} {victim.nick} :{reason or self.nick}")
        victim.leave(channel)

    def on_invite(self, nick: str, name: str) -> None:
        channel, guest = self.channel(name), self.peer(nick)
        self.numeric("341", str(guest.nick), channel.name)
        guest.send(f":{self.mask} INVITE {guest.nick} :{channel.name}")

    def on_mode(self, target: str, modes: str = "", argument: str = "") -> None:
        if not target.startswith("#"):
            self.numeric("221", "+i")
        elif modes in {"+o", "-o"}:
            self._set_operator(self.channel(target, operator=True), modes, argument)
        elif modes.lstrip("+") in {"", "b"}:
            channel = self.channel(target, joined=False)
            self.numeric(*(("368", channel.name, "End of ban list") if modes else ("324", channel.name, "+nt")))
        else:
            self.numeric("472", modes.lstrip("+-")[:1] or "+", "is unknown mode char to me")

    def _set_operator(self, channel: Channel, modes: str, nick: str) -> None:
        member = self.peer(nick)
        if member not in channel.clients:
            self.fail("usernotinchannel", nick, channel.name, "They aren't on that channel")
        (channel.operators.add if modes == "+o" else channel.operators.discard)(member)
        self.to_all(channel.clients, f":{self.mask} MODE {channel.name} {modes} {member.nick}")

    def on_list(self, names: str = "") -> None:
        wanted = {name.lower() for name in names.split(",") if name}
        self.numeric("321", "Channel", "Users  Name")
        for key, channel in list(self.server.channels.items()):
            if not wanted or key in wanted:
                self.numeric("322", channel.name, str(len(channel.clients)), channel.topic)
        self.numeric("323", "End of /LIST")

    # -- who is there (section 3.6, 4.1, 4.9) ------------------------------------------------------------------------

    def on_who(self, mask: str = "*") -> None:
        channel: Channel | None = self.server.channels.get(mask.lower())
        alone = self.server.clients.get(mask.lower())
        members = channel.clients if channel is not None else [alone] if alone is not None else []
        for member in members:
            status = "H@" if channel is not None and member in channel.operators else "H"
            where = channel.name if channel is not None else "*"
            self.numeric(
                *("352", where, str(member.user), member.host[0], SERVER, str(member.nick), status),
                f"0 {member.realname}",
            )
        self.numeric("315", mask, "End of /WHO list")

    def on_whois(self, server: str, nick: str = "") -> None:
        client = self.peer(nick or server)
        self.numeric("311", str(client.nick), str(client.user), client.host[0], "*", str(client.realname))
        if client.channels:
            self.numeric("319", str(client.nick), " ".join(channel.name for channel in client.channels.values()))
        self.numeric("312", str(client.nick), SERVER, "for trying things out")
        self.numeric("318", str(client.nick), "End of /WHOIS list")

    def on_ison(self, *nicks: str) -> None:
        self.numeric("303", " ".join(nick for nick in nicks if nick.lower() in self.server.clients))

    def on_away(self, text: str = "") -> None:
        self.numeric(*(("306", "You have been marked as being away") if text else ("305", "You are no longer away")))


class Server(irc.server.IRCServer):
    """The listening side; ``clients`` and ``channels`` are keyed by names in small letters."""

    socket: Any

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener.getsockname(), Client, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.lock = threading.RLock()
        self.connected: set[Any] = set()
        self.started = time.time()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return len(self.connected) < MAX_CLIENTS

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.connected.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self.connected.discard(request)


def main(descriptor: int) -> None:
    """Serve the listening socket of that descriptor until the process ends."""
    Server(socket.socket(fileno=descriptor)).serve_forever(poll_interval=3600)


if __name__ == "__main__":
    main(int(sys.argv[1]))
