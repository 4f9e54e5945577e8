"""What travels through the queue: a sealed job, and the reply that answers it.

A job is a Dramatiq message whose only argument is its envelope: everything in it is either ciphertext or an opaque id.
The reply goes to the inbox of the gateway that holds the session.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sockethub.crypto import Binding, seal, unseal
from sockethub.crypto.keys import unwrap_session_key, wrap_session_key
from sockethub.errors import CryptoError

ACTOR_NAME: Final = "perform"
"""The Dramatiq actor that every platform's worker declares."""

JobKind = Literal["activity", "attach", "away", "detach"]
Outcome = Literal["result", "error", "unknown"]


@dataclass(frozen=True, slots=True)
class Job:
    """One command of one session, in plaintext: in the gateway before sealing, in the worker after.

    The others carry no activity: the session begins (again) to hear of the login, ends to, or is ``away``: its client
    has lost its connection, and may come back.
    """

    kind: JobKind
    activity: Mapping[str, Any] | None = None

    def encode(self) -> bytes:
        return json.dumps({"kind": self.kind, "activity": self.activity}).encode()

    @classmethod
    def decode(cls, raw: bytes) -> Job:
        fields = json.loads(raw)
        return cls(fields["kind"], fields["activity"])


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed job as it stands in Redis.

    ``session``, ``gateway`` and ``login`` are opaque ids; ``wrapped`` is the session key sealed with the login's key;
    ``sealed`` is the job sealed with the session key.
    """

    session: str
    gateway: str
    login: str
    queue: str
    wrapped: bytes
    sealed: bytes

    @classmethod
    def seal(
        cls,
        job: Job,
        *,
        job_id: str,
        session: str,
        gateway: str,
        login: str,
        queue: str,
        key: bytes,
        wrapped: bytes,
    ) -> Envelope:
        """Seal ``job`` with the session key ``key``; ``job_id`` is the Dramatiq message id."""
        binding = Binding("job", session=session, login=login, queue=queue, id=job_id)
        return cls(session, gateway, login, queue, wrapped, seal(key, job.encode(), binding))

    def open(self, login_key: bytes, job_id: str) -> tuple[Job, bytes]:
        """The job and the session key, for the worker that holds ``login_key``.

        Raises :class:`~sockethub.errors.CryptoError`.
        """
        key = unwrap_session_key(login_key, self.wrapped, session=self.session, login=self.login)
        binding = Binding("job", session=self.session, login=self.login, queue=self.queue, id=job_id)
        return Job.decode(unseal(key, self.sealed, binding)), key

    def to_kwargs(self) -> dict[str, str]:
        """The keyword arguments of the Dramatiq message."""
        return {
            "session": self.session,
            "gateway": self.gateway,
            "login": self.login,
            "queue": self.queue,
            "wrapped": base64.b64encode(self.wrapped).decode(),
            "sealed": base64.b64encode(self.sealed).decode(),
        }

    @classmethod
    def from_kwargs(cls, fields: Mapping[str, str]) -> Envelope:
        """Undo :meth:`to_kwargs`; raises :class:`~sockethub.errors.CryptoError` for anything else."""
        try:
            return cls(
                fields["session"],
                fields["gateway"],
                fields["login"],
                fields["queue"],
                base64.b64decode(fields["wrapped"], validate=True),
                base64.b64decode(fields["sealed"], validate=True),
            )
        except (KeyError, TypeError, ValueError):
            raise CryptoError("not a job envelope") from None


@dataclass(frozen=True, slots=True)
class Reply:
    """The one terminal answer to a job.

    ``result``: it happened; ``activity`` is what the platform returns, or None when the submitted activity says it all.
    ``error``: it did not happen; ``error`` says why, for people, ``condition`` for programs.
    ``unknown``: the worker died between doing it and saying so; it is not repeated.
    """

    outcome: Outcome
    activity: Mapping[str, Any] | None = None
    error: str | None = None
    condition: str | None = None

    def seal(self, key: bytes, *, job_id: str, session: str, login: str) -> bytes:
        """Seal with the session key."""
        fields = {
            "outcome": self.outcome,
            "activity": self.activity,
            "error": self.error,
            "condition": self.condition,
        }
        return seal(key, json.dumps(fields).encode(), _reply_binding(job_id, session, login))

    @classmethod
    def unseal(cls, key: bytes, record: bytes, *, job_id: str, session: str, login: str) -> Reply:
        """Undo :meth:`seal`; raises :class:`~sockethub.errors.CryptoError`."""
        return cls(**json.loads(unseal(key, record, _reply_binding(job_id, session, login))))


def _reply_binding(job_id: str, session: str, login: str) -> Binding:
    return Binding("reply", session=session, login=login, id=job_id)


@dataclass(frozen=True, slots=True)
class LoginRecord:
    """A session's credentials for a login, as the hash ``session:{<session>}:login:<login>`` holds them."""

    wrapped: bytes
    sealed: bytes

    @classmethod
    def seal(
        cls, credentials: Mapping[str, Any], *, key: bytes, login_key: bytes, session: str, login: str
    ) -> LoginRecord:
        """Seal the credentials activity with the session key, and that key with the login's."""
        wrapped = wrap_session_key(login_key, key, session=session, login=login)
        binding = Binding("credentials", session=session, login=login)
        return cls(wrapped, seal(key, json.dumps(credentials).encode(), binding))

    def open(self, login_key: bytes, *, session: str, login: str) -> Mapping[str, Any]:
        """The credentials activity; raises :class:`~sockethub.errors.CryptoError`."""
        key = unwrap_session_key(login_key, self.wrapped, session=session, login=login)
        plaintext = unseal(key, self.sealed, Binding("credentials", session=session, login=login))
        fields: Mapping[str, Any] = json.loads(plaintext)
        return fields

    def to_hash(self) -> dict[str, bytes]:
        return {"key": self.wrapped, "credentials": self.sealed}

    @classmethod
    def from_hash(cls, fields: Mapping[bytes, bytes]) -> LoginRecord:
        try:
            return cls(fields[b"key"], fields[b"credentials"])
        except KeyError:
            raise CryptoError("not a login record") from None
