"""The pages about feeds and metadata show what their schemas accept, and every member these know."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sockethub.config.platform import Policy
from tests.support.deployment import declaration
from tests.support.schemas import shipped

DOCS = Path(__file__).parents[3] / "docs"
_BLOCK = re.compile(r"^```json (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("platform", ["feeds", "metadata"])
def test_examples_are_valid_and_whole(platform: str) -> None:
    page = (DOCS / "reference" / f"{platform}.md").read_text()
    shown: dict[str, Any] = {name: json.loads(text) for name, text in _BLOCK.findall(page)}
    shipped(f"{platform}/messages.json").validate(shown["request"])
    responses = shipped(f"{platform}/responses.json")
    responses.validate(shown["response"])
    schema: Any = responses.schema
    if platform == "feeds":
        post = shown["response"]["items"][0]
        assert set(schema["$defs"]["feed"]["properties"]) == set(post["actor"])
        assert set(schema["$defs"]["post"]["properties"]["object"]["properties"]) == set(post["object"])
    else:
        assert set(schema["properties"]["object"]["properties"]) == set(shown["response"]["object"])


@pytest.mark.parametrize("platform", ["feeds", "metadata"])
def test_options_are_as_the_schema_says(platform: str) -> None:
    module = __import__(f"sockethub.platforms.{platform}.options", fromlist=["Options"])
    schema: Any = shipped(f"{platform}/options.json").schema
    defaults = {name: member["default"] for name, member in schema["properties"].items() if "default" in member}
    known = {name: getattr(module.Options(), name) for name in module.Options.__dataclass_fields__}
    assert set(known) == set(schema["properties"])
    assert {name: value for name, value in known.items() if value is not None} == defaults
    declared = declaration()["platforms"][platform]
    assert known["total_seconds"] < declared["queue"]["time_limit_seconds"]


def test_policies_on_the_page_are_policies() -> None:
    page = (DOCS / "how-to" / "limit-what-can-be-reached.md").read_text()
    stanzas = [yaml.safe_load(text)["platforms"] for text in _YAML.findall(page)]
    policies = [Policy(**stanza["policy"]) for platforms in stanzas for stanza in platforms.values()]
    assert len(policies) == 3
