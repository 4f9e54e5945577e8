"""The line codec's laws: total, faithful, no injection, within limits, the same however bytes arrive."""

from __future__ import annotations

import json
from dataclasses import replace

import irctokens
import parser_tests.data
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sockethub_translators import irc
from sockethub_translators.errors import EncodeError, ParseError
from sockethub_translators.irc.line import MAX_BODY_IN, MAX_TAGS, escape, unescape
from sockethub_translators.irc.text import MIN_BUDGET
from sockethub_translators.testing import irc as some

ANY_TEXT = st.text(st.characters(), max_size=12)
ANY_LINES = st.builds(
    irc.Line,
    st.one_of(ANY_TEXT, st.just("PRIVMSG")),
    st.lists(st.one_of(ANY_TEXT, st.sampled_from(["", ":x", "a b", "a\r\nQUIT", "a\0", "ok"])), max_size=4).map(tuple),
    st.one_of(st.none(), ANY_TEXT),
    st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=2),
)


def canon(line: irc.Line) -> bytes:
    return irc.encode(line, max_body=MAX_BODY_IN + 1)


def outcome(data: bytes | str) -> irc.Line | None:
    try:
        return irc.decode(data)
    except ParseError:
        return None


@given(st.one_of(st.binary(), st.text(), st.text(st.sampled_from("@: ;=\\\r\n\0aA1é\udc80\ud800"))))
@example(b"")
@example(b" ")
@example(b"@a")
@example("@a ")
@example(":")
@example(": x")
@example("\udc80")
def test_any_input_is_a_line_or_a_parse_error(data: bytes | str) -> None:
    line = outcome(data)
    if line is not None:
        assert irc.decode(canon(line)) == line
        assert canon(irc.decode(canon(line))) == canon(line)


@given(some.lines())
def test_what_is_encoded_is_decoded_again(line: irc.Line) -> None:
    assert irc.decode(canon(line)) == line


@given(ANY_LINES)
@example(irc.Line("PRIVMSG", ("#c", "a\r\nQUIT")))
@example(irc.Line("PRIVMSG", ("", "a")))
@example(irc.Line("PRIVMSG", (":x", "ok")))
@example(irc.Line("PRIVMSG", ("a b", "ok")))
@example(irc.Line("PING", ("x",), "a b"))
@example(irc.Line("PING", ("x",), ""))
@example(irc.Line("PING", ("x",), None, {"": "a"}))
@example(irc.Line("PING", ("x",), None, {"a": "\0"}))
@example(irc.Line("PING", ("x\0",)))
@example(irc.Line("PRIV MSG", ("#c", "a")))
@example(irc.Line("PING", ("x",), None, {"a b": ""}))
@example(irc.Line("PING", ("\udcc3\udca9",)))
def test_a_line_is_written_as_itself_or_not_at_all(line: irc.Line) -> None:
    try:
        data = irc.encode(line)
    except EncodeError:
        return
    assert data.endswith(b"\r\n")
    assert not any(byte in data[:-2] for byte in b"\0\r\n")
    read = irc.decode(data)
    assert (read.command, read.params, read.source) == (line.command.upper(), line.params, line.source)
    assert read.tags == line.tags


@pytest.mark.parametrize("excess", [0, 1])
def test_limits_are_exact(excess: int) -> None:
    fitting = irc.MAX_BODY - len("PRIVMSG #c :\r\n") + excess
    tagged = irc.Line("PING", ("x",), None, {"a": "b" * (MAX_TAGS - len("@a= ") + excess)})
    for line in (irc.Line("PRIVMSG", ("#c", "x" * fitting)), tagged):
        if excess:
            with pytest.raises(EncodeError):
                irc.encode(line)
        else:
            assert irc.decode(irc.encode(line)) == line


@pytest.mark.parametrize("data", [b"@" + b"a" * MAX_TAGS + b" PING", b"PING " + b"a" * MAX_BODY_IN])
def test_over_long_input_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError, match="more than"):
        irc.decode(data)


@given(st.text(), st.integers(MIN_BUDGET, 60))
@example("👨\u200d👩\u200d👧\u200d👦" * 4, 40)
@example("e\u0301" * 20, 7)
@example("🇳🇴🇸🇪🇩🇰", 8)
def test_split_text_loses_nothing_and_fits(text: str, budget: int) -> None:
    assume(not any("\ud800" <= char <= "\udfff" for char in text))
    chunks = irc.split_text(text, budget)
    assert "".join(chunks) == text
    assert all(0 < len(chunk.encode()) <= budget for chunk in chunks)
    ends = set()
    position = 0
    for grapheme in irc.graphemes(text):
        position += len(grapheme)
        ends.add(position)
    position = 0
    for chunk in chunks[:-1]:
        position += len(chunk)
        inside = next((end for end in sorted(ends) if end > position), position)
        start = max((end for end in ends if end < position), default=0)
        assert position in ends or len(text[start:inside].encode()) > budget


@given(st.text(st.sampled_from("ab\u00e9 "), max_size=60), st.integers(MIN_BUDGET, 20))
@example("word" + " " * 12 + "b", 10)
@example("a" + " " * 9 + "b", 10)
def test_no_chunk_ends_with_a_space_that_a_server_would_trim(text: str, budget: int) -> None:
    for chunk in irc.split_text(text, budget)[:-1]:
        assert not chunk.endswith(" ") or not chunk.strip(" ")


def test_text_is_cut_between_words() -> None:
    assert irc.split_text("one two three four", 9) == ["one two", " three", " four"]
    assert irc.split_text("one two ", 8) == ["one two "]
    assert irc.split_text("a lengthyword", 8) == ["a length", "yword"]


@given(some.texts(400), some.envs(), st.sampled_from(["message", "me", "notice"]))
def test_each_line_of_a_long_text_fits_with_its_source(text: str, env: irc.Env, kind: str) -> None:
    assume(text and "\x01" not in text)
    activity = {"context": "irc", "type": "send", "target": {"id": f"#c@{env.server}", "type": "room"}}
    lines = irc.from_activity(activity | {"object": {"type": kind, "content": text}}, env)
    source = f"{env.nick}!{'u' * 11}@{'h' * 64}"
    heard = [irc.decode(irc.encode(irc.Line(line.command, line.params, source))) for line in lines]
    said = [irc.to_activity(line, env)[0]["object"] for line in heard]
    assert {obj["type"] for obj in said} == {kind}
    assert "".join(obj["content"] for obj in said) == text


@given(st.lists(some.texts(300), min_size=1, max_size=6).map("\n".join), some.envs(isupport=some.ISUPPORT))
@example("a\n\n\nb" + "c" * 600, irc.Env("irc.example", "me"))
def test_a_batch_of_lines_carries_a_text_exactly(text: str, env: irc.Env) -> None:
    assume(text.strip("\n") and "\x01" not in text)
    env = replace(env, multiline=(100_000, 100))
    activity = {"context": "irc", "type": "send", "target": {"id": f"#c@{env.server}", "type": "room"}}
    lines = irc.from_activity(activity | {"object": {"type": "message", "content": text}}, env)
    assert len(lines) == 1 or (lines[0].command, lines[-1].command) == ("BATCH", "BATCH")
    state = irc.Aggregator()
    heard = []
    for line in lines:
        sent = irc.decode(irc.encode(replace(line, source=f"{env.nick}!{'u' * 11}@{'h' * 64}")))
        state, activities = irc.aggregate.feed(state, sent, env)
        heard += activities
    assert [each["object"]["content"] for each in heard] == [text]


@pytest.mark.parametrize(
    ("value", "limits"),
    [
        ("max-bytes=4096,max-lines=24", (4096, 24)),
        ("max-bytes=4096", (4096, 64)),
        ("", None),
        ("max-lines=5", None),
        ("max-bytes=x", None),
    ],
)
def test_multiline_limits(value: str, limits: tuple[int, int] | None) -> None:
    assert irc.multiline_limits(value) == limits


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b"\r\n", b"PING :a\r\n", b"x" * 70])), max_size=12))
def test_lines_do_not_depend_on_how_bytes_arrive(pieces: list[bytes]) -> None:
    def read(chunks: list[bytes]) -> list[object]:
        reader = irc.LineReader(limit=64)
        items = [item for chunk in chunks for item in reader.feed(chunk)]
        return [str(item) if isinstance(item, ParseError) else item for item in items]

    whole = b"".join(pieces)
    assert read(pieces) == read([whole]) == read([whole[i : i + 1] for i in range(len(whole))])


def test_a_line_without_end_is_reported_once_and_skipped() -> None:
    reader = irc.LineReader(limit=64)
    items = [item for _ in range(1000) for item in reader.feed(b"x" * 60)]
    assert [str(item) for item in items] == ["a line of more than 64 bytes"]
    assert reader.feed(b"\nPING a\n") == [irc.Line("PING", ("a",))]


@given(st.text())
def test_tag_values_survive_escaping(text: str) -> None:
    written = escape(text)
    assert not set(written) & set("; \r\n")
    assert unescape(written) == text
    unescape(text)


def test_the_last_of_duplicate_tags_wins_and_no_value_is_an_empty_one() -> None:
    assert irc.decode("@k=1;k=2;a;b= X").tags == {"k": "2", "a": "", "b": ""}


@given(some.server_lines(), some.envs())
def test_bytes_that_are_not_utf8_survive_and_json_has_no_surrogates(line: irc.Line, env: irc.Env) -> None:
    activities = irc.to_activity(line, env)
    json.dumps(activities, ensure_ascii=False).encode()
    assert irc.from_activity(json.loads(json.dumps(activities)), env) == [line]


@given(st.text(), st.text())
def test_folding_is_an_equivalence_that_mappings_refine(a: str, b: str) -> None:
    equal = []
    for mapping in ("ascii", "rfc1459-strict", "rfc1459"):
        fold = irc.casefold(a, mapping)
        assert irc.casefold(fold, mapping) == fold
        equal.append(fold == irc.casefold(b, mapping))
    assert equal == sorted(equal)
    assert irc.casefold("[]\\^", "rfc1459") == "{}|~"
    assert irc.casefold("[]\\^", "rfc1459-strict") == "{}|^"


# --- Against others ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", parser_tests.data.msg_split["tests"], ids=lambda case: case["input"])
def test_parser_tests_split(case: dict) -> None:
    line = irc.decode(case["input"])
    atoms = case["atoms"]
    assert line.command == atoms["verb"].upper()
    assert list(line.params) == atoms.get("params", [])
    assert line.source == atoms.get("source")
    assert dict(line.tags) == atoms.get("tags", {})


@pytest.mark.parametrize("case", parser_tests.data.msg_join["tests"], ids=lambda case: case["desc"])
def test_parser_tests_join(case: dict) -> None:
    atoms = case["atoms"]
    line = irc.Line(atoms["verb"], tuple(atoms.get("params", ())), atoms.get("source"), atoms.get("tags", {}))
    matches = [match.replace(atoms["verb"], atoms["verb"].upper(), 1) for match in case["matches"]]
    assert irc.encode(line).decode().removesuffix("\r\n") in matches


@pytest.mark.parametrize("case", parser_tests.data.userhost_split["tests"], ids=lambda case: case["source"])
def test_parser_tests_userhost(case: dict) -> None:
    nick, user, host = irc.split_source(case["source"])
    atoms = case["atoms"]
    assert (nick, user or "", host or "") == (atoms.get("nick", ""), atoms.get("user", ""), atoms.get("host", ""))


@given(some.lines())
def test_irctokens_agrees_on_valid_lines(line: irc.Line) -> None:
    text = canon(line).decode("utf-8", "surrogateescape").removesuffix("\r\n")
    theirs = irctokens.tokenise(text)
    ours = irc.decode(text)
    assert (theirs.command, theirs.params, theirs.source) == (ours.command, list(ours.params), ours.source)
    assert (theirs.tags or {}) == ours.tags
