from __future__ import annotations

from pathlib import Path

import pytest

from sockethub.config import yaml_source
from sockethub.config.node import Place, child, nearest, plain
from sockethub.config.problems import InvalidDeclaration
from sockethub.config.yaml_source import MAX_BYTES, MAX_DEPTH, MAX_NODES, parse, read, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("12", 12),
        ("-12", -12),
        ("0777", 777),
        ("0o17", 15),
        ("0xff", 255),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-11-23", "2026-11-23"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1e9999", "1e9999"),
        (".inf", ".inf"),
        ("1234567890123456789", "1234567890123456789"),
        ("=", "="),
    ],
)
def test_scalars_by_the_core_schema(text: str, value: object) -> None:
    resolved = resolve(text)
    assert (resolved, type(resolved)) == (value, type(value))


def test_quoted_scalars_are_text() -> None:
    assert plain(parse("""{a: "1", b: ''}""", "x")) == {"a": "1", "b": ""}
    assert plain(parse("a: |\n  1\n", "x")) == {"a": "1\n"}


def test_keys_and_values_know_their_place() -> None:
    root = parse("a:\n  b: [1,\n      2]\n", "x.yaml")
    node = child(nearest(root, ("a", "b")), 1)
    assert node is not None
    assert node.place == Place("x.yaml", 3, 7)
    assert nearest(root, ("a", "b")).key == Place("x.yaml", 2, 3)
    assert str(node.place) == "x.yaml:3:7"


def test_an_alias_is_found_where_it_is_used() -> None:
    root = parse("a: &it {x: 1}\nb: *it\n", "f")
    assert plain(root) == {"a": {"x": 1}, "b": {"x": 1}}
    assert nearest(root, ("b",)).place == Place("f", 2, 4)


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "f:2:1: the key 'a' was already given at f:1:1"),
        ("{a: {b: 1, b: 1}}", "f:1:12: the key 'b' was already given at f:1:6"),
        ("a: !!python/object:os.system x", "f:1:4: tags are not used here: quote a value that begins with `!`"),
        ("a: !hunter2", "f:1:4: tags are not used here: quote a value that begins with `!`"),
        ("a: *hunter2", "f:1:4: an alias without its anchor: quote a value that begins with `*`"),
        ("a: &x [*x]", "f:1:8: an alias without its anchor: quote a value that begins with `*`"),
        ("<<: {a: 1}", "f:1:1: merge keys are not used here: write the keys out"),
        ("[a]: 1", "f:1:1: a key must be a plain word"),
        ("a: 1\n---\nb: 1", "f:2:1: a second document: a declaration is one"),
        ("a: [1", "f:1:6: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: b: c", "f:1:5: not YAML: mapping values are not allowed here"),
        ("\ta: 1", "f:1:1: not YAML: found character '\\t' that cannot start any token"),
        ('a: "\\UFFFFFFFF"', "f: not YAML: it holds a character that is not allowed"),
        ("a: \x00", "f: not YAML: it holds a character that is not allowed"),
        ('a: "\\uD800"', "f:1:4: half of a surrogate pair: not a character"),
        (BOMB, f"f:5:10: more than {MAX_NODES} values (with aliases expanded)"),
        ("[" * (MAX_DEPTH + 2), f"f:1:{MAX_DEPTH + 2}: nested deeper than {MAX_DEPTH} levels"),
        ("[" * 100_000, f"f:1:{MAX_DEPTH + 2}: nested deeper than {MAX_DEPTH} levels"),
        ("#" * (MAX_BYTES + 1), f"f: larger than {MAX_BYTES} bytes"),
        ("a: %hunter2", "f:1:4: not YAML: found character '%' that cannot start any token"),
        ("a: !hunter2!word x", "f:1:4: not YAML: found undefined tag handle something"),
    ],
)
def test_refuses(text: str, message: str) -> None:
    with pytest.raises(InvalidDeclaration) as error:
        parse(text, "f")
    assert str(error.value) == message


def test_reads_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert plain(read(path)) == {"a": 1}


def test_tells_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: \xe9")
    for path, text in (
        (latin, "not UTF-8 text"),
        (tmp_path / "none", "cannot be read: No such file or directory"),
        (tmp_path, "cannot be read: Is a directory"),
    ):
        with pytest.raises(InvalidDeclaration) as error:
            read(path)
        assert str(error.value) == f"{path}: {text}"


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InvalidDeclaration, match="larger than"):
        yaml_source.read(path)
