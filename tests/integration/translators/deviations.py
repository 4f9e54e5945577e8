"""Where our translation of IRC differs from that of the TypeScript `@sockethub/irc2as`, and why.

A deviation says for which lines it holds, and which members of the activities may differ there: paths such as
``object.content``, or ``*`` where the two have nothing to compare. Both are read into the canonical form first, which
makes one of the spellings of ids; extensions are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sockethub_translators import irc

ALL = "*"
_MESSAGES = ("PRIVMSG", "NOTICE")
_ROOM_ERRORS = ("471", "472", "473", "474", "475", "476", "477", "478", "482")
_NICK_ERRORS = ("432", "433", "437")
_WHO = ("352", "354")
_KNOWN = {
    *("JOIN", "MODE", "NICK", "NOTICE", "PART", "PRIVMSG", "QUIT", "TOPIC", "332", "333", "353", "372", "376", "403"),
    *_ROOM_ERRORS,
    *_NICK_ERRORS,
    *_WHO,
}
_TRIMMED = " \t\n\v\f\r\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""What ``trim`` takes away in JavaScript."""
_PLAIN_NAME = re.compile(r"[@%]?[^@%*+~&! ][^! ]*")


@dataclass(frozen=True)
class Said:
    """Lines that belong together: most often one."""

    wires: list[str]

    @property
    def line(self) -> irc.Line:
        return irc.decode(self.wires[0])

    @property
    def commands(self) -> list[str]:
        return [irc.decode(wire).command for wire in self.wires]

    @property
    def text(self) -> str:
        return self.line.params[-1] if self.line.params else ""

    @property
    def channel(self) -> str:
        return next((param for param in self.line.params if param[:1] in ("#", "&")), "")

    @property
    def has_text(self) -> bool:
        """Whether a colon marks the last parameter."""
        return " :" in self.wires[0][1:]

    @property
    def targets(self) -> list[str]:
        """Where the name of a channel may stand."""
        return list(self.line.params[1:3] if self.line.command.isdigit() else self.line.params[:1])

    def is_a(self, *commands: str) -> bool:
        return self.line.command in commands

    def param(self, index: int) -> str:
        return self.line.params[index] if index < len(self.line.params) else ""


@dataclass(frozen=True)
class Deviation:
    name: str
    reason: str
    where: Callable[[Said], bool]
    differ: frozenset[str]
    examples: tuple[tuple[str, ...], ...]


def _deviation(
    name: str, reason: str, where: Callable[[Said], bool], differ: str, *examples: str | tuple[str, ...]
) -> Deviation:
    made = tuple((each,) if isinstance(each, str) else each for each in examples)
    return Deviation(name, reason, where, frozenset(differ.split()), made)


def _role_is_guessed(said: Said) -> bool:
    flags = said.param(6)
    return said.is_a(*_WHO) and (said.channel[1:2] in ("o", "h", "v") or any(char in flags for char in "~&@%+"))


def _is_from_service(said: Said) -> bool:
    source = said.line.source or "!"
    return not said.line.command.isdigit() and "." in source and "!" not in source


def _is_odd_error(said: Said) -> bool:
    if not said.is_a("403", *_ROOM_ERRORS, *_NICK_ERRORS):
        return False
    is_room = said.param(1).startswith("#")
    return len(said.line.params) < 3 or is_room == said.is_a(*_NICK_ERRORS)


def _is_odd_target(name: str) -> bool:
    return name[:1] == "&" or "," in name or (name[:1] in ("@", "+") and name.lstrip("@+")[:1] in ("#", "&"))


def _is_full_row(said: Said) -> bool:
    as_expected = len(said.line.params) == 9 if said.is_a("354") else len(said.line.params) == 8 and " " in said.text
    return as_expected and said.channel != "" and said.param(6)[:1] in ("H", "G")


def _one_plain_mode(said: Said) -> bool:
    """Of a room: who has a letter for themselves has no role by it."""
    in_room = said.param(0) == said.channel
    return in_room and len(said.line.params) == 3 and re.fullmatch("[+-][ohv]", said.param(1)) is not None


DEVIATIONS = (
    _deviation(
        "kinds",
        "it passes over what it does not know; we translate it, or keep it as irc:raw",
        lambda said: not set(said.commands) <= _KNOWN | {"366", "375"},
        ALL,
        ":op!u@h KICK #c bob :out",
        ":bob!u@h AWAY :lunch",
        ":irc.example 324 me #c +nt",
        ":irc.example 999 me :what",
    ),
    _deviation(
        "U2 notices",
        "a notice has a sender, is no message, and may be to a room",
        lambda said: said.is_a("NOTICE"),
        "actor object.type target.type",
        ":bob!u@h NOTICE me :hello",
        ":bob!u@h NOTICE #c :hello",
    ),
    _deviation(
        "U2 services",
        "a server that speaks is a service, not a person",
        _is_from_service,
        "actor",
        ":irc.example PRIVMSG me :hello",
    ),
    _deviation(
        "U3 actions",
        "it reads an action behind a plus sign alone, and other CTCP as text",
        lambda said: said.is_a(*_MESSAGES) and said.text.lstrip("+").startswith("\x01"),
        ALL,
        ":bob!u@h PRIVMSG #c :\x01ACTION waves\x01",
        ":bob!u@h PRIVMSG #c :+\x01ACTION waves\x01",
        ":bob!u@h PRIVMSG me :\x01VERSION\x01",
    ),
    _deviation(
        "U4 text",
        "it cuts text at a colon behind a space, and spaces at its end",
        lambda said: said.has_text and (" :" in said.text or said.text != said.text.rstrip(_TRIMMED)),
        "object.content",
        ":bob!u@h PRIVMSG #c :either :or",
        ":bob!u@h TOPIC #c :tea  ",
    ),
    _deviation(
        "U4 colons",
        "a last parameter needs no colon: it throws without one, or finds no text; some it finds only without",
        lambda said: (
            (said.is_a(*_MESSAGES, "TOPIC", "NICK", "353") and not said.has_text)
            or (said.is_a("JOIN", "PART") and said.wires[0].endswith(" :" + said.param(0)))
        ),
        ALL,
        ":bob!u@h PRIVMSG #c hello",
        ":bob!u@h NICK robert",
        ":bob!u@h TOPIC #c tea",
        ":bob!u@h JOIN :#c",
    ),
    _deviation(
        "U4 tags",
        "it passes over lines with message tags",
        lambda said: bool(said.line.tags),
        ALL,
        "@account=bob :bob!u@h PRIVMSG #c :hello",
    ),
    _deviation(
        "U4 sources",
        "it throws where a server leaves its name out",
        lambda said: said.line.source is None,
        ALL,
        "PRIVMSG #c :hello",
    ),
    _deviation(
        "U5 reasons",
        "the reason is what was said, and a constant only where nothing was",
        lambda said: said.is_a("PART", "QUIT") and len(said.line.params) == (2 if said.is_a("PART") else 1),
        "object.content",
        ":bob!u@h PART #c :bye",
        ":bob!u@h QUIT :bye",
    ),
    _deviation(
        "U7 topics",
        "a topic counts without who set it, and who set it without the topic; channels are not mixed up",
        lambda said: said.is_a("332", "333") and said.commands != ["332", "333"],
        ALL,
        ":irc.example 332 me #c :tea",
        ":irc.example 333 me #c bob!u@h 1700000000",
        (
            ":irc.example 332 me #c :tea",
            ":irc.example 332 me #d :coffee",
            ":irc.example 333 me #c bob!u@h 1700000000",
        ),
    ),
    _deviation(
        "U8 names",
        "prefixes are those of the server, and there may be several, or a user and host",
        lambda said: said.is_a("353") and not all(map(_PLAIN_NAME.fullmatch, said.text.split(" "))),
        ALL,
        ":irc.example 353 me = #c :+bob",
        ":irc.example 353 me = #c :@+bob",
        ":irc.example 353 me = #c :bob!u@h",
    ),
    _deviation(
        "U9 modes",
        "only some modes are roles of members; each has its own activity",
        lambda said: said.is_a("MODE") and not _one_plain_mode(said),
        ALL,
        ":bob!u@h MODE #c +b x!*@*",
        ":bob!u@h MODE #c +oo a b",
        ":bob!u@h MODE me :+i",
        ":X!u@h MODE X +o 0",
    ),
    _deviation(
        "U10 presence",
        "WHO tells who is away",
        lambda said: said.is_a(*_WHO),
        "object.presence",
        ":irc.example 352 me #c u h s bob H :0 Bob",
    ),
    _deviation(
        "U10 roles",
        "the role stands in the flags, not in the name of the channel",
        _role_is_guessed,
        "object.role",
        ":irc.example 352 me #ops u h s bob H :0 Bob",
        ":irc.example 352 me #c u h s bob H@ :0 Bob",
    ),
    _deviation(
        "U10 flags",
        "flags are no nickname, however many",
        lambda said: said.is_a("352", "354") and len(said.param(6)) > 2,
        "actor",
        ":irc.example 352 me #c u h s bob H*@ :0 Bob",
    ),
    _deviation(
        "U10 rows",
        "a row without channel or with unexpected columns is no presence in a room",
        lambda said: said.is_a(*_WHO) and not _is_full_row(said),
        ALL,
        ":irc.example 352 me * u h s bob H :0 Bob",
        ":irc.example 354 me 152 #c u h s bob H bob :Bob",
    ),
    _deviation(
        "U11 names",
        "channels begin with what the server says, and a prefix may stand before them; lists are several targets",
        lambda said: any(map(_is_odd_target, said.targets)),
        ALL,
        ":bob!u@h PRIVMSG &c :hello",
        ":bob!u@h PRIVMSG @#c :hello",
        ":bob!u@h PRIVMSG #c,me :hello",
    ),
    _deviation(
        "U12 errors",
        "an error says what it is about, as an object too",
        lambda said: said.is_a(*_ROOM_ERRORS, *_NICK_ERRORS, "403"),
        "object error",
        ":irc.example 433 me bob :Nickname is already in use.",
    ),
    _deviation(
        "U12 rooms",
        "a channel that does not exist is a room, and any other name fails otherwise",
        lambda said: said.is_a("403"),
        "target.type",
        ":irc.example 403 me #c :No such channel",
    ),
    _deviation(
        "U12 shapes",
        "an error about something else than its number says, or without words, has no special shape",
        _is_odd_error,
        ALL,
        ":irc.example 433 * bob",
        ":irc.example 403 me nowhere :No such channel",
        ":irc.example 482 me nowhere :You're not a channel operator",
    ),
    _deviation(
        "U12 to whom",
        "we know who we are better than the error does",
        lambda said: said.is_a(*_ROOM_ERRORS) and said.param(0) != "me",
        "actor",
        ":irc.example 482 someone #c :You're not a channel operator",
    ),
    _deviation(
        "U13 message of the day",
        "it has lines, and is the service's own",
        lambda said: said.is_a("372", "375", "376"),
        "object.content target",
        (":irc.example 372 me :one", ":irc.example 372 me :two", ":irc.example 376 me :End"),
    ),
    _deviation(
        "U13 fragments",
        "the message of the day ends, even when it was empty",
        lambda said: said.is_a("376") or (said.is_a("372", "375") and said.commands[-1] != "376"),
        ALL,
        ":irc.example 376 me :End",
    ),
    _deviation(
        "U15 attendance",
        "who is in a room is told at the end of NAMES once more, as the documentation of both says",
        lambda said: "366" in said.commands,
        ALL,
        (":irc.example 353 me = #c :bob", ":irc.example 366 me #c :End"),
    ),
    _deviation(
        "U16 requests",
        "a line that only a client sends is a question, or nothing",
        lambda said: (
            (said.is_a("TOPIC") and len(said.line.params) == 1)
            or (said.is_a("JOIN") and (len(said.line.params) == 2 or _is_from_service(said)))
        ),
        ALL,
        ":bob!u@h JOIN #c key",
    ),
)
