"""The documentation as a website, in ``build/site``: ``python3 tools/dev.py docs``.

Pages are plain Markdown whose links lead to files of the sources, so that they can be read anywhere. A website has only
what is put into it: the pages of ``docs``, with the pages and files outside it that they lead to, under ``project/``.
The tool that renders them (docs/decisions/0023-a-website-of-plain-pages.md) sees nothing but the result, and has an
environment and a lock of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import environment
from locks import ROOT

DOCS = PurePosixPath("docs")
OUTSIDE = PurePosixPath("project")
BUILD = ROOT / "build" / "docs"
SITE = ROOT / "build" / "site"

FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?://|mailto:)([^)#\s]*)(#[^)\s]*)?\)")
_FETCHED = re.compile(
    r"<(?:script|img|iframe|source|audio|video|embed)\b[^>]*?\bsrc=\"?(https?:)?//"
    r"|<link\b(?=[^>]*\brel=\"?(?:stylesheet|preload|preconnect|icon))[^>]*?\bhref=\"?(https?:)?//"
    r"|@import\b[^;]*//"
)


def outside_code(text: str) -> Iterator[tuple[bool, str]]:
    """The parts of a page in their order, and whether each is text rather than a code block."""
    end = 0
    for block in FENCE.finditer(text):
        yield True, text[end : block.start()]
        yield False, block[0]
        end = block.end()
    yield True, text[end:]


def target(page: PurePosixPath, link: str) -> PurePosixPath:
    """The file of the sources that a link on a page leads to; that of a folder is its ``README.md``.

    Instead of the sources' first page the website has one of its own.
    """
    found = PurePosixPath(os.path.normpath(page.parent / link)) if link else page
    file = found / "README.md" if (ROOT / found).is_dir() else found
    return DOCS / "index.md" if file == PurePosixPath("README.md") else file


def place(file: PurePosixPath) -> PurePosixPath:
    """Where a file of the sources is on the website."""
    return file.relative_to(DOCS) if file.is_relative_to(DOCS) else OUTSIDE / file


def prepared(page: PurePosixPath, text: str) -> tuple[str, set[PurePosixPath]]:
    """A page as the website has it, and the files of the sources that it leads to.

    Links to folders without a page become text, the words that name blocks for tests are left out. A link that leads
    nowhere stays, for the tool to complain of.
    """
    wanted: set[PurePosixPath] = set()

    def linked(found: re.Match[str]) -> str:
        picture, shown, link, anchor = found[1], found[2], found[3], found[4] or ""
        file = target(page, link)
        if not (ROOT / file).is_file():
            return shown if (ROOT / file.parent).is_dir() and file.name == "README.md" else found[0]
        wanted.add(file)
        # A link around a picture, or a picture in a link.
        shown = LINK.sub(linked, shown)
        where = os.path.relpath(place(file), place(page).parent) if link else ""
        return f"{picture}[{shown}]({where}{anchor})"

    parts = [
        LINK.sub(linked, part) if is_text else FENCE.sub(lambda found: f"```{found[1]}\n{found[2]}```", part)
        for is_text, part in outside_code(text)
    ]
    return "".join(parts), wanted


def files() -> dict[PurePosixPath, str | None]:
    """What the website is made of: each file of the sources, with its text where it is a page."""
    made: dict[PurePosixPath, str | None] = {}
    waiting = {PurePosixPath(page.relative_to(ROOT).as_posix()) for page in (ROOT / DOCS).rglob("*.md")}
    while waiting:
        file = waiting.pop()
        made[file] = None
        if file.suffix == ".md":
            made[file], wanted = prepared(file, (ROOT / file).read_text(encoding="utf-8"))
            waiting |= wanted - made.keys()
    return made


def lay_out(folder: Path) -> None:
    """Write what the website is made of to ``folder``, as it is now and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    for file, text in files().items():
        there = folder / place(file)
        there.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            shutil.copyfile(ROOT / file, there)
        else:
            there.write_text(text, encoding="utf-8")


def fetched_elsewhere(site: Path) -> list[str]:
    """The pages and styles of a website that load something from another host."""
    pages = (page for ending in ("html", "css") for page in site.rglob(f"*.{ending}"))
    return sorted(str(page.relative_to(site)) for page in pages if _FETCHED.search(page.read_text(encoding="utf-8")))


def build() -> int:
    """Build strictly: a warning is a failure, and so is whatever a reader's browser would fetch from elsewhere."""
    python = environment.separate(BUILD / "environment", "docs")
    lay_out(BUILD / "pages")
    # The theme tells everybody, in red, that its successor is on its way; decision 23 knows.
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    # Not `--quiet`: what it does not say it does not count, and is not strict about.
    command = [str(python), "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(command, cwd=ROOT, env=quiet, check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout + done.stderr)
        return 1
    if pages := fetched_elsewhere(SITE):
        print(f"load something from another host: {', '.join(pages)}")
        return 1
    print(f"{SITE.relative_to(ROOT)}/index.html: {sum(1 for _ in SITE.rglob('*.html'))} pages")
    return 0
