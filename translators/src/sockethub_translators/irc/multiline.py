"""One message of several lines, or one too long for a line, as the batch that IRCv3 ``multiline`` gives it.

Those who know the batch see the text exactly; for others the server sends its lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .env import Activity, Env
from .frame import own
from .line import Line
from .text import split_text

__all__ = ["multiline", "multiline_limits"]

BATCH: Final = "draft/multiline"
CONCAT: Final = "draft/multiline-concat"
REF: Final = "1"
"""A batch ends before another begins, so that one name is enough."""
DEFAULT_MAX_LINES: Final = 64
"""Lines in a batch where the server does not say."""


def multiline_limits(value: str) -> tuple[int, int] | None:
    """``max-bytes=4096,max-lines=24``, the value of the capability, as (bytes, lines) for :class:`~.env.Env`."""
    given = dict(item.partition("=")[::2] for item in value.split(","))
    numbers = []
    for key, default in (("max-bytes", ""), ("max-lines", str(DEFAULT_MAX_LINES))):
        number = given.get(key, default)
        if not (number.isascii() and number.isdigit() and 0 < len(number) < 10):
            return None
        numbers.append(int(number))
    return numbers[0], numbers[1]


def multiline(
    activity: Activity, env: Env, command: str, target: str, content: str, tags: Mapping[str, str] | None
) -> list[Line] | None:
    """The lines of a batch; None when the text needs none, or goes beyond what the server takes in one."""
    if env.multiline is None:
        return None
    max_bytes, max_lines = env.multiline
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    budget = env.text_budget(command, target)
    rows = [
        (piece, index > 0) for row in content.split("\n") for index, piece in enumerate(split_text(row, budget) or [""])
    ]
    if not 1 < len(rows) <= max_lines or len(content.encode()) > max_bytes or not content.strip("\n"):
        return None
    lines = [own(activity, env, "BATCH", f"+{REF}", BATCH, target, tags=tags)]
    for piece, goes_on in rows:
        lines.append(Line(command, (target, piece), None, {"batch": REF, CONCAT: ""} if goes_on else {"batch": REF}))
    return [*lines, Line("BATCH", (f"-{REF}",))]
