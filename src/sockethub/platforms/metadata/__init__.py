"""Metadata: a stateless platform that fetches a web page and answers with what it says about itself.

===================  ===================================================================================================
:mod:`.platform`     one ``fetch``: get, read, answer
:mod:`.options`      what the operator may set
:mod:`.tags`         the tags of a page that matter, without a tree (pure)
:mod:`.page`         what those tags say: Open Graph, Twitter, JSON-LD, links (pure)
:mod:`.linked`       JSON-LD (pure)
:mod:`.answer`       from a page to the activity that answers (pure)
===================  ===================================================================================================
"""

from __future__ import annotations

from sockethub.platforms.metadata.platform import MetadataPlatform

__all__ = ["MetadataPlatform"]
