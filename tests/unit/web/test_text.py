from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.web.text import charset_of, decode


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/html; charset=utf-8", "utf-8"),
        ('text/html;charset="ISO-8859-1"; x=y', "ISO-8859-1"),
        ("text/html; CharSet = koi8-r", "koi8-r"),
        ("text/html", None),
        ("text/html; charset=", None),
    ],
)
def test_charset_of(content_type: str, charset: str | None) -> None:
    assert charset_of(content_type) == charset


@pytest.mark.parametrize(
    ("data", "candidates", "text", "encoding"),
    [
        ("grün".encode(), (), "grün", "utf-8"),
        ("grün".encode("latin-1"), (), "grün", "windows-1252"),
        ("grün".encode("latin-1"), ("utf-8",), "grün", "windows-1252"),
        ("“q”".encode("cp1252"), ("iso-8859-1",), "“q”", "windows-1252"),
        ("привет".encode("koi8-r"), (None, "koi8-r"), "привет", "koi8-r"),
        ("привет".encode("koi8-r"), ("utf-8", "koi8-r"), "привет", "koi8-r"),
        ("日本".encode("shift_jis"), ("Shift_JIS",), "日本", "shift_jis"),
        ("日本".encode("euc-jp"), ("x-unknown", "euc-jp"), "日本", "euc_jp"),
        ("\ufeffgrün".encode(), ("koi8-r",), "grün", "utf-8"),
        ("grün".encode("utf-16"), (), "grün", "utf-16-le"),
        (b"\xfe\xff" + "grün".encode("utf-16-be"), (), "grün", "utf-16-be"),
        ("grün".encode()[:-2], (), "gr", "utf-8"),
        (b"eJxLBAAA", ("zlib",), "eJxLBAAA", "utf-8"),
        (b"+AGE-", ("utf-7",), "+AGE-", "utf-8"),
        (b"\\u0061", ("unicode_escape",), "\\u0061", "utf-8"),
    ],
)
def test_decode(data: bytes, candidates: tuple[str | None, ...], text: str, encoding: str) -> None:
    assert decode(data, *candidates) == (text, encoding)


@given(st.binary(), st.text(max_size=20))
def test_anything_is_read(data: bytes, charset: str) -> None:
    text, _ = decode(data, charset)
    assert isinstance(text, str)
