"""Fuzzing guided by what is reached (atheris): ``python3 tools/dev.py fuzz [TARGET] [libFuzzer's options]``.

A target takes bytes, and raises what its documentation says or nothing. Anything else is a bug: the bytes that led
there are left in ``.fuzz``, beside those from which the next run goes on. Without ``-max_total_time`` each target has a
minute.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

KEPT: Final = Path(__file__).resolve().parent.parent / ".fuzz"
TIME: Final = "-max_total_time"
SECONDS: Final = 60
INSTRUMENTED: Final = ["sockethub", "sockethub_translators"]

Target = Callable[[bytes], None]


def irc() -> Target:
    """What an IRC server says: lines, and what they mean."""
    from sockethub_translators import irc
    from sockethub_translators.errors import TranslatorError

    env = irc.Env(server="irc.example", nick="me")

    def target(data: bytes) -> None:
        for line in irc.LineReader().feed(data + b"\r\n"):
            if isinstance(line, irc.Line):
                activities = irc.to_activity(line, env)
                json.dumps(activities)
                with suppress(TranslatorError):
                    irc.from_activity(activities, env)

    return target


def xmpp() -> Target:
    """What an XMPP server says: a stream of stanzas, and what they mean."""
    from sockethub_translators import xmpp
    from sockethub_translators.errors import TranslatorError

    env = xmpp.Env(jid="me@example/here")

    def target(data: bytes) -> None:
        reader = xmpp.StanzaReader()
        with suppress(TranslatorError):
            for said in (*reader.feed(b"<s:stream xmlns:s='http://etherx.jabber.org/streams'>"), *reader.feed(data)):
                if isinstance(said, xmpp.Element):
                    activities = xmpp.to_activity(said, env)
                    json.dumps(activities)
                    xmpp.from_activity(activities, env)

    return target


def frames() -> Target:
    """What a client says over a WebSocket, in any dialect."""
    from sockethub.errors import MalformedMessage
    from sockethub.gateway import wire
    from sockethub.gateway.websocket import envelope
    from sockethub_translators import dialects
    from sockethub_translators.errors import DialectError

    env = dialects.DialectEnv(server="irc.example")

    def target(data: bytes) -> None:
        with suppress(MalformedMessage, DialectError):
            frame = wire.parse(data.decode("utf-8", "replace"))
            envelope(frame)
            wire.write(dialects.decode(frame.get("data"), env))

    return target


def declaration() -> Target:
    """What an operator writes."""
    from sockethub.config import InvalidDeclaration
    from sockethub.config.loader import loads

    def target(data: bytes) -> None:
        with suppress(InvalidDeclaration):
            loads(data.decode("utf-8", "replace"), KEPT, {})

    return target


TARGETS: Final[dict[str, Callable[[], Target]]] = {make.__name__: make for make in (irc, xmpp, frames, declaration)}


def _fuzz(name: str, options: list[str]) -> None:
    """In this process, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        target = TARGETS[name]()
    atheris.Setup(["fuzz", *options], target)
    atheris.Fuzz()


def main() -> int:
    if sys.argv[1:2] == ["--in-this-process"]:
        _fuzz(sys.argv[2], sys.argv[3:])
    names = [argument for argument in sys.argv[1:] if argument in TARGETS] or list(TARGETS)
    options = [argument for argument in sys.argv[1:] if argument not in TARGETS]
    if not any(option.startswith(TIME) for option in options):
        options.append(f"{TIME}={SECONDS}")
    failed = []
    for name in names:
        kept = KEPT / name
        kept.mkdir(parents=True, exist_ok=True)
        print(f"— {name}", flush=True)
        process = [sys.executable, "-m", "tools.fuzz", "--in-this-process", name, *options]
        if subprocess.run([*process, f"-artifact_prefix={KEPT}/{name}-", str(kept)], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}; what did it is in {KEPT}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
