"""Aggregators: nothing but the order of lines matters, channels do not mix, one end per end, bounded memory."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sockethub_translators import irc
from sockethub_translators.entries import MAX_ENTRIES, MAX_OPEN, Entries
from sockethub_translators.irc import aggregate
from sockethub_translators.testing import irc as some

ENV = irc.Env(server=some.SERVER, nick="me", isupport=some.ISUPPORT)
ANSWERS = [
    "367",
    "331",
    "332",
    "333",
    "352",
    "353",
    "366",
    "311",
    "319",
    "322",
    "301",
    "372",
    "375",
    "376",
    "PRIVMSG",
    "JOIN",
]


def run(lines: list[irc.Line], state: aggregate.Aggregator | None = None) -> tuple[aggregate.Aggregator, list[Any]]:
    state = state or aggregate.Aggregator()
    out: list[Any] = []
    for line in lines:
        state, activities = aggregate.feed(state, line, ENV)
        out += activities
    return state, out


_BATCHES = st.builds(
    lambda mark, ref, kind: irc.Line("BATCH", (mark + ref, *kind)),
    st.sampled_from("+-"),
    st.sampled_from("abc"),
    st.sampled_from(
        [(), ("chathistory", "#c"), ("draft/multiline", "#c"), ("labeled-response",), ("netsplit", "a", "b")]
    ),
)
_TAGGED = st.builds(
    lambda line, ref: irc.Line(line.command, line.params, line.source, {**line.tags, "batch": ref}),
    some.server_lines(["PRIVMSG", "JOIN", "353"]),
    st.sampled_from("abc"),
)
_ENDS = st.sampled_from(["368", "349", "315", "318", "321", "323", "333", "353"]).flatmap(
    lambda numeric: st.lists(st.sampled_from(["me", "#c", "nick", ""]), max_size=4).map(
        lambda params: irc.Line(numeric, tuple(params), some.SERVER)
    )
)


@given(st.lists(st.one_of(some.server_lines(ANSWERS), _BATCHES, _TAGGED, _ENDS), max_size=12))
def test_total_pure_and_replayable(lines: list[irc.Line]) -> None:
    state = aggregate.Aggregator()
    states = [(state, copy.deepcopy(state.topics))]
    for line in lines:
        state, _ = aggregate.feed(state, line, ENV)
        states.append((state, copy.deepcopy(state.topics)))
    assert all(state.topics == kept for state, kept in states)
    assert run(lines) == run(lines)
    middle = len(lines) // 2
    before, first = run(lines[:middle])
    after, second = run(lines[middle:], before)
    assert (after, first + second) == run(lines)
    empty, _ = aggregate.flush(after, ENV)
    assert empty == aggregate.Aggregator()


def burst(name: str, topic: str, names: list[str]) -> list[irc.Line]:
    me = "me"
    return [
        irc.Line("332", (me, name, topic), some.SERVER),
        irc.Line("333", (me, name, "setter!u@h", "1600000000"), some.SERVER),
        *(irc.Line("353", (me, "=", name, nick), some.SERVER) for nick in names),
        irc.Line("366", (me, name, "End of /NAMES list."), some.SERVER),
    ]


@given(st.lists(some.texts(), min_size=2, max_size=2), st.lists(some.nicks(), min_size=1, max_size=4), st.randoms())
def test_channels_do_not_mix(topics: list[str], names: list[str], random: Any) -> None:
    """However the answers for two channels interleave, each channel's activities are its own."""
    a, b = burst("#a", topics[0], names), burst("#b", topics[1], names[::-1])
    order = [0] * len(a) + [1] * len(b)
    random.shuffle(order)
    sources = [iter(a), iter(b)]
    _, mixed = run([next(sources[which]) for which in order])
    for name, lines in (("#a", a), ("#b", b)):
        own = [each for each in mixed if f"'{name}@" in str(each)]
        assert own == run(lines)[1]
        assert sum(each["object"]["type"] == "attendance" for each in own) == 1
        assert [each["object"]["content"] for each in own if each["object"]["type"] == "topic"] == [lines[0].params[2]]


def test_a_topic_is_its_setters() -> None:
    _, (topic, *_) = run(burst("#a", "hi", ["x"]))
    assert topic["actor"]["id"] == "setter@irc.example"
    assert topic["published"] == "2020-09-13T12:26:40.000Z"
    assert topic["object"] == {"type": "topic", "content": "hi"}


def test_a_topic_without_setter_comes_with_the_next_line() -> None:
    state, out = run([irc.Line("332", ("me", "#a", "hi"), some.SERVER)])
    assert out == []
    _, out = run([irc.decode(":a!b@c PRIVMSG #x :hello")], state)
    assert [each["object"]["type"] for each in out] == ["topic", "message"]


def test_memory_is_bounded() -> None:
    lines = [irc.Line("332", ("me", f"#{i}", "x"), some.SERVER) for i in range(MAX_OPEN * 2)]
    lines += [irc.Line("353", ("me", "=", f"#{i}", "x"), some.SERVER) for i in range(MAX_OPEN * 2)]
    lines += [irc.Line("311", ("me", f"n{i}", "u", "h", "*", "r"), some.SERVER) for i in range(MAX_OPEN * 2)]
    lines += [irc.Line("367", ("me", f"#{i}", "a!b@c"), some.SERVER) for i in range(MAX_OPEN * 2)]
    lines += [irc.Line("BATCH", (f"+{i}", "netsplit"), some.SERVER) for i in range(MAX_OPEN * 2)]
    state, _ = run(lines)
    for held in (state.topics, state.names, state.masks, state.whois, state.batches):
        assert len(held) <= MAX_OPEN
    crowd = " ".join(f"n{i}" for i in range(1000))
    state, _ = run([irc.Line("353", ("me", "=", "#a", crowd), some.SERVER)] * (MAX_ENTRIES // 1000 + 2))
    _, out = run([irc.Line("366", ("me", "#a", "End"), some.SERVER)], state)
    assert len(out[-1]["object"]["members"]) == MAX_ENTRIES
    assert out[-1]["irc:truncated"] is True


@given(st.lists(st.lists(st.integers(), max_size=200), max_size=8))
def test_entries_are_a_list_that_is_a_value(additions: list[list[int]]) -> None:
    entries: Entries[int] = Entries()
    kept = []
    for new in additions:
        kept.append((entries, list(entries)))
        entries = entries.add(new)
    assert list(entries) == [item for new in additions for item in new]
    assert len(entries) == sum(map(len, additions))
    assert all(list(before) == contents for before, contents in kept)
