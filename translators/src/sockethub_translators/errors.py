"""The errors of this distribution, by whose fault they are.

::

    TranslatorError                 catch this to catch all of them
    ├── ParseError                  the wire: bytes a peer sent are not a line or stanza
    ├── EncodeError                 the caller: a line or stanza that cannot be put on the wire
    ├── TranslationError            the activity: cannot be expressed in the protocol (``path``, ``message``)
    │   └── Unsupported             the server: lacks what the activity needs
    └── DialectError                the client: a message its dialect does not allow (``path``, ``message``)

``path`` is a JSONPath of the offending member, such as ``$.target.id``. Error texts name what is wrong and never
repeat message contents or secrets.
"""

from __future__ import annotations

__all__ = ["DialectError", "EncodeError", "ParseError", "TranslationError", "TranslatorError", "Unsupported"]


class TranslatorError(ValueError):
    """Base of every error raised here."""


class ParseError(TranslatorError):
    """The input is not a line (or stanza) of the protocol."""


class EncodeError(TranslatorError):
    """The value cannot be written as exactly one line (or stanza)."""


class _PathError(TranslatorError):
    """An error in a JSON document, with the place."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class TranslationError(_PathError):
    """The activity has no translation into the protocol; ``path`` names the member at fault."""


class Unsupported(TranslationError):
    """The protocol can say it, but this server does not offer what it takes (a capability, an ISUPPORT token)."""


class DialectError(_PathError):
    """The message is not valid in the client's dialect; ``path`` names the member at fault."""
