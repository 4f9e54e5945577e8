"""Answers in an IRC channel whoever speaks to it: `ann: echo: hello` is answered `ann: hello`.

python examples/bots/echo_bot.py --server irc.libera.chat --channel '#sockethub-test' --nick echo
"""

from __future__ import annotations

import argparse
from typing import Any

import anyio

from sockethub.client import SockethubError, connect


def answer(nick: str, activity: dict[str, Any]) -> str | None:
    """What to answer, if anything."""
    said = activity["object"].get("content", "")
    name, _, text = said.partition(":")
    if name != nick or not text.strip():
        return None
    return f"{activity['actor'].get('name') or activity['actor']['id']}: {text.strip()}"


async def run(options: argparse.Namespace) -> None:
    async with connect(options.gateway) as client:
        bot = client.actor("irc", options.nick)
        server, port = options.server, options.port
        await bot.credentials(nick=options.nick, server=server, port=port, secure=not options.plain)
        await bot.connect()
        room = bot.room(options.channel)
        said = client.messages(
            lambda activity: (
                activity["type"] == "error"
                or (activity["type"] == "send" and activity["target"]["id"] == options.channel)
            )
        )
        await room.join()
        print("ready", flush=True)
        async for activity in said:
            if activity["type"] == "error":  # of the connection: reconnecting, or the end of it
                print(f"told: {activity['error']}", flush=True)
                continue
            text = answer(options.nick, activity)
            if text is None:
                continue
            try:
                await room.send(text)
            except SockethubError as error:  # a channel that does not let us speak; the bot goes on
                print(f"not said: {error}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateway", default="http://localhost:10550")
    parser.add_argument("--server", required=True)
    parser.add_argument("--port", type=int, default=6697)
    parser.add_argument("--plain", action="store_true", help="without TLS")
    parser.add_argument("--channel", required=True)
    parser.add_argument("--nick", default="echo")
    anyio.run(run, parser.parse_args())


if __name__ == "__main__":
    main()
