"""Translate on the command line: ``python -m sockethub_translators irc < log`` prints one JSON activity a line.

``xmpp`` reads one stanza a line. With ``--reverse``: one JSON activity a line in, lines or stanzas out. What cannot be
read is reported on stderr, with its number, and the exit status is then 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, TypeAlias

from . import irc, xmpp
from .errors import TranslationError, TranslatorError

Translate: TypeAlias = Callable[[bytes], Iterable[bytes]]


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    translate: Translate = chosen.make(chosen)
    return _run(sys.stdin.buffer, sys.stdout.buffer, translate)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sockethub_translators", description="Translate between IRC, XMPP and ActivityStreams."
    )
    protocols = parser.add_subparsers(dest="protocol", required=True)
    lines = protocols.add_parser("irc", help="IRC lines to activities, one JSON object a line")
    lines.add_argument("--server", default="irc.example", help="the server in ids (default: %(default)s)")
    lines.add_argument("--nick", default="me", help="our own nickname (default: %(default)s)")
    lines.set_defaults(make=_irc)
    stanzas = protocols.add_parser("xmpp", help="XMPP stanzas, one a line, to activities, one JSON object a line")
    stanzas.add_argument("--jid", default="me@own.example/home", help="our own JID (default: %(default)s)")
    stanzas.add_argument("--room", action="append", default=[], help="a room we are in, as room@service/nick")
    stanzas.set_defaults(make=_xmpp)
    for options in (lines, stanzas):
        options.add_argument("--strip", action="store_true", help="leave out the residue")
        options.add_argument("--aggregate", action="store_true", help="join answers of several lines or stanzas")
        options.add_argument("--reverse", action="store_true", help="from activities")
    return parser


def _run(source: BinaryIO, sink: BinaryIO, translate: Callable[[bytes], Iterable[bytes]]) -> int:
    status = 0
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            sink.writelines(translate(line))
        except TranslatorError as error:
            sys.stderr.write(f"line {number}: {error}\n")
            status = 1
    sink.flush()
    return status


def _irc(chosen: argparse.Namespace) -> Translate:
    env = irc.Env(server=chosen.server, nick=chosen.nick)
    state = irc.Aggregator()

    def forth(data: bytes) -> Iterable[bytes]:
        nonlocal env, state
        line = irc.decode(data)
        env = irc.follow(env, line)
        if chosen.aggregate:
            state, activities = irc.aggregate.feed(state, line, env)
        else:
            activities = irc.to_activity(line, env)
        return [_json(irc.strip(each) if chosen.strip else each) for each in activities]

    def back(data: bytes) -> Iterable[bytes]:
        return [irc.encode(line, max_body=irc.MAX_BODY_IN + 1) for line in irc.from_activity(_activity(data), env)]

    return back if chosen.reverse else forth


def _xmpp(chosen: argparse.Namespace) -> Translate:
    rooms = dict(room.split("/", 1) if "/" in room else (room, "me") for room in chosen.room)
    env = xmpp.Env(chosen.jid, nick="me", rooms=rooms)
    state = xmpp.Aggregator()

    def forth(data: bytes) -> Iterable[bytes]:
        nonlocal state
        stanza = xmpp.decode(data)
        if chosen.aggregate:
            if stanza.attrs.get("from") == env.jid:
                state = xmpp.aggregate.ask(state, stanza, env)
            state, activities = xmpp.aggregate.feed(state, stanza, env)
        else:
            activities = xmpp.to_activity(stanza, env)
        return [_json(xmpp.strip(each) if chosen.strip else each) for each in activities]

    def back(data: bytes) -> Iterable[bytes]:
        return [
            xmpp.encode(stanza).replace(b"\n", b"&#10;") + b"\n" for stanza in xmpp.from_activity(_activity(data), env)
        ]

    return back if chosen.reverse else forth


def _json(activity: dict[str, Any]) -> bytes:
    return json.dumps(activity, ensure_ascii=False).encode() + b"\n"


def _activity(data: bytes) -> dict[str, Any]:
    try:
        activity = json.loads(data)
    except ValueError:
        raise TranslationError("$", "not JSON") from None
    if not isinstance(activity, dict):
        raise TranslationError("$", "not an object")
    return activity


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.stderr.close()  # The reader has gone, as `| head` does: nothing to say, and nowhere to say it.
        sys.exit(1)
