"""Every code block of the documentation: run by a test of its own, or at least held against what it claims to be.

A block of a language that nobody looks at is a failure. ``pytest tests/unit/test_docs_blocks.py -s -k count`` counts.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest
import typer

from sockethub.cli.app import app
from sockethub.config import schema
from sockethub.config.node import plain
from sockethub.config.yaml_source import parse
from tests.support.deployment import declaration
from tests.support.markdown import PAGES, ROOT, Block, blocks
from tests.support.processes import find_server
from tests.support.schemas import SCHEMAS, compiled

BLOCKS = [block for page in PAGES for block in blocks(page)]
LONG_OPTION = re.compile(r"--[a-z][a-z-]*")
COMMANDS: Any = typer.main.get_command(app)
SETTINGS = jsonschema_rs.Draft202012Validator(schema.published())
KINDS = {"credentials": "credentials", "request": "messages", "response": "responses"}
"""The schema of a platform that a JSON block of this name shows an example of."""

ELSEWHERE = {"conftest", "sockethub_shout", "sockethub_weather"}
"""Modules that a reader makes while reading."""


class Scripts(HTMLParser):
    """The scripts within a page, and whether each is a module."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[bool, str]] = []
        self._module: bool | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self._module = dict(attrs).get("type") == "module"

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._module = None

    def handle_data(self, data: str) -> None:
        if self._module is not None:
            self.found.append((self._module, data))


def javascript(text: str, *, module: bool = True) -> None:
    kind = "module" if module else "commonjs"
    command = [find_server("node", "nodejs"), "--check", f"--input-type={kind}", "-"]
    done = subprocess.run(command, input=text, text=True, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


def html(block: Block) -> None:
    for module, script in Scripts(block.text).found:
        javascript(script, module=module)


def python(block: Block) -> None:
    """It compiles, and what it imports is there. What begins with ``>>>`` is run by doctest, in ``test_readme.py``."""
    if block.text.startswith(">>>"):
        assert block.page == ROOT / "translators" / "README.md"
        return
    code = compile(block.text, str(block), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    for node in ast.walk(code):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module is not None
            and node.module.partition(".")[0] not in ELSEWHERE
        ):
            module = importlib.import_module(node.module)
            assert [name.name for name in node.names if not hasattr(module, name.name)] == []
        elif isinstance(node, ast.Import):
            for name in node.names:
                if name.name.partition(".")[0] not in ELSEWHERE:
                    importlib.import_module(name.name)


@cache
def valid(name: str) -> jsonschema_rs.Draft202012Validator:
    return compiled(name)


def json_block(block: Block) -> None:
    """It is JSON; an activity of a platform of ours is one by the platform's schema."""
    shown = json.loads(block.text)
    platform = shown.get("context") if isinstance(shown, dict) else None
    if block.name in KINDS and (SCHEMAS / str(platform) / "messages.json").exists():
        valid(f"{platform}/{KINDS[block.name]}.json").validate(shown)


def yaml(block: Block) -> None:
    """What is declared is merged into the shipped declaration, and held against the published schema.

    That of another program has its name as the block's.
    """
    shown = plain(parse(block.text, str(block)))
    if block.name != "prometheus":
        assert [str(error.message) for error in SETTINGS.iter_errors(declaration(shown))] == []


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command in a block of the shell; what is printed below a ``$`` is left out."""
    whole = text.replace("\\\n", " ")
    lines = [line for line in whole.splitlines() if line.strip()]
    asked = [line[2:] for line in lines if line.startswith("$ ")] or lines
    for line in asked:
        for command in re.split(r"&&|\|", line):
            try:
                words = shlex.split(command, comments=True)
            except ValueError:  # a text in quotes goes on in the next line
                continue
            while words and re.fullmatch(r"\w+=.*|sudo|\(?exec", words[0]):
                words.pop(0)
            if words:
                yield words


def known(words: list[str]) -> None:
    """A command of ours is one that there is, with options that it has."""
    if words[0] == "make":
        assert set(words[1:2]) <= set((ROOT / "Makefile").read_text().split()), words
    if words[0] == "sockethub" and words[1:2] not in (["--help"], []):
        assert words[1] in COMMANDS.commands, words
        COMMANDS.commands[words[1]].make_context(words[1], words[2:])  # raises for what it does not know


def shell(block: Block) -> None:
    for words in commands(block.text):
        known(words)
    if not block.text.startswith("$ ") and '{"session"' not in block.text:
        done = subprocess.run(["bash", "-n"], input=block.text, text=True, check=False, capture_output=True)
        assert done.stderr == ""


def plain_text(block: Block) -> None:
    """Frames, pictures and listings: the frames are JSON where nothing is left out, the commands are there."""
    for frame in re.findall(r"^(?:→|←) (\{.*\})$", block.text, re.MULTILINE):
        json.loads(frame.replace("{…}", "{}").replace(", …", ""))
    for line in re.findall(r"^sockethub .*$", block.text, re.MULTILINE):
        options = COMMANDS.commands[line.split()[1]].params
        has = {name for option in options for name in option.opts if name.startswith("--")}
        assert set(LONG_OPTION.findall(line)) == has - {"--help"}, line


def toml(block: Block) -> None:
    tomllib.loads(block.text)


LOOKED_AT: dict[str, Callable[[Block], None]] = {
    "": plain_text,
    "console": shell,
    "html": html,
    "js": lambda block: javascript(block.text),
    "json": json_block,
    "haproxy": lambda block: None,  # by HAProxy itself, in test_several_machines.py
    "nginx": lambda block: None,  # by nginx itself, in test_proxy.py
    "python": python,
    "sh": shell,
    "text": lambda block: None,  # what a program printed once
    "toml": toml,
    "yaml": yaml,
}


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_what_is_shown_is_what_it_claims_to_be(block: Block) -> None:
    assert block.language in LOOKED_AT, f"nobody looks at {block.language!r}"
    LOOKED_AT[block.language](block)


@pytest.mark.parametrize(
    ("language", "name", "text", "said"),
    [
        ("console", "", "$ make tea\n", "tea"),
        ("console", "", "$ sockethub brew\n", "brew"),
        ("sh", "", "X=1 sockethub serve --sugar \\\n  2 | cat\n", "--sugar"),
        ("sh", "", "if true; then\n", "syntax error"),
        ("python", "", "from sockethub.client import brew\n", "brew"),
        ("json", "request", '{"type": "brew", "context": "irc"}', "not valid"),
        ("yaml", "", "gateway: { prot: 1 }\n", "prot"),
        ("html", "", '<script type="module">import {</script>', "SyntaxError"),
        ("", "", "→ {'id': 1}\n", "Expecting property name"),
        ("", "", "sockethub version [--brew]\n", "--brew"),
    ],
)
def test_what_is_wrong_is_found(language: str, name: str, text: str, said: str) -> None:
    with pytest.raises(Exception, match=said):
        LOOKED_AT[language](Block(ROOT / "README.md", 1, language, name, text))


def test_count() -> None:
    """How many there are, for whoever asks; fewer than there were mean that they are not found any more."""
    counted = Counter(block.language or "plain" for block in BLOCKS)
    told = ", ".join(f"{number} {language}" for language, number in counted.most_common())
    sys.stdout.write(f"\ncode blocks: {told}\n")
    assert sum(counted.values()) > 150


def test_blocks_begin_at_the_margin() -> None:
    """Where this module finds them."""
    indented = [str(page.relative_to(ROOT)) for page in PAGES if re.search(r"^ +```", page.read_text(), re.MULTILINE)]
    assert indented == []


def test_pages_are_where_blocks_are_looked_for() -> None:
    """A page in a folder that ``PATTERNS`` forgot would have blocks that nobody looks at."""
    made = {".venv", ".state", "build", "node_modules", ".pytest_cache", "templates"}
    there = {page for page in ROOT.rglob("*.md") if not made & set(page.relative_to(ROOT).parts)}
    assert there - set(PAGES) == set()
