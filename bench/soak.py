"""Memory, open files and keys over an hour of traffic: whether anything grows.

A whole deployment and an ngIRCd; echoes on both transports, two logins that speak to each other in a room, visitors who
come and go. What each part takes is appended to a file, a line for each sample. The verdict is by the slope of each
series after a warm-up. ``--render FILE`` repeats it for a file that is there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import redis.asyncio

from bench.processes import roles, sum_of
from bench.talk import UNLIMITED
from bench.traffic import Traffic
from bench.trend import Trend, trend
from tests.support.deployment import Deployment, deployment
from tests.support.ircd import run_ngircd
from tests.support.tls import issue

MIB: Final = 1024 * 1024
TOLERATED: Final = {"private": 2.0, "rss": 2.0, "used": 1.0, "files": 2.0, "keys": 5.0}
"""What each kind of series may gain in an hour: MiB, descriptors, keys. A leak of 20 bytes for each of 100,000 messages
would be seen."""

FENCE: Final = b":lease:fence"
"""Ends the name of what each login leaves for a day (``leases.FENCE_SECONDS``): visitors are new each time, so
these are counted apart."""

WARM_SHARE: Final = 0.25
"""Of all the time, before anything counts: allocators fill, and Redis rewrites its file."""

GOOD: Final = "Nothing grows, no process was lost, nothing failed."
DONE: Final = {"echoes": "echoes", "sends": "messages said on IRC", "heard": "heard", "visits": "visitors"}

Sample = dict[str, Any]


class Watched:
    """The parts of a deployment that live as long as it does, and its Redis."""

    def __init__(self, house: Deployment) -> None:
        self._house = house
        state = house.directory / "state" / "redis"
        password = (state / "password").read_text().strip()
        self._redis = redis.asyncio.Redis(unix_socket_path=str(state / "redis.sock"), password=password)
        self.parts = roles(house)

    async def sample(self) -> Sample:
        parts = {}
        for name, pids in self.parts.items():
            total = sum_of(pids)
            parts[name] = {"private": round(total.private, 3), "rss": round(total.rss, 3), "files": total.files}
        info: Any = await self._redis.info("memory")
        keys = [key async for key in self._redis.scan_iter(count=1_000)]
        fences = sum(key.endswith(FENCE) for key in keys)
        there = set(self._house.processes())
        lost = sum(len(pids - there) for name, pids in self.parts.items() if name != "gateway")
        kept = {"used": round(info["used_memory"] / MIB, 3), "keys": len(keys) - fences}
        return {"parts": parts, "redis": kept, "fences": fences, "processes": len(there), "lost": lost}

    async def close(self) -> None:
        await self._redis.aclose()


async def soak(minutes: float, rate: float, visit_seconds: float, every: float, file: Path) -> None:
    """Run it, and append to ``file``."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sh-soak-")))
        server = stack.enter_context(run_ngircd(issue(directory / "tls")))
        house = stack.enter_context(deployment(directory / "house", UNLIMITED))
        traffic = Traffic(house.url, server, rate, visit_seconds)
        running = asyncio.create_task(traffic.run())
        await asyncio.wait_for(traffic.settled.wait(), 60)
        watched, start = Watched(house), time.monotonic()
        traffic.watched.set()
        try:
            while (now := time.monotonic() - start) < minutes * 60:
                count = traffic.count
                sample = {"t": round(now, 1), **await watched.sample(), "echo_ms": count.echo_ms()}
                sample |= {name: getattr(count, name) for name in DONE}
                sample["failures"] = count.failures[-5:]
                _append(file, sample)
                await asyncio.wait([running], timeout=every)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await watched.close()


def _append(file: Path, sample: Sample) -> None:
    with file.open("a") as lines:
        lines.write(json.dumps(sample) + "\n")


def series(samples: Sequence[Sample]) -> Iterator[tuple[str, str, list[tuple[float, float]]]]:
    """The name, kind and points of each that may not grow."""
    for part in samples[0]["parts"]:
        for kind in samples[0]["parts"][part]:
            yield f"{part}, {kind}", kind, [(each["t"], each["parts"][part][kind]) for each in samples]
    for kind in samples[0]["redis"]:
        yield f"redis, {kind}", kind, [(each["t"], each["redis"][kind]) for each in samples]


def trends(samples: Sequence[Sample], share: float = WARM_SHARE) -> list[Trend]:
    warm = samples[-1]["t"] * share
    return [trend(name, points, warm, TOLERATED[kind]) for name, kind, points in series(samples)]


def conclusion(samples: Sequence[Sample], found: Sequence[Trend]) -> str:
    """One sentence."""
    last = samples[-1]
    wrong = [f"{each.name} grows" for each in found if not each.flat]
    wrong += [f"{last['lost']} processes were lost"] if last["lost"] else []
    wrong += [f"failed: {', '.join(last['failures'])}"] if last["failures"] else []
    return f"Look at it: {'; '.join(wrong)}." if wrong else GOOD


def verdict(samples: Sequence[Sample]) -> bool:
    """Print it; whether nothing grows, nothing was lost and nothing failed."""
    last, found = samples[-1], trends(samples)
    print(f"{last['t'] / 60:.0f} minutes, of which the first {WARM_SHARE:.0%} do not count")
    print("; ".join(f"{last[name]:,} {text}" for name, text in DONE.items()))
    print("\n".join(map(str, found)))
    said = conclusion(samples, found)
    print(said)
    return said == GOOD


def read(file: Path) -> list[Sample]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=30, help="messages a second, a third of them to IRC")
    parser.add_argument("--visits", type=float, default=10, help="seconds between two visitors")
    parser.add_argument("--every", type=float, default=10, help="seconds between two samples")
    parser.add_argument("--out", type=Path, default=Path("build/soak"), help="folder for what is measured")
    parser.add_argument("--render", type=Path, metavar="FILE", help="only judge what was measured before")
    options = parser.parse_args()
    if options.render is None:
        options.out.mkdir(parents=True, exist_ok=True)
        file = options.out / f"{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
        print(f"samples go to {file}", flush=True)
        asyncio.run(soak(options.minutes, options.rate, options.visits, options.every, file))
    sys.exit(not verdict(read(options.render or file)))


if __name__ == "__main__":
    main()
