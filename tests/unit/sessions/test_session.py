from __future__ import annotations

import os
from typing import Any

import pytest

from sockethub.crypto import KeyRing, MasterKey
from sockethub.errors import CredentialsMissing
from sockethub.sessions.bindings import LoginBinding
from sockethub.sessions.session import Session
from sockethub.sessions.table import SessionTable, TooManyConnections


class Silent:
    def deliver(self, event: str, data: Any) -> None: ...

    def close(self, code: int, reason: str) -> None: ...


KEYS = KeyRing(MasterKey.of(os.urandom(32)))


def session(address: str = "127.0.0.1") -> Session:
    return Session(Silent(), address, pending_limit=10)


def binding(of: Session, login: str, actor: str) -> LoginBinding:
    return LoginBinding.make(
        KEYS,
        session=of.id,
        secret=of.secret,
        platform="irc",
        login=login,
        actor={"id": actor, "type": "person", "name": actor.partition("@")[0]},
        server=actor.rpartition("@")[2],
    )


def test_a_secret_has_32_characters_and_is_never_shown() -> None:
    one = session()
    assert len(one.secret.reveal()) == 32
    assert one.secret.reveal() not in repr(one) + repr(one.__dict__)
    assert one.secret != session().secret


def test_actors_find_their_login() -> None:
    one = session()
    one.bind(binding(one, "l1", "ann@irc.example"))
    one.bind(binding(one, "l2", "ben@irc.other"))
    assert one.binding("irc", "ann@irc.example").login == "l1"
    assert one.server("irc", "ben") == "irc.other"
    assert one.server("irc", "ann") == "irc.example"
    assert one.server("irc", "nobody") == "irc.other"
    assert one.server("xmpp", "ann") == ""
    with pytest.raises(CredentialsMissing, match=r"credentials not found for irc:cyd@irc\.example"):
        one.binding("irc", "cyd@irc.example")


def test_a_renamed_login_answers_to_both_names() -> None:
    one = session()
    one.bind(binding(one, "l1", "before@irc.example"))
    one.rename("l1", "after@irc.example")
    for name in ("before", "after"):
        assert one.binding("irc", f"{name}@irc.example").login == "l1"
        assert one.server("irc", name) == "irc.example"
    assert one.by_login["l1"].actor == {"id": "after@irc.example", "type": "person", "name": "after"}


def test_other_credentials_replace_the_login() -> None:
    one = session()
    one.bind(binding(one, "l1", "ann@irc.example"))
    assert one.bind(binding(one, "l1", "ann@irc.example")) is None
    replaced = one.bind(binding(one, "l2", "ann@irc.example"))
    assert replaced is not None
    assert replaced.login == "l1"
    assert set(one.by_login) == {"l2"}


def test_a_table_counts_addresses_and_knows_listeners() -> None:
    table = SessionTable(per_address=1)
    one, two, three = session(), session(), session("127.0.0.2")
    table.add(one)
    with pytest.raises(TooManyConnections):
        table.add(two)
    table.add(three)
    bound = binding(one, "l1", "ann@irc.example")
    one.bind(bound)
    table.listen(one, bound)
    assert table.listeners("l1") == [one]
    table.remove(one)
    table.remove(one)
    assert table.listeners("l1") == []
    table.add(two)
    assert len(table) == 2
