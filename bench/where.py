"""Where the time of a message goes, with ten outstanding: processor time of each part, and how often it is woken.

``python -m bench where``; with ``--profile DIRECTORY`` and py-spy installed also a profile of each part, as folded
stacks, of which the text says where most of it is spent.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.load import TRANSPORTS, rate
from bench.processes import busy, roles, woken
from bench.talk import ROOM, UNLIMITED, echoing, irc, log_in, note, ok, room
from tests.support.deployment import Deployment, deployment
from tests.support.ircd import run_ngircd
from tests.support.tls import issue

OUTSTANDING: Final = 10
"""Of each of the clients: ten, or one where the name says so."""
CLIENTS: Final = 10
SAMPLES: Final = 500
"""A second, of a profile."""
SHOWN: Final = 25
WRITE_SECONDS: Final = 30.0
"""How long a profile may take to be written."""
PROFILED: Final = ("gateway", "pools", "logins")

Work = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Share:
    """Of a message: microseconds on a processor, and how often the process waited."""

    micros: float
    wakes: float


async def shares(
    house: Deployment, name: str, works: Sequence[Work], count: int, profiles: Path | None
) -> tuple[float, dict[str, Share]]:
    """What they are together a second, and the share of each part and of the clients."""
    await rate(works, OUTSTANDING, max(20, count // 10))  # warm
    parts = {**roles(house), "clients": {os.getpid()}}
    before = {part: (busy(pids), woken(pids)) for part, pids in parts.items()}
    with _profiled(parts, name, profiles):
        reached = await rate(works, OUTSTANDING, count)
    messages = count * len(works)
    return reached, {
        part: Share(
            (busy(pids) - before[part][0]) / messages * 1e6,
            (woken(pids) - before[part][1]) / messages,
        )
        for part, pids in parts.items()
    }


@contextmanager
def _profiled(parts: dict[str, set[int]], name: str, directory: Path | None) -> Iterator[None]:
    if directory is None:
        yield
        return
    directory.mkdir(parents=True, exist_ok=True)
    files = {
        directory / f"{name}-{part}.folded": max(parts[part], key=lambda pid: busy([pid]))
        for part in PROFILED
        if parts[part]
    }
    record = ("py-spy", "record", "--nonblocking", "--rate", str(SAMPLES), "--duration", "3600", "--format", "raw")
    recorders = [
        subprocess.Popen(
            [*record, "--output", str(file), "--pid", str(pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for file, pid in files.items()
    ]
    try:
        yield
    finally:
        for recorder in recorders:
            recorder.send_signal(signal.SIGINT)  # it writes what it has
            recorder.wait(WRITE_SECONDS)
        for file in files:
            print(_summary(file))


def _summary(file: Path) -> str:
    """Which functions are on the stack most, themselves and with what they call."""
    own, within, total = Counter[str](), Counter[str](), 0
    for line in file.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame.rpartition(":")[0] for frame in stack.split(";")]
        own[frames[-1]] += int(count)
        within.update(dict.fromkeys(frames, int(count)))
        total += int(count)
    lines = [f"\n{file.stem}: {total} samples; per cent by itself, and with what it calls"]
    lines += [
        f"  {100 * n / total:5.1f} {100 * within[name] / total:6.1f}  {name}" for name, n in own.most_common(SHOWN)
    ]
    lines.append("  with what they call")
    lines += [f"  {100 * n / total:12.1f}  {name}" for name, n in within.most_common(3 * SHOWN)]
    return "\n".join(lines)


async def measure(count: int, profiles: Path | None, only: Sequence[str]) -> dict[str, tuple[float, dict[str, Share]]]:
    """Of each kind of message."""
    found: dict[str, tuple[float, dict[str, Share]]] = {}
    with tempfile.TemporaryDirectory(prefix="sh-bench-") as name:
        directory = Path(name)
        certificates = issue(directory / "tls")
        with run_ngircd(certificates) as server, deployment(directory / "house", UNLIMITED) as house:
            for key in ("plain", "Socket.IO"):
                clients = [await TRANSPORTS[key].open(house.url) for _ in range(CLIENTS)]
                works = [echoing(client) for client in clients]
                if not only or key in only:
                    found[key] = await shares(house, key, works, count // CLIENTS, profiles)
                if not only or f"{key}-1" in only:
                    found[f"{key}-1"] = await shares(house, f"{key}-1", works[:1], count // 4, profiles)
                for client in clients:
                    await client.close()
            if not only or "irc" in only:
                ann = await TRANSPORTS["plain"].open(house.url)
                await log_in(ann, "ann", server, ROOM)
                say = partial(ok, ann, "message", irc("send", "ann", target=room(ROOM), object=note("hello there")))
                found["irc"] = await shares(house, "irc", [say], count // 4, profiles)
                await ann.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="messages")
    parser.add_argument("--profile", type=Path, help="write profiles here")
    parser.add_argument(
        "--only", action="append", default=[], choices=("plain", "plain-1", "Socket.IO", "Socket.IO-1", "irc")
    )
    arguments = parser.parse_args()
    if arguments.profile is not None and shutil.which("py-spy") is None:
        parser.error("--profile: py-spy is not installed; pip install py-spy")
    for kind, (reached, found) in asyncio.run(measure(arguments.count, arguments.profile, arguments.only)).items():
        print(f"\n{kind}, {reached:,.0f} a second; of each message: µs of processor time, times woken")
        together = Share(sum(each.micros for each in found.values()), sum(each.wakes for each in found.values()))
        for part, share in {**found, "together": together}.items():
            print(f"  {part:14} {share.micros:8.0f} {share.wakes:8.2f}")


if __name__ == "__main__":
    main()
