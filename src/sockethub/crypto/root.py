"""The root key, from which everything is derived, and how it stands in Redis: wrapped under master keys.

It is random and made once; to rotate master keys is to wrap it again (docs/decisions/0017).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sockethub.crypto.derive import derive
from sockethub.crypto.master import MasterKey
from sockethub.crypto.seal import Binding, new_key, seal, unseal
from sockethub.crypto.secret import Secret
from sockethub.errors import CryptoError

_ID: Final = b"id"
_VERSION: Final = b"version"
_TIME_DIGITS: Final = 16
"""Of microseconds since 1970, until the year 2286."""


@dataclass(frozen=True, slots=True)
class RootKey:
    """256 random bits. Ids sort by the time they were made at: of two, the older counts."""

    id: str
    key: Secret[bytes]

    @classmethod
    def new(cls, microseconds: int) -> RootKey:
        """A fresh one, made ``microseconds`` after 1970 by the clock of the Redis that it is for."""
        return cls(f"{microseconds:0{_TIME_DIGITS}d}-{os.urandom(4).hex()}", Secret(new_key()))


@dataclass(frozen=True, slots=True)
class WrappedRoot:
    """A root key as the hash ``keys:root`` holds it: its id, and itself sealed under master keys, by their ids.

    ``version`` grows with each key that is added or withdrawn: the greatest counts, whatever Redis comes back with.
    """

    id: str
    under: Mapping[str, bytes]
    version: int = 0

    @classmethod
    def of(cls, root: RootKey, masters: Iterable[MasterKey]) -> WrappedRoot:
        """``root`` wrapped under each of ``masters``."""
        return cls(root.id, MappingProxyType({master.id: wrap(root, master) for master in masters}))

    def open(self, masters: Iterable[MasterKey]) -> tuple[RootKey, MasterKey]:
        """The root key, and the first of ``masters`` that opens it.

        Raises :class:`~sockethub.errors.CryptoError` when none does.
        """
        for master in masters:
            try:
                key = unseal(_wrapping(master), self.under.get(master.id, b""), _binding(self.id, master.id))
            except CryptoError:
                continue
            return RootKey(self.id, Secret(key)), master
        raise CryptoError("no master key opens the root key")

    def to_hash(self) -> dict[bytes, bytes]:
        fields = {_ID: self.id.encode(), _VERSION: b"%d" % self.version}
        return {**fields, **{master.encode(): wrapped for master, wrapped in self.under.items()}}

    @classmethod
    def from_hash(cls, fields: Mapping[bytes, bytes]) -> WrappedRoot:
        """Undo :meth:`to_hash`; raises :class:`~sockethub.errors.CryptoError` for anything else."""
        try:
            named = {name.decode("ascii"): value for name, value in fields.items()}
            id_, version = named.pop(_ID.decode()).decode("ascii"), int(named.pop(_VERSION.decode()))
            return cls(id_, MappingProxyType(named), version)
        except (KeyError, ValueError):
            raise CryptoError("not a wrapped root key") from None


def wrap(root: RootKey, master: MasterKey) -> bytes:
    """``root`` sealed under ``master``."""
    return seal(_wrapping(master), root.key.reveal(), _binding(root.id, master.id))


def _wrapping(master: MasterKey) -> bytes:
    return derive(master.key.reveal(), "wrap")


def _binding(root: str, master: str) -> Binding:
    return Binding("root", id=f"{root} {master}")
