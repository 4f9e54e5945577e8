"""What travels through the queue: a sealed job, and the reply that answers it.

A job is a Dramatiq message whose only argument is its envelope: everything in it is either ciphertext or an opaque id.
The reply goes to the inbox of the gateway that holds the session.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from sockethub import jsontext
from sockethub.crypto import Binding, seal, unseal
from sockethub.crypto.keys import unwrap_session_key, wrap_session_key
from sockethub.errors import CryptoError

ACTOR_NAME: Final = "perform"
"""The Dramatiq actor that every platform's worker declares."""

JobKind = Literal["activity", "attach", "away", "detach"]
Outcome = Literal["result", "error", "unknown"]

_KINDS: Final = get_args(JobKind)
_OUTCOMES: Final = get_args(Outcome)
_LONGEST: Final = 2**63
"""No time is longer, in seconds or nanoseconds: what traces and metrics can count."""


@dataclass(frozen=True, slots=True)
class Job:
    """One command of one session, in plaintext: in the gateway before sealing, in the worker after.

    The others carry no activity: the session begins (again) to hear of the login, ends to, or is ``away``: its client
    has lost its connection, and may come back.
    """

    kind: JobKind
    activity: Mapping[str, Any] | None = None
    trace: str | None = None
    """The trace it belongs to, as ``traceparent`` (W3C Trace Context §3.2), where it is traced."""
    own: bool = False
    """Whether its login is its user's own (:attr:`~sockethub.sessions.bindings.LoginBinding.own`)."""

    def encode(self) -> bytes:
        fields: dict[str, Any] = {"kind": self.kind, "activity": self.activity}
        if self.trace is not None:
            fields["trace"] = self.trace
        if self.own:
            fields["own"] = True
        return jsontext.dumps(fields)

    @classmethod
    def decode(cls, raw: bytes) -> Job:
        """Undo :meth:`encode`; raises :class:`~sockethub.errors.CryptoError` for anything else."""
        fields = _opened(raw, "job")
        kind: Any = fields.get("kind")
        activity, trace = fields.get("activity"), fields.get("trace")
        if kind not in _KINDS or not _is(activity, dict) or not _is(trace, str):
            raise CryptoError("not a job")
        return cls(kind, activity, trace, fields.get("own") is True)


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
        key = self.session_key(login_key)
        return self.job(key, job_id), key

    def session_key(self, login_key: bytes) -> bytes:
        """What the job is sealed with; raises :class:`~sockethub.errors.CryptoError`."""
        return unwrap_session_key(login_key, self.wrapped, session=self.session, login=self.login)

    def job(self, key: bytes, job_id: str) -> Job:
        """The job, for who has the session key; raises :class:`~sockethub.errors.CryptoError`."""
        binding = Binding("job", session=self.session, login=self.login, queue=self.queue, id=job_id)
        return Job.decode(unseal(key, self.sealed, binding))

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
            session, gateway, login, queue = (_text(fields[name]) for name in ("session", "gateway", "login", "queue"))
            wrapped, sealed = (base64.b64decode(fields[name], validate=True) for name in ("wrapped", "sealed"))
        except (KeyError, TypeError, ValueError):
            raise CryptoError("not a job envelope") from None
        return cls(session, gateway, login, queue, wrapped, sealed)


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
    took: float | None = field(default=None, compare=False)
    """Seconds from the worker's being given the job to this answer; None where no worker gave it."""
    began: int | None = field(default=None, compare=False)
    """When it was given it, in nanoseconds since the epoch by the worker's clock; where the job is traced."""

    def seal(self, key: bytes, *, job_id: str, session: str, login: str) -> bytes:
        """Seal with the session key."""
        return seal(key, jsontext.dumps(self.to_fields()), _reply_binding(job_id, session, login))

    @classmethod
    def unseal(cls, key: bytes, record: bytes, *, job_id: str, session: str, login: str) -> Reply:
        """Undo :meth:`seal`; raises :class:`~sockethub.errors.CryptoError`."""
        return cls.from_fields(_opened(unseal(key, record, _reply_binding(job_id, session, login)), "reply"))

    def to_fields(self) -> dict[str, Any]:
        """Its members, as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Reply:
        """Undo :meth:`to_fields`; raises :class:`~sockethub.errors.CryptoError` for what is no reply.

        Members that are not known are let be: a worker may be newer than its gateway.
        """
        outcome: Any = fields.get("outcome")
        activity, error, condition = fields.get("activity"), fields.get("error"), fields.get("condition")
        took, began = fields.get("took"), fields.get("began")
        if (
            outcome not in _OUTCOMES
            or not _is(activity, dict)
            or not _is(error, str)
            or not _is(condition, str)
            or not _is_time(took)
            or not _is_time(began)
        ):
            raise CryptoError("not a reply")
        return cls(outcome, activity, error, condition, took, began)


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
        return cls(wrapped, seal(key, jsontext.dumps(credentials), binding))

    def open(self, login_key: bytes, *, session: str, login: str) -> Mapping[str, Any]:
        """The credentials activity; raises :class:`~sockethub.errors.CryptoError`."""
        key = unwrap_session_key(login_key, self.wrapped, session=session, login=login)
        return _opened(unseal(key, self.sealed, Binding("credentials", session=session, login=login)), "credentials")

    def to_hash(self) -> dict[str, bytes]:
        return {"key": self.wrapped, "credentials": self.sealed}

    @classmethod
    def from_hash(cls, fields: Mapping[bytes, bytes]) -> LoginRecord:
        try:
            return cls(fields[b"key"], fields[b"credentials"])
        except KeyError:
            raise CryptoError("not a login record") from None


def _opened(plaintext: bytes, kind: str) -> dict[str, Any]:
    """The object that a record holds. Sealing says who wrote it, not what: that may be a worker that was taken over."""
    try:
        return jsontext.mapping(plaintext)
    except ValueError as error:
        raise CryptoError(f"a sealed record makes no sense ({kind})") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _is(value: Any, kind: type) -> bool:
    return value is None or isinstance(value, kind)


def _is_time(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and 0 <= value < _LONGEST)
