"""The declaration: everything ``sockethub.yaml`` may say, its types, defaults, bounds and reasons.

These models, with those of :mod:`~sockethub.config.gateway` and :mod:`~sockethub.config.platform`, are the one source:
they load the file, name its environment variables, produce ``schemas/config.json`` for editors and the reference page.
An unknown key is an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sockethub.config.fields import Label, PlatformId, Port
from sockethub.config.gateway import Gateway, Http
from sockethub.config.platform import Platform
from sockethub.config.secrets import SecretText
from sockethub.config.section import DAY, LIVE, Contradiction, Seconds, Section
from sockethub.crypto import Secret
from sockethub.redis_url import SCHEMES, cluster_of, sentinels_of

PREVIOUS_KEYS = 4
"""Master keys that may open besides the one in use: rotations that overlap are a mistake long before that."""


def _redis_url(url: Secret[str]) -> Secret[str]:
    if not url.reveal().startswith(("redis://", "rediss://", "unix://", *(f"{scheme}://" for scheme in SCHEMES))):
        raise ValueError("must begin with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
    sentinels_of(url.reveal())
    cluster_of(url.reveal())
    return url


class Redis(Section):
    """The queue. Without a URL a server of our own is started beside the gateway."""

    url: Annotated[SecretText, AfterValidator(_redis_url)] | None = Field(
        None,
        description="`redis://`, `rediss://` or `unix://` URL; without it an embedded server is used. "
        "`redis+sentinel://user:password@host:26379,host:26379,host:26379/0?master=NAME` is whichever server these "
        "sentinels say is the master (docs/how-to/use-redis-sentinel.md). "
        "`redis+cluster://user:password@host:6379,host:6379` is a cluster, of which these are some servers "
        "(docs/how-to/use-redis-cluster.md).",
        examples=["${env:REDIS_URL}", "unix:///run/redis/redis.sock"],
    )
    wait_seconds: float = Field(
        30.0,
        ge=0,
        le=3600,
        description="How long a start waits for a Redis that does not answer yet, or is reading its data back.",
    )
    acl: Literal["required", "preferred", "off"] = Field(
        "preferred",
        description="Each worker is a user of Redis of its own, who reaches what is its own there. It takes a Redis "
        "that asks for a password, and the right to make users (`ACL SETUSER`). `preferred`: where that is so, as with "
        "the embedded one, else a warning; `required`: nothing starts where it is not; `off`: all share the user of "
        "`url`.",
    )


class KeySource(Section):
    """Where a master key comes from."""

    master: SecretText | None = Field(
        None,
        description="32 bytes in base64; use `${env:NAME}` or `${file:PATH}`, never the key itself.",
        examples=["${file:/run/secrets/sockethub_master}"],
    )
    file: Path | None = Field(
        None,
        description="File that holds it (mode 0600); created when it does not exist.",
        examples=["/etc/sockethub/master.key"],
    )

    command: tuple[Annotated[str, Field(min_length=1)], ...] | None = Field(
        None,
        min_length=1,
        description="A program and its arguments, run without a shell at each start, that print it in base64: the "
        "client of a key management service, say.",
        examples=[["/usr/local/bin/kms", "decrypt", "/etc/sockethub/master.sealed"]],
    )
    command_seconds: Seconds = Field(30.0, description="How long `command` may take.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("master", "file", "command") if getattr(self, name) is not None]
        if len(given) > 1:
            raise Contradiction((given[-1],), f"give either {' or '.join(f'`{name}`' for name in given)}, not both")
        return self

    @property
    def declared(self) -> bool:
        """Whether it is said where the key comes from."""
        return (self.master, self.file, self.command) != (None, None, None)


class PreviousKey(KeySource):
    """Where a master key comes from that was in use before."""

    file: Path | None = Field(
        None, description="File that holds it (mode 0600).", examples=["/etc/sockethub/master-2025.key"]
    )

    @model_validator(mode="after")
    def _some_source(self) -> Self:
        if not self.declared:
            raise Contradiction((), "say where this key comes from: `master`, `file` or `command`")
        return self


class Keys(KeySource):
    """Where the master key comes from. Without any, one is generated in the state directory (mode 0600)."""

    previous: tuple[PreviousKey, ...] = Field(
        (),
        max_length=PREVIOUS_KEYS,
        description="Master keys that may still open while they are being replaced, each with `master`, `file` or "
        "`command` (docs/how-to/rotate-keys.md).",
        examples=[[{"file": "/etc/sockethub/master-2025.key"}]],
    )


class Workers(Section):
    """The side that faces the services: limits of this machine's supervisor."""

    labels: dict[Label, Label] = Field(
        default_factory=dict,
        max_length=20,
        description="What this machine is, in words of your own, for `platforms.<id>.placement`.",
        examples=[{"region": "eu", "network": "libera"}],
        json_schema_extra=LIVE,
    )
    weight: int = Field(
        1,
        ge=1,
        le=1_000,
        description="How many logins this machine takes beside others: with 2, twice as many as one with 1.",
        json_schema_extra=LIVE,
    )
    max_logins: int = Field(100, gt=0, description="Logins this machine runs at once.", json_schema_extra=LIVE)
    lease_seconds: Seconds = Field(15.0, description="How long a login's lease outlives a supervisor that is gone.")
    isolated_seconds: float = Field(
        120.0,
        ge=0,
        le=DAY,
        description="How long a login goes on beyond its lease while Redis cannot be reached. Another machine that "
        "reaches it may run the login too then; where that must never happen, say 0.",
    )
    restart_delay_seconds: Seconds = Field(
        0.2,
        description="First pause before a worker that died is replaced; doubles, with jitter.",
        json_schema_extra=LIVE,
    )
    restart_delay_max_seconds: Seconds = Field(30.0, description="Longest such pause.", json_schema_extra=LIVE)
    stop_seconds: Seconds = Field(5.0, description="How long a worker may take to leave politely before it is killed.")
    sandbox: Literal["required", "preferred", "off"] = Field(
        "preferred",
        description="Workers write and execute no file, read only code, certificates and what names are resolved with, "
        "listen on no port, start no process. `preferred`: as far as the kernel can, with a warning of what it cannot; "
        "`required`: nothing starts where it cannot do all; `off`: only limits of memory and files.",
    )

    @model_validator(mode="after")
    def _delays_grow(self) -> Workers:
        if self.restart_delay_max_seconds < self.restart_delay_seconds:
            raise Contradiction(("restart_delay_max_seconds",), "must not be below `restart_delay_seconds`")
        return self


class LocalIrc(Section):
    """A small IRC server on loopback for trying things out without the internet."""

    enabled: bool = Field(False, description="Start it with `sockethub serve`.")
    port: Port = Field(6667, description="Port on 127.0.0.1; 0 lets the system choose.")


class Operations(Section):
    """Ports for the operator: metrics, health and an overview, to be read and nothing else. They ask for no password,
    and show counts and opaque ids: let nobody but the operator reach them."""

    enabled: bool = Field(False, description="Open them.")
    host: str = Field(
        "127.0.0.1", min_length=1, description="Address to listen on.", examples=["127.0.0.1", "::1", "10.1.2.3"]
    )
    port: Port = Field(10551, description="Port of a gateway, and of `serve`; 0 lets the system choose.")
    workers_port: Port = Field(
        10552, description="Port of a machine's workers, also below `serve`; 0 lets the system choose."
    )

    @model_validator(mode="after")
    def _two_ports(self) -> Operations:
        if self.port and self.port == self.workers_port:
            raise Contradiction(("workers_port",), "must differ from `port`")
        return self


class Traces(Section):
    """What a command went through, as OpenTelemetry spans; needs `pip install sockethub[otel]`. They name platform,
    verb, outcome and opaque ids; never content."""

    endpoint: Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=300)] | None = Field(
        None,
        description="Where a gateway sends them, by OTLP over HTTP; without it there are none.",
        examples=["http://127.0.0.1:4318/v1/traces"],
    )
    share: float = Field(1.0, ge=0, le=1, description="Of all commands, how many are traced; 0.01 is one in a hundred.")


class Log(Section):
    """Logging; never content, never secrets."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe level shown.", json_schema_extra=LIVE
    )
    format: Literal["console", "json"] = Field("console", description="For people, or for machines.")
    recent_bytes: int = Field(
        1_048_576,
        ge=0,
        le=67_108_864,
        description="Memory of each gateway, and of each machine's supervisor, for the last of what it and its workers "
        "have logged, for `sockethub logs`: 1 MiB holds about 2,000 events. 0 keeps none.",
    )


class Declaration(Section):
    """A whole deployment."""

    state_dir: Path = Field(
        Path(".state"),
        description="Directory for what must survive a restart (key, embedded Redis), mode 0700; a relative path "
        "starts at the folder of this file.",
        examples=["/var/lib/sockethub"],
    )
    gateway: Gateway = Field(default_factory=lambda: Gateway(), description="The side that faces clients.")
    http: Http = Field(default_factory=lambda: Http(), description="Commands by HTTP requests.")
    redis: Redis = Field(default_factory=lambda: Redis(), description="The queue.")
    keys: Keys = Field(default_factory=lambda: Keys(), description="The master key.")
    workers: Workers = Field(default_factory=lambda: Workers(), description="This machine's workers.")
    local_irc: LocalIrc = Field(default_factory=lambda: LocalIrc(), description="A server to try things out with.")
    operations: Operations = Field(default_factory=lambda: Operations(), description="Ports for the operator.")
    traces: Traces = Field(default_factory=lambda: Traces(), description="Traces for OpenTelemetry.")
    log: Log = Field(default_factory=lambda: Log(), description="Logging.")
    platforms: dict[PlatformId, Platform] = Field(min_length=1, description="The platforms, by id.")
