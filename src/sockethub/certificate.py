"""The certificate that the gateway shows its clients, read again when it is renewed."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path
from typing import Final

import structlog

from sockethub.errors import ConfigError
from sockethub.stamp import Stamp, stamp

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: those with forward secrecy and authenticated encryption (RFC 9325 §4.2); 1.3 has no others."""

PROTOCOLS: Final = ("http/1.1",)
"""What ALPN offers (RFC 7301). Not HTTP/2: one connection of it holds a hundred requests, which nothing here counts."""

_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def context(certificate: Path, key: Path, minimum_version: str) -> ssl.SSLContext:
    """What connections are accepted with, by TLS 1.2 or 1.3 at least.

    Raises :class:`~sockethub.errors.ConfigError`, which names the file.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = _VERSIONS[minimum_version]
    made.set_ciphers(CIPHERS)
    made.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    made.set_alpn_protocols(list(PROTOCOLS))
    _load(made, certificate, key)
    return made


def _load(made: ssl.SSLContext, certificate: Path, key: Path) -> None:
    for path in (certificate, key):
        try:
            with path.open("rb"):
                mode = stat.S_IMODE(path.stat().st_mode)
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    if mode & 0o007:
        raise ConfigError(f"everybody can read the private key {path}; run: chmod 600 {path}")
    try:
        made.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or "it has a password, or is no key"
        if reason == "KEY_VALUES_MISMATCH":
            reason = "this is not the key of the first certificate in that file"
        raise ConfigError(f"{certificate} and {key} cannot be used: {reason}") from None


def _no_password() -> str:
    """Instead of asking at the terminal."""
    return ""


class Certificate:
    """The context, and the files that it was made from."""

    def __init__(self, certificate: Path, key: Path, minimum_version: str) -> None:
        """Raises :class:`~sockethub.errors.ConfigError`."""
        self._files = certificate, key
        self._minimum_version = minimum_version
        self._stamp = self._look()
        self.context = context(certificate, key, minimum_version)
        self._log = structlog.get_logger(__name__)

    def look_again(self) -> None:
        """Show new connections the certificate that lies there now; the one before, while it cannot be used."""
        now = self._look()
        if now == self._stamp:
            return
        self._stamp = now
        try:
            context(*self._files, self._minimum_version)  # a pair that does not fit must not be half loaded
            _load(self.context, *self._files)
        except ConfigError as error:
            self._log.error("the new certificate cannot be used; the one before stays", error=str(error))
        else:
            self._log.info("the certificate was read again", path=self._files[0])

    def _look(self) -> tuple[Stamp, ...]:
        return tuple(map(stamp, self._files))
