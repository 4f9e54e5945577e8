"""What five sites have to say. All of it is made up here."""
# ruff: noqa: E501, RUF001 - a post is a line; the scripts of the world

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final


@dataclass(frozen=True)
class Post:
    slug: str
    title: str
    html: str
    at: datetime
    author: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Site:
    name: str
    title: str
    about: str
    language: str
    posts: tuple[Post, ...]

    @property
    def link(self) -> str:
        return f"https://{self.name}.example/"

    def url(self, post: Post) -> str:
        return f"{self.link}{post.slug}"


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, 15, tzinfo=UTC)


SITES: Final = (
    Site(
        "garden", "The Allotment & Shed", "What grows here, & what does not", "en-gb",
        (
            Post("leeks", "Leeks < onions?", "<p>They <em>may</em> be. Salt &amp; butter decide.</p>", _at(20, 18), "Joan", ("kitchen", "leeks")),
            Post("frost", "First frost", "<p>Minus two.</p><ul><li>dahlias up</li><li>taps off</li></ul>", _at(18, 7), "Joan", ("weather",)),
            Post("plan", "A plan for spring", "<blockquote>Everything smaller.</blockquote>", _at(2, 9), "Pete", ()),
        ),
    ),
    Site(
        "werkstatt", "Die Fahrradwerkstatt", "Übers Schrauben, Ölen und Fluchen", "de",
        (
            Post("kette", "Kette längen – oder tauschen?", "<p>Ab 0,75&nbsp;% tauschen. Größe zählt.</p>", _at(21, 12), "Jürgen Groß", ("Wartung", "Öl")),
            Post("licht", "Licht im „Dunkeln“", "<p>Dynamo schlägt Akku.</p>", _at(11, 11), "Jürgen Groß", ("Strom",)),
        ),
    ),
    Site(
        "tabi", "旅の手帖", "各駅停車で行く日本", "ja",
        (
            Post("noto", "能登の朝市", "<p>魚と<strong>塩</strong>、そして雪。</p>", _at(22, 3), "佐藤", ("北陸", "市場")),
            Post("shikoku", "四国一周", "<p>八十八か所のうち三つ。</p>", _at(5, 3), "佐藤", ("四国",)),
        ),
    ),
    Site(
        "kitob", "Книжная полка", "Читаем медленно", "ru",
        (
            Post("1", "Почему я бросил «Улисса»", "<p>И начал снова.</p><p>Дважды.</p>", _at(19, 20), "Ольга", ("романы",)),
        ),
    ),
    Site(
        "matbakh", "مطبخ الحي", "وصفات من الجيران", "ar",
        (
            Post("adas", "شوربة العدس", "<p>كمون وليمون <em>كثير</em>.</p>", _at(17, 16), "ليلى", ("شوربة", "شتاء")),
            Post("khubz", "خبز اليوم 🥖", "<p>ساعتان من الصبر.</p>", _at(16, 16), "ليلى", ()),
        ),
    ),
)  # fmt: skip
