"""Real IRC servers without flood limits: ngIRCd (plain RFC 2812), and InspIRCd with the IRCv3 modules."""

from __future__ import annotations

import shutil
import socket
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
def run_ngircd(
    certificates: Certificates,
    password: str | None = None,
    *,
    address: str = "127.0.0.1",
    silence: tuple[int, int] = (300, 60),
) -> Iterator[IrcServer]:
    """Run an ngIRCd of one's own; with ``password`` it wants PASS. A client that is silent for so many seconds is
    pinged, and given up when it stays so."""
    executable = find_server("ngircd", "ngircd")
    port, tls_port = free_port(), free_port()
    with _directory(certificates) as directory:
        config = directory / "ngircd.conf"
        config.write_text(f"""
[Global]
Name = irc.test.example
Info = ngIRCd for the tests
Network = TestNet
Listen = {address}
Ports = {port}
{f"Password = {password}" if password else ""}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 31
MaxPenaltyTime = 0
PingTimeout = {silence[0]}
PongTimeout = {silence[1]}
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
        with running(argv, ready=lambda: accepts((address, port)), log=directory / "log"):
            yield IrcServer(address, port, tls_port, certificates.authority, password)


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


ACCOUNT_MODULES = ("spanningtree", "sslinfo")
SERVICES = "services.test.example"
LINK_PASSWORD = "link-password"


def _linked(port: int, *, sasl: bool) -> str:
    """What InspIRCd wants to know of the services that will link to it."""
    names = (*ACCOUNT_MODULES, "sasl") if sasl else ACCOUNT_MODULES
    modules = "\n".join(f'<module name="{name}">' for name in names)
    return f"""
{modules}
<bind address="127.0.0.1" port="{port}" type="servers">
<link name="{SERVICES}" ipaddr="127.0.0.1" port="{port}" allowmask="127.0.0.1" sendpass="{LINK_PASSWORD}"
 recvpass="{LINK_PASSWORD}">
<uline server="{SERVICES}" silent="yes">
<sasl target="{SERVICES}" requiressl="no">
"""


@contextmanager
def run_inspircd(certificates: Certificates, more: str = "") -> Iterator[IrcServer]:
    """Run an InspIRCd of one's own, with the IRCv3 modules loaded; ``more`` goes into its configuration.

    ``{tls_port}`` in it is the port for TLS.
    """
    executable = find_server("inspircd", "inspircd")
    port, tls_port = free_port(), free_port()
    more = more.replace("{tls_port}", str(tls_port))
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
{more}
""")
        argv = [executable, "--nofork", "--nolog", "--runasroot", "--config", str(config)]
        with running(argv, ready=lambda: accepts(("127.0.0.1", port)), log=directory / "log"):
            yield IrcServer("127.0.0.1", port, tls_port, certificates.authority)


ATHEME_MODULES = (
    *("protocol/inspircd", "backend/opensex", "crypto/pbkdf2v2"),
    *("nickserv/main", "nickserv/identify", "nickserv/register", "nickserv/cert", "nickserv/group"),
    *("saslserv/main", "saslserv/plain", "saslserv/external"),
)


@contextmanager
def run_services(certificates: Certificates, *, sasl: bool = True) -> Iterator[IrcServer]:
    """Run an InspIRCd with Atheme's NickServ and SaslServ behind it: anybody may register an account."""
    atheme, port = find_server("atheme-services", "atheme-services"), free_port()
    with run_inspircd(certificates, _linked(port, sasl=sasl)) as server, tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for each in ("etc", "var", "run", "log"):
            (directory / each).mkdir()
        modules = "\n".join(f'loadmodule "modules/{module}";' for module in ATHEME_MODULES)
        config = directory / "etc" / "atheme.conf"
        config.write_text(f"""
{modules}
crypto {{ pbkdf2v2_digest = "SHA256"; pbkdf2v2_rounds = 10000; }};
serverinfo {{
 name = "{SERVICES}"; desc = "Services for the tests"; numeric = "00A"; recontime = 1; netname = "TestNet";
 hidehostsuffix = "users.test.example"; adminname = "Test"; adminemail = "test@test.example";
 registeremail = "test@test.example"; auth = none; loglevel = {{ error; info; }}; maxcertfp = 5; maxlogins = 50;
 maxusers = 0; maxnicks = 5; maxchans = 5; emaillimit = 1000; emailtime = 1; casemapping = rfc1459;
}};
uplink "irc.test.example" {{ host = "127.0.0.1"; port = {port}; password = "{LINK_PASSWORD}"; }};
nickserv {{ nick = "NickServ"; user = "NickServ"; host = "{SERVICES}"; real = "NickServ"; spam; }};
saslserv {{ nick = "SaslServ"; user = "SaslServ"; host = "{SERVICES}"; real = "SaslServ"; }};
general {{ helpchan = "#help"; helpurl = "none"; flood_msgs = 0; commit_interval = 60; expiry = 0; }};
""")
        argv = [atheme, "-n", "-c", str(config), "-D", str(directory / "var"), "-p", str(directory / "run" / "pid")]
        argv += ["-l", str(directory / "log" / "atheme.log")]
        log = directory / "log" / "output"
        with running(argv, ready=lambda: _knows(server, "NickServ"), log=log):
            yield server


def _knows(server: IrcServer, nick: str) -> bool:
    """Whether somebody of this name is on the network."""
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        heard = b""
        for said, until in (("NICK probe\r\nUSER probe 0 * :x", b" 001 "), (f"ISON {nick}", b" 303 ")):
            connection.sendall(f"{said}\r\n".encode())
            while until not in heard:
                chunk = connection.recv(4096)
                if not chunk:
                    return False
                heard += chunk
        return f":{nick}".encode() in heard.partition(b" 303 ")[2]


@pytest.fixture(scope="session")
def services(certificates: Certificates) -> Iterator[IrcServer]:
    """InspIRCd with accounts: Atheme's NickServ and SaslServ (PLAIN, EXTERNAL)."""
    with run_services(certificates) as server:
        yield server


@pytest.fixture(scope="session")
def services_without_sasl(certificates: Certificates) -> Iterator[IrcServer]:
    """The same, but that only NickServ takes passwords."""
    with run_services(certificates, sasl=False) as server:
        yield server


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
