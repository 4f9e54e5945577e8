"""Strategies for IRC: lines that a codec must carry, lines as servers send them, activities as clients send them.

::

    from hypothesis import given
    from sockethub_translators.testing import irc as some

    @given(some.server_lines(), some.envs())
    def test_something(line, env): ...
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import strategies as st

from ..irc import Activity, Env, ISupport, Line

__all__ = [
    "CAPS",
    "ISUPPORT",
    "KINDS",
    "SERVER",
    "channels",
    "client_activities",
    "client_lines",
    "envs",
    "json_values",
    "kind_of",
    "lines",
    "nicks",
    "server_lines",
    "texts",
]

SERVER: Final = "irc.example"
ISUPPORT: Final = ISupport().update(
    [
        "CASEMAPPING=rfc1459",
        "CHANTYPES=#&",
        "PREFIX=(qaohv)~&@%+",
        "STATUSMSG=@+",
        "CHANMODES=beI,k,l,imnpst",
        "MONITOR=100",
    ]
)

CAPS: Final = frozenset(
    {
        *("message-tags", "labeled-response", "draft/message-redaction"),
        *("draft/chathistory", "draft/read-marker", "draft/channel-rename"),
    }
)
"""The capabilities without which a client cannot say all that it can."""

_BREAKS: Final = "\0\r\n"
_words = st.text(
    st.characters(blacklist_characters=_BREAKS + " ", blacklist_categories=["Cs"]), min_size=1, max_size=12
)
_bytes_as_text = st.binary(max_size=12).map(lambda data: data.decode("utf-8", "surrogateescape"))


def _fits(text: str) -> bool:
    return not any(char in text for char in _BREAKS)


def texts(max_size: int = 60) -> st.SearchStrategy[str]:
    """One line of text, with what breaks naive code: colons, spaces, CTCP, formatting, combining marks, emoji."""
    spice = st.sampled_from(
        [
            "",
            " ",
            ":",
            " :x",
            "hello world",
            "\x02bold\x02",
            "e\u0301",
            "👨\u200d👩\u200d👧",
            "🇳🇴🇸🇪",
            "a\x01b",
            "*",
            ",",
            "@+",
        ]
    )
    plain = st.text(st.characters(blacklist_characters=_BREAKS, blacklist_categories=["Cs"]), max_size=max_size)
    return st.one_of(plain, st.lists(spice, max_size=4).map("".join), st.tuples(spice, plain).map("".join))


def _raw_texts() -> st.SearchStrategy[str]:
    """Text as it was decoded: bytes that were not UTF-8 included."""
    return st.one_of(texts(), texts(), st.just("caf\udce9"), _bytes_as_text.filter(_fits))


def nicks() -> st.SearchStrategy[str]:
    alphabet = "abcXYZ019_-[]\\`^{|}é"
    return st.text(alphabet, min_size=1, max_size=9).filter(lambda nick: not nick[0].isdigit())


def channels() -> st.SearchStrategy[str]:
    body = st.text("abcXYZ019_-[]@.:é", min_size=1, max_size=9)
    return st.builds(str.__add__, st.sampled_from("#&"), body)


def _middles() -> st.SearchStrategy[str]:
    return _words.filter(lambda word: not word.startswith(":"))


def _sources() -> st.SearchStrategy[str | None]:
    people = st.builds("{}!{}@{}".format, nicks(), st.sampled_from(["u", "~user"]), st.sampled_from(["h", "a.b.c"]))
    return st.one_of(people, people, people, nicks(), st.just("tungsten.irc.example"), st.just(SERVER), st.none())


_TIMES: Final = ["2026-11-23T12:00:00.000Z", "2012-06-30T23:59:60.419Z", "2020-01-01T00:00:00Z", "then", ""]
_TAGS: Final = st.dictionaries(
    st.sampled_from(["time", "msgid", "account", "label", "bot", "batch", "x/y", "+z", "+draft/reply", "+reply"]),
    st.one_of(st.sampled_from(["", "a b;c\\d", *_TIMES]), texts(10)),
    max_size=4,
)


def _tags() -> st.SearchStrategy[dict[str, str]]:
    """Often none, as on most lines."""
    return st.one_of(st.just({}), _TAGS, _TAGS)


def lines() -> st.SearchStrategy[Line]:
    """Any line that can be encoded."""
    commands = st.one_of(st.from_regex(r"[A-Z]{1,8}", fullmatch=True), st.from_regex(r"[0-9]{3}", fullmatch=True))
    params = st.builds(
        lambda middle, last: (*middle, *last),
        st.lists(_middles(), max_size=4),
        st.lists(_raw_texts(), max_size=1),
    )
    keys = st.from_regex(r"\+?[a-z./-]{1,8}", fullmatch=True)
    tags = st.dictionaries(keys, texts(20), max_size=3)
    return st.builds(Line, commands, params, st.one_of(st.none(), _words), tags)


def _mode_words() -> st.SearchStrategy[list[str]]:
    mode = st.tuples(st.sampled_from("+-"), st.sampled_from("qaohvbeIklimnpst"), st.one_of(nicks(), _middles()))

    def write(modes: list[tuple[str, str, str]]) -> list[str]:
        arguments = [arg for sign, letter, arg in modes if letter in "qaohvbeIk" or (letter == "l" and sign == "+")]
        return ["".join(sign + letter for sign, letter, _ in modes), *arguments]

    return st.lists(mode, min_size=1, max_size=4).map(write)


def _user_mode_words() -> st.SearchStrategy[list[str]]:
    flags = st.text("+-iwxr", min_size=1, max_size=5).map(lambda text: [text])
    return st.one_of(flags, flags.map(lambda words: ["+" + words[0]]), _mode_words())


def _several(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(items, items, st.lists(items, min_size=1, max_size=3).map(",".join))


def _targets() -> st.SearchStrategy[str]:
    status = st.builds(str.__add__, st.sampled_from(["@", "+", "@+"]), channels())
    return _several(st.one_of(channels(), nicks(), status))


def _said() -> st.SearchStrategy[str]:
    ctcp = st.builds(
        "\x01{}{}{}".format,
        st.sampled_from(["ACTION", "ACTION ", "VERSION", "PING ", "action ", "", " "]),
        texts(),
        st.sampled_from(["\x01", "\x01", ""]),
    )
    return st.one_of(_raw_texts(), _raw_texts(), ctcp)


def _numbers() -> st.SearchStrategy[str]:
    return st.one_of(st.integers(0, 2_000_000_000).map(str), st.sampled_from(["007", "x", "", "9" * 20]))


def _points() -> st.SearchStrategy[str]:
    times = st.sampled_from(["timestamp=2026-11-23T12:00:00.000Z", "timestamp=then", "*"])
    return st.one_of(times, _middles().map("msgid={}".format))


def _maybe(last: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(last, max_size=1)


Params = st.SearchStrategy[tuple[str, ...]]


def _params(*parts: st.SearchStrategy[Any] | str) -> Params:
    """Parameters from parts; a list among them counts as several."""
    made = [st.just(part) if isinstance(part, str) else part for part in parts]

    def flat(values: tuple[Any, ...]) -> tuple[str, ...]:
        return tuple(item for value in values for item in (value if isinstance(value, list) else [value]))

    return st.tuples(*made).map(flat)


def _name_entries() -> st.SearchStrategy[str]:
    entry = st.builds(
        "{}{}{}".format, st.sampled_from(["", "", "@", "+", "~@", "&+"]), nicks(), st.sampled_from(["", "!u@h"])
    )
    return st.builds("{}{}".format, st.lists(entry, max_size=4).map(" ".join), st.sampled_from(["", " "]))


_FLAGS: Final = st.sampled_from(["H", "G", "H@", "G*+", "H@+", "Hr", "x", ""])

KINDS: Final[dict[str, Params]] = {
    "PRIVMSG": _params(_targets(), _said()),
    "NOTICE": _params(_targets(), _said()),
    "TAGMSG": _params(_targets()),
    "REDACT": _params(st.one_of(channels(), nicks()), _middles(), _maybe(texts())),
    "WALLOPS": _params(_raw_texts()),
    "JOIN": st.one_of(
        _params(_several(channels()), _maybe(_several(_middles()))), _params(channels(), _middles(), _raw_texts())
    ),
    "PART": _params(_several(channels()), _maybe(_raw_texts())),
    "QUIT": _params(_maybe(_raw_texts())),
    "KICK": _params(channels(), nicks(), _maybe(_raw_texts())),
    "KILL": _params(nicks(), _maybe(_raw_texts())),
    "NICK": _params(nicks()),
    "INVITE": _params(nicks(), channels()),
    "TOPIC": _params(channels(), _maybe(_raw_texts())),
    "MODE": st.one_of(_params(channels(), _mode_words()), _params(nicks(), _user_mode_words()), _params(channels())),
    "NAMES": _params(channels()),
    "WHOIS": _params(nicks()),
    "MONITOR": _params(st.sampled_from("+-L"), _maybe(_several(nicks()))),
    "LIST": _params(),
    "CHATHISTORY": st.one_of(
        _params("LATEST", channels(), "*", _numbers()),
        _params(st.sampled_from(["BEFORE", "AFTER", "AROUND"]), channels(), _points(), "50"),
        _params("BETWEEN", nicks(), _points(), _points(), "50"),
    ),
    "MARKREAD": _params(st.one_of(channels(), nicks()), _maybe(_points())),
    "RENAME": _params(channels(), channels(), _maybe(_raw_texts())),
    "AWAY": _params(_maybe(_raw_texts())),
    "ACCOUNT": _params(st.one_of(st.just("*"), _middles())),
    "CHGHOST": _params(_middles(), _middles()),
    "SETNAME": _params(_raw_texts()),
    "ERROR": _params(_raw_texts()),
    "FAIL": _params("JOIN", "CODE", _maybe(_middles()), texts()),
    "WARN": _params("*", "CODE", _maybe(_middles()), texts()),
    "NOTE": _params("*", "CODE", _maybe(_middles()), texts()),
    "001": _params(nicks(), texts()),
    "004": _params(nicks(), _middles(), _middles(), _middles()),
    "005": _params(nicks(), _middles(), _middles(), "are supported"),
    "221": _params(nicks(), _user_mode_words()),
    "301": _params(nicks(), nicks(), texts()),
    "305": _params(nicks(), texts()),
    "306": _params(nicks(), texts()),
    "311": _params(nicks(), nicks(), _middles(), _middles(), "*", texts()),
    "312": _params(nicks(), nicks(), _middles(), texts()),
    "313": _params(nicks(), nicks(), texts()),
    "317": _params(nicks(), nicks(), _numbers(), _numbers(), texts()),
    "319": _params(nicks(), nicks(), st.lists(channels(), max_size=3).map(" ".join)),
    "322": _params(nicks(), channels(), _numbers(), texts()),
    "324": _params(nicks(), channels(), _mode_words()),
    "330": _params(nicks(), nicks(), _middles(), texts()),
    "331": _params(nicks(), channels(), texts()),
    "332": _params(nicks(), channels(), _raw_texts()),
    "333": _params(nicks(), channels(), st.one_of(nicks(), st.just("n!u@h"), st.just("services.example")), _numbers()),
    "338": _params(nicks(), nicks(), _middles(), texts()),
    "341": _params(nicks(), nicks(), channels()),
    "352": _params(
        nicks(),
        st.one_of(channels(), st.just("*")),
        _middles(),
        _middles(),
        _middles(),
        nicks(),
        _FLAGS,
        st.one_of(_raw_texts(), st.builds("{} {}".format, st.just("0"), _raw_texts())),
    ),
    "353": _params(nicks(), "=", channels(), _name_entries()),
    "354": _params(
        nicks(),
        "152",
        channels(),
        _middles(),
        _middles(),
        nicks(),
        _FLAGS,
        st.one_of(st.just("0"), _middles()),
        texts(),
    ),
    "366": _params(nicks(), channels(), texts()),
    "372": _params(nicks(), _raw_texts()),
    "375": _params(nicks(), texts()),
    "376": _params(nicks(), texts()),
    "378": _params(nicks(), nicks(), texts()),
    "346": _params(nicks(), channels(), _middles(), _maybe(nicks())),
    "348": _params(nicks(), channels(), _middles()),
    "367": _params(nicks(), channels(), _middles(), nicks(), _numbers()),
    "730": _params(nicks(), _several(st.one_of(nicks(), nicks().map("{}!u@h".format)))),
    "731": _params(nicks(), _several(nicks())),
    "401": _params(nicks(), _maybe(nicks()), texts()),
    "403": _params(nicks(), channels(), texts()),
    "422": _params(nicks(), texts()),
    "433": _params(st.just("*"), nicks(), _maybe(texts())),
    "461": _params(nicks(), "JOIN", texts()),
    "482": _params(nicks(), channels(), texts()),
    "671": _params(nicks(), nicks(), texts()),
}
"""For each command, parameters as servers send them and somewhat beyond: lists, lacking parts, odd numbers."""

_CLIENT_COMMANDS: Final = (
    *("PRIVMSG", "NOTICE", "TAGMSG", "REDACT", "JOIN", "PART", "QUIT", "KICK", "NICK"),
    *("CHATHISTORY", "MARKREAD", "RENAME", "INVITE", "TOPIC", "MODE", "NAMES", "WHOIS", "LIST", "AWAY", "SETNAME"),
    "MONITOR",
)


def _valid(line: Line) -> bool:
    """Whether a codec could have produced it."""
    middle = line.params[:-1]
    return all(param and param[0] != ":" and " " not in param for param in middle) and len(str(line.params)) < 400


def _lines_of(commands: Sequence[str], sources: st.SearchStrategy[str | None]) -> st.SearchStrategy[Line]:
    reactions = st.dictionaries(
        st.sampled_from(["+typing", "+draft/react", "+draft/unreact", "+draft/reply", "+reply", "msgid"]),
        st.sampled_from(["active", "paused", "done", "👍", "m1", "odd"]),
        min_size=1,
    )

    def make(command: str) -> st.SearchStrategy[Line]:
        tags = reactions if command == "TAGMSG" else _tags()
        return st.builds(Line, st.just(command), KINDS[command], sources, tags)

    return st.sampled_from(commands).flatmap(make).filter(_valid)


def server_lines(commands: list[str] | None = None) -> st.SearchStrategy[Line]:
    """Lines as servers send them, of every kind that translation knows, and unknown ones."""
    known = _lines_of(commands or sorted(KINDS), _sources())
    return known if commands else st.one_of(*[known] * 6, lines())


def client_lines() -> st.SearchStrategy[Line]:
    """Lines as clients send them: no source."""
    return _lines_of(_CLIENT_COMMANDS, st.none())


def envs(**fixed: Any) -> st.SearchStrategy[Env]:
    """Connections to :data:`SERVER`."""
    caps = st.sampled_from([frozenset(), CAPS])
    made: dict[str, Any] = {
        "server": st.just(SERVER),
        "nick": nicks(),
        "isupport": st.sampled_from([ISUPPORT, ISUPPORT, ISupport()]),
        "caps": caps,
        "now": st.sampled_from([None, "2026-11-23T12:34:56.789Z"]),
        "charset": st.sampled_from(["replace", "latin-1"]),
    }
    return st.builds(Env, **(made | {key: st.just(value) for key, value in fixed.items()}))


# --- Activities as clients send them ----------------------------------------------------------------------------------


def _person(nick: str) -> dict[str, Any]:
    return {"id": f"{nick}@{SERVER}", "type": "person", "name": nick}


def _room(name: str) -> dict[str, Any]:
    return {"id": f"{name}@{SERVER}", "type": "room", "name": name}


_PEOPLE: Final = nicks().map(_person)
_ROOMS: Final = channels().map(_room)
_ANYONE: Final = st.one_of(_PEOPLE, _ROOMS)
_SERVICE: Final = st.just({"id": SERVER, "type": "service", "name": SERVER})
_SAYABLE: Final = texts().filter(lambda text: bool(text) and "\x01" not in text)
_IDS: Final = st.from_regex(r"[a-zA-Z0-9]{1,12}", fullmatch=True)
_REPLY: Final = st.fixed_dictionaries({"type": st.just("message"), "id": _IDS})


def _obj(kind: str, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **members})


def _relationships() -> st.SearchStrategy[dict[str, Any]]:
    subject = st.fixed_dictionaries({"type": st.just("presence"), "role": st.sampled_from(["owner", "participant"])})
    return st.fixed_dictionaries(
        {"type": st.just("relationship"), "relationship": st.just("role"), "subject": subject, "object": _ROOMS}
    )


_MODES: Final = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("+-"), st.sampled_from("imnpst")).map(list),
        st.tuples(st.sampled_from("+-"), st.just("b"), _middles()).map(list),
    ),
    min_size=1,
    max_size=3,
)

_Shape = tuple[str, st.SearchStrategy[Any] | None, st.SearchStrategy[Any] | None]
_POINTS: Final = st.one_of(st.just("2026-11-23T12:00:00.000Z"), _REPLY)
_SHAPES: Final[list[_Shape]] = [
    ("send", _ANYONE, _obj("message", content=_SAYABLE)),
    ("send", _ROOMS, st.fixed_dictionaries({"type": st.just("message"), "content": _SAYABLE, "inReplyTo": _REPLY})),
    ("send", _ANYONE, _obj("me", content=_SAYABLE)),
    ("send", _ANYONE, _obj("notice", content=_SAYABLE)),
    ("send", _ANYONE, _obj("ctcp", name=st.sampled_from(["VERSION", "PING"]), reply=st.booleans())),
    ("join", _ROOMS, None),
    ("leave", _ROOMS, None),
    ("leave", _ROOMS, _obj("message", content=texts())),
    ("leave", _SERVICE, _obj("message", content=texts())),
    ("update", _ROOMS, _obj("topic", content=texts())),
    ("update", _PEOPLE, _obj("address")),
    ("update", _SERVICE, _obj("presence", presence=st.just("online"))),
    ("update", _SERVICE, _obj("presence", presence=st.just("away"), content=texts().filter(bool))),
    ("update", _SERVICE, _obj("profile", name=texts())),
    ("update", _ANYONE, _obj("typing", state=st.sampled_from(["active", "paused", "done"]))),
    ("update", _ROOMS, _obj("mode", modes=_MODES)),
    ("query", _ROOMS, _obj("attendance")),
    ("query", _ROOMS, _obj("topic")),
    ("query", _ROOMS, _obj("marker")),
    ("query", _ANYONE, _obj("history", limit=st.integers(1, 1000))),
    ("query", _ANYONE, _obj("history", limit=st.integers(1, 1000), before=_POINTS)),
    ("query", _ANYONE, _obj("history", limit=st.integers(1, 1000), before=_POINTS, after=_POINTS)),
    ("update", _ANYONE, _obj("marker", published=st.just("2026-11-23T12:00:00.000Z"))),
    ("query", _ROOMS, _obj("mode")),
    ("request-friend", _PEOPLE, None),
    ("remove-friend", _PEOPLE, None),
    ("invite", _ROOMS, _PEOPLE),
    ("delete", _ANYONE, _obj("message", id=_IDS)),
    ("add", _PEOPLE, _relationships()),
    ("remove", _PEOPLE, _relationships()),
    ("add", _ANYONE, _obj("reaction", content=texts(8).filter(bool), inReplyTo=_REPLY)),
    ("remove", _ANYONE, _obj("reaction", content=texts(8).filter(bool), inReplyTo=_REPLY)),
]


def client_activities(nick: str = "me") -> st.SearchStrategy[Activity]:
    """Activities that a client may send, by the user with this nickname."""

    def make(shape: _Shape) -> st.SearchStrategy[Activity]:
        verb, target, obj = shape
        members: dict[str, st.SearchStrategy[Any]] = {
            "context": st.just("irc"),
            "type": st.just(verb),
            "actor": st.just(_person(nick)),
        }
        if target is not None:
            members["target"] = target
        if obj is not None:
            members["object"] = obj
        return st.fixed_dictionaries(members, optional={"id": _IDS})

    return st.sampled_from(_SHAPES).flatmap(make)


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON, with the member names and values that translation looks for."""
    keys = st.one_of(
        st.sampled_from(["type", "id", "object", "target", "actor", "content", "irc:wire", "modes", "subject", "role"]),
        st.sampled_from(["mask", "command", "params", "tags", "group", "bytes", "inReplyTo", "irc:params", "irc:by"]),
        st.text(max_size=4),
    )
    words = st.sampled_from(
        ["send", "join", "update", "message", "topic", f"#a@{SERVER}", SERVER, "353", "PRIVMSG", "person"]
    )
    scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8), words)
    return st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=5)),
        max_leaves=15,
    )


def kind_of(line: Line) -> str:
    """What to call a line in Hypothesis' statistics."""
    return line.command if line.command in KINDS else "other"
