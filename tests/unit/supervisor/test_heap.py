"""A heap whose holes are filled: what is made afterwards lies in pools of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sockethub.supervisor import heap

LOOK = """
import gc, json, sys
import asyncio, dataclasses, email.message, http.client, json.decoder, xml.etree.ElementTree  # leave holes behind
from sockethub.supervisor import heap

gc.collect()
filled = heap.fill_holes() if sys.argv[1] == "filled" else 0
POOL = heap.POOL_BYTES
old = {id(each) // POOL for each in gc.get_objects()} | {id(each) // POOL for each in heap._filling}
new = [bytes(size) for size in (2, 40, 100, 200, 400) for _ in range(100)]
strewn = sum(id(each) // POOL in old for each in new)
print(json.dumps({"bytes": filled, "strewn": strewn / len(new)}))
"""


def look(how: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", LOOK, how], capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_what_is_made_afterwards_is_not_strewn_over_what_was_there() -> None:
    before, after = look("as it is"), look("filled")
    assert before["strewn"] > 0.3
    assert after["strewn"] < 0.1
    assert 0 < after["bytes"] < 4 * 1024 * 1024


def test_it_ends_where_pools_are_made_in_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "HEADER_BYTES", 7)  # no block is there
    monkeypatch.setattr(heap, "MOST_BYTES", 65_536)
    monkeypatch.setattr(heap, "_filling", kept := [])
    sizes = range(heap.STEP_BYTES, heap.LARGEST_BYTES + 1, heap.STEP_BYTES)
    assert heap.fill_holes() <= len(sizes) * (65_536 + heap.LARGEST_BYTES)
    assert kept
    kept.clear()
