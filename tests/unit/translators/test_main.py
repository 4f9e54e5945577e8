"""The command line."""

from __future__ import annotations

import json
import subprocess
import sys

from sockethub_translators import irc, xmpp

LOG = b""":s 001 alice :Welcome\r
\r
:s 353 alice = #c :@alice bob\r
:s 366 alice #c :End of /NAMES list.\r
:bob!u@h NICK bobby\r
caf\xe9\r
:bobby!u@h PRIVMSG alice :hi\r
"""


def run(*arguments: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sockethub_translators", *arguments]
    return subprocess.run(command, input=given, capture_output=True, timeout=30, check=False)


def test_lines_to_activities() -> None:
    done = run("irc", "--server", "net.example", given=LOG)
    activities = [json.loads(line) for line in done.stdout.splitlines()]
    assert [activity["type"] for activity in activities] == ["announce", "update", "update", "query", "update", "send"]
    assert activities[-1]["target"]["id"] == "alice@net.example"
    assert done.stderr == b"line 6: no command\n"
    assert done.returncode == 1


def test_there_and_back() -> None:
    log = b"".join(line for line in LOG.splitlines(keepends=True) if line.strip() and not line.startswith(b"caf"))
    one_each = log.replace(b"@alice bob", b"@alice")
    there = run("irc", given=one_each)
    back = run("irc", "--reverse", given=there.stdout)
    assert [irc.decode(line) for line in back.stdout.splitlines()] == [
        irc.decode(line) for line in one_each.splitlines()
    ]
    assert (back.stderr, back.returncode) == (b"", 0)


def test_aggregate_and_strip() -> None:
    done = run("irc", "--aggregate", "--strip", given=LOG)
    activities = [json.loads(line) for line in done.stdout.splitlines()]
    assert not any("irc:wire" in activity for activity in activities)
    attendance = next(each for each in activities if each["type"] == "query")
    assert [member["name"] for member in attendance["object"]["members"]] == ["alice", "bob"]


def test_what_is_no_activity_is_reported() -> None:
    done = run("irc", "--reverse", given=b'{"type": "join"}\n[]\n{\n')
    assert done.stderr.splitlines() == [
        b"line 1: $.target: missing",
        b"line 2: $: not an object",
        b"line 3: $: not JSON",
    ]
    assert done.returncode == 1


STANZAS = b"""<iq from='own.example' id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>
<iq from='room@muc.example' id='2' type='result'><query xmlns='http://jabber.org/protocol/disco#items'>\
<item jid='room@muc.example/a'/></query></iq>
<iq>
<message from='room@muc.example/a' type='odd'><x xmlns='urn:a'> two&#10;lines </x></message>
"""


def test_stanzas_to_activities_and_back() -> None:
    there = run("xmpp", "--jid", "me@own.example/x", "--room", "room@muc.example/mine", given=STANZAS)
    activities = [json.loads(line) for line in there.stdout.splitlines()]
    assert [activity["object"]["type"] for activity in activities[:2]] == ["ping", "attendance"]
    assert there.stderr == b"line 3: not well-formed XML: mismatched tag\n"
    assert there.returncode == 1
    back = run("xmpp", "--reverse", given=there.stdout)
    whole = [line for line in STANZAS.splitlines() if line != b"<iq>"]
    assert list(map(xmpp.decode, back.stdout.splitlines())) == list(map(xmpp.decode, whole))
    stripped = run("xmpp", "--strip", "--aggregate", given=STANZAS)
    assert b"xmpp:wire" not in stripped.stdout
