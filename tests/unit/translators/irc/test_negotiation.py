"""Registration, by conversations: what the server says, what we answer, what comes of it."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from sockethub_translators import irc
from sockethub_translators.irc import negotiation, sasl
from sockethub_translators.irc.negotiation import CapsChanged, Failed, Plan, Ready, Registered, State

PLAN = Plan("me", wanted=("batch", "message-tags", "server-time"))
LOGIN = replace(PLAN, sasl=(sasl.Plain("me", "sesame"),))
WELCOME = ":s 001 me :Welcome"


def talk(plan: Plan, *heard: str) -> tuple[State, list[str], list[negotiation.Outcome]]:
    """What is said in answer, after the first lines, and what comes of it."""
    state, _ = negotiation.begin(plan)
    said: list[str] = []
    outcomes = []
    for text in heard:
        state, lines, outcome = negotiation.step(state, irc.decode(text))
        said += [irc.encode(line).decode().strip() for line in lines]
        if outcome is not None:
            outcomes.append(outcome)
    return state, said, outcomes


def authenticate(response: bytes) -> str:
    return "AUTHENTICATE " + base64.b64encode(response).decode()


def test_first_lines() -> None:
    _, lines = negotiation.begin(replace(PLAN, password="secret", realname="Me Myself"))
    assert [irc.encode(line) for line in lines] == [
        b"CAP LS 302\r\n",
        b"PASS secret\r\n",
        b"NICK me\r\n",
        b"USER sockethub 0 * :Me Myself\r\n",
    ]


def test_a_server_that_does_not_know_cap() -> None:
    _, said, outcomes = talk(PLAN, ":s 421 me CAP :Unknown command", "PING :42", WELCOME, ":s 422 me :No MOTD")
    assert said == ["PONG 42"]
    assert outcomes == [Registered("me"), Ready()]


def test_capabilities_over_several_lines() -> None:
    state, said, outcomes = talk(
        PLAN,
        ":s CAP * LS * :batch foo server-time=x",
        ":s CAP * LS :message-tags sasl=PLAIN",
        ":s CAP me ACK :batch message-tags",
        ":s CAP me ACK :server-time ",
        WELCOME,
        ":s 005 me NETWORK=Net CHANTYPES=# :are supported",
        ":s 005 me PREFIX=(ov)@+ :are supported",
        ":s 376 me :End",
    )
    assert said == ["CAP REQ :batch message-tags server-time", "CAP END"]
    assert outcomes == [Registered("me"), Ready()]
    assert state.caps == {"batch", "message-tags", "server-time"}
    assert (state.isupport.network, state.isupport.prefix_chars) == ("Net", "@+")


def test_nothing_wanted_is_offered() -> None:
    assert talk(PLAN, ":s CAP * LS :foo")[1] == ["CAP END"]


def test_a_refused_request_is_repeated_one_by_one() -> None:
    state, said, _ = talk(
        PLAN,
        ":s CAP * LS :batch message-tags",
        ":s CAP me NAK :batch message-tags",
        ":s CAP me ACK :batch",
        ":s CAP me NAK :message-tags",
    )
    assert said == ["CAP REQ :batch message-tags", "CAP REQ batch", "CAP REQ message-tags", "CAP END"]
    assert state.caps == {"batch"}


def test_many_capabilities_are_asked_for_in_lines_that_fit() -> None:
    names = tuple(f"vendor.example/capability-{i}" for i in range(60))
    _, said, _ = talk(replace(PLAN, wanted=names), *(f":s CAP * LS * :{name}" for name in names), ":s CAP * LS :")
    assert sum(line.count("vendor") for line in said) == 60
    assert all(len(line) <= 420 for line in said)


def test_only_what_was_asked_for_counts_as_enabled() -> None:
    state, _, _ = talk(PLAN, ":s CAP * LS :batch foo", ":s CAP me ACK :batch foo")
    assert state.caps == {"batch"}


def test_capabilities_come_and_go_after_registration() -> None:
    state, said, outcomes = talk(
        PLAN,
        ":s CAP * LS :batch",
        ":s CAP me ACK :batch",
        WELCOME,
        ":s CAP me NEW :server-time foo",
        ":s CAP me ACK :server-time",
        ":s CAP me DEL :batch",
    )
    assert said[-1] == "CAP REQ server-time"
    assert outcomes[1:] == [CapsChanged(frozenset({"batch", "server-time"})), CapsChanged(frozenset({"server-time"}))]
    assert state.offered.keys() == {"server-time", "foo"}


def test_plain() -> None:
    state, said, outcomes = talk(
        LOGIN,
        ":s CAP * LS :sasl=EXTERNAL,PLAIN",
        ":s CAP me ACK :sasl",
        "AUTHENTICATE +",
        ":s 900 me me!u@h account :You are now logged in",
        ":s 903 me :SASL authentication successful",
        WELCOME,
    )
    assert said == ["CAP REQ sasl", "AUTHENTICATE PLAIN", authenticate(b"\0me\0sesame"), "CAP END"]
    assert outcomes == [Registered("me")]
    assert (state.account, state.authenticated) == ("account", True)


def test_scram_needs_the_servers_proof() -> None:
    plan = replace(PLAN, sasl=(sasl.ScramSha256("user", "pencil", "rOprNGfwEbeRWgbNEkqO"),))
    first = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    final = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    start = [":s CAP * LS :sasl", ":s CAP me ACK :sasl", "AUTHENTICATE +", authenticate(first)]
    _, said, outcomes = talk(plan, *start, authenticate(final), ":s 903 me :ok", WELCOME)
    assert said[-2:] == ["AUTHENTICATE +", "CAP END"]
    assert outcomes == [Registered("me")]
    _, said, outcomes = talk(plan, *start, ":s 903 me :ok")
    assert said[-1] == "QUIT"
    assert isinstance(outcomes[0], Failed)


def test_long_messages_go_in_pieces_both_ways() -> None:
    plan = replace(PLAN, sasl=(sasl.OAuthBearer("me", "t" * 600),))
    start = [":s CAP * LS :sasl=OAUTHBEARER", ":s CAP me ACK :sasl", "AUTHENTICATE +"]
    state, said, _ = talk(plan, *start)
    pieces = [line.removeprefix("AUTHENTICATE ") for line in said[2:]]
    assert len(pieces[0]) == 400
    assert base64.b64decode("".join(pieces)).count(b"t" * 600) == 1
    answer = base64.b64encode(b"x" * 300).decode()
    state, lines, _ = negotiation.step(state, irc.Line("AUTHENTICATE", (answer,)))
    assert (lines, state.challenge) == ([], answer)
    _, lines, _ = negotiation.step(state, irc.Line("AUTHENTICATE", ("+",)))
    assert lines == [irc.Line("AUTHENTICATE", ("AQ==",))]


def test_a_response_of_exactly_one_piece_is_closed() -> None:
    plan = replace(PLAN, sasl=(sasl.External("x" * 300),))
    _, said, _ = talk(plan, ":s CAP * LS :sasl", ":s CAP me ACK :sasl", "AUTHENTICATE +")
    assert [len(line) for line in said[2:]] == [len("AUTHENTICATE ") + 400, len("AUTHENTICATE +")]


def test_the_next_mechanism_is_tried() -> None:
    plan = replace(PLAN, sasl=(sasl.External(), sasl.Plain("me", "sesame")))
    _, said, _ = talk(
        plan, ":s CAP * LS :sasl=PLAIN,EXTERNAL", ":s CAP me ACK :sasl", "AUTHENTICATE +", ":s 904 me :failed"
    )
    assert said == ["CAP REQ sasl", "AUTHENTICATE EXTERNAL", "AUTHENTICATE +", "AUTHENTICATE PLAIN"]


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        ([":s CAP * LS :batch", ":s CAP me ACK :batch"], "sasl"),
        ([":s CAP * LS :sasl=EXTERNAL", ":s CAP me ACK :sasl"], "sasl"),
        ([":s CAP * LS :sasl", ":s CAP me NAK :sasl"], "sasl"),
        ([":s CAP * LS :sasl", ":s CAP me ACK :sasl", "AUTHENTICATE +", ":s 904 me :failed"], "sasl"),
        ([":s CAP * LS :sasl", ":s CAP me ACK :sasl", "AUTHENTICATE ***"], "sasl"),
        ([WELCOME], "sasl"),
        ([":s 464 me :Password incorrect"], "password"),
        ([":s 465 me :You are banned"], "banned"),
        ([":s 433 * me :Nickname is already in use"], "nick"),
        (["ERROR :Closing link"], "closed"),
    ],
)
def test_failures(heard: list[str], reason: str) -> None:
    state, said, outcomes = talk(LOGIN, *heard, "PING :x", WELCOME)
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Failed)] == [reason]
    assert len(outcomes) == 1
    assert state.phase == "failed"
    assert said[-1:] == ([] if reason == "closed" else ["QUIT"])


def test_sasl_that_is_not_required() -> None:
    plan = replace(LOGIN, sasl_required=False)
    _, said, outcomes = talk(
        plan, ":s CAP * LS :sasl", ":s CAP me ACK :sasl", "AUTHENTICATE +", ":s 904 me :failed", WELCOME
    )
    assert said[-1] == "CAP END"
    assert outcomes == [Registered("me")]


@pytest.mark.parametrize("numeric", ["432", "433", "436", "437"])
def test_alternative_nicknames(numeric: str) -> None:
    plan = replace(PLAN, alternatives=negotiation.underscores("me", 2))
    state, said, outcomes = talk(plan, f":s {numeric} * me :no", f":s {numeric} * me_ :no", f":s {numeric} * me__ :no")
    assert said == ["NICK me_", "NICK me__", "QUIT"]
    assert outcomes == [Failed("nick", "me__: no", numeric)]
    state, _, outcomes = talk(plan, f":s {numeric} * me :no", ":s 001 me_ :Welcome", f":s {numeric} me_ x :no")
    assert (state.nick, outcomes) == ("me_", [Registered("me_")])


def test_our_own_nick_is_followed() -> None:
    state, _, _ = talk(PLAN, WELCOME, ":other!u@h NICK x", ":me!u@h NICK you")
    assert state.nick == "you"


def test_secrets_do_not_show() -> None:
    plan = replace(
        PLAN,
        password="sesame",
        sasl=(sasl.Plain("me", "sesame"), sasl.OAuthBearer("me", "sesame"), sasl.ScramSha256("me", "sesame", "n" * 18)),
    )
    state, lines = negotiation.begin(plan)
    shown = [repr(state), repr(lines), repr(plan)]
    for text in (":s CAP * LS :sasl", ":s CAP me ACK :sasl", "AUTHENTICATE +"):
        state, lines, outcome = negotiation.step(state, irc.decode(text))
        shown += [repr(state), repr(lines), repr(outcome)]
    secret = base64.b64encode(b"\0me\0sesame").decode()
    assert not any("sesame" in text or secret in text for text in shown)
