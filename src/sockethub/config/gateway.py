"""What may be declared of the gateway: the sections ``gateway`` and ``http``."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sockethub.config.admission import Authentication, Quota, Tls, none_in_schema, or_none
from sockethub.config.fields import Cidr, DottedName, EndpointPath, Host, Origin, Port
from sockethub.config.section import LIVE, Contradiction, Seconds, Section


def _not_everybody(text: str) -> str:
    if ip_network(text).prefixlen == 0:
        raise ValueError("is every address: name those of the proxies, or all could say who they are")
    return text


class Rate(Section):
    """How many events one client may send, and what happens when it sends more."""

    events: int = Field(100, gt=0, description="Events a client may send within `seconds`.", json_schema_extra=LIVE)
    seconds: Seconds = Field(1.0, description="The window.", json_schema_extra=LIVE)
    block_seconds: Seconds = Field(
        5.0, description="How long a client that exceeds it is refused.", json_schema_extra=LIVE
    )


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
        60.0,
        ge=0,
        le=3600,
        description="How long a session without a connection is kept; 0 keeps none.",
        json_schema_extra=LIVE,
    )
    frames: int = Field(
        1_000, gt=0, le=100_000, description="Frames kept of what such a session is sent.", json_schema_extra=LIVE
    )
    characters: int = Field(
        1_048_576,
        ge=1024,
        le=67_108_864,
        description="Characters kept of it, all frames together.",
        json_schema_extra=LIVE,
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
        json_schema_extra=LIVE,
    )
    hosts: tuple[Host, ...] = Field(
        (),
        description="Names by which browsers reach the gateway, itself or by a proxy: its own pages are known by them. "
        "Hosts of `origins`, IP addresses and `localhost` need not be named; any other name may be one that "
        "somebody has pointed here (DNS rebinding), and its pages are refused.",
        examples=[["chat.example"]],
        json_schema_extra=LIVE,
    )
    authentication: Annotated[Authentication | None, BeforeValidator(or_none)] = Field(
        None,
        description="Who may connect; `none` for everybody. Must be decided before `host` is anything but loopback, or "
        "a proxy is trusted.",
        json_schema_extra=none_in_schema,
    )
    trusted_proxies: tuple[Annotated[Cidr, AfterValidator(_not_everybody)], ...] = Field(
        (),
        description="Addresses of reverse proxies in front of the gateway. They are believed who the client is, and "
        "by which scheme and host it came; nobody else is.",
        examples=[["127.0.0.1/32", "10.0.0.0/24"]],
    )
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = Field(
        "x-forwarded-for",
        description="Which header `trusted_proxies` write: `x-forwarded-for` (with `X-Forwarded-Proto` and "
        "`X-Forwarded-Host`), or `forwarded` (RFC 7239). The other one is not looked at: clients could send it.",
    )
    tls: Tls | None = Field(None, description="TLS; without it a proxy ends it, or nobody does.")
    socketio_path: EndpointPath = Field("/sockethub", description="Path of the Socket.IO endpoint.")
    websocket_path: EndpointPath = Field("/ws", description="Path of the plain WebSocket endpoint.")
    max_message_bytes: int = Field(
        262_144,
        ge=1024,
        le=16_777_216,
        description="Largest message accepted from a client, in bytes of JSON.",
        json_schema_extra=LIVE,
    )
    rate: Rate = Field(default_factory=Rate, description="Events per client.")
    sockets_per_address: int = Field(
        20,
        gt=0,
        description="Connections one client address may hold at once, at all gateways together. An IPv6 address counts "
        "as its /64 here and in every other limit, for that is what one subscriber has.",
        json_schema_extra=LIVE,
    )
    sockets_per_user: int = Field(
        50,
        gt=0,
        description="Connections one authenticated user may hold at once, at all gateways together.",
        json_schema_extra=LIVE,
    )
    connects: Quota | None = Field(
        None,
        description="Connections one client address may open, at all gateways together.",
        examples=[{"count": 120, "seconds": 60}],
    )
    commands: Quota | None = Field(
        None,
        description="Commands one user (one client address, where nobody authenticates) may give, over all its "
        "connections and gateways; `rate` is that of one connection.",
        examples=[{"count": 6000, "seconds": 60}],
    )
    resume: Resume = Field(default_factory=Resume, description="Sessions that outlive their connection.")
    outbox_bytes: int = Field(
        4_194_304,
        ge=65_536,
        description="How much may wait for a client that reads slowly before it is closed, in bytes of memory; one "
        "message alone may have more. To join a room of 5,000 takes 2.7 MB.",
        json_schema_extra=LIVE,
    )
    inbound_messages: int = Field(
        64, gt=0, description="Frames of one client waiting to be handled before its socket is no longer read."
    )
    pending_commands: int = Field(
        256, gt=0, description="Commands of one client that may await their reply at once.", json_schema_extra=LIVE
    )
    pending_bytes: int = Field(
        2_097_152,
        ge=1024,
        description="How large they may be together, in bytes of JSON; one alone may be larger.",
        json_schema_extra=LIVE,
    )
    ping_seconds: Seconds = Field(25.0, description="Interval of pings to a client.")
    pong_seconds: Seconds = Field(20.0, description="How long a client may take to answer a ping.")
    shutdown_seconds: Seconds = Field(10.0, description="How long a graceful shutdown may take.")
    pipeline: tuple[DottedName, ...] = Field(
        DEFAULT_PIPELINE,
        description="Middleware a command passes before it is encrypted and queued, in this order; "
        "insert your own by dotted name.",
    )
    middleware: dict[DottedName, dict[str, Any]] = Field(
        default_factory=dict,
        description="Options of your own middleware, by the dotted name it has in `pipeline`.",
        examples=[{"my_package.rooms:AllowedRooms": {"rooms": ["#help"]}}],
        repr=False,
    )
    console: bool = Field(True, description="Serve the console page at `/`.")

    @model_validator(mode="after")
    def _options_of_declared_middleware(self) -> Gateway:
        for name in self.middleware:
            if name not in self.pipeline:
                raise Contradiction(("middleware", name), "must be one of the names in `pipeline`")
        return self

    @model_validator(mode="after")
    def _two_paths(self) -> Gateway:
        if self.socketio_path == self.websocket_path:
            raise Contradiction(("websocket_path",), "must differ from `socketio_path`")
        return self

    @model_validator(mode="after")
    def _header_of_proxies(self) -> Gateway:
        asked = self.authentication
        if asked is None or asked.user_header is None:
            return self
        if not self.trusted_proxies:
            raise Contradiction(
                ("authentication", "user_header"), "is believed from `trusted_proxies` alone: declare them"
            )
        if "*" in self.origins:
            raise Contradiction(
                ("origins",),
                "a proxy that knows users by their cookies knows them on every page: name the origins, instead of `*`",
            )
        return self


class Http(Section):
    """Commands by plain HTTP requests, for what keeps no connection: scripts, forms, webhooks."""

    enabled: bool = Field(False, description="Serve the endpoint.")
    path: EndpointPath = Field("/sockethub-http", description="Its path.")
    actions: int = Field(20, gt=0, le=1_000, description="Activities one request may hold.", json_schema_extra=LIVE)
    max_body_bytes: int = Field(1_048_576, ge=1024, le=67_108_864, description="Largest request body, in bytes.")
    body_seconds: Seconds = Field(
        10.0, description="How long a client may take to send its request body.", json_schema_extra=LIVE
    )
    total_seconds: Seconds = Field(
        30.0, description="How long one request is worked on before the rest is `unknown`.", json_schema_extra=LIVE
    )
    idle_seconds: Seconds = Field(
        15.0, description="How long a request waits for its next result before it ends so.", json_schema_extra=LIVE
    )
    replay_seconds: int = Field(
        300, gt=0, le=86_400, description="How long the results of a request are kept.", json_schema_extra=LIVE
    )
    replay_bytes: int = Field(
        1_048_576,
        ge=1024,
        le=67_108_864,
        description="Results of one request that are kept, in bytes; more are not.",
        json_schema_extra=LIVE,
    )
    requests: int = Field(
        60, gt=0, description="Requests one client address may make within `rate_seconds`.", json_schema_extra=LIVE
    )
    rate_seconds: int = Field(
        60, gt=0, le=86_400, description="The window, counted across all gateways.", json_schema_extra=LIVE
    )
