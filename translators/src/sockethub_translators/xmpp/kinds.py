"""Which functions read and write which kind of stanza: the tables, and nothing else.

A reader gives the view of a stanza, or None when it is not of its kind after all; a writer gives the stanza of a view.
Neither knows of residue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from . import raw
from .element import Element
from .env import Activity, Env
from .frame import Origin

__all__ = ["IQ_READERS", "READERS", "WRITERS", "Reader", "Writer"]

Reader: TypeAlias = Callable[[Element, Env], Activity | None]
Writer: TypeAlias = Callable[[Activity, Env, Origin], Element]

READERS: Final[dict[str, Reader]] = {}
"""By the name of the stanza: messages and presences."""

# Taken by the lead, being written now: iq.py, forms.py, disco.py, archive.py, blocking.py, bookmarks.py, profile.py,
# upload.py, commands.py. Left to whoever writes presence and muc: roster.py, admin.py.
IQ_READERS: Final[dict[str, Reader]] = {}
"""By the name of an IQ's payload; the empty name reads errors and IQs without payload."""

WRITERS: Final[dict[tuple[str, str | None], Writer]] = {("xmpp:raw", None): raw.put_raw}
"""By verb and object type; None stands for any, where the verb alone tells."""
