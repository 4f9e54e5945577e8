from __future__ import annotations

import pytest

from sockethub.config.platform import Policy
from sockethub.guard import Reach

QUOTAS = {"max_logins", "logins_per_user", "logins_per_address"}
"""What a policy says besides: the gateway's affair."""


def test_a_declared_policy_becomes_a_reach() -> None:
    policy = Policy(
        private_addresses=True,
        hosts=("a.example",),
        denied_hosts=("b.example",),
        ports=(80,),
        allowed_addresses=("10.0.0.0/8",),
        denied_addresses=("10.1.0.0/16",),
        schemes=("https",),
    )
    reach = Reach.declared(policy.model_dump(mode="json"))
    assert reach == Reach(
        private_addresses=True,
        hosts=("a.example",),
        denied_hosts=("b.example",),
        ports=(80,),
        allowed_addresses=("10.0.0.0/8",),
        denied_addresses=("10.1.0.0/16",),
        schemes=("https",),
    )
    assert set(Policy.model_fields) - QUOTAS == set(Reach.__dataclass_fields__)
    assert Reach.declared(Policy().model_dump(mode="json")) == Reach()


@pytest.mark.parametrize(
    ("reach", "host", "refused"),
    [
        (Reach(), "a.example", False),
        (Reach(hosts=("A.example.",)), "a.example", False),
        (Reach(hosts=("a.example",)), "b.a.example", True),
        (Reach(hosts=("*.example",)), "a.example", False),
        (Reach(hosts=("*.example",)), "a.b.example", False),
        (Reach(hosts=("*.example",)), "example", True),
        (Reach(hosts=("*.example",)), "badexample", True),
        (Reach(denied_hosts=("a.example",)), "a.example", True),
        (Reach(denied_hosts=("*.example",), hosts=("a.example",)), "a.example", True),
        (Reach(denied_hosts=("a.example",)), "b.example", False),
    ],
    ids=str,
)
def test_hosts(reach: Reach, host: str, refused: bool) -> None:
    assert reach.refuses_host(host) is refused


def test_ports_and_schemes() -> None:
    assert not Reach().refuses_port(1)
    assert Reach(ports=(80,)).refuses_port(81)
    assert not Reach(ports=(80,)).refuses_port(80)
    assert not Reach().refuses_scheme("http")
    assert Reach(schemes=("https",)).refuses_scheme("http")
