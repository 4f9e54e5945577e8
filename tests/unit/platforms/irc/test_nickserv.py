"""What services say of a password."""

from __future__ import annotations

import pytest

from sockethub.platforms.irc.nickserv import identify, verdict
from sockethub_translators import irc

ENV = irc.Env(server="irc.example", nick="me")


@pytest.mark.parametrize(
    "said",
    [
        ":irc.example 900 me me!u@h me :You are now logged in as me",
        ":NickServ!s@services NOTICE me :You are now identified for \x02me\x02.",
        ":NickServ!s@services NOTICE me :Password accepted - you are now recognized.",
        ":nickserv!s@services NOTICE me :You are already logged in as \x02me\x02.",
    ],
)
def test_welcome(said: str) -> None:
    assert verdict(irc.decode(said), ENV, "NickServ") == ""


@pytest.mark.parametrize(
    "said",
    [
        ":NickServ!s@services NOTICE me :Invalid password for \x02me\x02.",
        ":NickServ!s@services NOTICE me :\x02me\x02 is not a registered nickname.",
        ":NickServ!s@services NOTICE me :Password incorrect.",
        ":NickServ!s@services NOTICE me :Your nick isn't registered.",
    ],
)
def test_refused(said: str) -> None:
    told = verdict(irc.decode(said), ENV, "NickServ@services")
    assert told
    assert "\x02" not in told


def test_nobody_there() -> None:
    assert verdict(irc.decode(":irc.example 401 me NickServ :No such nick"), ENV, "NickServ") == "there is no NickServ"


@pytest.mark.parametrize(
    "said",
    [
        ":NickServ!s@services NOTICE me :This nickname is registered. Please identify.",
        ":mallory!m@h NOTICE me :You are now identified",
        ":mallory!m@h PRIVMSG me :Invalid password",
        ":irc.example 401 me bob :No such nick",
    ],
)
def test_what_says_nothing(said: str) -> None:
    assert verdict(irc.decode(said), ENV, "NickServ") is None


def test_what_is_told() -> None:
    (line,) = identify("NickServ@services.example", "me", "open sesame")
    assert irc.encode(line) == b"PRIVMSG NickServ@services.example :IDENTIFY me open sesame\r\n"
