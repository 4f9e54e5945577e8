"""What a worker may not ask of the machine: on top of the limits of :mod:`~sockethub.supervisor.cage`.

===============================================  ==================================================================
capabilities                                     none, also where the supervisor runs as root
:mod:`~sockethub.supervisor.landlock`            files: a few may be read, none written or executed; TCP: to declared
                                                 ports; signals, tracing and abstract sockets: not beyond itself
:mod:`~sockethub.supervisor.seccomp`             system calls: those that a client of network services needs
===============================================  ==================================================================

Entered between the fork and the first thing of the worker's own; there is no way back out.
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from stat import S_ISREG
from typing import Final, Literal
from urllib.parse import urlsplit

import structlog

from sockethub.config.platform import Platform
from sockethub.crypto import Secret
from sockethub.errors import ConfigError
from sockethub.kernel import capset
from sockethub.redis_url import cluster_of, sentinels_of
from sockethub.supervisor import landlock, seccomp
from sockethub.supervisor.readable import readable

DNS_PORT: Final = 53
"""Name servers are asked by TCP when an answer is too long for UDP (RFC 7766)."""

REDIS_PORT: Final = 6379

FILE_BYTES: Final = 65_536
"""Of one file that is written: none can be opened for that, but memory can be had as files (memfd_create(2)), which no
limit of memory counts. The largest that a platform needs is a certificate (32 KiB, schemas/irc/credentials.json)."""

_CAPABILITY_VERSION_3: Final = 0x20080522
_CAPABILITY_WORDS: Final = 6
"""Effective, permitted and inheritable, in two halves of 32 bits (capset(2))."""

_STANDARD_OUTPUTS: Final = (1, 2)

Mode = Literal["required", "preferred", "off"]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What differs between platforms: TCP ports to connect to (None: any), and files to read beside the usual."""

    ports: Sequence[int] | None = None
    files: Sequence[str] = ()

    def prepare(self) -> Callable[[], None]:
        """To be called after a fork: it confines that process, which must have ``PR_SET_NO_NEW_PRIVS``.

        Raises OSError.
        """
        return partial(_enter, readable(self.files), self.ports, seccomp.prepare())


def declared(mode: Mode, platform: Platform, redis_url: Secret[str]) -> Sandbox | None:
    """The sandbox of a platform's workers; None when it is switched off."""
    if mode == "off":
        return None
    declared_ports = platform.policy.ports
    ports = sorted({*declared_ports, *_redis_ports(redis_url), DNS_PORT}) if declared_ports else None
    files = [value for name, value in platform.options.items() if name.endswith("_file") and isinstance(value, str)]
    return Sandbox(ports, files)


def announce(mode: Mode) -> None:
    """Say what the kernel does not do for workers; :class:`~sockethub.errors.ConfigError` where that is required."""
    log = structlog.get_logger(__name__)
    if mode == "off":
        log.warning("workers run without a sandbox", declared="workers.sandbox: off")
    elif missing := [*landlock.missing(), *seccomp.missing()]:
        if mode == "required":
            raise ConfigError(
                f"workers.sandbox is `required`, but a worker here would have {'; '.join(missing)}. Use a kernel (or a "
                "container that lets it through) that has these, or set `workers.sandbox` to `preferred`"
            )
        log.warning("the sandbox of workers is incomplete", they_have=missing)


def _redis_ports(url: Secret[str]) -> set[int]:
    cluster, sentinels = cluster_of(url.reveal()), sentinels_of(url.reveal())
    if cluster is not None:
        return {*cluster.ports, *(port for _, port in cluster.addresses)}
    if sentinels is not None:
        return {*sentinels.ports, *(port for _, port in sentinels.addresses)}
    parts = urlsplit(url.reveal())
    return set() if parts.scheme == "unix" else {parts.port or REDIS_PORT}


def _enter(paths: Sequence[Path], ports: Sequence[int] | None, restrict: Callable[[], None]) -> None:
    _bound_files()
    _drop_capabilities()
    landlock.enclose(paths, ports)
    restrict()


def _bound_files() -> None:
    """Unless the log is a file: that limit would end it too."""
    if not any(S_ISREG(os.fstat(output).st_mode) for output in _STANDARD_OUTPUTS):
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    capset(header, (ctypes.c_uint32 * _CAPABILITY_WORDS)())
