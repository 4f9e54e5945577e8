"""The residue: what turns the stanza that a view would write into the very stanza that was read.

Every kind of stanza has a pair of view functions that know nothing of residue. What their view leaves out is found
here, for all kinds alike: ``diff(written, actual)`` is the least that must be kept, and ``patch(written, delta)`` adds
it again. Whoever edits the view changes what is written, and there the view wins: a delta replaces only what is still
as it was, and adds only what the view does not write itself.

A delta is plain JSON:

``attrs``     ``{name: [was, is]}``; null where there is none
``children``  the children in order, each one of

              - a name, ``{ns}local``, or ``#`` for text: the first written child of that name, as it is
              - ``{"ref": name, "nth": n, "delta": …}``: the n-th of that name, itself patched
              - ``{"was": text, "is": text}``: a text spelled otherwise
              - ``{"element": [name, attributes, child…]}`` or ``{"text": …}``: only the stanza had it
``without``   ``[[name, n], …]``: written children that the stanza did not have
``was, is``   two whole elements, where not even the names agree

Children that an edit added are in neither list, and come last; what only the stanza had of their name makes way.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from ..errors import TranslationError
from .element import MAX_DEPTH, Element, Node, element

__all__ = ["Delta", "diff", "from_json", "patch", "to_json"]

Delta: TypeAlias = dict[str, Any]
_Numbered: TypeAlias = tuple[tuple[str, int], Node]
"""A child, with its name and its place among those of that name."""

_TEXT: Final = "#"


def to_json(node: Element) -> list[Any]:
    """``[name, attributes, child…]``."""
    return [
        node.name,
        dict(node.attrs),
        *(child if isinstance(child, str) else to_json(child) for child in node.children),
    ]


def from_json(value: Any, path: str, depth: int = 0) -> Element:
    """The inverse of :func:`to_json`; raises :class:`TranslationError` for anything else."""
    if not (isinstance(value, list) and len(value) >= 2 and isinstance(value[0], str)) or depth > MAX_DEPTH:
        raise TranslationError(path, "not an element: [name, attributes, child…]")
    name, attrs, *children = value
    if not isinstance(attrs, dict) or not all(isinstance(item, str) for item in attrs.values()):
        raise TranslationError(path, "attributes are not an object of strings")
    return element(
        name,
        attrs,
        *(child if isinstance(child, str) else from_json(child, path, depth + 1) for child in children),
    )


def diff(written: Element, actual: Element) -> Delta:
    """What to keep so that :func:`patch` makes ``actual`` of ``written``; empty when they are equal."""
    if written == actual:
        return {}
    if written.name != actual.name:
        return {"was": to_json(written), "is": to_json(actual)}
    delta: Delta = {}
    if written.attrs != actual.attrs:
        delta["attrs"] = _diff_attrs(written, actual)
    if written.children != actual.children:
        delta.update(_diff_children(written.children, actual.children))
    return delta


def _diff_attrs(written: Element, actual: Element) -> dict[str, list[str | None]]:
    names = sorted({*written.attrs, *actual.attrs})
    pairs = {name: [written.attrs.get(name), actual.attrs.get(name)] for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _numbered(children: Sequence[Node]) -> Iterator[_Numbered]:
    seen: dict[str, int] = {}
    for child in children:
        name = _TEXT if isinstance(child, str) else child.name
        nth = seen.get(name, 0)
        seen[name] = nth + 1
        yield (name, nth), child


def _diff_children(written: Sequence[Node], actual: Sequence[Node]) -> Delta:
    """Pair each child with the likest of those written: first the same ones, at last any of the name."""
    left = list(_numbered(written))
    pairs: list[_Numbered | None] = [None] * len(actual)
    for alike in _ALIKE:
        for index, child in enumerate(actual):
            if left and pairs[index] is None:
                pairs[index] = _take(left, child, alike)
    kept = [
        _alone(child) if pair is None else _paired(pair[0], pair[1], child)
        for pair, child in zip(pairs, actual, strict=True)
    ]
    delta: Delta = {"children": kept}
    if left:
        delta["without"] = [list(key) for key, _ in left]
    return delta


def _take(left: list[_Numbered], child: Node, alike: Callable[[Node, Node], bool]) -> _Numbered | None:
    """The first written child that is alike, taken out of ``left``."""
    for index, numbered in enumerate(left):
        if alike(numbered[1], child):
            return left.pop(index)
    return None


def _same_shape(a: Node, b: Node) -> bool:
    if isinstance(a, str) or isinstance(b, str) or a.name != b.name or a.attrs != b.attrs:
        return False
    return [each.name for each in a.elements()] == [each.name for each in b.elements()]


def _same_attrs(a: Node, b: Node) -> bool:
    return not isinstance(a, str) and not isinstance(b, str) and a.name == b.name and a.attrs == b.attrs


def _same_name(a: Node, b: Node) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str)
    return a.name == b.name


_ALIKE: Final[tuple[Callable[[Node, Node], bool], ...]] = (operator.eq, _same_shape, _same_attrs, _same_name)


def _alone(child: Node) -> dict[str, Any]:
    return {"text": child} if isinstance(child, str) else {"element": to_json(child)}


def _paired(key: tuple[str, int], written: Node, actual: Node) -> Any:
    name, nth = key
    if written == actual:
        return name if nth == 0 else {"ref": name, "nth": nth}
    if isinstance(written, str) or isinstance(actual, str):
        return {"was": written, "is": actual, "nth": nth}
    return {"ref": name, "nth": nth, "delta": diff(written, actual)}


def patch(written: Element, delta: Any, path: str, depth: int = 0) -> Element:
    """``written`` completed by ``delta``; raises :class:`TranslationError` when it is not what :func:`diff` gives."""
    if not isinstance(delta, dict) or depth > MAX_DEPTH:
        raise TranslationError(path, "not an object, or nested too deeply")
    if not delta:
        return written
    if "was" in delta:
        return from_json(delta.get("is"), path) if delta["was"] == to_json(written) else written
    attrs = written.attrs if "attrs" not in delta else _patch_attrs(written, delta["attrs"], f"{path}.attrs")
    children = written.children
    if "children" in delta:
        without = _without(delta.get("without", []), f"{path}.without")
        children = _patch_children(children, delta["children"], without, f"{path}.children", depth)
    return Element(written.name, attrs, children)


def _patch_attrs(written: Element, pairs: Any, path: str) -> dict[str, str]:
    if not isinstance(pairs, dict):
        raise TranslationError(path, "not an object")
    attrs = dict(written.attrs)
    for name, pair in pairs.items():
        if not (isinstance(pair, list) and len(pair) == 2 and all(x is None or isinstance(x, str) for x in pair)):
            raise TranslationError(f"{path}.{name}", "not a pair of strings or nulls")
        was, now = pair
        if attrs.get(name) != was:
            continue
        if now is None:
            attrs.pop(name, None)
        else:
            attrs[name] = now
    return attrs


def _without(value: Any, path: str) -> frozenset[tuple[str, int]]:
    if not isinstance(value, list) or not all(
        isinstance(key, list) and len(key) == 2 and isinstance(key[0], str) and type(key[1]) is int for key in value
    ):
        raise TranslationError(path, "not a list of [name, number]")
    return frozenset((name, nth) for name, nth in value)


def _patch_children(
    written: Sequence[Node], kept: Any, without: frozenset[tuple[str, int]], path: str, depth: int
) -> tuple[Node, ...]:
    if not isinstance(kept, list):
        raise TranslationError(path, "not a list")
    left = {key: child for key, child in _numbered(written) if key not in without}
    new = {name for name, nth in left if nth == 0} - {_name_of(item) for item in kept}
    nodes: list[Node | None] = []
    for index, item in enumerate(kept):
        place = f"{path}[{index}]"
        if new and _is_superseded(item, new):
            continue
        if isinstance(item, str):
            nodes.append(left.pop((item, 0), None))
        elif isinstance(item, dict):
            nodes.append(_restore(item, left, place, depth))
        else:
            raise TranslationError(place, "not a name or an object")
    return element("", None, *nodes, more=left.values()).children


def _name_of(item: Any) -> Any:
    """The name of the written child that a member of ``children`` refers to."""
    if isinstance(item, dict):
        item = _TEXT if "was" in item else item.get("ref")
    return item if isinstance(item, str) else None


def _is_superseded(item: Any, new: set[str]) -> bool:
    """Whether only the stanza had this, where the view now has its like and had none before."""
    if not isinstance(item, dict) or not isinstance(item.get("element"), list):
        return isinstance(item, dict) and "text" in item and _TEXT in new
    return bool(item["element"]) and isinstance(item["element"][0], str) and item["element"][0] in new


def _restore(item: dict[str, Any], left: dict[tuple[str, int], Node], path: str, depth: int) -> Node | None:
    if "element" in item:
        return from_json(item["element"], path)
    if "text" in item:
        return _string(item["text"], path)
    nth = item.get("nth", 0)
    if type(nth) is not int:
        raise TranslationError(path, "nth is not a number")
    if "was" in item:
        text = left.pop((_TEXT, nth), None)
        return _string(item.get("is"), path) if text is not None and text == item["was"] else text
    found = left.pop((_string(item.get("ref"), path), nth), None)
    if found is None or isinstance(found, str) or "delta" not in item:
        return found
    return patch(found, item["delta"], f"{path}.delta", depth + 1)


def _string(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise TranslationError(path, "not a string")
    return value
