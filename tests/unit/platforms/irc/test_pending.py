from __future__ import annotations

import pytest

from sockethub.platforms.irc.pending import Command, Correlator, Pending
from sockethub_translators import irc

ENV = irc.Env(server="irc.example", nick="me")


def command(*lines: str) -> Command:
    return Command.of([irc.decode(line) for line in lines], ENV)


def expect(correlator: Correlator, *lines: str, labels: bool = False) -> Pending:
    return correlator.expect(command(*lines), labels=labels)


def feed(correlator: Correlator, *lines: str) -> list[Pending]:
    """Who is done by these lines."""
    answers = [correlator.feed(irc.decode(line), ENV) for line in lines]
    return [answer.done for answer in answers if answer.done is not None]


def test_a_ping_of_its_own_follows_each_command() -> None:
    correlator = Correlator("x.")
    one, two = expect(correlator, "PRIVMSG #a :hi"), expect(correlator, "PRIVMSG #a :hi")
    assert [str(line.command) for line in one.wire()] == ["PRIVMSG", "PING"]
    assert one.wire()[1] != two.wire()[1]
    assert feed(correlator, f":irc.x PONG irc.x :{two.token}", f":irc.x PONG irc.x :{one.token}") == [two, one]
    assert feed(correlator, f":irc.x PONG irc.x :{two.token}", ":irc.x PONG irc.x :other", "PONG") == []


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("PRIVMSG #a :hi", ":irc.x 404 me #A :Cannot send to channel"),
        ("PRIVMSG bob :hi", ":irc.x 401 me Bob :No such nick"),
        ("PRIVMSG @#a :hi", ":irc.x 482 me #a :No"),
        ("PRIVMSG #a :hi", ":irc.x 412 me :No text to send"),
        ("PRIVMSG #a :hi", "FAIL PRIVMSG NOT_SO #a :No"),
        ("JOIN #a", ":irc.x 475 me #a :Cannot join channel (+k)"),
        ("JOIN #a", ":irc.x 470 me #a ##a :Forwarding"),
        ("JOIN #a", ":irc.x 461 me JOIN :Not enough parameters"),
        ("NICK bob", ":irc.x 433 me bob :Nickname is already in use"),
        ("NICK bob", ":irc.x 438 me me bob :Nick change too fast"),
        ("NICK bob", ":irc.x 431 me :No nickname given"),
        ("KICK #a bob", ":irc.x 441 me bob #a :They aren't on that channel"),
        ("MODE #a +o bob", ":irc.x 401 me bob :No such nick"),
        ("INVITE bob #a", ":irc.x 443 me bob #a :is already on channel"),
        ("TOPIC #a :x", ":irc.x 442 me #a :You're not on that channel"),
        ("WHOIS zz", ":irc.x 401 me zz :No such nick"),
    ],
)
def test_refusal_of_this_command(sent: str, said: str) -> None:
    env = irc.Env(server="irc.example", nick="me", isupport=irc.ISupport().update(["STATUSMSG=@+"]))
    correlator = Correlator("x.")
    pending = correlator.expect(Command.of([irc.decode(sent)], env), labels=False)
    answer = correlator.feed(irc.decode(said), env)
    assert answer.owner is pending
    assert pending.refusal == irc.decode(said)
    assert feed(correlator, f"PONG irc.x {pending.token}") == [pending]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("PRIVMSG #a :hi", ":irc.x 404 me #b :Cannot send to channel"),
        ("PRIVMSG bob :hi", ":irc.x 401 me eve :No such nick"),
        ("PRIVMSG #a :no", ":irc.x 404 me #b :no #a"),
        ("JOIN #a", "FAIL PRIVMSG NOT_SO #a :No"),
        ("JOIN #a", ":irc.x 422 me :No MOTD"),
        ("JOIN #a", ":eve!e@h PRIVMSG me :404 me #a :x"),
    ],
)
def test_not_about_this_command(sent: str, said: str) -> None:
    correlator = Correlator("x.")
    pending = expect(correlator, sent)
    answer = correlator.feed(irc.decode(said), ENV)
    assert (answer.owner, answer.done, answer.line) == (None, None, irc.decode(said))
    assert pending.refusal is None


@pytest.mark.parametrize(
    ("sent", "said", "own"),
    [
        ("JOIN #a", ":me!u@h JOIN #A", True),
        ("JOIN #a", ":me!u@h JOIN #b", False),
        ("JOIN #a", ":you!u@h JOIN #a", False),
        ("NICK bob", ":me!u@h NICK bob", True),
        ("NICK bob", ":me!u@h NICK Guest1", False),
        ("AWAY :x", ":irc.x 306 me :You have been marked as being away", True),
        ("PART #a", ":me!u@h PART #a", True),
        ("PART #a", ":op!u@h KICK #a me", False),
    ],
)
def test_own_act_coming_back(sent: str, said: str, own: bool) -> None:
    correlator = Correlator("x.")
    pending = expect(correlator, sent)
    assert (correlator.feed(irc.decode(said), ENV).owner is pending) is own


def test_labels() -> None:
    correlator = Correlator("x.")
    one = expect(correlator, "PRIVMSG #a :1", labels=True)
    two = expect(correlator, "PRIVMSG #a :2", labels=True)
    assert [dict(line.tags) for line in one.wire()] == [{"label": one.token}]
    assert feed(correlator, f"@label={two.token} :irc.x ACK") == [two]
    assert feed(correlator, f"@label={one.token} :irc.x 404 me #a :No") == [one]
    assert one.refusal is not None
    assert two.refusal is None
    assert feed(correlator, f"@label={one.token} :irc.x ACK") == []


def test_labelled_batch() -> None:
    correlator = Correlator("x.")
    pending = expect(correlator, "JOIN #a", labels=True)
    opened = correlator.feed(irc.decode(f"@label={pending.token} :irc.x BATCH +r labeled-response"), ENV)
    inside = correlator.feed(irc.decode("@batch=r;time=t :me!u@h JOIN #a"), ENV)
    other = correlator.feed(irc.decode("@batch=other :irc.x NOTICE me :hi"), ENV)
    closed = correlator.feed(irc.decode(":irc.x BATCH -r"), ENV)
    assert (opened.line, opened.done) == (None, None)
    assert inside.owner is pending
    assert inside.line is not None
    assert dict(inside.line.tags) == {"time": "t"}
    assert other.owner is None
    assert closed.done is pending


def test_each_line_has_its_label() -> None:
    correlator = Correlator("x.")
    pending = expect(correlator, "PRIVMSG #a :1", "PRIVMSG #a :2", labels=True)
    first, second = (line.tags["label"] for line in pending.wire())
    assert feed(correlator, f"@label={second} :irc.x ACK") == []
    assert feed(correlator, f"@label={first} :irc.x ACK") == [pending]


def test_new_nick_as_source_of_a_labelled_answer() -> None:
    correlator = Correlator("x.")
    pending = expect(correlator, "NICK bob", labels=True)
    answer = correlator.feed(irc.decode(f"@label={pending.token} :bob!u@h NICK :bob"), ENV)
    assert answer.line == irc.decode(":me!u@h NICK :bob")


def test_forgotten_is_forgotten() -> None:
    correlator = Correlator("x.")
    for labels in (False, True):
        pending = expect(correlator, "JOIN #a", labels=labels)
        feed(correlator, f"@label={pending.token} :irc.x BATCH +r labeled-response")
        correlator.forget(pending)
        assert feed(correlator, f"PONG x {pending.token}", f"@label={pending.token} ACK", "BATCH -r") == []
    assert (correlator._by_label, correlator._by_token, correlator._batches) == ({}, {}, {})


def test_an_answer_that_is_a_batch_stays_one() -> None:
    """``labeled-response`` only holds together, ``chathistory`` means something."""
    correlator = Correlator("x.")
    asked = expect(correlator, "CHATHISTORY LATEST #a * 5", labels=True)
    (label,) = asked.labels
    said = [f"@label={label} BATCH +h chathistory #a", "@batch=h :b!b@h PRIVMSG #a :hi", "BATCH -h"]
    answers = [correlator.feed(irc.decode(line), ENV) for line in said]
    shown = [answer.line for answer in answers]
    assert [line and irc.encode(line).decode().strip() for line in shown] == [
        "BATCH +h chathistory #a",
        "@batch=h :b!b@h PRIVMSG #a :hi",
        "BATCH -h",
    ]
    assert [answer.owner for answer in answers] == [asked] * 3
    assert answers[-1].done is asked


def test_a_batch_of_ours_has_one_label_and_one_answer() -> None:
    correlator = Correlator("x.")
    lines = ["BATCH +1 draft/multiline #a", "@batch=1 PRIVMSG #a :one", "@batch=1 PRIVMSG #a :two", "BATCH -1"]
    sent = expect(correlator, *lines, labels=True)
    assert (sent.command.name, sent.command.targets) == ("PRIVMSG", {"#a"})
    assert [line.tags.get("label") for line in sent.wire()] == [sent.token, None, None, None]
    assert feed(correlator, f"@label={sent.token} ACK") == [sent]
