"""One deployment for the tests with a browser, which do not break it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.deployment import Deployment, deployment
from tests.support.prosody import XmppServer


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, prosody: XmppServer) -> Iterator[Deployment]:
    """Trusts the tests' authority, lets pages of all origins in, and fetches from this machine."""
    here = {"policy": {"private_addresses": True}}
    platforms = {"xmpp": {"options": {"tls_ca_file": str(prosody.authority)}}, "feeds": here, "metadata": here}
    overlay = {"gateway": {"origins": ["*"]}, "platforms": platforms}
    with deployment(tmp_path_factory.mktemp("house"), overlay) as running:
        yield running
