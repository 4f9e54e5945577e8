"""The servers that tests of this folder run against."""

from __future__ import annotations

import pytest

from tests.support.ircd import IrcServer


@pytest.fixture(params=["ngircd", "inspircd"])
def server(request: pytest.FixtureRequest) -> IrcServer:
    """One after the other: ngIRCd, with next to nothing of IRCv3, and InspIRCd, which labels its answers."""
    chosen: IrcServer = request.getfixturevalue(str(request.param))
    return chosen
