"""Splitting text: what belongs together stays together."""

from __future__ import annotations

import pytest

from sockethub_translators import irc
from sockethub_translators.irc.text import MIN_BUDGET


@pytest.mark.parametrize(
    "grapheme",
    [
        "e\u0301",
        "a\u0301\u0323",
        "☃\ufe0f",
        "👍\U0001f3fd",
        "👨\u200d👩\u200d👧\u200d👦",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "🇳🇴",
        "\u1112\u1161\u11ab",
        "\uac00\u11a8",
        "\u0915\u093f",
    ],
)
def test_one_grapheme(grapheme: str) -> None:
    assert list(irc.graphemes(f"x{grapheme}y")) == ["x", grapheme, "y"]
    assert list(irc.graphemes(grapheme * 2)) == [grapheme, grapheme]


def test_graphemes_apart() -> None:
    assert list(irc.graphemes("")) == []
    assert list(irc.graphemes("ab")) == ["a", "b"]
    assert list(irc.graphemes("🇳🇴🇸")) == ["🇳🇴", "🇸"]
    assert list(irc.graphemes("\uac01\u1161")) == ["\uac01", "\u1161"]


def test_words_stay_whole_where_they_can() -> None:
    assert irc.split_text("the quick brown fox", 10) == ["the quick", " brown fox"]
    assert irc.split_text("a incomprehensibilities", 10) == ["a incompre", "hensibilit", "ies"]


def test_a_grapheme_larger_than_the_budget_is_cut_between_characters() -> None:
    assert irc.split_text("👨\u200d👩", 4) == ["👨", "\u200d", "👩"]


def test_a_budget_must_hold_any_character() -> None:
    with pytest.raises(ValueError, match="budget"):
        irc.split_text("x", MIN_BUDGET - 1)


def test_lines() -> None:
    assert irc.split_lines("a\r\nb\rc\n\nd") == ["a", "b", "c", "d"]
    assert irc.split_lines("\n") == irc.split_lines("") == []
