"""A page of reference for each platform, made of its declaration and its schemas: ``python -m tools.platform_pages``.

What they say is what the gateway enforces, so that the pages cannot be wrong about it; a test fails when they are not
as they would be made. Examples are the first of each verb on the page that somebody wrote about the platform.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from sockethub.config.words import words
from sockethub.platforms.http import PLATFORM as HTTP

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = REFERENCE / "platforms"
WRITTEN = {
    "feeds": ("feeds", "Feeds"),
    "http": ("http-apis", "HTTP APIs as verbs"),
    "irc": ("irc", "IRC"),
    "metadata": ("metadata", "Metadata"),
    "xmpp": ("xmpp", "XMPP"),
}
"""The page that somebody wrote about a platform, and its title."""

EXAMPLES = {
    "dummy": [
        {"type": "greet", "context": "dummy", "actor": {"id": "me"}, "object": {"type": "note", "content": "you"}}
    ]
}
"""Of platforms that nobody wrote a page about."""

MODES = {
    "persistent": "`persistent`: a connection, and a process, for each login",
    "stateless": "`stateless`: each command stands alone; a pool of processes serves everybody",
}
_REQUEST = re.compile(r"^```json request\n(.*?)^```", re.MULTILINE | re.DOTALL)

Schema = Mapping[str, Any]


def declared() -> dict[str, dict[str, Any]]:
    """The stanza of each platform that comes with Sockethub, by name."""
    shipped: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "sockethub.yaml").read_text(encoding="utf-8"))[
        "platforms"
    ]
    return dict(sorted((shipped | {"http": HTTP}).items()))


def page(name: str, stanza: Mapping[str, Any]) -> str:
    """The page of one platform, as Markdown."""
    schemas = {kind: json.loads((ROOT / "schemas" / file).read_text()) for kind, file in stanza["schemas"].items()}
    parts = [f"# The platform `{name}`", "", _introduction(name), "", *_stanza(stanza), ""]
    parts += ["## What clients may send", "", *_messages(schemas["messages"], stanza.get("verbs", []))]
    for kind, heading in (("credentials", "Credentials"), ("options", "Options")):
        if kind in schemas:
            schema = schemas[kind]["properties"]["object"] if kind == "credentials" else schemas[kind]
            parts += [f"## {heading}", "", *_members(schema)]
    parts += ["## Schemas", "", *_published(schemas), "", "## Examples", ""]
    parts += [
        "Each may be given to `send(…)` of a [client](../javascript-client.md), or to `curl` ([HTTP](../http.md)).",
        "",
    ]
    for example in examples(name):
        parts += [f"```json request\n{_shown(example)}\n```", ""]
    return "\n".join(parts)


def examples(name: str) -> list[dict[str, Any]]:
    """One activity for each verb of which there is one."""
    if name in EXAMPLES:
        return EXAMPLES[name]
    text = (REFERENCE / f"{WRITTEN[name][0]}.md").read_text(encoding="utf-8")
    first: dict[str, dict[str, Any]] = {}
    for shown in map(json.loads, _REQUEST.findall(text)):
        first.setdefault(shown["type"], shown)
    return list(first.values())


def _shown(activity: Mapping[str, Any]) -> str:
    """A member on each line."""
    members = (f"{json.dumps(name)}: {json.dumps(part, ensure_ascii=False)}" for name, part in activity.items())
    return "{" + ",\n ".join(members) + "}"


def _introduction(name: str) -> str:
    made = "Made from the declaration and the schemas."
    if name not in WRITTEN:
        return f"{made} It answers by itself: for trying out clients, and for seeing how a platform fails."
    file, title = WRITTEN[name]
    return f"{made} What it all means, and what comes back: [{title}](../{file}.md)."


def _stanza(stanza: Mapping[str, Any]) -> Iterator[str]:
    queue, worker = stanza.get("queue", {}), stanza.get("worker", {})
    rows = {
        "mode": MODES[stanza["mode"]],
        "verbs": ", ".join(f"`{verb}`" for verb in stanza.get("verbs", []))
        or "those that its `options.requests` declares",
        "done again when a process dies (`queue.retryable`)": ", ".join(
            f"`{verb}`" for verb in queue.get("retryable", [])
        ),
        "a command may take (`queue.time_limit_seconds`)": f"{queue['time_limit_seconds']} s"
        if "time_limit_seconds" in queue
        else "",
        "at once in a process (`queue.concurrency`)": queue.get("concurrency", 1),
        "outlives its page by (`worker.linger_seconds`)": f"{worker['linger_seconds']} s"
        if "linger_seconds" in worker
        else "",
    }
    yield "As it is declared in [`sockethub.yaml`](../../../sockethub.yaml), where all of this can be changed:"
    yield ""
    yield from _table(("", ""), [(key, value) for key, value in rows.items() if value])


def _messages(schema: Schema, verbs: list[str]) -> Iterator[str]:
    if "description" in schema:
        yield schema["description"]
        yield ""
    if "oneOf" in schema:
        yield from _table(("verb", "", "its `object.type`", "needs"), [_verb(option) for option in schema["oneOf"]])
    else:
        parts = {name: part for name, part in schema["properties"].items() if isinstance(part, dict)}
        kinds = ", ".join(f"`{kind}`" for kind in sorted(_types(parts.get("object", {}))))
        needs = ", ".join(f"`{name}`" for name in schema.get("required", ()))
        listed = ", ".join(f"`{verb}`" for verb in verbs) or "any verb that is declared"
        yield from _table(("verb", "its `object.type`", "needs"), [(listed, kinds, needs)])
    own = {name: part for name, part in schema["properties"].items() if ":" in name}
    if own:
        yield ""
        yield from _table(
            ("member", "value", ""),
            [(*_member(name, part)[:2], part.get("description", "")) for name, part in own.items()],
        )
    yield ""


def _verb(option: Schema) -> tuple[str, ...]:
    properties = option["properties"]
    kinds = ", ".join(f"`{kind}`" for kind in sorted(_types(properties.get("object", {}))))
    return (
        f"`{properties['type']['const']}`",
        option["title"],
        kinds,
        ", ".join(f"`{name}`" for name in option.get("required", ())),
    )


def _types(schema: Any) -> set[str]:
    """The types that an object may have, by its schema."""
    if not isinstance(schema, dict):
        return set()
    if "$ref" in schema:
        return _types(_referred(schema["$ref"]))
    own = schema.get("properties", {}).get("type", {})
    found = {own["const"]} if "const" in own else set(own.get("enum", ()))
    return found.union(*(_types(option) for option in schema.get("oneOf", ())))


def _referred(reference: str) -> Any:
    """What a schema refers to in the one that all share; another's own definitions are about no whole object."""
    file, _, name = reference.partition("#/$defs/")
    return json.loads((ROOT / "schemas" / "activity" / Path(file).name).read_text())["$defs"][name] if file else {}


def _members(schema: Schema) -> Iterator[str]:
    required = schema.get("required", ())
    rows = []
    for name, part in schema["properties"].items():
        if name == "type":
            continue
        shown, value, default = _member(name, part)
        rows.append((shown, value, "required" if name in required else default, part.get("description", "")))
    yield from _table(("member", "value", "default", ""), rows)
    yield ""


def _member(name: str, part: Schema) -> tuple[str, str, str]:
    default = part.get("default")
    return f"`{name}`", part.get("title") or words(part), "none" if default is None else f"`{json.dumps(default)}`"


def _published(schemas: Mapping[str, Schema]) -> Iterator[str]:
    yield "The gateway serves them below `/schemas/`, and they refer to each other by these ids:"
    yield ""
    yield from _table(("", ""), [(kind, f"`{schema['$id']}`") for kind, schema in schemas.items()])


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |".replace("  ", " ")
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |"


def pages() -> dict[Path, str]:
    """Every page, by where it belongs."""
    return {PAGES / f"{name}.md": page(name, stanza) for name, stanza in declared().items()}


if __name__ == "__main__":
    PAGES.mkdir(exist_ok=True)
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
