"""The capacity model against what was measured, and its page against the model."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from bench.capacity import BUSY, Load, idle_cores, most, need, spread, table

DOCS = Path(__file__).parents[2] / "docs"
SIZES = [1_000, 10_000, 100_000, 1_000_000]


def test_it_predicts_what_was_measured_idle() -> None:
    """Within 30 % of each row of 200 forked logins in docs/performance.md."""
    page = (DOCS / "performance.md").read_text()
    measured = [
        float(share) for share in re.findall(r"^\| (?:forked|the same).*\| ([\d.]+) % of a core \|$", page, re.M)
    ]
    assert len(measured) == 2
    for share in measured:
        assert idle_cores(200) * 100 == pytest.approx(share, rel=0.3)


def test_it_predicts_the_memory_that_was_measured() -> None:
    page = (DOCS / "performance.md").read_text()
    (private,) = re.findall(r"^\| 20 of each: IRC again .*\| ([\d.]+) / [\d.]+ MiB \|", page, re.M)
    found = need(Load(20))
    assert (found.mib - need(Load(0)).mib) / 20 == pytest.approx(float(private), rel=0.3)


def test_one_redis_bears_so_many_and_not_one_more() -> None:
    logins = most()
    assert need(Load(logins)).redis_cores <= BUSY < need(Load(logins + 1)).redis_cores
    assert need(Load(logins)).first == "nothing"


def test_more_logins_never_take_less() -> None:
    needs = [need(Load(logins)) for logins in SIZES]
    for less, greater in pairwise(needs):
        assert less.machines <= greater.machines
        assert less.redis_cores < greater.redis_cores


def test_the_page_has_the_model_s_table() -> None:
    page = (DOCS / "explanation" / "capacity.md").read_text()
    assert "\n".join(table(SIZES)) in page
    assert f"{most():,} logins" in page


def test_machines_are_filled_alike() -> None:
    before, after = spread(4_000, 8)
    assert 1 <= before < 1.15
    assert 1 <= after < 1.15
