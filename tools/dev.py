#!/usr/bin/env python3
"""One word for each thing a developer does; needs Python 3.11 and nothing else.

run     start Sockethub on its defaults, with a Redis of its own (further arguments go to `sockethub serve`)
test    install what the tests need, check, and run every test (further arguments go to pytest)
check   formatting, lint, types, import contracts
bench   measure the whole path beside a floor (further arguments go to the benchmark)
performance  measure what docs/performance.md shows and write it there, half an hour (`--quick`: whether it works)
chaos   hit each part in the middle of a conversation, many times (CHAOS_SEEDS=20); further arguments go to pytest
fuzz    bytes into what reads them, guided by what they reach (tools/fuzz.py has the arguments)
mutation  change the translators here and there, see whether their tests notice (tools/mutation.py has the arguments)
audit   bill of materials, licences and known vulnerabilities of what users get (asks the package index)
docs    the documentation as a website, build/site; fails where a link or an anchor leads nowhere
lock    resolve the dependencies anew within their pins; `lock --upgrade` takes the newest
clean   remove what these words made
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import environment
import locks
import servers
import supply
import website
from environment import VENV, Unprepared
from locks import ROOT

CHECKS = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "types": ("mypy",),
    "imports": ("lint-imports", "--no-cache", "--no-logo"),
}
# Most tests wait for servers, so that two processes take little more than half the time of one; each has servers of its
# own, and those of a file stay together, who share them.
TEST_PROCESSES = min(4, max(2, os.cpu_count() or 1))
SIDE_BY_SIDE = ("-n", str(TEST_PROCESSES), "--dist", "loadfile")
# Of the campaign's runs each waits most of its time, and any may be next to any: the houses stand in each process.
CHAOS_SIDE_BY_SIDE = ("-n", str(2 * TEST_PROCESSES), "--dist", "load", "--timeout", "300")
MADE = (
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache", ".fuzz", "dist", "build"),
    "tests/integration/js/node_modules",
)


def become(program: Path, *arguments: str) -> int:
    """Give this process to ``program``, so that signals reach it and nothing else is in between."""
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execv(program, [str(program), *arguments])


def failed_checks() -> list[str]:
    """Run every check; return the names of those that failed."""
    failed = []
    for name, (program, *arguments) in CHECKS.items():
        print(f"— {name}: {' '.join([program, *arguments])}", flush=True)
        if subprocess.run([str(VENV / "bin" / program), *arguments], cwd=ROOT, check=False).returncode:
            failed.append(name)
    return failed


def run(arguments: list[str]) -> int:
    environment.prepare("run")
    return become(VENV / "bin" / "sockethub", "serve", *arguments)


def test(arguments: list[str]) -> int:
    python = environment.prepare("check")
    servers.prepare()
    failed = failed_checks()
    # Last, and its own closing line last of all: that is what people and machines look for.
    tests = subprocess.run([str(python), "-m", "pytest", *SIDE_BY_SIDE, *arguments], cwd=ROOT, check=False).returncode
    if failed:
        print(f"failed besides the tests' own result: {', '.join(failed)}", file=sys.stderr)
    return tests or bool(failed)


def check(arguments: list[str]) -> int:
    environment.prepare("check")
    failed = failed_checks()
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def bench(arguments: list[str]) -> int:
    return become(environment.prepare("check"), "-m", "bench", *arguments)


def performance(arguments: list[str]) -> int:
    return become(environment.prepare("check"), "-m", "bench", "report", *arguments)


def chaos(arguments: list[str]) -> int:
    """`CHAOS_SEEDS` says how many of each fault, `CHAOS_LOG` where each run is written down."""
    os.environ.setdefault("CHAOS_SEEDS", "20")
    os.environ.setdefault("CHAOS_LOG", str(ROOT / "chaos.jsonl"))
    python = environment.prepare("check")
    servers.prepare()
    return become(python, "-m", "pytest", "tests/faults", "-q", *CHAOS_SIDE_BY_SIDE, *arguments)


def mutation(arguments: list[str]) -> int:
    return become(environment.prepare("check"), "-m", "tools.mutation", *arguments)


def fuzz(arguments: list[str]) -> int:
    python = environment.prepare("check")
    environment.pip_install("--require-hashes", "--only-binary", ":all:", "-r", locks.REQUIREMENTS / "fuzz.txt")
    return become(python, "-m", "tools.fuzz", *arguments)


def audit(arguments: list[str]) -> int:
    return supply.audit()


def docs(arguments: list[str]) -> int:
    return website.build()


def lock(arguments: list[str]) -> int:
    python = environment.prepare("run")
    environment.pip_install("--require-hashes", "--only-binary", ":all:", "-r", locks.REQUIREMENTS / "lock.txt")
    locks.compile_all(python, upgrade="--upgrade" in arguments)
    return 0


def clean(arguments: list[str]) -> int:
    for name in (*MADE, VENV.name):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    return 0


WORDS: dict[str, Callable[[list[str]], int]] = {
    word.__name__: word
    for word in (run, test, check, bench, performance, chaos, fuzz, mutation, audit, docs, lock, clean)
}


def main() -> int:
    word, arguments = (sys.argv[1:2] or ["help"])[0], sys.argv[2:]
    if word not in WORDS:
        print(__doc__)
        return 0 if word in {"help", "-h", "--help"} else 2
    try:
        return WORDS[word](arguments)
    except Unprepared as problem:
        print(f"dev.py: {problem}", file=sys.stderr)
    except subprocess.CalledProcessError as problem:
        print(f"dev.py: failed ({problem.returncode}): {' '.join(problem.cmd)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
