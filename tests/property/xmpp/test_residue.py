"""The laws of residue: what it completes is exact, what the view says stays, and no input but its own is taken."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from sockethub_translators.errors import TranslationError
from sockethub_translators.xmpp.element import Element, element
from sockethub_translators.xmpp.residue import diff, from_json, patch, to_json

NAMES = st.sampled_from(["{n}a", "{n}b", "{m}a"])
TEXTS = st.sampled_from(["", "x", "y", " x "])
ATTRS = st.dictionaries(st.sampled_from(["k", "l", "{n}k"]), TEXTS, max_size=3)


def _elements(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Element]:
    return st.builds(
        lambda name, attrs, nodes: element(name, attrs, *nodes), NAMES, ATTRS, st.lists(children | TEXTS, max_size=5)
    )


ELEMENTS = st.recursive(_elements(st.nothing()), _elements, max_leaves=12)


@given(ELEMENTS, ELEMENTS)
def test_a_patch_gives_the_very_element(written: Element, actual: Element) -> None:
    delta = diff(written, actual)
    event("nothing" if not delta else "names differ" if "was" in delta else "patched")
    assert json.loads(json.dumps(delta)) == delta
    assert patch(written, delta, "$") == actual
    assert (delta == {}) == (written == actual)


@given(ELEMENTS, ELEMENTS)
def test_what_was_never_read_takes_nothing_from_the_view(written: Element, actual: Element) -> None:
    """A delta of an element against itself is empty, so an edited view stands as it is."""
    assert patch(actual, diff(written, written), "$") == actual


@given(ELEMENTS, ELEMENTS, st.sampled_from(["k", "l"]), st.text("abc", min_size=3, max_size=3))
def test_an_edited_attribute_wins(written: Element, actual: Element, key: str, value: str) -> None:
    """Whatever the stanza spelled otherwise, an edited member of the view is what is written."""
    actual = actual._replace(name=written.name)
    delta = diff(written, actual)
    edited = written._replace(attrs={**written.attrs, key: value})
    assert patch(edited, delta, "$").attrs[key] == value
    assert patch(edited, delta, "$").children == actual.children


@given(ELEMENTS, ELEMENTS, TEXTS)
def test_a_child_that_an_edit_added_is_kept(written: Element, actual: Element, text: str) -> None:
    actual = actual._replace(name=written.name)
    added = element("{new}child", None, text)
    edited = written._replace(children=(*written.children, added))
    assert added in patch(edited, diff(written, actual), "$").children


@given(ELEMENTS)
def test_elements_are_json_and_back(one: Element) -> None:
    assert from_json(json.loads(json.dumps(to_json(one))), "$") == one


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | TEXTS | NAMES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["attrs", "children", "without", "was", "is", "ref", "nth", "delta", "element", "text"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(ELEMENTS, JSON)
def test_any_json_is_a_patch_or_an_error(written: Element, delta: Any) -> None:
    try:
        patched = patch(written, delta, "$")
    except TranslationError as error:
        place = error.path
    else:
        place = "$"
        assert from_json(to_json(patched), "$") == patched
    assert place.startswith("$")
