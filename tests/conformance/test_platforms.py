"""Our own platforms pass the kit that others are given."""

from __future__ import annotations

import pytest

from sockethub.testing import RULES, Subject, isolated

PLATFORMS = ("dummy", "feeds", "metadata", "http", "irc", "xmpp")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "isolation"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_conformance(platform: str, rule: str, request: pytest.FixtureRequest) -> None:
    subject: Subject = request.getfixturevalue(platform)
    RULES[rule](subject)


def test_isolation(request: pytest.FixtureRequest) -> None:
    """All of them in one deployment: it takes seconds to start."""
    isolated(*(request.getfixturevalue(platform) for platform in PLATFORMS))
