"""What is answered to those who ask, and what our presence says of us."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from sockethub.platforms.xmpp.answers import FEATURES, answer, capabilities
from sockethub_translators import xmpp
from sockethub_translators.xmpp import disco

ENV = xmpp.Env("me@own.example/home")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ASK = "<iq type='{}' id='1' from='bob@x.example/a'>{}</iq>"


def _answered(text: str) -> xmpp.Element | None:
    return answer(xmpp.decode(text), ENV, "Owlery", NOW)


@pytest.mark.parametrize(
    ("payload", "result"),
    [
        ("<ping xmlns='urn:xmpp:ping'/>", ""),
        (
            "<query xmlns='jabber:iq:version'/>",
            "<query xmlns='jabber:iq:version'><name>Owlery</name></query>",
        ),
        (
            "<time xmlns='urn:xmpp:time'/>",
            "<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>2026-11-23T12:00:00.000Z</utc></time>",
        ),
        (
            "<query xmlns='http://jabber.org/protocol/disco#items'/>",
            "<query xmlns='http://jabber.org/protocol/disco#items'/>",
        ),
    ],
    ids=["ping", "version", "time", "items"],
)
def test_questions(payload: str, result: str) -> None:
    expected = xmpp.decode(f"<iq type='result' id='1' to='bob@x.example/a'>{result}</iq>")
    assert _answered(ASK.format("get", payload)) == expected


@pytest.mark.parametrize("payload", ["", "<unheard-of xmlns='urn:x'/>", "<ping xmlns='urn:y'/>"])
@pytest.mark.parametrize("kind", ["get", "set"])
def test_every_question_has_an_answer(kind: str, payload: str) -> None:
    answered = _answered(ASK.format(kind, payload))
    assert answered is not None
    assert answered.attrs == {"type": "error", "id": "1", "to": "bob@x.example/a"}


@pytest.mark.parametrize(
    "text", ["<iq type='result' id='1'/>", "<iq type='error' id='1'/>", "<message/>", "<presence/>"]
)
def test_nothing_else_is_answered(text: str) -> None:
    assert _answered(text) is None


@pytest.mark.parametrize("sender", ["", "from='me@own.example'"])
def test_our_own_account_may_push(sender: str) -> None:
    push = f"<iq type='set' id='1' {sender}><query xmlns='jabber:iq:roster'><item jid='a@b'/></query></iq>"
    answered = _answered(push)
    assert answered is not None
    assert answered.attrs["type"] == "result"


def test_nobody_else_may() -> None:
    answered = _answered(ASK.format("set", "<query xmlns='jabber:iq:roster'><item jid='a@b'/></query>"))
    assert answered is not None
    assert answered.attrs["type"] == "error"


def test_the_hash_is_that_of_the_description() -> None:
    """XEP-0115 §5.1, from the very answer that others get."""
    answered = _answered(ASK.format("get", "<query xmlns='http://jabber.org/protocol/disco#info' node='n'/>"))
    assert answered is not None
    query = answered.find(disco.INFO)
    assert query is not None
    assert query.attrs["node"] == "n"
    told = "".join(
        "{category}/{type}//{name}<".format(**each.attrs) if each.local == "identity" else f"{each.attrs['var']}<"
        for each in query.elements()
    )
    expected = base64.b64encode(hashlib.sha1(told.encode()).digest()).decode()
    assert capabilities("Owlery").attrs["ver"] == expected
    assert list(FEATURES) == sorted(FEATURES)
