"""How Hypercorn treats what comes in."""

from __future__ import annotations

import logging
import ssl
from typing import Final

import hypercorn.config

from sockethub.certificate import Certificate
from sockethub.config.gateway import Gateway

READ_MARGIN_SECONDS: Final = 15.0
"""Beyond ping and pong, how long a connection may be silent before it is closed, whatever it speaks."""


class HypercornConfig(hypercorn.config.Config):
    """With a certificate that can be renewed under way."""

    certificate: Certificate | None = None

    @property
    def ssl_enabled(self) -> bool:
        return self.certificate is not None

    def create_ssl_context(self) -> ssl.SSLContext | None:
        return self.certificate.context if self.certificate is not None else None


def certificate_of(declared: Gateway) -> Certificate | None:
    """The certificate to show, where one is declared. Raises :class:`~sockethub.errors.ConfigError`."""
    tls = declared.tls
    return None if tls is None else Certificate(tls.certificate, tls.key, tls.minimum_version)


def hypercorn_config(declared: Gateway, certificate: Certificate | None) -> hypercorn.config.Config:
    """What the declaration means to Hypercorn."""
    config = HypercornConfig()
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.websocket_max_message_size = declared.max_message_bytes
    config.websocket_ping_interval = declared.ping_seconds
    config.read_timeout = round(declared.ping_seconds + declared.pong_seconds + READ_MARGIN_SECONDS)
    config.certificate = certificate
    if declared.tls is not None:
        config.ssl_handshake_timeout = declared.tls.handshake_seconds
    return config
