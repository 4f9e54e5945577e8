"""Who may connect: mistakes in declaring it, and what must be decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockethub.config.problems import InvalidDeclaration
from tests.support.tls import Certificates, issue

from .declarations import declared

TOKEN = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
AUTHENTICATION = "gateway.authentication"
BY_PROXY = "gateway.trusted_proxies: others than this machine can connect by a proxy, so decide "


def said(folder: Path, gateway: str) -> list[str]:
    """What is wrong with this section, without places."""
    with pytest.raises(InvalidDeclaration) as error:
        declared(folder, f"gateway: {{ {gateway} }}\n")
    return [line.split(": ", 1)[1] for line in str(error.value).splitlines()]


@pytest.mark.parametrize(
    ("gateway", "problem"),
    [
        ("authentication: null", f"{AUTHENTICATION}: is empty: declare who may connect, or write `none`"),
        (
            "authentication: {}",
            f"{AUTHENTICATION}: declare `tokens`, `jwt` or `user_header`; or write `authentication: none`",
        ),
        (
            "authentication: { tokens: [{ user: ann, token: hunter2 }] }",
            (
                f"{AUTHENTICATION}.tokens[0].token: must be 24 or more characters of ASCII without spaces; "
                "`head -c 24 /dev/urandom | base64` makes one"
            ),
        ),
        (
            f"authentication: {{ tokens: [{{ user: a, token: {TOKEN} }}, {{ user: b, token: {TOKEN} }}] }}",
            f"{AUTHENTICATION}.tokens[1].token: is the token of another user too: give each its own",
        ),
        (
            "authentication: { jwt: { algorithms: [none], jwks_file: k, audience: a, issuer: i } }",
            (
                f"{AUTHENTICATION}.jwt.algorithms[0]: must be one of `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, "
                "`PS512`, `ES256`, `ES384`, `ES512`, `EdDSA`, `HS256`, `HS384`, `HS512`"
            ),
        ),
        (
            "authentication: { jwt: { algorithms: [HS256, RS256], jwks_file: k, audience: a, issuer: i } }",
            (
                f"{AUTHENTICATION}.jwt.algorithms: give either algorithms with a shared secret (HS…) or with public "
                "keys, not both"
            ),
        ),
        (
            "authentication: { user_header: X-User }",
            f"{AUTHENTICATION}.user_header: is believed from `trusted_proxies` alone: declare them",
        ),
        (
            "origins: ['*'], trusted_proxies: ['::1/128'], authentication: { user_header: X-User }",
            (
                "gateway.origins: a proxy that knows users by their cookies knows them on every page: name the "
                "origins, instead of `*`"
            ),
        ),
        (
            "trusted_proxies: [0.0.0.0/0]",
            "gateway.trusted_proxies[0]: is every address: name those of the proxies, or all could say who they are",
        ),
        (
            "trusted_proxies: [nearby]",
            "gateway.trusted_proxies[0]: must be a range of addresses such as 10.1.0.0/16",
        ),
    ],
)
def test_says(tmp_path: Path, gateway: str, problem: str) -> None:
    assert said(tmp_path, gateway)[-1] == problem


def test_no_secret_is_quoted(tmp_path: Path) -> None:
    text = "authentication: { tokens: [{ user: ann, token: hunter2 }, { user: ann, token: 7 }, { user: ann }] }"
    assert "hunter2" not in "".join(said(tmp_path, text))


def test_who_trusts_a_proxy_serves_others_and_decides(tmp_path: Path) -> None:
    pages, people = said(tmp_path, "trusted_proxies: [127.0.0.1/32]")
    assert pages.startswith(f"{BY_PROXY}which pages may: set `origins` in this section")
    assert people.startswith(f"{BY_PROXY}who may: set `authentication` in this section")
    declared(tmp_path, "gateway: { trusted_proxies: [127.0.0.1/32], origins: [], authentication: none }")


def test_files_of_keys_and_certificates_are_looked_at(tmp_path: Path, certificates: Certificates) -> None:
    jwt = "jwt: { algorithms: [ES256], jwks_file: keys.json, audience: a, issuer: i }"
    assert said(tmp_path, f"tls: {{ certificate: c.pem, key: k.pem }}, authentication: {{ {jwt} }}") == [
        f"gateway.tls: {tmp_path}/c.pem cannot be read: No such file or directory",
        f"{AUTHENTICATION}.jwt.jwks_file: {tmp_path}/keys.json cannot be read: No such file or directory",
    ]
    certificates.key.chmod(0o600)
    (tmp_path / "k.pem").write_text("no key")
    (tmp_path / "k.pem").chmod(0o600)
    problem = said(tmp_path, f"tls: {{ certificate: {certificates.certificate}, key: k.pem }}")
    assert problem[0].endswith(f" and {tmp_path}/k.pem cannot be used: it has a password, or is no key")
    (tmp_path / "k.pem").write_bytes(issue(tmp_path).key.read_bytes())
    problem = said(tmp_path, f"tls: {{ certificate: {certificates.certificate}, key: k.pem }}")
    assert problem[0].endswith("cannot be used: this is not the key of the first certificate in that file")
    (tmp_path / "k.pem").chmod(0o644)
    assert said(tmp_path, f"tls: {{ certificate: {certificates.certificate}, key: k.pem }}") == [
        f"gateway.tls: everybody can read the private key {tmp_path}/k.pem; run: chmod 600 {tmp_path}/k.pem"
    ]
    gateway = declared(
        tmp_path, f"gateway: {{ tls: {{ certificate: {certificates.certificate}, key: {certificates.key} }} }}"
    ).gateway
    assert gateway.tls is not None
    assert gateway.tls.minimum_version == "1.2"
