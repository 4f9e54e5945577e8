"""T12: pages and rooms come whole, however they interleave, in bounded memory."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sockethub_translators import xmpp
from sockethub_translators.entries import MAX_ENTRIES, MAX_OPEN
from sockethub_translators.testing import xmpp as some
from sockethub_translators.testing.xmpp_iq import iqs
from sockethub_translators.testing.xmpp_messages import forwarded, messages
from sockethub_translators.testing.xmpp_presence import presences
from sockethub_translators.xmpp.aggregate import Aggregator, Page, ask, feed, flush
from sockethub_translators.xmpp.element import Element
from sockethub_translators.xmpp.env import Env

ROOMS = {some.ROOM: some.NICK, "other@muc.example": some.NICK}
ENV = Env(some.ME, rooms=ROOMS)
ALICE = "alice@x.example/home"
MALLORY = "alice@x.example"
"""Who may say what she herself has said, but is no archive of ours."""


def run(stanzas: list[Element], env: Env = ENV) -> list[dict[str, Any]]:
    state, out = Aggregator(), []
    for stanza in stanzas:
        if stanza.attrs.get("from") == some.ME:
            state = ask(state, stanza, env)
            continue
        state, activities = feed(state, stanza, env)
        out += activities
    return out


def question(queryid: str) -> Element:
    (stanza,) = xmpp.from_activity(
        {
            "context": "xmpp",
            "type": "query",
            "id": queryid,
            "actor": {"id": some.ME, "type": "person"},
            "object": {"type": "history"},
        },
        ENV,
    )
    return stanza._replace(attrs={**stanza.attrs, "from": some.ME})


def asking(*queryids: str) -> Aggregator:
    state = Aggregator()
    for queryid in queryids:
        state = ask(state, question(queryid), ENV)
    return state


def asked_for(stanzas: list[Element]) -> Aggregator:
    """Where all that comes out of archives had been asked for."""
    pages = {}
    for stanza in stanzas:
        results = stanza.find_all("{urn:xmpp:mam:2}result")
        for key in (stanza.attrs.get("id"), *(each.attrs.get("queryid") for each in results)):
            if key is not None:
                pages[key] = Page(stanza.attrs.get("from", ENV.bare))
    return Aggregator(pages)


def result(queryid: str, number: int, keeper: str = some.BARE) -> Element:
    text = f"""<message from="{keeper}" to="{some.ME}">
        <result xmlns="urn:xmpp:mam:2" queryid="{queryid}" id="{number}"> <forwarded xmlns="urn:xmpp:forward:0">
        <delay xmlns="urn:xmpp:delay" stamp="2026-01-01T00:00:00.000Z"/>
        <message xmlns="jabber:client" from="{ALICE}" type="chat"><body>{number}</body></message>
        </forwarded></result></message>"""
    return xmpp.decode(" ".join(text.split()))


def fin(queryid: str, last: int, keeper: str = some.BARE) -> Element:
    return xmpp.decode(
        f"""<iq type="result" id="{queryid}" from="{keeper}"><fin xmlns="urn:xmpp:mam:2" complete="true">"""
        f"""<set xmlns="http://jabber.org/protocol/rsm"><first>0</first><last>{last}</last></set></fin></iq>"""
    )


def page(queryid: str, size: int) -> list[Element]:
    return [question(queryid), *(result(queryid, number) for number in range(size)), fin(queryid, size)]


def occupant(room: str, nick: str, *codes: int) -> Element:
    status = "".join(f'<status code="{code}"/>' for code in codes)
    return xmpp.decode(
        f"""<presence from="{room}/{nick}" to="{some.ME}"><x xmlns="http://jabber.org/protocol/muc#user">"""
        f"""<item affiliation="none" role="participant"/>{status}</x></presence>"""
    )


def entering(room: str, others: list[str]) -> list[Element]:
    return [*(occupant(room, nick) for nick in others), occupant(room, some.NICK, 110)]


@st.composite
def interleaved(draw: st.DrawFn, *sequences: list[Element]) -> list[Element]:
    left = [list(sequence) for sequence in sequences if sequence]
    out = []
    while left:
        chosen = draw(st.sampled_from(left))
        out.append(chosen.pop(0))
        left = [sequence for sequence in left if sequence]
    return out


@given(st.integers(0, 4), st.integers(0, 4), st.lists(st.sampled_from(["ann", "bob", "cid"]), unique=True), st.data())
def test_answers_come_whole_however_they_interleave(
    first: int, second: int, nicks: list[str], data: st.DataObject
) -> None:
    sequences = [page("a", first), page("b", second), entering(some.ROOM, nicks), entering("other@muc.example", [])]
    out = run(data.draw(interleaved(*sequences)))
    pages = {each["id"]: each for each in out if each["type"] == "collection"}
    assert {key: [item["object"]["content"] for item in each["items"]] for key, each in pages.items()} == {
        "a": [str(number) for number in range(first)],
        "b": [str(number) for number in range(second)],
    }
    assert all(each["xmpp:complete"] and "xmpp:wire" not in str(each) for each in pages.values())
    present = {each["actor"]["id"]: each for each in out if each["type"] == "query"}
    assert {key: [member["name"] for member in each["object"]["members"]] for key, each in present.items()} == {
        some.ROOM: [*nicks, some.NICK],
        "other@muc.example": [some.NICK],
    }
    assert sum(each["type"] == "join" for each in out) == 2


@given(st.lists(st.one_of(iqs(), messages(), forwarded(), presences()), max_size=8))
def test_all_else_is_translated_as_it_comes(stanzas: list[Element]) -> None:
    """Nothing is lost on the way, and a state is never changed."""
    state, out = asked_for(stanzas), []
    for stanza in stanzas:
        before = state
        state, activities = feed(state, stanza, ENV)
        assert feed(before, stanza, ENV) == (state, activities)
        out += activities
    state, rest = flush(state, ENV)
    assert state == Aggregator()
    held = sum(len(each["items"]) for each in [*out, *rest] if each["type"] == "collection")
    made = {"collection"} | ({"query"} if any(each["type"] == "query" for each in out) else set())
    assert held + sum(each["type"] not in made for each in out) <= len(stanzas)
    assert len([*out, *rest]) + held >= len(stanzas)


def test_what_is_collected_is_bounded() -> None:
    state = Aggregator()
    for number in range(MAX_OPEN + 10):
        state = ask(state, question(f"q{number}"), ENV)
        state, _ = feed(state, result(f"q{number}", 0), ENV)
    assert len(state.pages) == MAX_OPEN
    state = ask(state, question("long"), ENV)
    one = result("long", 0)
    for _ in range(MAX_ENTRIES + 5):
        state, _ = feed(state, one, ENV)
    _, (collection,) = feed(state, fin("long", 1), ENV)
    assert (len(collection["items"]), collection["xmpp:truncated"]) == (MAX_ENTRIES, True)


def test_a_room_that_was_left_is_entered_anew() -> None:
    gone = xmpp.decode(
        f"""<presence type="unavailable" from="{some.ROOM}/{some.NICK}"><x xmlns="http://jabber.org/protocol/muc#user">"""
        """<item role="none"/><status code="110"/></x></presence>"""
    )
    out = run([*entering(some.ROOM, ["ann"]), occupant(some.ROOM, "bob"), gone, *entering(some.ROOM, [])])
    kinds = [each["type"] for each in out]
    assert kinds == ["update", "join", "query", "update", "leave", "join", "query"]
    assert [member["name"] for member in out[-1]["object"]["members"]] == [some.NICK]


def refusal(queryid: str, *sender: str) -> Element:
    stanza = xmpp.decode(
        f'<iq type="error" id="{queryid}"><error type="cancel">'
        '<item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>'
    )
    return stanza._replace(attrs={**stanza.attrs, "from": sender[0]}) if sender else stanza


STRANGE = st.one_of(
    st.builds(result, st.sampled_from(["a", "b"]), st.just(99), st.just(MALLORY)),
    st.builds(result, st.integers().map(str), st.just(99), st.sampled_from([MALLORY, some.BARE])),
    st.builds(fin, st.sampled_from(["a", "b"]), st.just(99), st.just(MALLORY)),
    st.builds(fin, st.integers().map(str), st.just(99), st.sampled_from([MALLORY, some.BARE])),
    st.builds(refusal, st.sampled_from(["a", "b"]), st.just(MALLORY)),
)


@given(st.integers(0, 3), st.integers(0, 3), st.lists(STRANGE, max_size=8), st.data())
def test_what_was_not_asked_for_changes_no_page(
    first: int, second: int, strange: list[Element], data: st.DataObject
) -> None:
    """Others come as if they were alone; the pages as if the others were not."""
    asked = [page("a", first), page("b", second)]
    out = run(data.draw(interleaved(*asked, strange)))
    pages = [each for each in out if each["type"] == "collection"]
    assert sorted(pages, key=str) == sorted(run([*asked[0], *asked[1]]), key=str)
    assert [each for each in out if each["type"] != "collection"] == [
        activity for stanza in strange for activity in xmpp.to_activity(stanza, ENV)
    ]


def test_what_was_not_asked_for_pushes_no_page_out() -> None:
    strange = [result(f"junk{number}", 99, MALLORY) for number in range(2 * MAX_OPEN)]
    asked, *rest = page("a", 2)
    (collection,) = (each for each in run([asked, rest[0], *strange, *rest[1:]]) if each["type"] == "collection")
    assert [each["object"]["content"] for each in collection["items"]] == ["0", "1"]


def test_an_error_ends_a_page() -> None:
    error = refusal("a")
    state, _ = feed(asking("a"), result("a", 0), ENV)
    state, (activity,) = feed(state, error, ENV)
    assert activity["type"] == "error"
    assert not state.pages
