"""The laws of JIDs: preparation settles, comparison agrees with it, escaping loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import assume, event, example, given
from hypothesis import strategies as st
from slixmpp.jid import JID as SlixmppJID
from slixmpp.jid import InvalidJID

from sockethub_translators import xmpp
from sockethub_translators.errors import EncodeError, ParseError

PARTS = st.text(max_size=8) | st.text("abcXYZ.-_\\'\"@/ éßﬁＡ\u0130\u200d\u0628\u06601", max_size=8)
JIDS = st.one_of(
    st.text(max_size=20),
    st.builds("{}@{}".format, PARTS, st.sampled_from(["x.example", "Ünicode.example", "[::1]", "a..b", "x.example."])),
    st.builds("{}@x.example/{}".format, st.sampled_from(["alice", "Alice"]), PARTS),
)


@given(JIDS)
@example("a@b")
@example("a@b/")
@example("@b")
@example("İ@x.example")
@example("ﬁ@x.example")
@example("\ud800@x.example")
def test_preparation_settles(text: str) -> None:
    """C9, and total: a prepared JID, or a ParseError."""
    try:
        jid = xmpp.parse_jid(text)
    except ParseError:
        event("refused")
        return
    event("prepared")
    assert xmpp.parse_jid(str(jid)) == jid
    assert xmpp.parse_jid(jid.bare) == jid._replace(resource="")


@given(st.text(max_size=12) | PARTS)
@example("\\20")
@example("\\5c20")
@example("d'artagnan")
def test_escaping_loses_nothing(name: str) -> None:
    """XEP-0106."""
    try:
        local = xmpp.escape(name)
    except EncodeError:
        assert name != name.strip(" ")
        return
    assert not set(local) & set(" \"&'/:<>@")
    assert xmpp.unescape(local) == name


@given(
    st.builds(
        "{}@{}/{}".format,
        st.text("abcXYZ019._-é", min_size=1, max_size=6),
        st.just("x.example"),
        st.text("ab Cé", min_size=1),
    )
)
def test_prepared_as_slixmpp_prepares(text: str) -> None:
    """Where both take it, they agree; slixmpp follows the older stringprep of RFC 6122."""
    try:
        theirs = SlixmppJID(text)
    except InvalidJID:
        assume(False)
    assert xmpp.parse_jid(text).bare == theirs.bare


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("Juliet@Example.COM/Foo", "juliet@example.com/Foo"),
        ("foo\\20bar@example.com", "foo\\20bar@example.com"),
        ("fußball@example.com", "fußball@example.com"),
        ("π@example.com", "π@example.com"),
        ("\u03a3@example.com/foo", "\u03c3@example.com/foo"),
        ("king@example.com/♚", "king@example.com/♚"),
        ("a.example.com/b@example.net", "a.example.com/b@example.net"),
        ("example.com", "example.com"),
    ],
)
def test_what_rfc_7622_takes(text: str, prepared: str) -> None:
    """RFC 7622 §3.5, table 1."""
    assert str(xmpp.parse_jid(text)) == prepared


@pytest.mark.parametrize(
    "text",
    [
        '"juliet"@example.com',
        "foo bar@example.com",
        "juliet@example.com/",
        "@example.com",
        "henryⅣ@example.com",
        "♚@example.com",
        "juliet@",
        "/foobar",
        "a" * 1024 + "@example.com",
        "example.com/" + "a" * 1024,
    ],
    ids=lambda text: text[:20],
)
def test_what_rfc_7622_refuses(text: str) -> None:
    """RFC 7622 §3.5, table 2, and the bounds."""
    with pytest.raises(ParseError):
        xmpp.parse_jid(text)
