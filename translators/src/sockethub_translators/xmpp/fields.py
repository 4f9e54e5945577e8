"""Members of an activity, checked, with the place in the error."""

from __future__ import annotations

from typing import Any

from ..errors import TranslationError
from .element import illegal

__all__ = ["child", "flag", "items", "legal", "number", "optional_text", "text", "token"]


def legal(value: str, path: str, key: str | None = None) -> str:
    """``value``, if XML can carry it; ``key`` is the member's name where ``path`` is that of its container."""
    found = illegal(value)
    if found:
        raise TranslationError(
            path if key is None else f"{path}.{key}", f"has a character that XML cannot carry (U+{ord(found[0]):04X})"
        )
    return value


def text(container: Any, key: str, path: str) -> str:
    """A string that must be there; it may be empty."""
    value = container.get(key) if isinstance(container, dict) else None
    if not isinstance(value, str):
        raise TranslationError(f"{path}.{key}", "missing or not a string")
    return legal(value, path, key)


def optional_text(container: Any, key: str, path: str) -> str | None:
    """A string, or None where there is none."""
    if not isinstance(container, dict) or container.get(key) is None:
        return None
    return text(container, key, path)


def token(container: Any, key: str, path: str, allowed: frozenset[str]) -> str:
    """One of ``allowed``."""
    value = text(container, key, path)
    if value not in allowed:
        raise TranslationError(f"{path}.{key}", f"not one of {', '.join(sorted(allowed))}")
    return value


def flag(container: Any, key: str) -> bool:
    """Whether the member is there and true."""
    return isinstance(container, dict) and container.get(key) is True


def number(container: Any, key: str, path: str, *, least: int = 0) -> int | None:
    """A whole number, or None where there is none."""
    value = container.get(key) if isinstance(container, dict) else None
    if value is None:
        return None
    if type(value) is not int or value < least:
        raise TranslationError(f"{path}.{key}", f"not a whole number from {least}")
    return value


def child(container: Any, key: str, path: str) -> dict[str, Any]:
    """An object that must be there."""
    value = container.get(key) if isinstance(container, dict) else None
    if not isinstance(value, dict):
        raise TranslationError(f"{path}.{key}", "missing or not an object")
    return value


def items(container: Any, key: str, path: str) -> list[dict[str, Any]]:
    """A list of objects; empty where there is none."""
    value = container.get(key) if isinstance(container, dict) else None
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TranslationError(f"{path}.{key}", "not a list of objects")
    return value
