"""The laws of the XML codec: total, exact, bounded, and the same however the bytes arrive."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from sockethub_translators import xmpp
from sockethub_translators.errors import EncodeError, ParseError
from sockethub_translators.testing import xmpp as some
from sockethub_translators.testing.xmpp_iq import iqs
from sockethub_translators.xmpp import Element, element
from sockethub_translators.xmpp.element import ILLEGAL

LANG = "{http://www.w3.org/XML/1998/namespace}lang"

NAMES = st.builds(
    "{}{}".format,
    st.sampled_from(["{jabber:client}", "{urn:a}", "{urn:b}", '{urn:"<&}', ""]),
    st.sampled_from(["a", "body", "é", "_x-1", "stream"]),
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["k", "from", LANG, "{urn:a}k", "{urn:b}k"]), some.texts(), max_size=4)


def _elements(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Element]:
    nodes = st.lists(children | some.texts(max_size=6), max_size=4)
    return st.builds(lambda name, attrs, inner: element(name, attrs, *inner), NAMES, ATTRIBUTES, nodes)


ELEMENTS = st.recursive(_elements(st.nothing()), _elements, max_leaves=10)

SCRAPS = r"""
    <a> </a> <a /> > <b/> </b> x &amp; &lt &x; <!-- --> <![CDATA[ ]]> <?x ?> <!DOCTYPE k='v' &#0; &#8; x:a </stream>
    <b xmlns='urn:b'>
"""
SOUP = st.lists(st.sampled_from([*SCRAPS.split(), " ", "\0", "\ufeff", "\uffff", "é"])).map("".join)


@given(st.binary(max_size=60) | SOUP.map(lambda text: text.encode("utf-8")) | st.text(max_size=30) | SOUP)
@example(b"")
@example(b"<a></stream><stream>")
@example(b"<a/></stream>")
@example(b"\xff\xfe<\0a\0/\0>\0")
@example("<a k='1' k='2'/>")
@example("<x:a/>")
@example("\ud800")
def test_any_input_is_a_stanza_or_a_parse_error(data: bytes | str) -> None:
    """C1."""
    try:
        stanza = xmpp.decode(data)
    except ParseError:
        event("refused")
        return
    event("read")
    assert xmpp.decode(xmpp.encode(stanza)) == stanza


@given(ELEMENTS)
def test_what_is_written_reads_back(one: Element) -> None:
    """C2, C3, C10: also for another parser, and in every place where it may stand."""
    alone = xmpp.encode(one, xmlns="")
    assert xmpp.decode(xmpp.encode(one)) == one
    assert xmpp.encode(xmpp.decode(xmpp.encode(one))) == xmpp.encode(one)
    tree = ElementTree.fromstring(alone)
    assert xmpp.from_etree(tree) == one
    assert xmpp.from_etree(xmpp.to_etree(one)) == one


@given(ELEMENTS, st.text(max_size=10), st.sampled_from(["name", "attribute", "key", "text"]))
def test_nothing_becomes_more_than_it_is(one: Element, hostile: str, where: str) -> None:
    """C4: any text anywhere is that text when read again, or an error."""
    if where == "name":
        changed = one._replace(name="{urn:a}" + hostile)
    elif where == "attribute":
        changed = one._replace(attrs={**one.attrs, "k": hostile})
    elif where == "key":
        changed = one._replace(attrs={hostile: "v"})
    else:
        changed = element(one.name, one.attrs, hostile)
    try:
        data = xmpp.encode(changed)
    except EncodeError:
        assert where in ("name", "key") or ILLEGAL.search(hostile)
        return
    assert xmpp.decode(data) == changed


@given(st.lists(iqs(), max_size=3), st.lists(st.integers(1, 40), max_size=30), SOUP)
def test_however_a_stream_is_cut(stanzas: list[Element], cuts: list[int], after: str) -> None:
    """C6."""
    head = b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    data = head + b" ".join(map(xmpp.encode, stanzas)) + after.encode()
    whole = _events(data, [len(data)])
    assert [each for each in whole if isinstance(each, Element)][: len(stanzas)] == stanzas
    assert _events(data, cuts) == whole
    assert _events(data, [1] * len(data)) == whole


def _events(data: bytes, cuts: list[int]) -> list[Any]:
    reader = xmpp.StanzaReader()
    events: list[Any] = []
    at = 0
    for size in [*cuts, len(data)]:
        events += reader.feed(data[at : at + size])
        at += size
    return [type(each) if isinstance(each, ParseError) else each for each in events]


@pytest.mark.parametrize(
    "bad",
    [
        '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx">]><a>&x;</a>',
        "<a><!-- x --></a>",
        "<a><?x y?></a>",
        "<a>&nbsp;</a>",
        "<a/><a/>",
        "<a/>text",
        "<a>",
        "<a xmlns:x='urn:x'><x:b></b></a>",
        "<a " + " ".join(f"k{n}='v'" for n in range(1000)) + "/>",
        "<a>" * 20_000 + "</a>" * 20_000,
        "<a>" + "x" * (xmpp.MAX_STANZA + 1) + "</a>",
        "<a>\x08</a>",
        "<a>&#8;</a>",
        "<a>\uffff</a>",
    ],
    ids=lambda text: text[:24],
)
def test_what_xmpp_forbids_is_refused(bad: str) -> None:
    with pytest.raises(ParseError):
        xmpp.decode(bad)
    reader = xmpp.StanzaReader()
    events = reader.feed(b"<s xmlns='jabber:client'>" + bad.encode() + b"<a/>")
    assert bad in ("<a/><a/>", "<a>") or isinstance(events[-1], ParseError)
    assert bad in ("<a/><a/>", "<a>") or reader.feed(b"<a/>") == []


def test_a_stanza_without_end_is_refused_in_bounded_memory() -> None:
    reader = xmpp.StanzaReader()
    reader.feed(b"<s xmlns='jabber:client'><a k='")
    fed = [reader.feed(b"x" * 65_536) for _ in range(100)]
    refused = [number for number, events in enumerate(fed) if events]
    assert len(refused) == 1
    assert isinstance(fed[refused[0]][-1], ParseError)
    assert refused[0] < xmpp.MAX_STANZA // 65_536 + 3


def test_an_attribute_full_of_ends_of_tags_is_not_read_again_at_every_one(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = xmpp.StanzaReader()
    reader.feed(b"<s xmlns='jabber:client'><a k='" + b"x" * (xmpp.MAX_STANZA - 100))
    parse, calls = reader._builder.parse, []

    def counted(data: bytes) -> None:
        calls.append(len(data))
        parse(data)

    monkeypatch.setattr(reader._builder, "parse", counted)
    assert reader.feed(b">" * 131_072) == []
    assert len(calls) == 2


def test_elements_that_nobody_can_read_are_not_written() -> None:
    deep = element("{a}b")
    for _ in range(xmpp.MAX_DEPTH + 1):
        deep = element("{a}b", None, deep)
    for bad in (deep, Element("{a", {}), Element("a b", {}), Element("{}a", {}), Element("a", {"xmlns": "x"})):
        with pytest.raises(EncodeError):
            xmpp.encode(bad)
