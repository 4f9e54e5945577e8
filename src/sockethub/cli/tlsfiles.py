"""How long the certificates last that a gateway shows: what ``sockethub doctor`` says of ``gateway.tls``.

That its files are there, fit together and are nobody else's to read is looked at with the declaration.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from sockethub.cli.findings import Finding
from sockethub.config.admission import Tls

__all__ = ["SOON", "lifetime", "look_at"]

CHECK: Final = "gateway.tls"

SOON: Final = timedelta(days=14)
"""Before the end, when whatever renews a certificate should have done so: of those for 90 days it does at 30."""


def lifetime(tls: Tls, now: datetime) -> Finding:
    """What there is to say at ``now``."""
    try:
        chain = x509.load_pem_x509_certificates(tls.certificate.read_bytes())
    except (OSError, ValueError) as error:
        return Finding(CHECK, "problem", f"{tls.certificate}: {error}", "correct `gateway.tls`, or the file")
    return look_at(chain, now)


def look_at(chain: Sequence[x509.Certificate], now: datetime) -> Finding:
    """What there is to say of the gateway's certificate, which comes first, and of those above it."""
    begins = max(each.not_valid_before_utc for each in chain)
    first = min(chain, key=lambda each: each.not_valid_after_utc)
    ends = first.not_valid_after_utc
    which = "the certificate" if first is chain[0] else f"a certificate above it ({first.subject.rfc4514_string()})"
    renew = "renew it; a running gateway reads it again by itself"
    if now >= ends:
        return Finding(CHECK, "problem", f"{which} has ended on {ends:%Y-%m-%d}: clients refuse it", renew)
    if now < begins:
        remedy = "set this machine's clock, or wait"
        return Finding(CHECK, "problem", f"it is not valid before {begins:%Y-%m-%d %H:%M} UTC", remedy)
    text = f"{which} ends on {ends:%Y-%m-%d}"
    if ends - now < SOON:
        return Finding(CHECK, "warning", f"{text}, in {(ends - now).days} days", f"{renew}: see why that was not done")
    return Finding(CHECK, "ok", f"{text}; it is for {', '.join(_names(chain[0])) or 'no name'}")


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(each.value) for each in found]
