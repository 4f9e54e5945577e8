"""Tells an IRC channel what is new in a feed. What is there at the start is not new.

    python examples/bots/feed_to_room.py --feed https://planet.debian.org/rss20.xml \\
        --server irc.libera.chat --channel '#sockethub-test'
"""

from __future__ import annotations

import argparse
from typing import Any

import anyio

from sockethub.client import Client, SockethubError, connect

REMEMBERED = 1_000
"""Ids of posts; a feed has some dozens at a time."""


def fresh(seen: dict[str, None], posts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Posts that were not ``seen``, oldest first."""
    return [post for post in reversed(posts) if post["object"]["id"] not in seen]


def remember(seen: dict[str, None], posts: list[dict[str, Any]]) -> dict[str, None]:
    """``seen`` with ``posts``; the oldest are forgotten."""
    ids = [*seen, *(post["object"]["id"] for post in posts)]
    return dict.fromkeys(ids[-REMEMBERED:])


def line(post: dict[str, Any]) -> str:
    title, url = post["object"].get("title") or "(no title)", post["object"].get("url")
    return f"{title} {url}" if url else title


async def fetched(client: Client, feed: str) -> list[dict[str, Any]]:
    try:
        answer = await client.fetch("feeds", feed)
    except SockethubError as error:  # the site is away; it is asked again
        print(f"not fetched: {error}", flush=True)
        return []
    return list(answer["items"])


async def run(options: argparse.Namespace) -> None:
    async with connect(options.gateway) as client:
        bot = client.actor("irc", options.nick)
        server, port = options.server, options.port
        await bot.credentials(nick=options.nick, server=server, port=port, secure=not options.plain)
        await bot.connect()
        room = bot.room(options.channel)
        await room.join()
        seen = remember({}, await fetched(client, options.feed))
        print("ready", flush=True)
        while True:
            await anyio.sleep(options.every)
            for post in fresh(seen, await fetched(client, options.feed)):
                await room.send(line(post))
                seen = remember(seen, [post])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateway", default="http://localhost:10550")
    parser.add_argument("--feed", required=True)
    parser.add_argument("--every", type=float, default=900.0, help="seconds")
    parser.add_argument("--server", required=True)
    parser.add_argument("--port", type=int, default=6697)
    parser.add_argument("--plain", action="store_true", help="without TLS")
    parser.add_argument("--channel", required=True)
    parser.add_argument("--nick", default="feeds")
    anyio.run(run, parser.parse_args())


if __name__ == "__main__":
    main()
