"""XML from strangers: read into a tree, or refused before anything grows."""

from __future__ import annotations

import pytest

from sockethub.errors import PlatformError
from sockethub.web.xml import ATTRIBUTES, DEPTH, ELEMENTS, tree


def test_names_have_their_namespaces() -> None:
    root = tree(b'<?xml version="1.0"?><d:a xmlns:d="DAV:" xmlns="u:x" n="1" d:m="2">t<b>&lt;&#65;</b></d:a>', "it")
    assert (root.tag, root.text, root.attrib) == ("{DAV:}a", "t", {"n": "1", "{DAV:}m": "2"})
    assert [(each.tag, each.text) for each in root] == [("{u:x}b", "<A")]


def test_the_encoding_is_the_documents_own() -> None:
    assert tree('<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>'.encode("latin-1"), "it").text == "é"


@pytest.mark.parametrize("text", ["", "no XML", "<a>", "<a></b>", "<x:a/>", '<?xml version="1.0" encoding="x-y"?><a/>'])
def test_what_is_no_xml_is_told(text: str) -> None:
    with pytest.raises(PlatformError, match="it is not well-formed XML") as refusal:
        tree(text.encode(), "it")
    assert refusal.value.condition == "bad-response"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares a document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "declares a document type"),
        ("<a>" * (DEPTH + 1), "is nested deeper"),
        ("<a>" + "<b/>" * ELEMENTS + "</a>", "has more than"),
        ("<a " + " ".join(f'n{number}=""' for number in range(ATTRIBUTES + 1)) + "/>", "attributes"),
    ],
    ids=["entities", "system", "depth", "elements", "attributes"],
)
def test_what_is_hostile_is_not_read(text: str, why: str) -> None:
    with pytest.raises(PlatformError, match=why) as refusal:
        tree(text.encode(), "it")
    assert refusal.value.condition == "hostile"
