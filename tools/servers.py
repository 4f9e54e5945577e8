"""What the tests need from outside Python: real servers, a browser, the clients that people use today."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from environment import Unprepared, run
from locks import ROOT

PROGRAMS = {
    "redis-server": "redis-server",
    "ngircd": "ngircd",
    "inspircd": "inspircd",
    "atheme-services": "atheme-services",
    "prosody": "prosody",
    "faketime": "faketime",
    "chromium": "chromium",
    "systemd-analyze": "systemd",
    "nginx": "nginx",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "node": "nodejs",
    "npm": "npm",
}
"""Program to look for → Debian package that brings it."""

JAVASCRIPT = ROOT / "tests" / "integration" / "js"
POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_FORBIDS = "#!/bin/sh\n# The tests start servers of their own; a package shall not.\nexit 101\n"


def missing() -> list[str]:
    """Debian packages whose programs are not there; daemons may lie outside a user's PATH."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"
    return [package for program, package in PROGRAMS.items() if shutil.which(program, path=path) is None]


@contextmanager
def no_services() -> Iterator[None]:
    """Keep Debian from starting the daemons of what is installed meanwhile (Debian policy, ``policy-rc.d``)."""
    if POLICY.exists():  # Somebody has decided already.
        yield
        return
    POLICY.write_text(POLICY_FORBIDS)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def install_programs() -> None:
    """Install what is missing where that is possible, else say what to install."""
    packages = missing()
    if not packages:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise Unprepared(
            f"the tests need {', '.join(packages)} (Debian's names). "
            f"Install them, for instance with: sudo apt-get install {' '.join(packages)}"
        )
    with no_services():
        apt_get("update")
        apt_get("install", *(package for package in packages if package != "npm"))
        # Debian's npm is a package of its own; elsewhere it comes with nodejs, and the two exclude each other.
        if remaining := missing():
            apt_get("install", *remaining)


def apt_get(verb: str, *packages: str) -> None:
    """Run apt-get without questions; nothing that is merely recommended."""
    options = ["-y", "-qq", "--no-install-recommends"]
    run("apt-get", *options, verb, *packages, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


def install_clients() -> None:
    """Install the pinned JavaScript clients when they are missing or their lock changed."""
    lock = (JAVASCRIPT / "package-lock.json").read_bytes()
    stamp = JAVASCRIPT / "node_modules" / ".sockethub-stamp"
    digest = hashlib.sha256(lock).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        run("npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error", cwd=JAVASCRIPT)
        stamp.write_text(digest)


def prepare() -> None:
    """Have everything the tests need, or raise :class:`Unprepared` with what to install."""
    install_programs()
    install_clients()
