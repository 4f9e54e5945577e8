"""A stream of slixmpp, made to carry elements of our codec, through our guard, without keeping what it hears.

slixmpp negotiates: STARTTLS, SASL, resource binding, stream management with resumption (XEP-0198). Of it are replaced:
the way a server is found and reached; the parser, which has no bounds; what happens to messages, presences and IQs,
which go straight to us (slixmpp would answer subscriptions by itself and remember every presence); and its log, which
would hold what people say.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from slixmpp import ClientXMPP
from slixmpp.plugins.xep_0198 import stanza as sm
from slixmpp.stanza import Iq, Message, Presence

from sockethub.errors import PlatformError
from sockethub.platforms.xmpp import sasl
from sockethub.platforms.xmpp.dial import Dialler, tls_error
from sockethub.platforms.xmpp.login import Login
from sockethub.platforms.xmpp.options import Options
from sockethub.platforms.xmpp.refusals import connect_error, sasl_error, stream_error
from sockethub_translators import xmpp
from sockethub_translators.errors import ParseError
from sockethub_translators.xmpp import ns

__all__ = ["Hooks", "Stream"]

MAX_UNSENT: Final = 1024 * 1024
"""Bytes waiting for a server that does not read. Commands wait for their outcome, so this is far more than honest use
needs; a server that asks without ever reading is cut off here."""
MAX_EARLY: Final = 256
"""Stanzas kept that come between binding and the end of negotiation; an honest server has little to say yet."""
CLOSE_SECONDS: Final = 1.0
"""How long a server may take to close its stream after we have closed ours."""

_ACTIVE: Final = xmpp.Element("{urn:xmpp:csi:0}active", {})
_INACTIVE: Final = xmpp.Element("{urn:xmpp:csi:0}inactive", {})
_STANZAS: Final = {ns.MESSAGE: Message, ns.PRESENCE: Presence, ns.IQ: Iq}
_SM: Final = "xep_0198"
_COUNTER: Final = 2**32
_FEATURES: Final = ns.tag(ns.STREAM, "features")
_CSI: Final = "{urn:xmpp:csi:0}csi"
_STREAM_ERROR: Final = ns.tag(ns.STREAM, "error")
_MECHANISMS: Final = frozenset({f"SCRAM-SHA-{bits}{plus}" for bits in ("1", "256", "512") for plus in ("", "-PLUS")})

logging.getLogger("slixmpp").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a stream tells: a stanza, that the server has handled one of ours (its id), that the stream is over."""

    stanza: Callable[[xmpp.Element], None]
    handled: Callable[[str], None]
    lost: Callable[[], None]


class Stream(ClientXMPP):
    """One login's stream; :meth:`open` may be called again after it was lost, to resume it."""

    def __init__(self, login: Login, options: Options, dialler: Dialler, hooks: Hooks) -> None:
        super().__init__(str(login.jid), login.password or "", ssl_context=dialler.tls)
        self.reason = "the server hung up"
        self.condition = "connection-closed"
        self.heard = 0.0
        self._login = login
        self._dialler = dialler
        self._hooks = hooks
        self._reader = xmpp.StanzaReader()
        self._early: list[xmpp.Element] = []
        self._opened: asyncio.Future[bool] | None = None
        self._negotiated = False
        self._securing = False
        self._client_state = False
        self.enable_plaintext = not options.require_tls
        self.whitespace_keepalive = False
        # Without xml:lang: a language that nobody has chosen is none (XEP-0045 rooms would pass it on).
        self.stream_header = (
            f"<stream:stream to='{login.jid.domain}' xmlns:stream='{self.stream_ns}' xmlns='{self.default_ns}'"
            " version='1.0'>"
        )
        self._authenticate_with(login, options)
        self.register_plugin(_SM)
        for name in ("IM", "IMError", "Presence", "Roster Update", "Stream Error"):
            self.remove_handler(name)
        for event, handler in (
            ("stream_negotiated", self._on_negotiated),
            ("session_resumed", self._on_resumed),
            ("failed_auth", self._on_refused),
            ("failed_all_auth", self._on_no_way_in),
            ("stanza_acked", self._on_acked),
            ("disconnected", self._on_disconnected),
        ):
            self.add_event_handler(event, handler)

    def _authenticate_with(self, login: Login, options: Options) -> None:
        mechanisms = self.plugin["feature_mechanisms"]
        if login.token is not None:
            self.credentials.update({"username": login.jid.bare, "access_token": login.token})
            mechanisms.use_mechs = {sasl.NAME}
        else:
            # PLAIN only over TLS, which is the plugin's default. Never what needs no password.
            mechanisms.use_mechs = {*_MECHANISMS, "PLAIN"}
        mechanisms.unencrypted_scram = not options.require_tls

    # --- Opening ------------------------------------------------------------------------------------------------------

    async def open(self) -> bool:
        """Connect, authenticate, and bind or resume; whether it was resumed. Raises :class:`PlatformError`."""
        self._negotiated = False
        self.reason, self.condition = "the server hung up", "connection-closed"
        self._opened = asyncio.get_running_loop().create_future()
        try:
            self.connect()
            return await self._opened
        finally:
            self._opened = None
            if not self._negotiated:
                self.drop()

    async def _connect_loop(self) -> None:
        """In place of slixmpp's own way to a server; :meth:`connect` calls it."""
        try:
            await self._dialler(self, self._login)
        except PlatformError as error:
            self._fail(error)
        finally:
            if self.transport is None:
                self._fail(connect_error("an error of this service", "internal"))

    def init_parser(self) -> None:
        """A new stream begins: after connecting, after TLS, after authenticating."""
        self._reader = xmpp.StanzaReader()
        super().init_parser()

    def _succeed(self, *, resumed: bool) -> None:
        self._negotiated = True
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(resumed)

    def begin(self) -> None:
        """Give out what came while the stream was being opened; who waits for it is ready now."""
        early, self._early = self._early, []
        for element in early:
            self._hooks.stanza(element)

    def _fail(self, error: PlatformError) -> None:
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(error)

    def _on_negotiated(self, event: Any) -> None:
        if not self.authenticated:
            self._on_no_way_in(event)
        elif not self.boundjid.resource or not self.bound:
            self._fail(connect_error("the server gave this login no address", "conflict"))
        else:
            self._succeed(resumed=False)

    def _on_resumed(self, event: Any) -> None:
        self._succeed(resumed=True)

    def _on_refused(self, failure: Any) -> None:
        self._fail(sasl_error(failure["condition"] or "", failure["text"] or ""))

    def _on_no_way_in(self, event: Any) -> None:
        encrypted = isinstance(self.socket, (ssl.SSLSocket, ssl.SSLObject))
        why = "no way to log in that this server and we have in common"
        why = why if encrypted else "the server has no TLS, and passwords are not sent without it"
        self._fail(connect_error(why, "sasl-failed" if encrypted else "tls-failed"))

    async def start_tls(self) -> bool:
        """TLS on the connection there is (RFC 6120 §5); in place of slixmpp's, which does not tell what went wrong."""
        domain = self._login.jid.domain
        assert self.transport is not None
        self._securing = True
        try:
            self._current_connection_attempt = asyncio.ensure_future(
                self.loop.start_tls(self.transport, self, self.ssl_context, server_hostname=domain)
            )
            transport = await self._current_connection_attempt
        except OSError as error:  # ssl.SSLError is one.
            self._fail(tls_error(error, domain))
            return False
        finally:
            self._securing = False
        if transport is None:
            self._fail(tls_error(ConnectionResetError(), domain))
            return False
        self.connection_made(transport, send_event=False)
        return True

    # --- What comes in ------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes | str) -> None:
        """Bytes from the server: our bounded reader instead of slixmpp's parser."""
        self.heard = self.loop.time()
        reader = self._reader
        for event in reader.feed(data.encode() if isinstance(data, str) else data):
            if isinstance(event, xmpp.Element):
                self._on_element(event)
            elif isinstance(event, xmpp.StreamStart):
                self.start_stream_handler(xmpp.to_etree(event.root))  # type: ignore[no-untyped-call]
            elif isinstance(event, ParseError):
                self._end(f"the server sent what is no XMPP ({event})", "garbage")
            else:
                self._end(self.reason, self.condition)
            if reader is not self._reader or self.transport is None:
                return  # another stream has begun, or this one is over: what is left belongs to neither

    def _on_element(self, element: xmpp.Element) -> None:
        if element.name in _STANZAS and (self._negotiated or (self.bound and element.name != ns.IQ)):
            manager = self.plugin[_SM]
            if manager.enabled_in:
                manager.handled = (manager.handled + 1) % _COUNTER
            if self._negotiated:
                self._hooks.stanza(element)
            elif len(self._early) < MAX_EARLY:
                self._early.append(element)
        elif element.name == _FEATURES:
            self._client_state = self._client_state or element.find(_CSI) is not None
            self._spawn_event(xmpp.to_etree(element))
        elif element.name == _STREAM_ERROR:
            self.condition, self.reason = stream_error(element)
            self._fail(connect_error(self.reason, self.condition))
        else:
            self._spawn_event(xmpp.to_etree(element))

    def _end(self, reason: str, condition: str) -> None:
        self.reason, self.condition = reason, condition
        self.abort()

    def _on_acked(self, stanza: Any) -> None:
        self._hooks.handled(stanza["id"])

    def _on_disconnected(self, reason: Any) -> None:
        if isinstance(reason, OSError):
            self.reason = reason.strerror or str(reason)
        if not self._securing:  # else what TLS says of it is the reason
            self._fail(connect_error(f"the server closed the connection ({self.reason})", self.condition))
        if self._negotiated:
            self._negotiated = False
            self._hooks.lost()

    # --- What goes out ------------------------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        return self._negotiated and self.transport is not None

    @property
    def managed(self) -> bool:
        """Whether the server tells what it has handled (XEP-0198)."""
        return bool(self.plugin[_SM].enabled_out)

    @property
    def resumable(self) -> bool:
        """Whether the stream may be taken up again after it was lost."""
        return bool(self.plugin[_SM].sm_id)

    def write(self, element: xmpp.Element) -> None:
        """Send a stanza."""
        make: Any = _STANZAS[element.name]
        self.send(make(self, xml=xmpp.to_etree(element)))
        self._check_unsent()

    def ask_handled(self) -> None:
        """Ask the server to say what it has handled; behind what was written before."""
        self.send(sm.RequestAck(self))

    def attended(self, anybody: bool) -> None:
        """Say whether a person listens (XEP-0352), where the server wants to know: another would end the stream."""
        if self.alive and self._client_state:
            self.send_raw(xmpp.encode(_ACTIVE if anybody else _INACTIVE))

    def _check_unsent(self) -> None:
        if self.transport is not None and self.transport.get_write_buffer_size() > MAX_UNSENT:
            self._end("the server does not read", "connection-closed")

    async def close(self) -> None:
        """End the stream for good (RFC 6120 §4.4): nothing of it can be resumed."""
        if self.transport is not None and self._negotiated:
            await self.disconnect(wait=CLOSE_SECONDS)
        self.drop()

    def drop(self) -> None:
        """Hang up, and let go of everything."""
        self._negotiated = False
        self.cancel_connection_attempt()
        self.abort()
        if self._run_out_filters is not None:
            self._run_out_filters.cancel()
