"""How long a certificate lasts, and those above it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from sockethub.cli.tlsfiles import SOON, lifetime, look_at
from sockethub.config.admission import Tls
from tests.support.tls import issue

NOW = datetime.now(UTC)


def chain(folder: Path, until: int = 90) -> list[x509.Certificate]:
    """A certificate of so many days, and its authority's, of one."""
    files = issue(folder, until=until)
    return x509.load_pem_x509_certificates(files.certificate.read_bytes() + files.authority.read_bytes())


def test_a_certificate_that_lasts(tmp_path: Path) -> None:
    found = look_at(chain(tmp_path)[:1], NOW)
    assert (found.level, found.remedy) == ("ok", "")
    assert found.text.endswith("; it is for localhost, 127.0.0.1")


@pytest.mark.parametrize(
    ("later", "level", "text"),
    [
        (timedelta(days=89, hours=1), "warning", "in 0 days"),
        (timedelta(days=90) - SOON + timedelta(hours=1), "warning", "in 13 days"),
        (timedelta(days=90) - SOON - timedelta(hours=1), "ok", "ends on"),
        (timedelta(days=91), "problem", "has ended on"),
        (-timedelta(days=3), "problem", "not valid before"),
    ],
)
def test_what_is_said_when(tmp_path: Path, later: timedelta, level: str, text: str) -> None:
    found = look_at(chain(tmp_path)[:1], NOW + later)
    assert found.level == level
    assert text in found.text
    assert bool(found.remedy) == (level != "ok")


def test_one_above_it_may_end_first(tmp_path: Path) -> None:
    found = look_at(chain(tmp_path), NOW + timedelta(days=5))
    assert found.level == "problem"
    assert "CN=Sockethub test authority" in found.text


def test_a_file_that_holds_none(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", tmp_path / "empty.pem"):
        found = lifetime(Tls(certificate=path, key=path), NOW)
        assert found.level == "problem"
        assert str(path) in found.text
        (tmp_path / "empty.pem").write_text("")
