"""``make performance``: measures what docs/performance.md shows, and writes it there.

What was measured is kept in docs/performance.json, a section for each part (``figures``, ``growth``, ``soak``); the
page and its plots are made of that. A part that is not measured now stays as it was. The hour of traffic is measured by
``python -m bench soak``, and its file given to ``--soak``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bench import gateway, growth, idle, logins, soak, translators
from bench.figures import Figures, Run
from bench.page import markdown, spliced
from bench.plots import images
from bench.trend import thinned

DOCS: Final = Path(__file__).parents[1] / "docs"
RESULTS: Final = "performance.json"
PAGE: Final = "performance.md"
IMAGES: Final = "images"
QUICK: Final = DOCS.parent / "build" / "performance"
DIGITS: Final = 4
PLOTTED: Final = 120

TRANSLATED: Final = {"irc": translators.irc_message, "xmpp": translators.xmpp_message}


def one_run(count: int, irc_logins: int, xmpp_logins: int, clients: int) -> Run:
    """Every figure once."""
    figures = Figures()
    asyncio.run(gateway.measure(figures, count))
    (irc,) = asyncio.run(logins.irc([irc_logins - logins.WARM]))
    (xmpp,) = asyncio.run(logins.xmpp([xmpp_logins]))
    for key, found in (("irc", irc), ("xmpp", xmpp)):
        figures.add(f"memory.{key}.pss", found["pss"] / found["logins"])
        figures.add(f"memory.{key}.private", found["private"] / found["logins"])
    figures.add("idle.busy", irc["idle"])
    figures.add("idle.connections", irc["connections"])
    (idle_clients,) = asyncio.run(idle.clients([clients]))
    figures.add("memory.client", idle_clients["each_kib"])
    _translations(figures, count)
    return figures.run


def _translations(figures: Figures, count: int) -> None:
    for key, measure in TRANSLATED.items():
        _ratios(figures, key, measure(35))
    _ratios(figures, "log", translators.irc_log(50 * count, 7))


def _ratios(figures: Figures, key: str, ratios: dict[str, float]) -> None:
    figures.add(f"translate.{key}.in", ratios[translators.IN])
    figures.add(f"translate.{key}.out", ratios[translators.OUT])


def soaked(file: Path) -> dict[str, Any]:
    """The section of an hour's file."""
    samples = soak.read(file)
    last, found = samples[-1], soak.trends(samples)
    series = {name: thinned(points, PLOTTED) for name, _, points in soak.series(samples)}
    done = ", ".join(f"{last[name]:,} {text}" for name, text in soak.DONE.items())
    return {
        "minutes": last["t"] / 60,
        "warm_minutes": last["t"] / 60 * soak.WARM_SHARE,
        "done": done,
        "trends": [asdict(each) for each in found],
        "series": series,
        "verdict": soak.conclusion(samples, found),
    }


def section(busy: bool) -> dict[str, Any]:
    """When and where."""
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    machine = f"{os.cpu_count()} shared virtual cores for everything, load included; Python {platform.python_version()}"
    machine += f" ({platform.python_compiler()}), {system}, Linux {platform.release()}"
    return {"taken": time.strftime("%Y-%m-%d"), "machine": machine, "busy": busy}


def rounded(value: Any) -> Any:
    """Numbers with the digits that say something, however deep."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list | tuple) else value


def write(results: dict[str, Any], folder: Path) -> None:
    """The figures, the page and its plots."""
    (folder / IMAGES).mkdir(parents=True, exist_ok=True)
    kept = rounded(results)
    (folder / RESULTS).write_text(json.dumps(kept, separators=(",", ":")).replace("},{", "},\n{") + "\n")
    (folder / PAGE).write_text(spliced((DOCS / PAGE).read_text(), markdown(kept)))
    for name, image in images(kept).items():
        (folder / IMAGES / name).write_text(image)
    print(f"written: {folder / PAGE}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make performance", description=__doc__)
    parser.add_argument("--part", action="append", choices=("figures", *growth.PARTS), help="only this; again for more")
    parser.add_argument("--runs", type=int, default=3, help="of the figures, for medians and ranges")
    parser.add_argument("--count", type=int, default=2_000, help="calls for a figure")
    parser.add_argument(
        "--quick", action="store_true", help="one short run, written to build/performance: that it works"
    )
    parser.add_argument("--busy", action="store_true", help="mark the figures: others worked on the machine meanwhile")
    parser.add_argument("--soak", type=Path, metavar="FILE", help="take in what `python -m bench soak` has written")
    parser.add_argument("--render", action="store_true", help="measure nothing, only write the page anew")
    options = parser.parse_args()
    folder, kept = QUICK if options.quick else DOCS, DOCS / RESULTS
    results = json.loads(kept.read_text()) if kept.exists() else {}
    parts = [] if options.render else options.part or (["figures", *growth.PARTS] if options.soak is None else [])
    runs, sizes = (1, (200, 20, 10, 100)) if options.quick else (options.runs, (options.count, 200, 50, 1_000))
    mark = section(options.busy or options.quick)
    if "figures" in parts:
        results["figures"] = {**mark, "count": sizes[0], "runs": [one_run(*sizes) for _ in range(runs)]}
    if grown := [part for part in parts if part in growth.PARTS]:
        results["growth"] = results.get("growth", {}) | mark | growth.measure(grown, options.quick)
    if options.soak is not None:
        results["soak"] = mark | soaked(options.soak)
    write(results, folder)


if __name__ == "__main__":
    main()
