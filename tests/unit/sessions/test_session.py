from __future__ import annotations

from typing import Any

import pytest

from sockethub.auth.user import User
from sockethub.crypto import KeyRing, RootKey
from sockethub.errors import CredentialsMissing, RateLimited
from sockethub.sessions.bindings import ALIASES, LoginBinding
from sockethub.sessions.session import Pending, Session
from sockethub.sessions.table import SessionTable, TooManyConnections


class Silent:
    def deliver(self, event: str, data: Any) -> None: ...

    def close(self, code: int, reason: str) -> None: ...


KEYS = KeyRing(RootKey.new(0))


def session(address: str = "127.0.0.1") -> Session:
    return Session(Silent(), address, pending_limit=10, pending_bytes=1_000)


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


def test_names_of_a_login_are_bounded() -> None:
    one = session()
    bound = binding(one, "l1", "ann@irc.example")
    for number in range(3 * ALIASES):
        bound.known_as(f"ann{number}@irc.example")
    assert len(bound.aliases) <= ALIASES
    assert bound.answers_to("ann")
    assert bound.answers_to(f"ann{3 * ALIASES - 1}")


def pending(of: Session, job: str, size: int) -> Pending:
    return Pending(
        job,
        of,
        binding(of, "l1", "ann@irc.example"),
        raw={},
        answer=None,
        deadline=0.0,
        since=0.0,
        verb="send",
        size=size,
        trace=None,
        patience=0.0,
    )


def test_bytes_that_await_a_reply_are_bounded() -> None:
    one = session()
    one.admit(5_000)  # alone, a command may have as many as a message
    one.await_reply(pending(one, "a", 600))
    one.admit(400)
    with pytest.raises(RateLimited, match="commands of 600 bytes already await their reply, and at most 1000 may"):
        one.admit(401)
    one.await_reply(pending(one, "b", 400))
    one.settle("a")
    one.settle("a")
    one.admit(600)
    with pytest.raises(RateLimited):
        one.admit(601)


def test_other_credentials_replace_the_login() -> None:
    one = session()
    one.bind(binding(one, "l1", "ann@irc.example"))
    assert one.bind(binding(one, "l1", "ann@irc.example")) is None
    replaced = one.bind(binding(one, "l2", "ann@irc.example"))
    assert replaced is not None
    assert replaced.login == "l1"
    assert set(one.by_login) == {"l2"}


def test_a_table_counts_addresses_and_knows_listeners() -> None:
    table = SessionTable(per_address=1, per_user=1)
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


def test_a_table_counts_users_and_guests() -> None:
    table = SessionTable(per_address=2, per_user=1)
    alice, bob, again = (
        Session(Silent(), address, pending_limit=10, pending_bytes=1_000, user=User(name))
        for name, address in (("alice", "2001:db8::1"), ("bob", "2001:db8::1"), ("alice", "192.0.2.1"))
    )
    table.add(alice)
    with pytest.raises(TooManyConnections, match="too many connections of yours"):
        table.add(again)
    with table.guest(alice.network), pytest.raises(TooManyConnections, match="from your address"):
        table.add(bob)
    table.add(bob)
    with pytest.raises(TooManyConnections), table.guest(alice.network):
        pass
    table.remove(alice)
    table.add(again)
