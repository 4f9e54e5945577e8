"""The one way out: which hosts, ports and addresses a platform may connect to, looked at once and then kept.

A name is resolved once, *every* address of the answer is vetted, and the connection goes to a vetted address rather
than to the name, so that a second answer of the DNS cannot lead elsewhere. All platforms that take a host from a client
connect through here.

===================  ===================================================================================================
:mod:`.reach`        the declared policy as a value (pure)
:mod:`.addresses`    whether an address may be connected to, in every disguise (pure)
:mod:`.hosts`        a host as somebody wrote it, in its one spelling (pure)
:mod:`.dial`         resolving and connecting
===================  ===================================================================================================
"""

from __future__ import annotations

from sockethub.guard.addresses import vet
from sockethub.guard.dial import Endpoint, Resolver, connect, resolve, system_resolver
from sockethub.guard.hosts import Host, canonical
from sockethub.guard.reach import Reach

__all__ = ["Endpoint", "Host", "Reach", "Resolver", "canonical", "connect", "resolve", "system_resolver", "vet"]
