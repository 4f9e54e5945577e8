"""What the examples' pure parts say of documents, and the vectors of the standards."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sockethub.activity.bundle import bundle
from sockethub.activity.validation import SchemaValidator
from sockethub.errors import PlatformError
from sockethub_caldav import PLATFORM as CALDAV
from sockethub_caldav import reading, writing
from sockethub_carddav import PLATFORM as CARDDAV
from sockethub_carddav import cards
from sockethub_dav.authentication import Fixed, chosen, digest
from sockethub_dav.challenges import Challenge, challenges
from sockethub_dav.multistatus import read, tag

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

RFC_7616 = Challenge(
    "digest",
    {
        "realm": "http-auth@example.org",
        "qop": "auth, auth-int",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    },
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"

ICS = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//x//y//EN\r
BEGIN:VEVENT\r
UID:1\r
DTSTAMP:20260101T000000Z\r
DTSTART;VALUE=DATE:20261224\r
DTEND;VALUE=DATE:20261227\r
SUMMARY:Owls\\, at rest\r
X-OWL;KIND=barn:keep me\r
RRULE:FREQ=YEARLY;UNTIL=20300101T000000Z;BYSETPOS=1\r
BEGIN:VALARM\r
ACTION:DISPLAY\r
TRIGGER:-PT15M\r
DESCRIPTION:Hoot\r
END:VALARM\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:1\r
DTSTAMP:20260101T000000Z\r
RECURRENCE-ID;VALUE=DATE:20271224\r
DTSTART;VALUE=DATE:20271225\r
SUMMARY:Owls\\, a day later\r
END:VEVENT\r
END:VCALENDAR\r
"""
VCF = (
    "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u\r\nFN:Bob Example\r\nN:Example;Bob;;;\r\n"
    "EMAIL;TYPE=work;PREF=1:bob@x.example\r\n"
    "PHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\nX-OWL:keep me\r\nitem1.X-ABLabel:keep me too\r\nEND:VCARD\r\n"
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digest_is_that_of_rfc_7616(algorithm: str, response: str) -> None:
    challenge = Challenge("digest", {**RFC_7616.parameters, "algorithm": algorithm})
    header = digest("Mufasa", "Circle of Life", challenge, "GET", "/dir/index.html", CNONCE, 1)
    assert f'response="{response}"' in header
    assert f"algorithm={algorithm}, qop=auth, nc=00000001" in header
    assert 'opaque="FQhe/' in header


def test_digest_is_that_of_rfc_2069_where_a_server_is_that_old() -> None:
    """Corrected vector of RFC 2069's errata (749)."""
    asked = {"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"}
    header = digest("Mufasa", "CircleOfLife", Challenge("digest", asked), "GET", "/dir/index.html", "", 1)
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in header
    assert "qop" not in header


def test_challenges_of_several_header_lines_are_told_apart() -> None:
    found = challenges('Negotiate, Basic realm="a \\"b\\", c", Digest nonce=x, qop="auth,auth-int", Bearer')
    assert found == [
        Challenge("negotiate"),
        Challenge("basic", {"realm": 'a "b", c'}),
        Challenge("digest", {"nonce": "x", "qop": "auth,auth-int"}),
        Challenge("bearer"),
    ]
    assert challenges("") == []


def test_tokens_and_passwords_go_where_nobody_listens() -> None:
    basic = [Challenge("basic")]
    for given in ({"token": "t"}, {"username": "ann", "password": "p"}):
        with pytest.raises(PlatformError, match="not sent without TLS"):
            chosen(basic, given, secure=False)
        scheme = chosen(basic, given, secure=True)
        assert isinstance(scheme, Fixed)
        assert repr(scheme) == "Fixed(…)"
    assert chosen(basic, {"username": "ann", "password": "pö"}, secure=True).header("", "") == "Basic YW5uOnDDtg=="
    with pytest.raises(PlatformError, match="colon"):
        chosen(basic, {"username": "a:b", "password": "p"}, secure=True)


def test_a_multistatus_is_what_was_found() -> None:
    body = b"""<d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href>
      <d:propstat><d:prop><d:getetag>"1"</d:getetag><d:resourcetype><d:collection/></d:resourcetype></d:prop>
        <d:status>HTTP/1.1 200 OK</d:status></d:propstat>
      <d:propstat><d:prop><d:displayname/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>
    </d:response><d:response/></d:multistatus>"""
    (found,) = read(body)
    assert (found.href, found.etag, found.is_a(tag("DAV:", "collection"))) == ("/a", '"1"', True)
    assert tag("DAV:", "displayname") not in found.properties
    assert (found.text("x"), found.href_of("x")) == ("", "")


def test_events_are_read() -> None:
    first, second = reading.items(ICS)
    assert first == {
        "type": "event",
        "name": "Owls, at rest",
        "uid": "1",
        "startTime": "2026-12-24",
        "endTime": "2026-12-27",
        "allDay": True,
        "recurrence": {"frequency": "yearly", "until": "2030-01-01T00:00:00Z"},
    }
    assert (second["recurrenceId"], second["startTime"]) == ("2027-12-24", "2027-12-25")
    for text in ("", "no calendar", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "BEGIN:VCARD\r\nFN:x\r\nEND:VCARD"):
        assert reading.items(text) == []


def test_what_is_not_given_stays_as_it_was() -> None:
    text = writing.changed(ICS, {"type": "event", "name": "Owls, awake"}, NOW)
    for kept in ("X-OWL;KIND=barn:keep me", "BYSETPOS=1", "TRIGGER:-PT15M", "Owls\\, a day later", "20261224"):
        assert kept in text
    assert reading.items(text)[0]["name"] == "Owls, awake"
    assert "LAST-MODIFIED:20261125T120000Z" in text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"startTime": "2026-13-01"}, "/object/startTime: must be a date"),
        ({"startTime": "2026-01-01T10:00:00", "timeZone": "Owls/Barn"}, "/object/timeZone: must be the name"),
        ({"startTime": "2026-01-01T10:00:00", "timeZone": "../../etc/passwd"}, "/object/"),
        ({"recurrence": {"frequency": "daily", "until": "some day"}}, "/object/recurrence/until"),
    ],
)
def test_what_is_wrong_with_an_item_is_told(given: dict[str, Any], words: str) -> None:
    with pytest.raises(PlatformError) as refusal:
        writing.created({"type": "event", "name": "x", **given}, "u", NOW)
    assert words in str(refusal.value)
    assert refusal.value.condition == "bad-request"


def test_lines_cannot_be_smuggled_in() -> None:
    text = writing.created(
        {"type": "event", "name": "x\r\nATTENDEE:mailto:eve@x.example", "startTime": "2026-01-01"}, "u", NOW
    )
    assert "attendees" not in reading.items(text)[0]
    card = cards.created({"type": "person", "name": "x\r\nEMAIL:eve@x.example"}, "u", NOW)
    assert "emails" not in cards.items(card)[0]


def test_cards_are_read_and_changed_with_care() -> None:
    (found,) = cards.items(VCF)
    assert found == {
        "type": "person",
        "uid": "u",
        "name": "Bob Example",
        "givenName": "Bob",
        "familyName": "Example",
        "emails": [{"value": "bob@x.example", "types": ["work"], "preferred": True}],
    }
    text = cards.changed(VCF, {"type": "person", "title": "Owl"}, NOW)
    for kept in ("VERSION:4.0", "PHOTO", "AAAA", "X-OWL:keep me", "keep me too"):
        assert kept in text
    assert cards.items(text) == [{**found, "title": "Owl"}]
    for text in ("", "no card", "BEGIN:VCARD\r\n", ICS):
        assert cards.items(text) == []
    with pytest.raises(PlatformError):
        cards.changed("no card", {"type": "person"}, NOW)


@pytest.mark.parametrize(("platform", "declared"), [("caldav", CALDAV), ("carddav", CARDDAV)])
def test_what_the_readmes_show_is_so(platform: str, declared: dict[str, Any]) -> None:
    page = (ROOT / "examples" / f"sockethub-{platform}" / "README.md").read_text()
    names = {"credentials": "credentials", "request": "messages", "response": "responses"}
    shown = re.findall(r"^```json (\w+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for kind, text in shown:
        schema = json.loads(Path(declared["schemas"][names[kind]]).read_text())
        SchemaValidator(platform, bundle(schema)).check(json.loads(text))
    verbs = {json.loads(text)["type"] for kind, text in shown if kind == "request"}
    assert verbs == set(declared["verbs"]) - {"connect", "disconnect"}
