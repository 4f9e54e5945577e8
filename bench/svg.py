"""Plots as SVG: panels of lines side by side, and bars. Readable on light and on dark, without a library or a font."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Point = tuple[float, float]

WIDTH, HEIGHT = 360, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 24, 34, 44
BAR_LEFT, BAR_WIDTH, BAR_ROW = 350, 330, 20
COLOURS: Final = 6
STYLE: Final = """<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328; } .title { font-weight: 600; }
.grid { stroke: #d0d7de; fill: none; } .line { fill: none; stroke-width: 2; }
.mark { stroke: #57606a; stroke-dasharray: 4 3; }
.c0 { stroke: #0969da; } .c1 { stroke: #bc4c00; } .c2 { stroke: #1a7f37; } .c3 { stroke: #8250df; }
.c4 { stroke: #bf3989; } .c5 { stroke: #7d6600; } .met { fill: #1a7f37; } .missed { fill: #bc4c00; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .grid { stroke: #3d444d; } .mark { stroke: #9198a1; }
.c0 { stroke: #58a6ff; } .c1 { stroke: #f0883e; } .c2 { stroke: #3fb950; } .c3 { stroke: #bc8cff; }
.c4 { stroke: #f778ba; } .c5 { stroke: #d4a72c; } .met { fill: #3fb950; } .missed { fill: #f0883e; }
}
</style>"""


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines by name, on axes that begin at zero; without ``zero``, the upright one where the lowest is."""

    title: str
    x: str
    lines: dict[str, Sequence[Point]]
    zero: bool = True


def steps(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers over the whole range, at most so many spaces apart."""
    span = high - low
    if span <= 1e-9 * max(1.0, abs(low), abs(high)):
        span = 1.0
    raw = span / most
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * size for factor in (1, 2, 5, 10) if factor * size >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"


def lines(panels: Sequence[Panel]) -> str:
    """An image of them, side by side."""
    inside = "".join(_panel(panel, place * WIDTH) for place, panel in enumerate(panels))
    tall = HEIGHT + 16 * max(len(panel.lines) for panel in panels)
    return _image(WIDTH * len(panels), tall, "; ".join(panel.title for panel in panels), inside)


def _panel(panel: Panel, shift: int) -> str:
    points = [point for line in panel.lines.values() for point in line]
    low = min(y for _, y in points)
    ys = steps(min(0.0, low) if panel.zero else low, max(y for _, y in points))
    xs = steps(0.0, max(x for x, _ in points), 4)

    def across(x: float) -> float:
        return LEFT + (x - xs[0]) / (xs[-1] - xs[0]) * (WIDTH - LEFT - RIGHT)

    def down(y: float) -> float:
        return HEIGHT - BOTTOM - (y - ys[0]) / (ys[-1] - ys[0]) * (HEIGHT - TOP - BOTTOM)

    parts = [f"<g transform='translate({shift},0)'>", _text(LEFT, 18, panel.title, "start", "title")]
    for y in ys:
        parts.append(f"<path class='grid' d='M{LEFT},{down(y):.1f}H{WIDTH - RIGHT}'/>")
        parts.append(_text(LEFT - 6, down(y) + 4, number(y), "end"))
    parts += [_text(across(x), HEIGHT - BOTTOM + 18, number(x), "middle") for x in xs]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, panel.x, "middle"))
    for place, (name, line) in enumerate(panel.lines.items()):
        colour = f"c{place % COLOURS}"
        path = "L".join(f"{across(x):.1f},{down(y):.1f}" for x, y in line)
        parts.append(f"<path class='line {colour}' d='M{path}'/>")
        if len(line) <= 20:
            dots = (f"<circle class='line {colour}' cx='{across(x):.1f}' cy='{down(y):.1f}' r='3'/>" for x, y in line)
            parts += dots
        beneath = HEIGHT + 8 + 16 * place
        parts.append(f"<path class='line {colour}' d='M{LEFT},{beneath - 4}h20'/>")
        parts.append(_text(LEFT + 28, beneath, name, "start"))
    return "".join([*parts, "</g>"])


def bars(title: str, rows: Sequence[tuple[str, float]], mark: str) -> str:
    """One for each, on a logarithmic scale from a sixteenth to sixteen times; what is over one has its own colour, and
    a ``mark`` says what one is."""
    bottom = TOP + 18 + BAR_ROW * len(rows)

    def across(value: float) -> float:
        return BAR_LEFT + (math.log2(min(16.0, max(1 / 16, value))) + 4) / 8 * BAR_WIDTH

    parts = [_text(10, 18, title, "start", "title"), _text(across(1), TOP + 6, mark, "middle")]
    for place, (name, value) in enumerate(rows):
        y = TOP + 14 + BAR_ROW * place
        kind = "met" if value <= 1 else "missed"
        parts.append(_text(BAR_LEFT - 8, y + 12, name, "end"))
        parts.append(
            f"<rect class='{kind}' x='{BAR_LEFT}' y='{y}' width='{across(value) - BAR_LEFT:.1f}' height='14'/>"
        )
        parts.append(_text(across(value) + 6, y + 12, f"{value:.2g}", "start"))
    parts.append(f"<path class='mark' d='M{across(1):.1f},{TOP + 10}V{bottom}'/>")
    return _image(BAR_LEFT + BAR_WIDTH + 50, bottom + 8, title, "".join(parts))


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    named = f" class='{kind}'" if kind else ""
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'{named}>{escape(text)}</text>"


def _image(width: float, height: float, title: str, inside: str) -> str:
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' width='{width:g}' role='img'>"
    return f"{head}<title>{escape(title)}</title>{STYLE}{inside}</svg>\n"
