"""Real IRC servers without flood limits: ngIRCd (plain RFC 2812), and InspIRCd with the IRCv3 modules."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import accepts, find_server, free_port, running
from tests.support.tls import Certificates

SERVER_PASSWORD = "open-sesame"
"""What ``ngircd_with_password`` wants in PASS."""


@dataclass(frozen=True)
class IrcServer:
    """A running IRC server on 127.0.0.1; trust ``authority`` on its TLS port."""

    host: str
    port: int
    tls_port: int
    authority: Path
    password: str | None = None


@contextmanager
def _directory(certificates: Certificates) -> Iterator[Path]:
    """A directory with the certificate; readable by all, for daemons give up root before they read."""
    with tempfile.TemporaryDirectory(prefix="sockethub-ircd-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        for source in (certificates.certificate, certificates.key):
            shutil.copy(source, directory / source.name)
            (directory / source.name).chmod(0o644)
        yield directory


@contextmanager
def run_ngircd(certificates: Certificates, password: str | None = None) -> Iterator[IrcServer]:
    """Run an ngIRCd of one's own; with ``password`` it wants PASS."""
    executable = find_server("ngircd", "ngircd")
    port, tls_port = free_port(), free_port()
    with _directory(certificates) as directory:
        config = directory / "ngircd.conf"
        config.write_text(f"""
[Global]
Name = irc.test.example
Info = ngIRCd for the tests
Network = TestNet
Listen = 127.0.0.1
Ports = {port}
{f"Password = {password}" if password else ""}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 31
MaxPenaltyTime = 0
PingTimeout = 300
PongTimeout = 60
[Options]
DNS = no
Ident = no
PAM = no
[SSL]
CertFile = {directory}/cert.pem
KeyFile = {directory}/key.pem
Ports = {tls_port}
""")
        argv = [executable, "--nodaemon", "--config", str(config)]
        with running(argv, ready=lambda: accepts(("127.0.0.1", port)), log=directory / "log"):
            yield IrcServer("127.0.0.1", port, tls_port, certificates.authority, password)


INSPIRCD_MODULES = (
    "cap",
    "chghost",
    "ircv3",
    "ircv3_accounttag",
    "ircv3_batch",
    "ircv3_capnotify",
    "ircv3_chghost",
    "ircv3_ctctags",
    "ircv3_echomessage",
    "ircv3_invitenotify",
    "ircv3_labeledresponse",
    "ircv3_msgid",
    "ircv3_servertime",
    "monitor",
    "namesx",
    "services_account",
    "setname",
    "ssl_gnutls",
    "uhnames",
)


@contextmanager
def run_inspircd(certificates: Certificates) -> Iterator[IrcServer]:
    """Run an InspIRCd of one's own, with the IRCv3 modules loaded."""
    executable = find_server("inspircd", "inspircd")
    port, tls_port = free_port(), free_port()
    with _directory(certificates) as directory:
        config = directory / "inspircd.conf"
        modules = "\n".join(f'<module name="{name}">' for name in INSPIRCD_MODULES)
        config.write_text(f"""
<config format="xml">
<server name="irc.test.example" description="InspIRCd for the tests" id="97K" network="TestNet">
<admin name="Test" nick="test" email="test@test.example">
<bind address="127.0.0.1" port="{port}" type="clients">
<bind address="127.0.0.1" port="{tls_port}" type="clients" sslprofile="tests">
<sslprofile name="tests" provider="gnutls" certfile="{directory}/cert.pem" keyfile="{directory}/key.pem">
<connect name="tests" allow="*" timeout="60" pingfreq="300" threshold="10000" commandrate="1000000000"
 fakelag="no" hardsendq="16M" softsendq="8M" recvq="1M" localmax="10000" globalmax="10000" maxconnwarn="no"
 useident="no" resolvehostnames="no" maxchans="1000">
<performance netbuffersize="65534" clonesonconnect="no" somaxconn="128">
<options prefixquit="" prefixpart="" allowzerolimit="yes" defaultmodes="not">
<security announceinvites="dynamic" maxtargets="20">
<limits maxnick="30" maxchan="64" maxtopic="390" maxquit="255">
<dns server="127.0.0.1" timeout="1">
<pid file="{directory}/inspircd.pid">
<path datadir="{directory}" logdir="{directory}" runtimedir="{directory}">
{modules}
""")
        argv = [executable, "--nofork", "--nolog", "--runasroot", "--config", str(config)]
        with running(argv, ready=lambda: accepts(("127.0.0.1", port)), log=directory / "log"):
            yield IrcServer("127.0.0.1", port, tls_port, certificates.authority)


@pytest.fixture(scope="session")
def ngircd(certificates: Certificates) -> Iterator[IrcServer]:
    """ngIRCd: RFC 2812 and next to nothing of IRCv3."""
    with run_ngircd(certificates) as server:
        yield server


@pytest.fixture(scope="session")
def ngircd_with_password(certificates: Certificates) -> Iterator[IrcServer]:
    """ngIRCd that wants PASS (``server.password``)."""
    with run_ngircd(certificates, SERVER_PASSWORD) as server:
        yield server


@pytest.fixture(scope="session")
def inspircd(certificates: Certificates) -> Iterator[IrcServer]:
    """InspIRCd 3 with message tags, batches, labels, echo, ids and times."""
    with run_inspircd(certificates) as server:
        yield server
