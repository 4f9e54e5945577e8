"""The kit finds what is wrong: for each rule, a platform that breaks it, and two that break none."""

from __future__ import annotations

import gc
import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sockethub.testing import RULES, Nonconformance, Subject, check

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""What platforms leave behind here is left behind on purpose."""

ID = "https://parrot.example/schemas/"
COMMON = "https://sockethub.org/schemas/activity/common.json#/$defs/"
MEMBERS = dict.fromkeys(("context", "@context", "id", "type", "actor", "target", "object", "published"), True)
MESSAGES: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": f"{ID}messages.json",
    "$ref": f"{COMMON}activity",
    "properties": {**MEMBERS, "type": {"enum": ["connect", "send"]}, "object": {"$ref": f"{COMMON}text"}},
    "additionalProperties": False,
}
CREDENTIALS = {
    **MESSAGES,
    "$id": f"{ID}credentials.json",
    "properties": {
        **MEMBERS,
        "object": {"properties": {"password": {"type": "string", "writeOnly": True}}, "required": ["port"]},
    },
}


class Parrot(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


class Parrots(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections are broken here all the time."""


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is left behind here stays; it need not be waited for. And it is cleared away before the next test."""
    monkeypatch.setattr("sockethub.testing.census.SETTLE_SECONDS", 0.3)
    yield
    gc.collect()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with Parrots(("127.0.0.1", 0), Parrot) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("schemas")
    (directory / "messages.json").write_text(json.dumps(MESSAGES))
    (directory / "credentials.json").write_text(json.dumps(CREDENTIALS))
    (directory / "responses.json").write_text(json.dumps({**MESSAGES, "$id": f"{ID}responses.json"}))
    return directory


def said(content: str, type_: str = "send") -> dict[str, Any]:
    ann = {"id": "ann", "type": "person"}
    return {"context": "parrot", "type": type_, "actor": ann, "object": {"type": "message", "content": content}}


def stateless(driver: str, folder: Path, **members: Any) -> Subject:
    stanza: dict[str, Any] = {
        "mode": "stateless",
        "driver": f"tests.support.broken:{driver}",
        "verbs": ["send"],
        "schemas": {"messages": "messages.json", "responses": "responses.json"},
    }
    wanted: dict[str, Any] = {"examples": [said("a word in your ear")], "refused": [said("refuse me")], **members}
    return Subject(name="parrot", stanza=stanza | wanted.pop("stanza", {}), folder=folder, **wanted)


def persistent(driver: str, folder: Path, port: int, **members: Any) -> Subject:
    def credentials(password: str) -> dict[str, Any]:
        object_ = {"type": "credentials", "port": port, "password": password}
        return {**said("", "credentials"), "object": object_}

    stanza: dict[str, Any] = {
        "mode": "persistent",
        "driver": f"tests.support.broken:{driver}",
        "verbs": ["connect", "send"],
        "schemas": {
            "messages": "messages.json",
            "responses": "responses.json",
            "credentials": "credentials.json",
        },
        "policy": {"private_addresses": True},
    }
    wanted: dict[str, Any] = {"examples": [said("a word in your ear")], "patience_seconds": 0.3, **members}
    return Subject(
        name="parrot",
        stanza=stanza,
        folder=folder,
        credentials=credentials("open-sesame"),
        wrong_credentials=credentials("open-barley"),
        **wanted,
    )


def broken(rule: str, subject: Subject) -> str:
    with pytest.raises(Nonconformance) as found:
        RULES[rule](subject)
    assert str(found.value).startswith(f"{rule}: ")
    return str(found.value)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "isolation"])
def test_platforms_that_keep_the_rules_pass(rule: str, folder: Path, port: int) -> None:
    RULES[rule](stateless("Echo", folder))
    RULES[rule](persistent("Line", folder, port))


@pytest.mark.parametrize(
    ("rule", "driver", "words"),
    [
        ("declaration", "NoSuchVerb", "has no method that is marked @verb('send')"),
        ("declaration", "Nobody", "cannot be imported"),
        ("declaration", "Line", "is no StatelessPlatform, as `mode: stateless` demands"),
        ("answers", "SaysTooMuch", "the answer to `send` is not what schemas.responses says"),
        ("answers", "Talks", "the answer to `send` is no JSON"),
        ("errors", "Stumbles", "`send` let KeyError ('content') escape; raise PlatformError"),
        ("errors", "DoesAnything", "`nobody-does-this` was performed though it is none of its verbs"),
        ("cancellation", "ForgetsTasks", "where it waits for the 1st time, and left behind the task sleep"),
        ("cancellation", "ForgetsFiles", "broken.py)"),
        ("logs", "Chatters", "what was said is in the log"),
        ("logs", "Prints", "what was said is in the log"),
        ("memory", "Hoards", "broken.py:"),
    ],
)
def test_what_is_wrong_is_told(rule: str, driver: str, words: str, folder: Path) -> None:
    assert words in broken(rule, stateless(driver, folder))


@pytest.mark.parametrize(
    ("rule", "driver", "words"),
    [
        ("lifecycle", "ConnectsTwice", "connect made another connection"),
        ("lifecycle", "NeverLeaves", "`connected` is true"),
        ("lifecycle", "LeavesOnce", "disconnect let AssertionError escape"),
        ("reconnection", "NoticesNothing", "it has not noticed"),
        ("answers", "Crashes", "a background task let LookupError (nobody looks here) escape"),
        ("errors", "LetsAnybodyIn", "wrong credentials were taken"),
        ("cancellation", "DialsCarelessly", "`connect` was cancelled where it waits"),
        ("logs", "TellsSecrets", "the credentials' `password` is in the log"),
    ],
)
def test_what_is_wrong_with_a_login_is_told(rule: str, driver: str, words: str, folder: Path, port: int) -> None:
    text = broken(rule, persistent(driver, folder, port))
    assert words in text
    assert "open-sesame" not in text


def test_what_is_wrong_with_a_declaration_is_told(folder: Path) -> None:
    assert "must be" in broken("declaration", stateless("Echo", folder, stanza={"verbs": ["s p"]}))
    assert "`schemas.responses`" in broken(
        "schemas", stateless("Echo", folder, stanza={"schemas": {"messages": "messages.json"}})
    )
    for change, words in (
        ({"$id": "parrot"}, "has no `$id` that is an absolute URI"),
        ({"$id": f"{ID}responses.json"}, "has the `$id` of another schema"),
        ({"additionalProperties": True}, "lets any member pass"),
    ):
        (folder / "changed.json").write_text(json.dumps(MESSAGES | change))
        schemas = {"responses": "responses.json", "messages": "changed.json"}
        assert words in broken("schemas", stateless("Echo", folder, stanza={"schemas": schemas}))


def test_what_is_wrong_with_examples_is_told(folder: Path, port: int) -> None:
    assert "is not what schemas.messages says" in broken(
        "examples", stateless("Echo", folder, examples=[{**said("a"), "mood": "odd"}])
    )
    assert "there are none" in broken("examples", stateless("Echo", folder, examples=[]))
    two = {**MESSAGES, "properties": {**MESSAGES["properties"], "type": {"enum": ["send", "fetch"]}}}
    (folder / "two.json").write_text(json.dumps(two))
    schemas = {"responses": "responses.json", "messages": "two.json"}
    subject = stateless("Echo", folder, stanza={"verbs": ["send", "fetch"], "schemas": schemas})
    assert "the verb `fetch` has none" in broken("examples", subject)
    assert "it needs `schemas.credentials`" in broken(
        "examples", replace(persistent("Line", folder, port), credentials=None)
    )


def test_what_a_worker_may_not_do_is_told(folder: Path) -> None:
    text = broken("isolation", stateless("Snoops", folder))
    assert "`send` of parrot succeeds here, but not in a worker" in text
    assert "PermissionError" in text


def test_check_goes_through_all_rules(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    rules = {rule: partial(lambda rule, subject: gone.append(rule), rule) for rule in RULES}
    monkeypatch.setattr("sockethub.testing.RULES", rules)
    check(stateless("Echo", folder))
    assert gone == list(rules)


def test_the_kit_needs_no_test_runner() -> None:
    code = "import sys, sockethub.testing; print({'pytest', 'hypothesis'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
