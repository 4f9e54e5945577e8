"""What a fork server has imported is not copied by its children, where the interpreter allows it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CAN_BE = sys.version_info >= (3, 12)

PROGRAM = """
import gc, json, os, sys
from sockethub.supervisor.immortal import immortalize

class Kept:
    names = ("one", "two")

    def run(self, number):
        return [name * number for name in self.names if f"{name}!" in f"<{name}!>"]

def counts():
    code = Kept.run.__code__
    return [sys.getrefcount(one) for one in (Kept, Kept.run, code, Kept.names, code.co_consts)]

young = Kept()
before = counts()
made = immortalize()
again = immortalize()
after = counts()
more = [(Kept, Kept.run, Kept.run.__code__, Kept.names) for _ in range(1000)] + [Kept().run(2) for _ in range(100)]
born = object()
newborn = sys.getrefcount(born)
held = [born] * 10
told = dict(
    made=made, again=again, counted=counts() != after, changed=before != after,
    right=Kept().run(2) == ["oneone", "twotwo"],
    born=sys.getrefcount(born) - newborn,
)
del more, held, young
gc.collect()
if os.fork() == 0:
    os._exit(0 if Kept().run(1) == ["one", "two"] else 1)
told["child"] = os.waitstatus_to_exitcode(os.wait()[1])
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, int]:
    """In an interpreter of its own: what is immortal stays so."""
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    answer: dict[str, int] = json.loads(run.stdout)
    return answer


def test_it_makes_all_there_is_immortal_or_nothing(told: dict[str, int]) -> None:
    assert (told["made"] > 1_000) == CAN_BE
    assert told["changed"] == CAN_BE


def test_what_is_immortal_is_counted_no_more(told: dict[str, int]) -> None:
    assert told["counted"] != CAN_BE


def test_nothing_is_left_for_a_second_time(told: dict[str, int]) -> None:
    assert told["again"] < max(1, told["made"] / 100)


def test_what_comes_later_is_counted_as_ever(told: dict[str, int]) -> None:
    assert told["born"] == 10


def test_everything_works_as_before_in_a_child_too(told: dict[str, int]) -> None:
    assert told["right"]
    assert told["child"] == 0
