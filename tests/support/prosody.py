"""A real XMPP server: Prosody with rooms, archives, uploads, carbons, stream management, blocking, bookmarks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import accepts, find_server, free_port, running
from tests.support.tls import Certificates

DOMAIN = "localhost"
"""What the certificate of the tests is for."""

CAMPAIGN = ("frank", "grace", "heidi")
"""For tests that leave connections half dead, to which a server goes on sending."""

USERS = ("alice", "bob", "carol", "dave", "erin", "ivan", "judy", *CAMPAIGN)
"""Each has the password ``pw-`` and their name, and a contact list that lasts as long as the server."""

MODULES = (
    *("blocklist", "bookmarks", "carbons", "csi_simple", "disco", "mam", "pep", "ping", "presence", "private"),
    *("roster", "saslauth", "smacks", "time", "tls", "vcard4", "vcard_legacy", "version"),
)


@dataclass(frozen=True)
class XmppServer:
    """A running Prosody on 127.0.0.1 that serves ``localhost``; trust ``authority``."""

    host: str
    port: int
    """STARTTLS."""
    tls_port: int
    """TLS from the first byte (XEP-0368)."""
    http_port: int
    authority: Path
    domain: str = DOMAIN

    @property
    def rooms(self) -> str:
        """The service whose rooms anybody may create (XEP-0045)."""
        return f"conference.{self.domain}"

    @staticmethod
    def password(user: str) -> str:
        return f"pw-{user}"


CONFIG = """
pidfile = "{folder}/prosody.pid"
run_as_root = true
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ {tls_port} }}
http_ports = {{ {http_port} }}
http_default_host = "upload.{domain}"
https_ports = {{}}
data_path = "{folder}/data"
certificates = "{folder}"
ssl = {{ certificate = "{folder}/cert.pem", key = "{folder}/key.pem" }}
authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = true
modules_enabled = {{ {modules} }}
modules_disabled = {{ "s2s" }}
archive_expires_after = "never"
smacks_hibernation_time = 60
log = {{ {{ levels = {{ min = "info" }}, to = "console" }} }}

VirtualHost "{domain}"

Component "conference.{domain}" "muc"
    modules_enabled = {{ "muc_mam" }}
    muc_log_by_default = true
    max_history_messages = 20
    muc_room_default_public = true

Component "upload.{domain}" "http_file_share"
    http_external_url = "http://127.0.0.1:{http_port}/"
    http_file_share_size_limit = 1048576
"""


def _write_accounts(folder: Path, users: Sequence[str]) -> None:
    accounts = folder / "data" / DOMAIN / "accounts"
    accounts.mkdir(parents=True)
    for user in users:
        (accounts / f"{user}.dat").write_text(f'return {{ ["password"] = "{XmppServer.password(user)}"; }};\n')


@contextmanager
def prosody_folder(certificates: Certificates, users: Sequence[str] = USERS) -> Iterator[tuple[Path, XmppServer]]:
    """The configuration and the data of a Prosody that is not yet running, for tests that start and stop it."""
    port, tls_port, http_port = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="sockethub-prosody-") as name:
        folder = Path(name)
        for source in (certificates.certificate, certificates.key):
            shutil.copy(source, folder / source.name)
        _write_accounts(folder, users)
        modules = ", ".join(f'"{module}"' for module in MODULES)
        ports = {"port": port, "tls_port": tls_port, "http_port": http_port}
        config = CONFIG.format(folder=folder, domain=DOMAIN, modules=modules, **ports)
        (folder / "prosody.cfg.lua").write_text(config)
        yield folder, XmppServer("127.0.0.1", port, tls_port, http_port, certificates.authority)


@contextmanager
def serving(folder: Path, server: XmppServer) -> Iterator[None]:
    """Run Prosody in its folder until the block ends."""
    argv = [find_server("prosody", "prosody"), "-F", "--config", str(folder / "prosody.cfg.lua")]
    ready = ((server.host, server.port), (server.host, server.tls_port))
    with running(argv, ready=lambda: all(map(accepts, ready)), log=folder / "log"):
        yield


@contextmanager
def run_prosody(certificates: Certificates, users: Sequence[str] = USERS) -> Iterator[XmppServer]:
    """Run a Prosody of one's own."""
    with prosody_folder(certificates, users) as (folder, server), serving(folder, server):
        yield server


@pytest.fixture(scope="session")
def prosody(certificates: Certificates) -> Iterator[XmppServer]:
    """Prosody with everything on; tests share its accounts, and use rooms of their own."""
    with run_prosody(certificates) as server:
        yield server
