"""The root key as it stands in Redis: it opens with the master keys that it is wrapped under, and nowhere else."""

from __future__ import annotations

import pytest

from sockethub.crypto import MasterKey, RootKey, WrappedRoot
from sockethub.errors import CryptoError

ROOT = RootKey.new(1_764_110_000_000_000)
OLD, NEW, OTHER = (MasterKey.of(bytes([number]) * 32) for number in range(3))
FIELDS = WrappedRoot.of(ROOT, [OLD, NEW]).to_hash()


def test_it_opens_with_each_of_its_master_keys() -> None:
    wrapped = WrappedRoot.from_hash(FIELDS)
    assert wrapped.open([OLD]) == (ROOT, OLD)
    assert wrapped.open([OTHER, NEW, OLD]) == (ROOT, NEW)
    with pytest.raises(CryptoError):
        wrapped.open([OTHER])


def test_one_that_was_damaged_hides_no_other() -> None:
    wrapped = WrappedRoot.from_hash({**FIELDS, NEW.id.encode(): b"damaged"})
    assert wrapped.open([NEW, OLD]) == (ROOT, OLD)


@pytest.mark.parametrize(
    "fields",
    [
        {**FIELDS, b"id": RootKey.new(0).id.encode()},
        {b"id": FIELDS[b"id"], b"version": b"0", NEW.id.encode(): FIELDS[OLD.id.encode()]},
        {b"id": FIELDS[b"id"], b"version": b"0"},
    ],
    ids=["under another id", "under another master key", "under none"],
)
def test_it_opens_nowhere_else(fields: dict[bytes, bytes]) -> None:
    with pytest.raises(CryptoError):
        WrappedRoot.from_hash(fields).open([OLD, NEW])


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {b"another": b"hash"},
        {b"id": b"a"},
        {b"id": b"a", b"version": b"one"},
        {b"id": b"\xff", b"version": b"1"},
        {b"id": b"a", b"version": b"1", b"\xff": b"b"},
    ],
)
def test_other_hashes_are_refused(fields: dict[bytes, bytes]) -> None:
    with pytest.raises(CryptoError, match="not a wrapped root key"):
        WrappedRoot.from_hash(fields)


def test_it_is_read_as_it_was_written() -> None:
    wrapped = WrappedRoot(ROOT.id, {OLD.id: b"wrapped"}, version=7)
    assert WrappedRoot.from_hash(wrapped.to_hash()) == wrapped


def test_of_two_the_older_has_the_smaller_id() -> None:
    ids = [RootKey.new(microseconds).id for microseconds in (0, 9, 10, 1_764_110_000_000_000, 1_764_110_000_000_001)]
    assert ids == sorted(ids)


def test_it_is_not_shown() -> None:
    shown = repr(ROOT) + repr(WrappedRoot.of(ROOT, [OLD]))
    assert repr(ROOT.key.reveal())[2:-1] not in shown
