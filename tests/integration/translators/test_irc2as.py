"""Beside the TypeScript translator: the same activities for the same lines, but for a list of deviations.

The list is as short as it can be: each deviation is needed for each of its examples, and so is each member it lets
differ.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from sockethub_translators import dialects, irc
from sockethub_translators.dialects import DialectEnv
from sockethub_translators.testing import irc as some
from tests.integration.translators.deviations import ALL, DEVIATIONS, Deviation, Said

JAVASCRIPT = Path(__file__).parents[1] / "js"
ENV = irc.Env(server=some.SERVER, nick="me", isupport=some.ISUPPORT)

Theirs = Callable[[list[str]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def theirs() -> Iterator[Theirs]:
    """What `@sockethub/irc2as` makes of lines, in canonical form."""
    with subprocess.Popen(
        ["node", "irc2as.mjs"], cwd=JAVASCRIPT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def ask(wires: list[str]) -> list[dict[str, Any]]:
            stdin.write(json.dumps({"server": some.SERVER, "lines": wires}) + "\n")
            stdin.flush()
            return [_canonical(activity) for activity in json.loads(stdout.readline())["activities"]]

        yield ask
        stdin.close()


def _canonical(activity: dict[str, Any]) -> dict[str, Any]:
    """Read as what a client would say; a service gets the name it has, and the time it was read at goes."""
    read = dialects.decode(activity, DialectEnv(server=some.SERVER))
    read.pop("published", None)
    for member in ("actor", "target"):
        if read.get(member, {}).get("type") == "service":
            read[member] = {"name": read[member]["id"], **read[member]}
    return read


def _ours(wires: list[str]) -> list[dict[str, Any]]:
    state, said = irc.Aggregator(), []
    for wire in wires:
        state, activities = irc.aggregate.feed(state, irc.decode(wire), ENV)
        said += activities
    state, activities = irc.aggregate.flush(state, ENV)
    plain = [irc.strip(activity, ext=True) for activity in said + activities]
    return [{key: value for key, value in activity.items() if key != "published"} for activity in plain]


def _without(activity: dict[str, Any], paths: set[str]) -> dict[str, Any]:
    left = {key: value for key, value in activity.items() if key not in paths}
    for path in paths:
        outer, _, inner = path.partition(".")
        if inner and isinstance(left.get(outer), dict):
            left[outer] = {key: value for key, value in left[outer].items() if key != inner}
    return left


def _agree(theirs: Theirs, wires: list[str], allowed: set[str]) -> bool:
    if ALL in allowed:
        return True
    a, b = theirs(wires), _ours(wires)
    return [_without(each, allowed) for each in a] == [_without(each, allowed) for each in b]


def _allowed(wires: list[str], deviations: Sequence[Deviation] = DEVIATIONS) -> set[str]:
    said = Said(wires)
    return {path for deviation in deviations if deviation.where(said) for path in deviation.differ}


AGREED: list[list[str]] = [
    [":bob!u@h PRIVMSG #c :hello world"],
    [":bob!u@h PRIVMSG me :hello"],
    [":bob!u@h JOIN #c"],
    [":bob!u@h JOIN #c account :Real Name"],
    [":bob!u@h PART #c"],
    [":bob!u@h QUIT"],
    [":bob!u@h NICK :robert"],
    [":bob!u@h TOPIC #c :tea"],
    [":bob!u@h MODE #c +o alice"],
    [":bob!u@h MODE #c -v alice"],
    [":irc.example 353 me = #c :@bob %carol dave"],
    [":bob!u@h PRIVMSG #c ::-)"],
]


@pytest.mark.parametrize("wires", AGREED, ids=lambda wires: wires[0])
def test_they_agree(theirs: Theirs, wires: list[str]) -> None:
    assert _allowed(wires) == set()
    assert theirs(wires) == _ours(wires)


def test_they_agree_on_a_topic_and_who_set_it(theirs: Theirs) -> None:
    wires = [":irc.example 332 me #c :tea", ":irc.example 333 me #c bob!u@h 1700000000"]
    assert _agree(theirs, wires, _allowed(wires) - {ALL, "actor"})


@settings(max_examples=max(settings.default.max_examples * 3, 300))
@given(line=some.server_lines())
def test_they_agree_but_for_the_deviations(theirs: Theirs, line: irc.Line) -> None:
    wire = irc.encode(line, max_body=irc.MAX_BODY).removesuffix(b"\r\n")
    try:
        wires = [wire.decode()]
    except UnicodeDecodeError:
        assume(False)
    allowed = _allowed(wires)
    event("nothing to compare" if ALL in allowed else f"{line.command}, but for {', '.join(sorted(allowed))}")
    assert _agree(theirs, wires, allowed)


COMPARED = ["JOIN", "PART", "QUIT", "NOTICE", "PRIVMSG", "TOPIC", "403", "433", "482"]
ROOMS = st.from_regex(r"#[a-z0-9-]{1,8}", fullmatch=True)
NICKS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
FEATURED = {
    "names": st.builds(
        ":irc.example 353 me = {} :{}".format,
        ROOMS,
        st.lists(st.builds(str.__add__, st.sampled_from(["", "@", "%"]), NICKS), min_size=1).map(" ".join),
    ),
    "modes": st.builds(":op!u@h MODE {} {}{} {}".format, ROOMS, st.sampled_from("+-"), st.sampled_from("ohv"), NICKS),
    "who": st.builds(":irc.example 352 me {} u h s {} {} :0 x".format, ROOMS, NICKS, st.sampled_from(["H", "G", "H@"])),
}


@pytest.mark.parametrize("kind", FEATURED)
def test_they_agree_on_what_is_common(theirs: Theirs, kind: str) -> None:
    @given(FEATURED[kind])
    def check(wire: str) -> None:
        allowed = _allowed([wire])
        assert ALL not in allowed
        assert _agree(theirs, [wire], allowed)

    check()


@pytest.mark.parametrize("command", COMPARED)
def test_they_agree_on_each_kind(theirs: Theirs, command: str) -> None:
    """As above, kind by kind; and of each kind there are lines to compare."""
    compared = []

    @settings(max_examples=max(settings.default.max_examples, 100))
    @given(some.server_lines([command]))
    def check(line: irc.Line) -> None:
        wires = [irc.encode(line).removesuffix(b"\r\n").decode("utf-8", "replace")]
        allowed = _allowed(wires)
        compared.append(ALL not in allowed)
        assert _agree(theirs, wires, allowed)

    check()
    assert any(compared)


CASES = [(deviation, list(wires)) for deviation in DEVIATIONS for wires in deviation.examples]


@pytest.mark.parametrize(("deviation", "wires"), CASES, ids=lambda each: getattr(each, "name", None))
def test_each_deviation_is_needed(theirs: Theirs, deviation: Deviation, wires: list[str]) -> None:
    others = [each for each in DEVIATIONS if each != deviation]
    assert _agree(theirs, wires, _allowed(wires))
    assert not _agree(theirs, wires, _allowed(wires, others))


@pytest.mark.parametrize(
    ("deviation", "path"),
    [(each, path) for each in DEVIATIONS for path in sorted(each.differ)],
    ids=lambda each: getattr(each, "name", str(each)),
)
def test_each_member_that_may_differ_does(theirs: Theirs, deviation: Deviation, path: str) -> None:
    def needed(wires: list[str]) -> bool:
        return not _agree(theirs, wires, _allowed(wires) - {path})

    assert any(needed(list(wires)) for wires in deviation.examples)


def test_deviations_have_reasons() -> None:
    assert len({deviation.name for deviation in DEVIATIONS}) == len(DEVIATIONS)
    assert all(deviation.reason and deviation.examples for deviation in DEVIATIONS)
