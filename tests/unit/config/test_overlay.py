from __future__ import annotations

from pathlib import Path

import pytest

from sockethub.config.problems import InvalidDeclaration

from .declarations import declared


def test_values_are_yaml(tmp_path: Path) -> None:
    declaration = declared(
        tmp_path,
        "gateway: { port: 1 }\n",
        {
            "SOCKETHUB__GATEWAY__PORT": "8080",
            "SOCKETHUB__GATEWAY__ORIGINS": "[https://a.example, https://b.example]",
            "SOCKETHUB__GATEWAY__RATE": "{events: 7}",
            "SOCKETHUB__GATEWAY__RATE__SECONDS": "2",
            "SOCKETHUB__PLATFORMS__ECHO__OPTIONS__GREETING": "Moin",
            "SOCKETHUB_UNRELATED": "x",
        },
    )
    assert declaration.gateway.port == 8080
    assert declaration.gateway.origins == ("https://a.example", "https://b.example")
    assert (declaration.gateway.rate.events, declaration.gateway.rate.seconds) == (7, 2)
    assert declaration.platforms["echo"].options == {"greeting": "Moin"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GATEWAY__PROT", "1", "SOCKETHUB__GATEWAY__PROT: names no setting; did you mean 'SOCKETHUB__GATEWAY__PORT'?"),
        ("GATWAY__PORT", "1", "SOCKETHUB__GATWAY__PORT: names no setting; did you mean 'SOCKETHUB__GATEWAY'?"),
        (
            "GATEWAY__PORT__X",
            "1",
            "SOCKETHUB__GATEWAY__PORT__X: names no setting; nothing is known here",
        ),
        (
            "GATEWAY__PORT",
            "[1",
            "SOCKETHUB__GATEWAY__PORT: not YAML: expected ',' or ']', but got '<stream end>'",
        ),
        (
            "GATEWAY__PORT",
            "high",
            (
                "SOCKETHUB__GATEWAY__PORT: gateway.port: must be a whole number from 0 to 65535. "
                "Port to listen on; 0 lets the system choose."
            ),
        ),
        ("REDIS__URL", "${env:NONE}", "SOCKETHUB__REDIS__URL: redis.url: the environment variable NONE is not set"),
    ],
)
def test_a_mistake_names_its_variable(tmp_path: Path, name: str, value: str, said: str) -> None:
    with pytest.raises(InvalidDeclaration) as error:
        declared(tmp_path, "", {f"SOCKETHUB__{name}": value})
    assert str(error.value) == said
