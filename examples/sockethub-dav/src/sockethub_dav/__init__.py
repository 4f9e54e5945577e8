"""What CalDAV and CardDAV have in common, for platforms of Sockethub.

=======================  ===============================================================================================
:mod:`.challenges`       ways to authenticate that a server offers (pure)
:mod:`.authentication`   Basic, Digest and Bearer, on what each of them may be used (pure, but for the count of a nonce)
:mod:`.client`           requests to one server, through Sockethub's guard
:mod:`.multistatus`      what answers to PROPFIND and REPORT say (pure)
:mod:`.flavour`          what differs between the two protocols
:mod:`.platform`         the platform: discovery, and the verbs fetch, query, create, update, delete
=======================  ===============================================================================================
"""

from __future__ import annotations

from sockethub_dav.flavour import Flavour
from sockethub_dav.multistatus import Found
from sockethub_dav.options import Options
from sockethub_dav.platform import DavPlatform

__all__ = ["DavPlatform", "Flavour", "Found", "Options"]
