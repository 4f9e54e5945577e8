"""Pure translators between IRC, XMPP and ActivityStreams."""

__version__ = "0.1.0"
