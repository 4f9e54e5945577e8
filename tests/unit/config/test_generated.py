"""What is generated from the models is what lies in the repository, and is true."""

from __future__ import annotations

import re

import jsonschema_rs
import pytest

from sockethub.config import reference, schema
from sockethub.config.node import plain
from sockethub.config.overlay import PREFIX, setting, variable
from sockethub.config.resources import CHECKOUT, SCHEMAS, SHIPPED_DECLARATION
from sockethub.config.yaml_source import parse, read


def test_the_schema_is_up_to_date() -> None:
    assert (SCHEMAS / "config.json").read_text() == schema.text(), "run: python -m sockethub.config"


def test_the_reference_page_is_up_to_date() -> None:
    page = CHECKOUT / "docs/reference/configuration.md"
    assert page.read_text() == reference.page(), "run: python -m sockethub.config"


def test_the_shipped_declaration_is_valid_by_the_published_schema() -> None:
    validator = jsonschema_rs.Draft202012Validator(schema.published())
    assert [error.message for error in validator.iter_errors(plain(read(SHIPPED_DECLARATION)))] == []


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("{platforms: {x: {use: matrix}}}", True),
        ("{platforms: {x: {mode: stateless}}}", False),
        ("{platforms: {x: {use: matrix}}, gateway: {port: '${env:PORT}'}}", True),
        ("{platforms: {x: {use: matrix}}, gateway: {port: '8080'}}", False),
        ("{platforms: {x: {use: matrix}}, gateway: {prot: 1}}", False),
        ("{platforms: {}}", False),
    ],
)
def test_editors_are_told_what_loading_takes(text: str, valid: bool) -> None:
    assert jsonschema_rs.Draft202012Validator(schema.published()).is_valid(plain(parse(text, "test"))) is valid


def test_every_setting_has_a_description() -> None:
    def undescribed(path: tuple[str, ...]) -> list[tuple[str, ...]]:
        below = schema.subschema(path) or {}
        names = schema.members(below) or (["any"] if "patternProperties" in below else [])
        missing = [path] if path and path[-1] != "any" and not below.get("description") else []
        return missing + [found for name in names for found in undescribed((*path, name))]

    assert undescribed(()) == []


def test_every_setting_has_a_variable() -> None:
    tree = read(SHIPPED_DECLARATION)
    path = ("platforms", "irc", "queue", "time_limit_seconds")
    assert variable(path) == "SOCKETHUB__PLATFORMS__IRC__QUEUE__TIME_LIMIT_SECONDS"
    assert setting(variable(path), tree) == path
    assert setting(f"{PREFIX}PLATFORMS__SOME_NEW__MODE", tree) == ("platforms", "some-new", "mode")
    assert setting(f"{PREFIX}PLATFORMS__DUMMY__OPTIONS__GREETING", tree) == (
        "platforms",
        "dummy",
        "options",
        "greeting",
    )


def test_the_examples_of_the_page_are_what_is_said() -> None:
    """The page shows two errors; they are the real ones."""
    shown = re.findall(r"^sockethub\.yaml:\d+:\d+: (gateway\..*)$", reference.INTRODUCTION, re.MULTILINE)
    assert [line.split(":")[0] for line in shown] == ["gateway.prot", "gateway.port"]
