"""Sockethub for Python: a protocol gateway for the web."""

__version__ = "0.1.0"
