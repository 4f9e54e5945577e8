"""What a worker may read: code it may still import or load, certificates, what names are resolved with.

Nothing here is anybody's secret. A file that is replaced later by one of the same name (as some programs do with
``/etc/resolv.conf``) is another file to Landlock: workers that are started afterwards can read it.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
"""Shared libraries: the resolver loads some when the first name is looked up (nsswitch.conf(5))."""

_NAMES: Final = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    # resolv.conf often leads to one of these, and is replaced there: the directory stays the same.
    "/run/systemd/resolve",
    "/run/NetworkManager/resolv.conf",
    "/run/resolvconf",
)
"""For looking up names: resolver(5), and c-ares, which XMPP asks for services."""

_CERTIFICATES: Final = (
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates/extracted",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/var/lib/ca-certificates",
)
"""Authorities, where the distributions keep them and where their links lead; no directory that holds keys."""

_OTHERS: Final = (
    "/etc/localtime",
    "/etc/mime.types",
    "/usr/share/zoneinfo",
    "/dev/null",
    "/dev/urandom",
    "/proc/sys/kernel/random/boot_id",  # tells a gateway's machine from another
    "/sys/devices/system/cpu",  # how many there are: libc asks when a thread starts
)


def readable(files: Iterable[str] = ()) -> list[Path]:
    """Directories and files for this process and what it forks; ``files`` are the platform's own."""
    found = [*_LIBRARIES, *_NAMES, *_CERTIFICATES, *_authorities(), *_OTHERS, *_code(), *files]
    paths = {Path(path).absolute() for path in found}
    return sorted(path for path in paths if paths.isdisjoint(path.parents))


def _authorities() -> Iterator[str]:
    """Where this OpenSSL, and ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, say that they are."""
    places = ssl.get_default_verify_paths()
    yield from filter(None, (places.cafile, places.capath))


def _code() -> Iterator[str]:
    """Where modules come from: the search path, and the packages that are imported.

    Not the working directory, which ``python -m`` puts in the search path: anything may lie there.
    """
    working_directory = os.getcwd()
    for entry in sys.path:
        if entry and os.path.abspath(entry) != working_directory:
            yield entry
    for name, module in list(sys.modules.items()):
        if "." not in name:
            yield from map(str, getattr(module, "__path__", ()))
