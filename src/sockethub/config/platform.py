"""What may be declared of a platform: a stanza of ``platforms``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sockethub.config.fields import Cidr, DottedName, Label, Verb
from sockethub.config.section import LIVE, Contradiction, Seconds, Section


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
    max_length: int = Field(
        1_000, gt=0, description="Commands waiting before further ones are refused.", json_schema_extra=LIVE
    )
    max_bytes: int = Field(
        8_388_608,
        ge=1024,
        description="A command is refused where as many as wait, each as large as it is, would have more bytes than "
        "this: the larger it is, the fewer may wait. All together have at most eight times as many, with `max_length` "
        "as it is.",
        json_schema_extra=LIVE,
    )
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


class Policy(Section):
    """What a platform may reach, and how much of it one client may have."""

    private_addresses: bool = Field(
        False,
        description="Allow what is not of the public internet: loopback, link-local and private addresses. Metadata "
        "services of clouds stay closed. For a gateway that only this machine can reach; others name what they mean in "
        "`allowed_addresses`.",
        json_schema_extra=LIVE,
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="Hosts allowed, `*.` in front for all names below one; empty allows all (that `private_addresses` "
        "does).",
        examples=[["irc.libera.chat", "*.oftc.net"]],
        json_schema_extra=LIVE,
    )
    denied_hosts: tuple[str, ...] = Field(
        (),
        description="Hosts refused, written as in `hosts`.",
        examples=[["*.internal.example"]],
        json_schema_extra=LIVE,
    )
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = Field(
        (), description="Ports allowed; empty allows all.", examples=[[6667, 6697]]
    )
    allowed_addresses: tuple[Cidr, ...] = Field(
        (),
        description="Ranges of addresses allowed though they are not public.",
        examples=[["10.1.0.0/16", "fd12:3456::/32"]],
        json_schema_extra=LIVE,
    )
    denied_addresses: tuple[Cidr, ...] = Field(
        (),
        description="Ranges of addresses refused, whatever else is allowed.",
        examples=[["203.0.113.0/24"]],
        json_schema_extra=LIVE,
    )
    schemes: tuple[Literal["http", "https"], ...] = Field(
        (),
        description="Schemes of URLs allowed, where a platform takes URLs; empty allows both.",
        examples=[["https"]],
        json_schema_extra=LIVE,
    )
    max_logins: int | None = Field(
        None,
        gt=0,
        description="Logins of this platform at once, at all gateways together; those that linger count.",
        json_schema_extra=LIVE,
    )
    logins_per_user: int | None = Field(
        None, gt=0, description="Logins one authenticated user may have of them.", json_schema_extra=LIVE
    )
    logins_per_address: int | None = Field(
        None, gt=0, description="Logins one client address may have of them.", json_schema_extra=LIVE
    )


class Placement(Section):
    """Which machines run the logins of some servers."""

    server: str = Field(
        "*",
        min_length=1,
        max_length=255,
        description="Whose logins: a pattern (`*`, `?`) for the `server` that credentials name, or else the domain of "
        "their `userAddress`.",
        examples=["*.libera.chat"],
    )
    needs: dict[Label, Label] = Field(
        default_factory=dict, max_length=20, description="`workers.labels` without which no machine runs them."
    )
    prefers: dict[Label, Label] = Field(
        default_factory=dict, max_length=20, description="Machines with more of these labels come first."
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
        min_length=1,
        description="Activity types clients may send.",
        examples=[["connect", "join", "send"]],
        json_schema_extra=LIVE,
    )
    schemas: Schemas = Field(description="What it accepts and sends.")
    placement: tuple[Placement, ...] = Field(
        (),
        max_length=100,
        description="Which machines run its logins: the first rule that matches counts. Without one all may "
        "(docs/how-to/run-on-several-machines.md).",
        examples=[[{"server": "*.libera.chat", "prefers": {"network": "libera"}}, {"needs": {"region": "eu"}}]],
        json_schema_extra=LIVE,
    )
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
        if self.mode == "stateless" and self.schemas.credentials is not None:
            raise Contradiction(
                ("schemas", "credentials"),
                "a stateless platform has no logins, and its driver is never given credentials: leave this out, or "
                "declare `mode: persistent`, with a driver that connects",
            )
        return self
