"""The JavaScript client by itself: its core under node, its types by the compiler, what the gateway serves of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import quart

from sockethub.gateway.javascript import UPSTREAM, javascript_blueprint
from tests.support.node import MODULES, node, node_tests

HERE = Path(__file__).parent
CLIENT = Path(__file__).parents[3] / "clients" / "javascript"

pytestmark = pytest.mark.anyio


def test_it_keeps_what_it_promises() -> None:
    node_tests(*sorted(HERE.glob("*.test.mjs")))


def test_the_types_say_what_there_is() -> None:
    compiler = str(MODULES / "typescript" / "bin" / "tsc")
    options = [
        "--noEmit",
        "--strict",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--lib",
        "es2022,dom",
    ]
    node(compiler, *options, str(HERE / "types.mts"))


def test_every_class_and_method_has_its_type() -> None:
    """Names of the modules' exports, and of what their classes have, are in the types, and the other way round."""
    program = f"""
        const all = await import({str((CLIENT / "sockethub.js").as_uri())!r});
        for (const [name, value] of Object.entries(all)) {{
          console.log(name);
          const members = Object.getOwnPropertyNames(value.prototype ?? {{}});
          for (const member of members) if (member !== "constructor") console.log(`${{name}}.${{member}}`);
        }}"""
    there = set(node("--input-type=module", "-e", program).split())
    declared, current = set(), ""
    for line in (CLIENT / "sockethub.d.ts").read_text().splitlines():
        if found := re.match(r"(?:export )?(class|function|interface) (\w+)", line):
            kind, current = found.groups()
            current = "" if kind == "interface" else current
            declared |= {current} - {""}
        elif current and (found := re.match(r"  (?:readonly )?(\w+)[(<?:]", line)):
            declared.add(f"{current}.{found[1]}")
    inherited = {
        f"Client.{name}" for name in ("addEventListener", "removeEventListener", "dispatchEvent", "constructor")
    }
    own = {"Actor.platform", "Actor.actor", "Target.from", "Target.target", "SockethubError.activity"}
    assert declared - inherited - own == there


async def test_the_gateway_serves_it_to_any_page() -> None:
    app = quart.Quart("test", static_folder=None)
    app.register_blueprint(javascript_blueprint())
    http = app.test_client()
    for name in ("client/sockethub.js", "client/core.js", "client/sockethub.d.ts", *UPSTREAM):
        answer = await http.get(f"/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.mimetype == "text/javascript"
    for name in ("client/package.json", "client/nothing.js", "client/..%2f..%2fpyproject.js"):
        assert (await http.get(f"/{name}")).status_code == 404, name
