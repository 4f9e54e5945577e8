"""The declaration: everything ``sockethub.yaml`` may say, its types, defaults, bounds and reasons.

These models are the one source: they load the file, name its environment variables, produce ``schemas/config.json``
for editors and the reference page. An unknown key is an error.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from sockethub.config.secrets import SecretText
from sockethub.crypto import Secret

DAY = 86_400.0
"""Longest time anything here may be told to wait; a longer one is a slip of the pen."""

Seconds = Annotated[float, Field(gt=0, le=DAY)]
Port = Annotated[int, Field(ge=0, le=65535)]
DottedName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", max_length=200, examples=["package.module:Name"])
]
"""``package.module:attribute``."""
Origin = Annotated[
    str, Field(pattern=r"^(\*|[a-z][a-z0-9+.-]*://[^/\s]+)$", max_length=300, examples=["https://chat.example"])
]
"""A web origin as browsers send it (RFC 6454 §6.2), or ``*``."""
EndpointPath = Annotated[str, Field(pattern=r"^/[\w/-]+$", max_length=100, examples=["/ws"])]
PlatformId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40, examples=["irc"])]
Verb = Annotated[str, Field(pattern=r"^[A-Za-z][\w-]*$", max_length=60, examples=["send"])]


def _redis_url(url: Secret[str]) -> Secret[str]:
    if not url.reveal().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return url


class Contradiction(ValueError):
    """Two settings do not go together; ``path`` leads from the section to the one to change."""

    def __init__(self, path: tuple[str | int, ...], text: str) -> None:
        super().__init__(text)
        self.path = path


class Section(BaseModel):
    """Base of every section: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Rate(Section):
    """How many events one client may send, and what happens when it sends more."""

    events: int = Field(100, gt=0, description="Events a client may send within `seconds`.")
    seconds: Seconds = Field(1.0, description="The window.")
    block_seconds: Seconds = Field(5.0, description="How long a client that exceeds it is refused.")


DEFAULT_PIPELINE = (
    "sockethub.gateway.middleware.size:Size",
    "sockethub.gateway.middleware.rate:Rate",
    "sockethub.gateway.middleware.normalise:Normalise",
    "sockethub.gateway.middleware.validate:Validate",
    "sockethub.gateway.middleware.platform_rules:PlatformRules",
)


class Resume(Section):
    """Clients of the plain WebSocket that lose their connection and come back."""

    seconds: float = Field(
        60.0, ge=0, le=3600, description="How long a session without a connection is kept; 0 keeps none."
    )
    frames: int = Field(1_000, gt=0, le=100_000, description="Frames kept of what such a session is sent.")
    characters: int = Field(
        1_048_576, ge=1024, le=67_108_864, description="Characters kept of it, all frames together."
    )


class Gateway(Section):
    """The side that faces the clients."""

    host: str = Field(
        "127.0.0.1", min_length=1, description="Address to listen on.", examples=["127.0.0.1", "::1", "0.0.0.0"]
    )
    port: Port = Field(10550, description="Port to listen on; 0 lets the system choose.")
    origins: tuple[Origin, ...] = Field(
        (),
        description="Web origins whose pages may connect beside the gateway's own, exactly as browsers send them; `*` "
        "allows all. Must be decided, if only as `[]`, before `host` is anything but loopback.",
        examples=[["https://chat.example"]],
    )
    socketio_path: EndpointPath = Field("/sockethub", description="Path of the Socket.IO endpoint.")
    websocket_path: EndpointPath = Field("/ws", description="Path of the plain WebSocket endpoint.")
    max_message_bytes: int = Field(
        262_144, ge=1024, le=16_777_216, description="Largest message accepted from a client, in bytes of JSON."
    )
    rate: Rate = Field(default_factory=Rate, description="Events per client.")
    sockets_per_address: int = Field(20, gt=0, description="Connections one client address may hold at once.")
    resume: Resume = Field(default_factory=Resume, description="Sessions that outlive their connection.")
    outbox_messages: int = Field(1_000, gt=0, description="Messages waiting for one slow client before it is closed.")
    inbound_messages: int = Field(
        64, gt=0, description="Frames of one client waiting to be handled before its socket is no longer read."
    )
    pending_commands: int = Field(256, gt=0, description="Commands of one client that may await their reply at once.")
    ping_seconds: Seconds = Field(25.0, description="Interval of pings to a client.")
    pong_seconds: Seconds = Field(20.0, description="How long a client may take to answer a ping.")
    shutdown_seconds: Seconds = Field(10.0, description="How long a graceful shutdown may take.")
    pipeline: tuple[DottedName, ...] = Field(
        DEFAULT_PIPELINE,
        description="Middleware a command passes before it is encrypted and queued, in this order; "
        "insert your own by dotted name.",
    )
    console: bool = Field(True, description="Serve the console page at `/`.")

    @model_validator(mode="after")
    def _two_paths(self) -> Gateway:
        if self.socketio_path == self.websocket_path:
            raise Contradiction(("websocket_path",), "must differ from `socketio_path`")
        return self


class Http(Section):
    """Commands by plain HTTP requests, for what keeps no connection: scripts, forms, webhooks."""

    enabled: bool = Field(False, description="Serve the endpoint.")
    path: EndpointPath = Field("/sockethub-http", description="Its path.")
    actions: int = Field(20, gt=0, le=1_000, description="Activities one request may hold.")
    max_body_bytes: int = Field(1_048_576, ge=1024, le=67_108_864, description="Largest request body, in bytes.")
    body_seconds: Seconds = Field(10.0, description="How long a client may take to send its request body.")
    total_seconds: Seconds = Field(30.0, description="How long one request is worked on before the rest is `unknown`.")
    idle_seconds: Seconds = Field(15.0, description="How long a request waits for its next result before it ends so.")
    replay_seconds: int = Field(300, gt=0, le=86_400, description="How long the results of a request are kept.")
    replay_bytes: int = Field(
        1_048_576, ge=1024, le=67_108_864, description="Results of one request that are kept, in bytes; more are not."
    )
    requests: int = Field(60, gt=0, description="Requests one client address may make within `rate_seconds`.")
    rate_seconds: int = Field(60, gt=0, le=86_400, description="The window, counted across all gateways.")


class Redis(Section):
    """The queue. Without a URL a server of our own is started beside the gateway."""

    url: Annotated[SecretText, AfterValidator(_redis_url)] | None = Field(
        None,
        description="`redis://`, `rediss://` or `unix://` URL; without it an embedded server is used.",
        examples=["${env:REDIS_URL}", "unix:///run/redis/redis.sock"],
    )
    wait_seconds: float = Field(
        30.0,
        ge=0,
        le=3600,
        description="How long a start waits for a Redis that does not answer yet, or is reading its data back.",
    )


class Keys(Section):
    """Where the master key comes from. Without any, one is generated in the state directory (mode 0600)."""

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
    def _one_source(self) -> Keys:
        given = [name for name in ("master", "file", "command") if getattr(self, name) is not None]
        if len(given) > 1:
            raise Contradiction((given[-1],), f"give either {' or '.join(f'`{name}`' for name in given)}, not both")
        return self

    @property
    def declared(self) -> bool:
        """Whether it is said where the key comes from."""
        return (self.master, self.file, self.command) != (None, None, None)


class Workers(Section):
    """The side that faces the services: limits of this machine's supervisor."""

    max_logins: int = Field(100, gt=0, description="Logins this machine runs at once.")
    lease_seconds: Seconds = Field(15.0, description="How long a login's lease outlives a supervisor that is gone.")
    isolated_seconds: float = Field(
        120.0,
        ge=0,
        le=DAY,
        description="How long a login goes on beyond its lease while Redis cannot be reached. Another machine that "
        "reaches it may run the login too then; where that must never happen, say 0.",
    )
    restart_delay_seconds: Seconds = Field(
        0.2, description="First pause before a worker that died is replaced; doubles, with jitter."
    )
    restart_delay_max_seconds: Seconds = Field(30.0, description="Longest such pause.")
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


class Schemas(Section):
    """JSON Schemas (2020-12) of a platform, as paths beside the declaration or below the shipped ``schemas``.

    The loader replaces each by the absolute path of the file it found.
    """

    credentials: str | None = Field(None, description="What clients give as credentials; none when none are needed.")
    messages: str = Field(description="What clients may send.", examples=["irc/messages.json"])
    responses: str | None = Field(None, description="What the platform sends.", examples=["irc/responses.json"])
    options: str | None = Field(None, description="What this platform's `options` may hold.")


class Queue(Section):
    """How commands of one login (or of a stateless platform) are queued."""

    concurrency: int = Field(1, gt=0, description="Commands performed at once; 1 keeps the order of a login.")
    time_limit_seconds: Seconds = Field(30.0, description="How long one command may take.")
    max_length: int = Field(1_000, gt=0, description="Commands waiting before further ones are refused.")
    retryable: tuple[Verb, ...] = Field(
        (),
        description="Verbs that may be performed again after a worker died; others are answered `unknown`.",
        examples=[["join", "leave"]],
    )
    remember_seconds: Seconds = Field(
        300.0,
        description="How long a command that must not be done twice is remembered: one with the same `id` and content "
        "is answered as the first was, and not performed.",
    )
    max_attempts: int = Field(2, gt=0, description="Attempts before a command that kills its worker is set aside.")


class Worker(Section):
    """The processes that run a platform."""

    memory_mb: int = Field(512, ge=64, description="Address-space limit of a worker process, in MiB.")
    linger_seconds: Seconds = Field(30.0, description="How long a login stays after its last client has left.")
    missed_events: int = Field(
        1_000,
        ge=0,
        le=100_000,
        description="Events of a login kept while no client is present, for the one that comes next.",
    )
    pool_size: int = Field(2, gt=0, description="Processes of a stateless platform.")


def _cidr(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:  # its text holds the value
        raise ValueError("must be a range of addresses such as 10.1.0.0/16") from None
    return text


Cidr = Annotated[str, AfterValidator(_cidr), Field(max_length=60, examples=["10.1.0.0/16"])]
"""A range of IP addresses (RFC 4632 §3.1, RFC 4291 §2.3), or a single one."""


class Policy(Section):
    """What a platform may reach."""

    private_addresses: bool = Field(
        False,
        description="Allow what is not of the public internet: loopback, link-local and private addresses. Metadata "
        "services of clouds stay closed.",
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="Hosts allowed, `*.` in front for all names below one; empty allows all (that `private_addresses` "
        "does).",
        examples=[["irc.libera.chat", "*.oftc.net"]],
    )
    denied_hosts: tuple[str, ...] = Field(
        (), description="Hosts refused, written as in `hosts`.", examples=[["*.internal.example"]]
    )
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = Field(
        (), description="Ports allowed; empty allows all.", examples=[[6667, 6697]]
    )
    allowed_addresses: tuple[Cidr, ...] = Field(
        (),
        description="Ranges of addresses allowed though they are not public.",
        examples=[["10.1.0.0/16", "fd12:3456::/32"]],
    )
    denied_addresses: tuple[Cidr, ...] = Field(
        (), description="Ranges of addresses refused, whatever else is allowed.", examples=[["203.0.113.0/24"]]
    )
    schemes: tuple[Literal["http", "https"], ...] = Field(
        (), description="Schemes of URLs allowed, where a platform takes URLs; empty allows both.", examples=[["https"]]
    )


class Platform(Section):
    """One protocol, declared."""

    use: str | None = Field(
        None,
        description="Take what this stanza leaves out from an installed package: the name it registers in the entry "
        "point group `sockethub.platforms`.",
        examples=["matrix"],
    )
    mode: Literal["persistent", "stateless"] = Field(
        description="`persistent`: a connection, and a process, for each login. `stateless`: a pool that performs each "
        "command on its own."
    )
    driver: DottedName = Field(
        description="Class that implements the platform.", examples=["sockethub.platforms.irc:IrcPlatform"]
    )
    translator: str | None = Field(
        None, description="Module that translates; for documentation and tools.", examples=["sockethub_translators.irc"]
    )
    verbs: tuple[Verb, ...] = Field(
        min_length=1, description="Activity types clients may send.", examples=[["connect", "join", "send"]]
    )
    schemas: Schemas = Field(description="What it accepts and sends.")
    queue: Queue = Field(default_factory=lambda: Queue(), description="Its queue.")
    worker: Worker = Field(default_factory=lambda: Worker(), description="Its processes.")
    policy: Policy = Field(default_factory=lambda: Policy(), description="What it may reach.")
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Its own options, checked by its option schema; without such a schema there are none. Those whose "
        "name ends in `_file` name files that its processes may read.",
        examples=[{"greeting": "Hello"}],
    )

    @model_validator(mode="after")
    def _consistent(self) -> Platform:
        for index, verb in enumerate(self.queue.retryable):
            if verb not in self.verbs:
                raise Contradiction(("queue", "retryable", index), "must be one of this platform's `verbs`")
        if self.mode == "persistent" and self.queue.concurrency != 1:
            raise Contradiction(
                ("queue", "concurrency"), "must be 1 for a persistent platform: a login's commands keep their order"
            )
        return self


class LocalIrc(Section):
    """A small IRC server on loopback for trying things out without the internet."""

    enabled: bool = Field(False, description="Start it with `sockethub serve`.")
    port: Port = Field(6667, description="Port on 127.0.0.1; 0 lets the system choose.")


class Log(Section):
    """Logging; never content, never secrets."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe level shown.")
    format: Literal["console", "json"] = Field("console", description="For people, or for machines.")


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
    log: Log = Field(default_factory=lambda: Log(), description="Logging.")
    platforms: dict[PlatformId, Platform] = Field(min_length=1, description="The platforms, by id.")
