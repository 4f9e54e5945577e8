"""The measured part of docs/performance.md, and what it shows, made of what was measured. Pure."""

from __future__ import annotations

from typing import Any, Final

from bench.figures import FLOORS, ROWS, Merged, Row, merged, shown

Results = dict[str, Any]

AT_LEAST, AT_MOST = "\N{GREATER-THAN OR EQUAL TO}", "\N{LESS-THAN OR EQUAL TO}"

BEGIN: Final = "<!-- made by `make performance`; what is between these two lines is not edited by hand -->"
END: Final = "<!-- end of what `make performance` makes -->"
BUSY: Final = "**The machine was busy with other things meanwhile**: to be measured again."
GROUPS: Final = {
    "From client to service, and back": ("echo", "rate", "irc", "xmpp"),
    "Memory, and what idleness costs": ("memory", "idle"),
    "Translation, as a multiple of reading the wire alone": ("translate",),
}
GROWTH: Final = {
    "logins": (
        ("logins", "logins", "{:,.0f}"),
        ("private", "private, all, MiB", "{:,.0f}"),
        ("private/logins", "private, each, MiB", "{:.1f}"),
        ("ready_ms", "ready, p50, ms", "{:.0f}"),
        ("idle", "all idle, % of a core", "{:.1f}"),
        ("connections", "connections to Redis, each", "{:.2f}"),
    ),
    "clients": (
        ("clients", "idle clients", "{:,.0f}"),
        ("rss", "gateway, RSS, MiB", "{:,.0f}"),
        ("each_kib", "each, KiB", "{:.0f}"),
        ("echo_p50", "echo beside them, p50, ms", "{:.2f}"),
        ("echo_p99", "p99, ms", "{:.2f}"),
        ("idle", "gateway and Redis, % of a core", "{:.2f}"),
    ),
    "rooms": (
        ("members", "members", "{:,.0f}"),
        ("listed", "listed, with oneself", "{:,.0f}"),
        ("join_ms", "join until the list is there, ms", "{:,.0f}"),
        ("join_worker_ms", "of which the worker works, ms", "{:,.0f}"),
        ("join_gateway_ms", "the gateway, ms", "{:,.0f}"),
        ("worker_us", "a message costs the worker, µs", "{:,.0f}"),
        ("gateway_us", "the gateway, µs", "{:,.0f}"),
        ("message_ms", "takes, p50, ms", "{:.1f}"),
        ("floor_ms", "without us, ms", "{:.1f}"),
    ),
}


def spliced(page: str, made: str) -> str:
    """``page`` with what is between the markers replaced."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN!r} or {END!r}")
    return f"{before}{BEGIN}\n\n{made.strip()}\n\n{END}{after}"


def markdown(results: Results) -> str:
    parts = [_figures(results["figures"])] if "figures" in results else []
    if "growth" in results:
        parts.append(_growth(results["growth"]))
    if "soak" in results:
        parts.append(_soak(results["soak"]))
    return "\n\n".join(parts)


def _where(section: Results) -> str:
    text = f"{section['machine']}; {section['taken']}."
    return f"{text} {BUSY}" if section["busy"] else text


def _figures(section: Results) -> str:
    found, runs = merged(section["runs"]), len(section["runs"])
    missed = [row for row in ROWS if row.key in found and row.met(found[row.key].middle) is False]
    aimed = [row for row in ROWS if row.key in found and row.aim is not None]
    how = (
        f"{runs} {'run' if runs == 1 else 'runs'}, {section['count']:,} calls for a figure: the median, and the range. "
        "A floor is the same way without Sockethub, in the same run; the ratio is how many times the floor it takes. A "
        "figure that misses its aim is in **bold**."
    )
    lines = [
        f"{_where(section)} {how}",
        f"{len(aimed) - len(missed)} of {len(aimed)} aims are met.",
        "![Every figure that has an aim, as a multiple of it](images/performance-aims.svg)",
    ]
    for title, kinds in GROUPS.items():
        rows = [row for row in ROWS if row.key.partition(".")[0] in kinds and row.key in found]
        if rows:
            table = ["| | aim | reached | range | floor | ratio |", "|---|---|---|---|---|---|"]
            lines += [f"### {title}", "\n".join(table + [_row(row, found) for row in rows])]
    floors = [row for row in FLOORS if row.key in found]
    if floors:
        table = ["| | reached | range |", "|---|---|---|"] + [_floor(row, found[row.key]) for row in floors]
        lines += ["### The floors, each by itself", "\n".join(table)]
    return "\n\n".join(lines)


def _row(row: Row, found: dict[str, Merged]) -> str:
    value, unit = found[row.key], f" {row.unit}" if row.unit else ""
    reached = f"{shown(value.middle)}{unit}"
    aim = "" if row.aim is None else f"{AT_LEAST if row.more else AT_MOST} {row.aim:,g}{unit}"
    cells = [row.text, aim, f"**{reached}**" if row.met(value.middle) is False else reached]
    cells.append(f"{shown(value.low)} to {shown(value.high)}")
    cells += ["", ""]
    if row.floor and all(key in found for key in row.floor):
        floor = sum(found[key].middle for key in row.floor)
        cells[-2:] = [f"{shown(floor)}{unit}", f"{row.ratio(value.middle, floor):.1f}"]
    return f"| {' | '.join(cells)} |"


def _floor(row: Row, value: Merged) -> str:
    return f"| {row.text} | {shown(value.middle)} {row.unit} | {shown(value.low)} to {shown(value.high)} |"


def _growth(section: Results) -> str:
    lines = ["### Growth", _where(section)]
    for part, columns in GROWTH.items():
        if part in section:
            head = f"| {' | '.join(text for _, text, _ in columns)} |\n|{'---|' * len(columns)}"
            body = [f"| {' | '.join(_cell(point, key, form) for key, _, form in columns)} |" for point in section[part]]
            lines += [f"![{part}](images/performance-{part}.svg)", "\n".join([head, *body])]
    return "\n\n".join(lines)


def _cell(point: dict[str, float], key: str, form: str) -> str:
    above, _, below = key.partition("/")
    return form.format(point[above] / point[below] if below else point[above])


def _soak(section: Results) -> str:
    how = (
        f"{section['minutes']:.0f} minutes: {section['done']}. What a series gained in an hour, by the median slope of "
        f"its points after the first {section['warm_minutes']:.0f} minutes, beside what is tolerated."
    )
    table = ["| | at the end | in an hour | tolerated |", "|---|---|---|---|"]
    table += [
        f"| {each['name']} | {each['last']:,.2f} | {each['per_hour']:+.2f} | {each['tolerance']:g} |"
        for each in section["trends"]
    ]
    return "\n\n".join(
        [
            "### An hour of traffic",
            f"{_where(section)} {how} **{section['verdict']}**",
            "![What each part takes, over an hour](images/performance-soak.svg)",
            "\n".join(table),
        ]
    )
