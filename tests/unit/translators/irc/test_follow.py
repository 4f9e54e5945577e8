"""The environment follows what the server says of us."""

from __future__ import annotations

from sockethub_translators import irc


def test_follow() -> None:
    env = irc.Env(server="irc.example", nick="me")
    for text in (
        ":s 001 you :Welcome",
        ":s 005 you NETWORK=Net LINELEN=1024 :are supported",
        ":you!user@host JOIN #c",
        ":other!x@y NICK z",
        ":YOU!user@host NICK they",
        ":they!user@host CHGHOST new place",
    ):
        env = irc.follow(env, irc.decode(text))
    assert (env.nick, env.user, env.host) == ("they", "new", "place")
    assert (env.isupport.network, env.isupport.linelen) == ("Net", 1024)
    assert irc.follow(env, irc.decode(":s 396 they cloak.example :is now your hidden host")).host == "cloak.example"
    assert irc.follow(env, irc.decode(":other!x@y JOIN #c")) is env
    assert irc.follow(env, irc.decode("PING :x")) is env
