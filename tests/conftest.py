"""Fixtures every test may ask for, and how much Hypothesis tries.

``HYPOTHESIS_PROFILE`` chooses the profile: ``dev`` (default), ``ci`` (the same examples each time), ``nightly`` (many)
or ``mutation`` (few, and no shrinking).
Asynchronous tests say ``@pytest.mark.anyio``.
"""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support.ircd import inspircd, ngircd, ngircd_with_password, services, services_without_sasl
from tests.support.prosody import prosody
from tests.support.redis import redis_server, redis_url
from tests.support.tls import certificates

__all__ = [
    "anyio_backend",
    "certificates",
    "inspircd",
    "ngircd",
    "ngircd_with_password",
    "prosody",
    "redis_server",
    "redis_url",
    "services",
    "services_without_sasl",
]

# No deadline: on a shared machine one slow example says nothing. A test that hangs is ended by pytest-timeout.
settings.register_profile("dev", max_examples=100, deadline=None)
# As many in CI: what counts there is that it answers the same each time; many are tried by who develops, and at night.
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "nightly", max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# Against mutants: whether a law notices is all that counts, not the least example (tools/mutation.py).
settings.register_profile(
    "mutation",
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_configure() -> None:
    """Have what tests start hear Ctrl-C, also where a shell has started the tests in the background: it ignores that,
    and who is started ignores what its parent does."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The gateway runs on asyncio and nothing else."""
    return "asyncio"
