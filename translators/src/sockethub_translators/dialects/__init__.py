"""Dialects: the named shapes in which clients write activities, each an isomorphism on the canonical form.

::

    >>> from sockethub_translators import dialects
    >>> said = {"type": "send", "context": "irc", "actor": {"id": "mynick", "type": "person"},
    ...         "target": {"id": "#javascript", "type": "room"}, "object": {"type": "note", "content": "Hello!"}}
    >>> env = dialects.DialectEnv(server="irc.example")
    >>> activity = dialects.decode(said, env)
    >>> activity["actor"]["id"], activity["target"]["id"], activity["object"]["type"]
    ('mynick@irc.example', '#javascript@irc.example', 'message')
    >>> dialects.encode(activity, dialects.detect(said), env) == said
    True
"""

from .contexts import AS2_CONTEXT, SOCKETHUB_CONTEXT, context_array, platform_context, platform_of
from .dialect import AS2, SEED, V4, V5, Dialect, DialectEnv, detect
from .reading import decode
from .writing import encode

__all__ = [
    "AS2",
    "AS2_CONTEXT",
    "SEED",
    "SOCKETHUB_CONTEXT",
    "V4",
    "V5",
    "Dialect",
    "DialectEnv",
    "context_array",
    "decode",
    "detect",
    "encode",
    "platform_context",
    "platform_of",
]
