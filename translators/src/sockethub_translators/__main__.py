"""Translate on the command line: ``python -m sockethub_translators irc < log`` prints one JSON activity a line.

With ``--reverse``: one JSON activity a line in, IRC lines out. A line that cannot be read is reported on stderr, with
its number, and the exit status is then 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import BinaryIO

from . import irc
from .errors import TranslationError, TranslatorError
from .irc import aggregate


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sockethub_translators", description="Translate IRC and ActivityStreams."
    )
    protocols = parser.add_subparsers(dest="protocol", required=True)
    options = protocols.add_parser("irc", help="IRC lines to activities, one JSON object a line")
    options.add_argument("--server", default="irc.example", help="the server in ids (default: %(default)s)")
    options.add_argument("--nick", default="me", help="our own nickname (default: %(default)s)")
    options.add_argument("--strip", action="store_true", help="leave out the residue (irc:wire)")
    options.add_argument("--aggregate", action="store_true", help="join answers of many lines, such as NAMES and WHOIS")
    options.add_argument("--reverse", action="store_true", help="activities to IRC lines")
    chosen = parser.parse_args(arguments)
    env = irc.Env(server=chosen.server, nick=chosen.nick)
    translate = _to_lines(env) if chosen.reverse else _to_activities(env, chosen.strip, chosen.aggregate)
    return _run(sys.stdin.buffer, sys.stdout.buffer, translate)


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


def _to_activities(env: irc.Env, strip: bool, join: bool) -> Callable[[bytes], Iterable[bytes]]:
    state = aggregate.Aggregator()

    def translate(data: bytes) -> Iterable[bytes]:
        nonlocal env, state
        line = irc.decode(data)
        env = irc.follow(env, line)
        if join:
            state, activities = aggregate.feed(state, line, env)
        else:
            activities = irc.to_activity(line, env)
        for activity in activities:
            shown = irc.strip(activity) if strip else activity
            yield json.dumps(shown, ensure_ascii=False).encode() + b"\n"

    return translate


def _to_lines(env: irc.Env) -> Callable[[bytes], Iterable[bytes]]:
    def translate(data: bytes) -> Iterable[bytes]:
        try:
            activity = json.loads(data)
        except ValueError:
            raise TranslationError("$", "not JSON") from None
        if not isinstance(activity, dict):
            raise TranslationError("$", "not an object")
        return [irc.encode(line, max_body=irc.MAX_BODY_IN + 1) for line in irc.from_activity(activity, env)]

    return translate


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.stderr.close()  # The reader has gone, as `| head` does: nothing to say, and nowhere to say it.
        sys.exit(1)
