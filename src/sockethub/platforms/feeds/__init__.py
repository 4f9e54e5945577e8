"""Feeds: a stateless platform that fetches RSS (0.9x, 1.0, 2.0), Atom and JSON Feed, and answers with posts.

===================  ===================================================================================================
:mod:`.platform`     one ``fetch``: get, read, answer
:mod:`.options`      what the operator may set
:mod:`.reading`      from bytes to a feed: which format, which encoding (pure)
:mod:`.screen`       XML that must not reach the parser (pure)
:mod:`.xml`          RSS and Atom, through feedparser (pure)
:mod:`.jsonfeed`     JSON Feed (pure)
:mod:`.model`        a feed as a value
:mod:`.markup`       HTML made harmless (pure)
:mod:`.dates`        points in time (pure)
:mod:`.answer`       from a feed to the activity that answers (pure)
===================  ===================================================================================================
"""

from __future__ import annotations

from sockethub.platforms.feeds.platform import FeedsPlatform

__all__ = ["FeedsPlatform"]
