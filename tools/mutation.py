"""``make mutation``: change the translators a little, one place at a time, and see whether the tests notice.

A law that holds for broken code says nothing. Each mutant is a copy of the package with one change: a condition turned
round, a comparison, a constant, two arguments swapped, an entry of a dictionary or a statement left out (so goes a part
of the residue). The tests that cover the module run against it with few examples and without shrinking; a mutant that
they let pass is a survivor, to be looked at: some are the same program (a faster path left out), the others want a law.

    python -m tools.mutation irc/frame.py irc/messages.py --sample 40 --seed 1
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "translators" / "src"
PACKAGE = SOURCE / "sockethub_translators"
TESTS = {
    "irc": ("tests/unit/translators/irc", "tests/property/irc"),
    "dialects": ("tests/property/dialects",),
    "ids.py": ("tests/property/dialects",),
    "xmpp": ("tests/unit/translators/xmpp", "tests/property/xmpp"),
}
"""Which tests speak for which part of the package; what is not here is not mutated."""

SLOWER = 5.0
"""A mutant may take so many times as long as the package itself before it counts as hanging."""
SETTLE_SECONDS = 20.0

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
Change = Callable[[ast.AST], None]


@dataclass(frozen=True)
class Mutant:
    """A change of a module: the ``number``-th that can be made to the ``index``-th node of its tree."""

    module: str
    line: int
    what: str
    index: int
    number: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {self.what}"

    def source(self, text: str) -> str:
        """The module's text with the change."""
        tree = ast.parse(text)
        node = next(each for index, each in enumerate(ast.walk(tree)) if index == self.index)
        _, change = list(_changes(node))[self.number]
        change(node)
        return ast.unparse(ast.fix_missing_locations(tree))


def mutants(module: str, text: str) -> list[Mutant]:
    """Every mutant of a module, in order of its lines."""
    tree = ast.parse(text)
    skipped = _skipped(tree)
    found = [
        Mutant(module, getattr(node, "lineno", 0), what, index, number)
        for index, node in enumerate(ast.walk(tree))
        if id(node) not in skipped
        for number, (what, _) in enumerate(_changes(node))
    ]
    return sorted(found, key=lambda mutant: (mutant.line, mutant.what))


def _skipped(tree: ast.AST) -> set[int]:
    """Nodes whose change is no change of behaviour: docstrings, annotations, ``__all__``, error texts."""
    roots: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) or _is_docstring(node) or _names_exports(node):
            roots.append(node)
        elif isinstance(node, ast.AnnAssign):
            roots.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            arguments = (*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs)
            roots += [each.annotation for each in arguments if each.annotation is not None]
            roots += [node.returns] if node.returns is not None else []
    return {id(node) for root in roots for node in ast.walk(root)}


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _names_exports(node: ast.AST) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield f"not ({ast.unparse(test)})", _negate
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARE:
            yield f"another comparison in {ast.unparse(node)}", _compare
        case ast.BoolOp():
            yield f"and, or exchanged in {ast.unparse(node)}", _exchange
        case ast.Constant(value=bool() | int() | str() as value) if value != "":
            yield f"another constant than {value!r}", _constant
        case ast.Call(args=[first, second, *_]) if ast.dump(first) != ast.dump(second):
            yield f"arguments swapped in {ast.unparse(node)}", _swap
        case ast.Dict(keys=keys) if len(keys) > 0:
            for place, key in enumerate(keys):
                said = "**" if key is None else ast.unparse(key)
                yield f"without the entry {said} of a dictionary", _without_entry(place)
        case ast.FunctionDef(body=body):
            yield from _without_statements(body)
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield f"plus, minus exchanged in {ast.unparse(node)}", _sign


def _without_statements(body: list[ast.stmt]) -> Iterator[tuple[str, Change]]:
    for place, statement in enumerate(body):
        if _is_docstring(statement):
            continue
        if isinstance(statement, ast.Expr) or (
            isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)
        ):
            yield f"without {ast.unparse(statement)}", _without_statement(place)


def _negate(node: ast.AST) -> None:
    assert isinstance(node, ast.If | ast.IfExp | ast.While)
    node.test = ast.UnaryOp(ast.Not(), node.test)


def _compare(node: ast.AST) -> None:
    assert isinstance(node, ast.Compare)
    node.ops = [_COMPARE[type(node.ops[0])]()]


def _exchange(node: ast.AST) -> None:
    assert isinstance(node, ast.BoolOp)
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()


def _constant(node: ast.AST) -> None:
    assert isinstance(node, ast.Constant)
    value = node.value
    if isinstance(value, bool):
        node.value = not value
    elif isinstance(value, int):
        node.value = value + 1
    elif isinstance(value, str):
        node.value = f"{value}~"


def _swap(node: ast.AST) -> None:
    assert isinstance(node, ast.Call)
    node.args[:2] = node.args[1::-1]


def _sign(node: ast.AST) -> None:
    assert isinstance(node, ast.BinOp)
    node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()


def _without_entry(place: int) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Dict)
        del node.keys[place], node.values[place]

    return change


def _without_statement(place: int) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.FunctionDef)
        node.body[place] = ast.Pass()

    return change


# --- Running the tests ------------------------------------------------------------------------------------------------


def tests_of(module: str) -> tuple[str, ...]:
    return TESTS[module.partition("/")[0]]


def is_noticed(package: Path, module: str, source: str | None, within: float | None) -> bool:
    """Whether the tests of a module fail with it like this. ``within`` seconds; a mutant that hangs is noticed."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as directory:
        copy_package(package, Path(directory))
        if source is not None:
            (Path(directory) / PACKAGE.name / module).write_text(source)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider"]
        settings = {"PYTHONPATH": directory, "HYPOTHESIS_PROFILE": "mutation", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                [*command, *tests_of(module)],
                cwd=ROOT,
                env=os.environ | settings,
                capture_output=True,
                text=True,
                timeout=within,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return True
        if done.returncode not in (0, 1, 2):  # passed, failed, not even imported
            raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.returncode != 0


def copy_package(package: Path, directory: Path) -> Path:
    """A copy in ``directory``, which may then stand in the way of imports."""
    return Path(shutil.copytree(package, directory / package.name, ignore=shutil.ignore_patterns("__pycache__")))


def baseline(package: Path, modules: list[str]) -> dict[tuple[str, ...], float]:
    """How long the tests of each part take without a change; they must pass."""
    took = {}
    for module in modules:
        tests = tests_of(module)
        if tests not in took:
            started = time.monotonic()
            if is_noticed(package, module, None, None):
                raise SystemExit(f"{' '.join(tests)}: fail without any change")
            took[tests] = time.monotonic() - started
    return took


def chosen(package: Path, modules: list[str], sample: int | None, seed: int) -> list[Mutant]:
    """Mutants of these modules: all, or so many at random."""
    every = [mutant for module in modules for mutant in mutants(module, (package / module).read_text())]
    if sample is None or sample >= len(every):
        return every
    return random.Random(seed).sample(every, sample)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("modules", nargs="*", help="such as irc/frame.py; all that have tests by default")
    parser.add_argument("--sample", type=int, help="so many mutants instead of all")
    parser.add_argument("--seed", type=int, default=0, help="which sample")
    parser.add_argument("--jobs", type=int, default=1, help="mutants tested at once")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no further mutant after so long")
    options = parser.parse_args()
    every = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
    modules = options.modules or [module for module in every if module.partition("/")[0] in TESTS]
    with tempfile.TemporaryDirectory(prefix="mutation-") as directory:
        package = copy_package(PACKAGE, Path(directory))  # as it is now, whatever is edited meanwhile
        selected = chosen(package, modules, options.sample, options.seed)
        outcomes = run(package, selected, options.jobs, options.seconds)
    killed = sum(outcomes)
    print(f"\n{killed} of {len(outcomes)} mutants noticed: {killed / max(len(outcomes), 1):.0%}")
    return 0


def run(package: Path, selected: list[Mutant], jobs: int, seconds: float) -> list[bool]:
    """Test each, and say which survived; whether each was noticed."""
    took = baseline(package, sorted({mutant.module for mutant in selected}))
    deadline = time.monotonic() + seconds

    def test(mutant: Mutant) -> bool | None:
        if time.monotonic() > deadline:
            return None
        source = mutant.source((package / mutant.module).read_text())
        within = took[tests_of(mutant.module)] * SLOWER + SETTLE_SECONDS
        noticed = is_noticed(package, mutant.module, source, within)
        print("." if noticed else f"\nsurvived  {mutant}\n", end="", flush=True)
        return noticed

    with ThreadPoolExecutor(jobs) as pool:
        return [outcome for outcome in pool.map(test, selected) if outcome is not None]


if __name__ == "__main__":
    sys.exit(main())
