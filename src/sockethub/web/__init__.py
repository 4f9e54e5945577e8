"""HTTP through the guard: one bounded request, for platforms that fetch or ask.

===================  ===================================================================================================
:mod:`.urls`         what a URL says, and where a redirect leads (pure)
:mod:`.limits`       how much, how long, how often
:mod:`.inflate`      compressed bodies, with an end (pure)
:mod:`.exchange`     one request and its answer on one connection
:mod:`.cache`        what was fetched before, to ask whether it has changed
:mod:`.courtesy`     how much is asked of one host at once
:mod:`.client`       all of it: vet, ask, follow, remember
:mod:`.options`      what the operator may set of it
:mod:`.text`         the characters of a document (pure)
:mod:`.xml`          XML that may be hostile (pure)
:mod:`.members`      what of a document goes into an activity (pure)
===================  ===================================================================================================
"""

from __future__ import annotations

from sockethub.web.client import WebClient
from sockethub.web.exchange import Answer, Request, undecided
from sockethub.web.limits import Limits
from sockethub.web.options import FetchOptions
from sockethub.web.text import decode

__all__ = ["Answer", "FetchOptions", "Limits", "Request", "WebClient", "decode", "undecided"]
