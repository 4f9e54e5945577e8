"""What a login can do, as its client hears it."""

from __future__ import annotations

from sockethub.worker.capabilities import Feature, capabilities

ME = {"id": "me@irc.example", "type": "person"}
SERVICE = {"id": "irc.example", "type": "service"}


def test_the_activity_says_who_can_do_what_where() -> None:
    assert capabilities("irc", ME, SERVICE, [Feature.TOPIC, Feature.NICK, Feature.TOPIC]) == {
        "context": "irc",
        "type": "update",
        "actor": SERVICE,
        "target": ME,
        "object": {"type": "capabilities", "features": ["nick", "topic"]},
    }


def test_features_have_the_names_of_the_objects_and_verbs_they_stand_for() -> None:
    assert all(feature.value == feature.name.lower().replace("_", "-") for feature in Feature)
