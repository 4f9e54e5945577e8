"""Every sort of mistake, and the exact words about it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sockethub.config.loader import declare, load, loads
from sockethub.config.problems import InvalidDeclaration
from sockethub.config.yaml_source import parse
from sockethub.crypto import Secret

from .declarations import STANZA, declared, write_schemas

KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
RATE = "known here: events, seconds, block_seconds"


def problems(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    """What is said about :data:`STANZA` with ``text`` after it, from line 7."""
    with pytest.raises(InvalidDeclaration) as error:
        declared(folder, text, environ)
    return str(error.value).splitlines()


def test_the_least_declaration_has_defaults(tmp_path: Path) -> None:
    declaration = declared(tmp_path, "")
    assert declaration.gateway.port == 10550
    assert declaration.platforms["echo"].queue.max_length == 1_000
    assert declaration.redis.url is None


def test_paths_are_absolute(tmp_path: Path) -> None:
    declaration = declared(tmp_path, "state_dir: here\nkeys: { file: master.key }\n")
    assert declaration.state_dir == tmp_path / "here"
    assert declaration.keys.file == tmp_path / "master.key"
    assert declaration.platforms["echo"].schemas.messages == str(tmp_path / "messages.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gateway: { prot: 1 }", "7:12: gateway.prot: unknown key; did you mean 'port'?"),
        ("gatway: {}", "7:1: gatway: unknown key; did you mean 'gateway'?"),
        ("gateway:\n  rate: { zzz: 1 }", f"8:11: gateway.rate.zzz: unknown key; {RATE}"),
        (
            "gateway: { port: high }",
            "7:18: gateway.port: must be a whole number from 0 to 65535. Port to listen on; 0 lets the system choose.",
        ),
        (
            "gateway: { port: 65536 }",
            "7:18: gateway.port: must be a whole number from 0 to 65535. Port to listen on; 0 lets the system choose.",
        ),
        (
            "gateway: { ping_seconds: 0 }",
            (
                "7:26: gateway.ping_seconds: must be a number greater than 0 and at most 86400. "
                "Interval of pings to a client."
            ),
        ),
        ("gateway: { console: maybe }", "7:21: gateway.console: must be true or false. Serve the console page at `/`."),
        (
            "gateway: { host: 127 }",
            "7:18: gateway.host: must be text that is not empty; quote it. Address to listen on.",
        ),
        ("gateway: 5", "7:10: gateway: must be a section of keys. The side that faces clients."),
        (
            "gateway: { origins: ['https://a.example', 'a.example'] }",
            "7:43: gateway.origins[1]: must be text like `https://chat.example` (at most 300 characters)",
        ),
        (
            "gateway: { socketio_path: /ws }",
            "7:1: gateway.websocket_path: must differ from `socketio_path`",
        ),
        (
            "log: { level: loud }",
            "7:15: log.level: must be one of `debug`, `info`, `warning`, `error`. Least severe level shown.",
        ),
        (
            "redis: { url: 'http://secret' }",
            "7:15: redis.url: must begin with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://",
        ),
        (
            f"keys: {{ master: {KEY}, file: x }}",
            "7:69: keys.file: give either `master` or `file`, not both",
        ),
        (
            "keys: { previous: [{ file: a, command: [b] }] }",
            "7:40: keys.previous[0].command: give either `file` or `command`, not both",
        ),
        (
            "keys: { previous: [{}] }",
            "7:20: keys.previous[0]: say where this key comes from: `master`, `file` or `command`",
        ),
        ("keys: { previous: [{ fil: a }] }", "7:22: keys.previous[0].fil: unknown key; did you mean 'file'?"),
        (
            "keys: { previous: [{ master: hunter2 }] }",
            (
                "7:30: keys.previous[0].master: must be 32 bytes in base64; `head -c 32 /dev/urandom | base64` makes a "
                "new key"
            ),
        ),
        (
            "keys: { master: hunter2 }",
            "7:17: keys.master: must be 32 bytes in base64; `head -c 32 /dev/urandom | base64` makes a new key",
        ),
        (
            "gateway: { host: 0.0.0.0, authentication: none }",
            (
                "7:18: gateway.host: others than this machine can connect here, so decide which pages may: set "
                "`origins` in this section, to [] for the gateway's own page and programs alone, or to a list such as "
                "[https://chat.example]"
            ),
        ),
        (
            "gateway: { host: 0.0.0.0, origins: [] }",
            (
                "7:18: gateway.host: others than this machine can connect here, so decide who may: set "
                "`authentication` in this section, to what clients must show, or to `none` for everybody"
            ),
        ),
        (
            "    policy: { private_addresses: true }\ngateway: { host: 0.0.0.0, origins: [], authentication: none }",
            (
                "7:34: platforms.echo.policy.private_addresses: others than this machine can connect here, and this "
                "would let them reach this machine and its network: leave it out, or name what they may reach in "
                "`allowed_addresses`, such as [10.1.0.0/16]"
            ),
        ),
        (
            "keys: { master: '${env:MASTER}' }",
            "7:17: keys.master: the environment variable MASTER is not set",
        ),
        (
            "keys: { master: '${vault:x}' }",
            "7:17: keys.master: write ${env:NAME} or ${file:PATH}, or $${ for a plain ${",
        ),
        ("keys: { master: '${env:' }", "7:17: keys.master: write ${env:NAME} or ${file:PATH}, or $${ for a plain ${"),
        (
            "    options: { greeting: '' }",
            "7:26: platforms.echo.options.greeting: must be text that is not empty. What it says.",
        ),
        ("    options: { greting: x }", "7:16: platforms.echo.options.greting: unknown key; did you mean 'greeting'?"),
        ("    options: { depth: 4 }", "7:23: platforms.echo.options.depth: must be a whole number from 1 to 3"),
        (
            "    queue: { retryable: [echo, join] }",
            "7:32: platforms.echo.queue.retryable[1]: must be one of this platform's `verbs`",
        ),
        (
            "  Echo: {}",
            (
                "7:3: platforms.Echo: the id of a platform is lower-case letters, digits and hyphens, beginning with a "
                "letter (at most 40)"
            ),
        ),
        ("    mode: stateless", "7:5: the key 'mode' was already given at sockethub.yaml:3:5"),
    ],
)
def test_says(tmp_path: Path, text: str, said: str) -> None:
    assert problems(tmp_path, text) == [f"sockethub.yaml:{said}"]


def test_credentials_that_nobody_would_ask_for(tmp_path: Path) -> None:
    text = STANZA.replace("{ messages:", "{ credentials: messages.json, messages:")
    with pytest.raises(InvalidDeclaration) as error:
        loads(text, write_schemas(tmp_path), {})
    assert str(error.value) == (
        "sockethub.yaml:6:29: platforms.echo.schemas.credentials: a stateless platform has no logins, and its driver "
        "is never given credentials: leave this out, or declare `mode: persistent`, with a driver that connects"
    )


def test_an_empty_file_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidDeclaration) as error:
        loads("", tmp_path, {})
    assert str(error.value) == "sockethub.yaml: platforms: required, but missing. The platforms, by id."


def test_what_a_stanza_must_have_is_asked_for_at_its_key(tmp_path: Path) -> None:
    said = problems(tmp_path, "  other: {}")
    assert [line.split(": ")[:2] for line in said] == [
        ["sockethub.yaml:7:3", f"platforms.other.{key}"] for key in ("mode", "driver", "verbs", "schemas")
    ]


def test_lists_every_problem_by_line(tmp_path: Path) -> None:
    said = problems(tmp_path, "log: { level: 1 }\nredis: { ulr: x }\ngateway:\n  port: -1\n", {"SOCKETHUB__LGO": "1"})
    assert [line.split(": ")[0] for line in said] == [
        "SOCKETHUB__LGO",
        "sockethub.yaml:7:15",
        "sockethub.yaml:8:10",
        "sockethub.yaml:10:9",
    ]


def test_a_verb_the_messages_schema_does_not_accept(tmp_path: Path) -> None:
    with pytest.raises(InvalidDeclaration) as error:
        loads(STANZA.replace("[echo]", "[echo, shout]"), write_schemas(tmp_path), {})
    assert str(error.value) == (
        "sockethub.yaml:5:19: platforms.echo.verbs[1]: messages.json accepts no such type; it accepts echo, greet"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file, neither in {folder} nor in "),
        ("{", "{folder}/messages.json is not JSON"),
        ("[]", "{folder}/messages.json is not a JSON Schema of https://json-schema.org/draft/2020-12/schema"),
        ('{"type": "strin"}', "{folder}/messages.json is not a valid JSON Schema (at /type): "),
        ('{"$schema": "http://json-schema.org/draft-07/schema#"}', "{folder}/messages.json is not a JSON Schema of "),
        ('{"$ref": "https://elsewhere.example/x"}', "{folder}/messages.json is not a valid JSON Schema (at /): "),
    ],
)
def test_a_schema_that_is_none(tmp_path: Path, content: str | None, said: str) -> None:
    write_schemas(tmp_path)
    (tmp_path / "messages.json").unlink()
    if content is not None:
        (tmp_path / "messages.json").write_text(content)
    with pytest.raises(InvalidDeclaration) as error:
        loads(STANZA, tmp_path, {})
    assert str(error.value).startswith(
        "sockethub.yaml:6:26: platforms.echo.schemas.messages: " + said.format(folder=tmp_path)
    )


def test_options_without_a_schema(tmp_path: Path) -> None:
    text = STANZA.replace(", options: options.json", "") + "    options: { a: 1 }\n"
    with pytest.raises(InvalidDeclaration, match="this platform has no options"):
        loads(text, write_schemas(tmp_path), {})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_no_origins(tmp_path: Path, host: str) -> None:
    assert declared(tmp_path, f"gateway: {{ host: '{host}' }}").gateway.host == host


def test_a_decision_may_be_for_none(tmp_path: Path) -> None:
    open_to_all = declared(tmp_path, "gateway: { host: 0.0.0.0, origins: [], authentication: none }").gateway
    assert (open_to_all.origins, open_to_all.authentication) == ((), None)


def test_a_key_file_others_can_read(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text(KEY)
    os.chmod(tmp_path / "master.key", 0o644)
    assert problems(tmp_path, "keys: { file: master.key }") == [
        f"sockethub.yaml:7:15: keys.file: others can read {tmp_path}/master.key; run: chmod 600 {tmp_path}/master.key"
    ]
    os.chmod(tmp_path / "master.key", 0o600)
    assert declared(tmp_path, "keys: { file: master.key }").keys.file == tmp_path / "master.key"


def test_previous_key_files_are_beside_the_declaration(tmp_path: Path) -> None:
    (tmp_path / "old.key").write_text(KEY)
    os.chmod(tmp_path / "old.key", 0o644)
    old = tmp_path / "old.key"
    assert problems(tmp_path, "keys: { previous: [{ file: old.key }] }") == [
        f"sockethub.yaml:7:28: keys.previous[0].file: others can read {old}; run: chmod 600 {old}"
    ]
    os.chmod(tmp_path / "old.key", 0o600)
    [previous] = declared(tmp_path, "keys: { previous: [{ file: old.key }] }").keys.previous
    assert previous.file == tmp_path / "old.key"


def test_secrets_come_from_variables_and_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    declaration = declared(
        tmp_path,
        "keys: { master: '${file:key}' }\nredis: { url: 'redis://:${env:PASSWORD}@redis.example/0' }",
        {"PASSWORD": "${env:HOME}"},
    )
    assert declaration.keys.master == Secret(KEY)
    assert declaration.redis.url == Secret("redis://:${env:HOME}@redis.example/0")
    assert KEY not in repr(declaration)
    assert "HOME" not in repr(declaration)


def test_a_number_may_come_from_a_variable(tmp_path: Path) -> None:
    assert declared(tmp_path, "gateway: { port: '${env:PORT}' }", {"PORT": "8080"}).gateway.port == 8080


def test_a_dollar_is_just_a_dollar(tmp_path: Path) -> None:
    declaration = declared(tmp_path, "    options: { greeting: '$5 $${env:X} $$' }")
    assert declaration.platforms["echo"].options == {"greeting": "$5 ${env:X} $$"}


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("${file:none}", "the file {folder}/none cannot be read: No such file or directory"),
        ("${file:.}", "the file {folder} cannot be read: Is a directory"),
        ("${file:large}", "the file {folder}/large is larger than 65536 bytes"),
        ("${file:binary}", "the file {folder}/binary is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_filled_in(tmp_path: Path, reference: str, said: str) -> None:
    (tmp_path / "large").write_bytes(b"x" * 65_537)
    (tmp_path / "binary").write_bytes(b"\xff")
    assert problems(tmp_path, f"redis: {{ url: '{reference}' }}") == [
        f"sockethub.yaml:7:15: redis.url: {said.format(folder=tmp_path)}"
    ]


def test_options_of_the_command_line_win(tmp_path: Path) -> None:
    tree = parse(STANZA + "gateway: { port: 1 }\n", "sockethub.yaml")
    write_schemas(tmp_path)
    port = {"--port": (("gateway", "port"), 3)}
    assert declare(tree, tmp_path, {"SOCKETHUB__GATEWAY__PORT": "2"}, port).gateway.port == 3
    with pytest.raises(InvalidDeclaration, match=r"^--host: gateway.host: others than this machine can connect here"):
        declare(tree, tmp_path, {}, {"--host": (("gateway", "host"), "0.0.0.0")})


def test_problems_for_programs(tmp_path: Path) -> None:
    with pytest.raises(InvalidDeclaration) as error:
        declared(tmp_path, "gateway: { prot: 1 }")
    assert json.loads(json.dumps(error.value.problems[0].to_json())) == {
        "source": "sockethub.yaml",
        "line": 7,
        "column": 12,
        "key": "gateway.prot",
        "message": "unknown key; did you mean 'port'?",
    }


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidDeclaration, match=r"none\.yaml: cannot be read: No such file or directory"):
        load(tmp_path / "none.yaml", {})
