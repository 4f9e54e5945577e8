from __future__ import annotations

from typing import Any

import pytest

from sockethub.errors import PlatformError
from sockethub.platforms.irc.login import Login, offers_sasl
from sockethub.platforms.irc.options import Options
from sockethub_translators import irc

OPTIONS = Options()


def login(**obj: Any) -> Login:
    return Login.of({"type": "credentials", "object": {"nick": "ann", "server": "irc.example", **obj}})


def names(it: Login, **how: Any) -> list[str]:
    return [mechanism.name for mechanism in it.plan(OPTIONS, **how).sasl]


@pytest.mark.parametrize(
    ("obj", "port", "secure"),
    [
        ({}, 6697, True),
        ({"secure": True}, 6697, True),
        ({"secure": False}, 6667, False),
        ({"port": 7000}, 7000, True),
        ({"port": 7000, "secure": False}, 7000, False),
    ],
    ids=str,
)
def test_tls_unless_told_otherwise(obj: dict[str, Any], port: int, secure: bool) -> None:
    assert (login(**obj).port, login(**obj).secure) == (port, secure)


def test_plan() -> None:
    plan = login().plan(OPTIONS)
    assert (plan.nick, plan.username, plan.realname) == ("ann", OPTIONS.username, OPTIONS.realname)
    assert (plan.password, plan.sasl, plan.sasl_required) == (None, (), False)
    plan = login(username="u", realname="Ann Onymous").plan(OPTIONS, "anna")
    assert (plan.nick, plan.username, plan.realname) == ("anna", "u", "Ann Onymous")


def test_mechanisms() -> None:
    assert names(login(password="p")) == ["SCRAM-SHA-256", "PLAIN"]
    assert names(login(password="p", saslMechanism="PLAIN")) == ["PLAIN"]
    assert names(login(password="p", saslMechanism="SCRAM-SHA-256")) == ["SCRAM-SHA-256"]
    assert names(login(token="t")) == ["OAUTHBEARER"]
    assert names(login(token="t", saslMechanism="PLAIN")) == ["PLAIN"]
    with pytest.raises(PlatformError, match="token"):
        names(login(password="p", saslMechanism="OAUTHBEARER"))


def test_the_password_goes_one_way_only() -> None:
    by_sasl, by_pass = login(password="p").plan(OPTIONS), login(password="p").plan(OPTIONS, use_pass=True)
    assert by_sasl.password is None
    assert by_sasl.sasl_required
    assert by_pass.password == "p"
    assert by_pass.sasl == ()


def test_who_may_use_pass() -> None:
    assert login(password="p").may_use_pass
    assert not login(password="p", saslMechanism="PLAIN").may_use_pass
    assert not login(token="t").may_use_pass
    assert not login().may_use_pass


def test_a_new_nonce_for_every_connection() -> None:
    it = login(password="p")
    assert it.plan(OPTIONS).sasl != it.plan(OPTIONS).sasl


@pytest.mark.parametrize("secret", [{"password": "s3same"}, {"token": "s3same"}], ids=str)
def test_secrets_do_not_show(secret: dict[str, str]) -> None:
    it = login(**secret)
    assert "s3same" not in repr(it) + repr(it.plan(OPTIONS)) + repr(it.plan(OPTIONS, use_pass=True))


@pytest.mark.parametrize("obj", [{"nick": ""}, {"server": ""}, {"password": "p", "token": "t"}], ids=str)
def test_refused(obj: dict[str, Any]) -> None:
    with pytest.raises(PlatformError):
        login(**obj)


@pytest.mark.parametrize(
    ("said", "offers"),
    [
        ([], None),
        ([":irc.x NOTICE * :*** Looking up your hostname"], None),
        ([":irc.x CAP * LS :multi-prefix"], False),
        ([":irc.x CAP * LS :multi-prefix sasl"], True),
        ([":irc.x CAP * LS :sasl=PLAIN,EXTERNAL"], True),
        ([":irc.x CAP * LS * :sasl"], None),
        ([":irc.x CAP * LS * :sasl", ":irc.x CAP * LS :batch"], True),
        ([":irc.x CAP * LS :saslx"], False),
        ([":irc.x 421 * CAP :Unknown command"], False),
        ([":irc.x 451 * :You have not registered"], False),
        (["ERROR :go away"], False),
    ],
    ids=str,
)
def test_offers_sasl(said: list[str], offers: bool | None) -> None:
    assert offers_sasl([irc.decode(line) for line in said]) is offers
