"""Laws of sealed records and derived keys: only the right key, at the right place, opens what was not touched."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sockethub.crypto import Binding, KeyRing, MasterKey, RootKey, Secret, seal, unseal
from sockethub.crypto.keys import new_session_secret, session_key, unwrap_session_key, wrap_session_key
from sockethub.errors import CryptoError
from sockethub.jobs import Envelope, Job, LoginRecord, Reply

keys = st.binary(min_size=32, max_size=32)
words = st.text(max_size=8)
bindings = st.builds(Binding, kind=words, session=words, login=words, queue=words, id=words)
json_objects = st.dictionaries(words, st.text(max_size=10) | st.integers() | st.none(), max_size=4)


@given(keys, st.binary(max_size=200), bindings)
def test_what_is_sealed_opens_with_its_key_at_its_place(key: bytes, text: bytes, binding: Binding) -> None:
    assert unseal(key, seal(key, text, binding), binding) == text


@given(keys, st.binary(max_size=40), bindings, st.data())
def test_no_bit_may_change(key: bytes, text: bytes, binding: Binding, data: st.DataObject) -> None:
    record = bytearray(seal(key, text, binding))
    bit = data.draw(st.integers(0, len(record) * 8 - 1))
    record[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        unseal(key, bytes(record), binding)


@given(keys, bindings, st.sampled_from(Binding._fields), words)
def test_a_record_opens_nowhere_else(key: bytes, binding: Binding, member: str, other: str) -> None:
    moved = binding._replace(**{member: other})
    assume(moved != binding)
    with pytest.raises(CryptoError):
        unseal(key, seal(key, b"text", binding), moved)


@given(bindings, bindings)
def test_no_two_places_look_alike(one: Binding, other: Binding) -> None:
    assert (one.associated_data() == other.associated_data()) == (one == other)


@given(keys, keys, bindings)
def test_no_other_key_opens_it(key: bytes, other: bytes, binding: Binding) -> None:
    assume(key != other)
    with pytest.raises(CryptoError):
        unseal(other, seal(key, b"text", binding), binding)


@given(keys, st.binary(max_size=60), bindings)
def test_anything_else_is_refused(key: bytes, record: bytes, binding: Binding) -> None:
    with pytest.raises(CryptoError):
        unseal(key, record, binding)


@given(keys, st.lists(st.tuples(words, words), min_size=2, max_size=6, unique=True))
def test_every_login_has_its_own_key(master: bytes, logins: list[tuple[str, str]]) -> None:
    ring = KeyRing(RootKey("", Secret(master)))
    derived = {ring.login_key(platform, login) for platform, login in logins}
    assert len(derived) == len(logins)
    assert master not in derived


@given(keys, json_objects, json_objects, words, words)
def test_a_login_id_follows_from_credentials_and_nothing_else(
    master: bytes, one: dict[str, Any], other: dict[str, Any], place: str, elsewhere: str
) -> None:
    ring = KeyRing(RootKey("", Secret(master)))
    shuffled = dict(reversed(one.items()))
    assert ring.login_id("irc", one, place) == ring.login_id("irc", shuffled, place)
    assert (ring.login_id("irc", one) == ring.login_id("irc", other)) == (one == other)
    assert (ring.login_id("irc", one, place) == ring.login_id("irc", one, elsewhere)) == (place == elsewhere)
    assert ring.login_id("irc", one) != ring.login_id("xmpp", one)


@given(keys, words, words, words)
def test_a_session_key_travels_to_its_login_alone(login_key: bytes, session: str, login: str, other: str) -> None:
    key = session_key(new_session_secret(), session, login)
    wrapped = wrap_session_key(login_key, key, session=session, login=login)
    assert unwrap_session_key(login_key, wrapped, session=session, login=login) == key
    assume(other not in (session, login))
    with pytest.raises(CryptoError):
        unwrap_session_key(login_key, wrapped, session=other, login=login)
    with pytest.raises(CryptoError):
        unwrap_session_key(login_key, wrapped, session=session, login=other)


def sealed_job(login_key: bytes, job: Job, **place: str) -> Envelope:
    where = {"job_id": "j", "session": "s", "gateway": "g", "login": "l", "queue": "q", **place}
    key = session_key(new_session_secret(), where["session"], where["login"])
    wrapped = wrap_session_key(login_key, key, session=where["session"], login=where["login"])
    return Envelope.seal(job, key=key, wrapped=wrapped, **where)


@given(keys, st.none() | json_objects, st.sampled_from(["activity", "attach", "detach"]), st.booleans())
def test_a_job_arrives_as_it_was_sent(login_key: bytes, activity: dict[str, Any] | None, kind: Any, own: bool) -> None:
    envelope = sealed_job(login_key, Job(kind, activity, own=own))
    travelled = Envelope.from_kwargs(json.loads(json.dumps(envelope.to_kwargs())))
    job, _ = travelled.open(login_key, "j")
    assert job == Job(kind, activity, own=own)


@given(keys, st.sampled_from(["session", "login", "queue", "wrapped", "sealed"]))
def test_no_part_of_an_envelope_may_be_swapped(login_key: bytes, member: str) -> None:
    envelope = sealed_job(login_key, Job("activity", {"type": "send"}))
    other = sealed_job(login_key, Job("activity", {"type": "send"}), session="s2", login="l2", queue="q2")
    with pytest.raises(CryptoError):
        replace(envelope, **{member: getattr(other, member)}).open(login_key, "j")
    with pytest.raises(CryptoError):
        envelope.open(login_key, "another job")


@given(
    st.dictionaries(
        st.sampled_from(["session", "gateway", "login", "queue", "wrapped", "sealed"]), st.text() | st.none()
    )
)
def test_anything_is_an_envelope_or_refused(found: dict[str, Any]) -> None:
    try:
        envelope = Envelope.from_kwargs(found)
    except CryptoError:
        return
    with pytest.raises(CryptoError):
        envelope.open(bytes(32), "j")


@given(keys, st.none() | json_objects, st.none() | words)
def test_a_reply_opens_for_its_command_alone(key: bytes, activity: dict[str, Any] | None, error: str | None) -> None:
    reply = Reply("error", activity, error, "condition")
    record = reply.seal(key, job_id="j", session="s", login="l")
    assert Reply.unseal(key, record, job_id="j", session="s", login="l") == reply
    for place in ({"job_id": "k"}, {"session": "t"}, {"login": "m"}):
        with pytest.raises(CryptoError):
            Reply.unseal(key, record, **({"job_id": "j", "session": "s", "login": "l"} | place))


@given(keys, keys, json_objects)
def test_credentials_open_for_their_login_alone(login_key: bytes, other: bytes, credentials: dict[str, Any]) -> None:
    assume(login_key != other)
    key = session_key(new_session_secret(), "s", "l")
    record = LoginRecord.seal(credentials, key=key, login_key=login_key, session="s", login="l")
    stored = LoginRecord.from_hash({name.encode(): value for name, value in record.to_hash().items()})
    assert stored.open(login_key, session="s", login="l") == credentials
    for wrong in ((other, "s", "l"), (login_key, "t", "l"), (login_key, "s", "m")):
        with pytest.raises(CryptoError):
            stored.open(wrong[0], session=wrong[1], login=wrong[2])


@given(keys)
def test_a_master_key_is_written_and_read(raw: bytes) -> None:
    read = MasterKey.parse(base64.b64encode(raw).decode() + "\n", source="test")
    assert read == MasterKey.of(raw)
    assert raw.hex() not in repr(read)
