from __future__ import annotations

from pathlib import Path

from sockethub.activity.platforms import Platforms
from sockethub.activity.registry import Registry
from sockethub.config.loader import load


def test_the_registry_says_what_clients_expect() -> None:
    registry = Registry(Platforms(load(None, {}), Path.cwd()))
    whole = registry.answer()
    assert list(whole) == ["fingerprint", "version", "contexts", "platforms"]
    assert registry.answer("another") == registry.answer(None) == registry.answer(3) == whole
    assert registry.answer(whole["fingerprint"]) == {"fingerprint": whole["fingerprint"], "unchanged": True}
    platforms = {platform["id"]: platform for platform in whole["platforms"]}
    dummy, irc = platforms["dummy"], platforms["irc"]
    assert dummy["contextUrl"] == "https://sockethub.org/ns/context/platform/dummy/v1.jsonld"
    assert dummy["schemas"]["credentials"] == {}
    assert "credentials" not in dummy["types"]
    assert irc["types"][0] == "credentials"
    assert irc["schemas"]["credentials"]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_fingerprint_is_of_the_content() -> None:
    one, two = (Registry(Platforms(load(None, {}), Path.cwd())) for _ in range(2))
    assert one.fingerprint == two.fingerprint
    changed = load(None, {})
    dummy = changed.platforms["dummy"].model_copy(update={"verbs": ("echo",)})
    other = changed.model_copy(update={"platforms": {"dummy": dummy}})
    assert Registry(Platforms(other, Path.cwd())).fingerprint != one.fingerprint
