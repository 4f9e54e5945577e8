"""XMPP in the ``as2`` dialect: stanzas of every kind read back, and no term is dropped when they are expanded."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from sockethub_translators import xmpp
from sockethub_translators.testing import xmpp as some
from sockethub_translators.testing import xmpp_iq, xmpp_messages, xmpp_presence
from sockethub_translators.xmpp import Element, Env
from tests.property.dialects.test_as2 import check_json_ld, read_back

STANZAS = {
    "messages": xmpp_messages.messages(),
    "presences": xmpp_presence.presences(),
    **{kind: xmpp_iq.iqs(kind) for kind in sorted(xmpp_iq.PAYLOADS)},
}


@pytest.mark.parametrize("kind", STANZAS)
def test_stanzas_read_back_and_expand(kind: str) -> None:
    @settings(
        max_examples=max(settings.default.max_examples // 4, 10),
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    )
    @given(STANZAS[kind], some.envs())
    def check(stanza: Element, env: Env) -> None:
        for activity in xmpp.to_activity(stanza, env):
            read_back(activity)
            check_json_ld(activity)

    check()
