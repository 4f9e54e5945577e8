"""The platforms of examples/ pass the kit, against a real server."""

from __future__ import annotations

import pytest

from sockethub.testing import RULES, Subject, isolated


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "isolation"])
@pytest.mark.parametrize("platform", ["caldav", "carddav"])
def test_conformance(platform: str, rule: str, request: pytest.FixtureRequest) -> None:
    subject: Subject = request.getfixturevalue(platform)
    RULES[rule](subject)


def test_isolation(caldav: Subject, carddav: Subject) -> None:
    """In their workers, which connect on demand: clients of a calendar send no `connect`."""
    isolated(caldav, carddav)
