"""T8: what translation gives is what the published schema promises, stripped or not, one by one or collected."""

from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st

from sockethub_translators import xmpp
from sockethub_translators.testing import xmpp as some
from sockethub_translators.testing.xmpp_iq import iqs
from sockethub_translators.testing.xmpp_messages import forwarded, messages
from sockethub_translators.testing.xmpp_presence import presences
from sockethub_translators.xmpp.element import Element
from sockethub_translators.xmpp.env import Activity, Env
from tests.property.xmpp.losses import kind_of
from tests.property.xmpp.test_aggregate import asked_for
from tests.support.schemas import compiled

ENV = Env(some.ME, nick=some.NICK, rooms={some.ROOM: some.NICK})


RESPONSES = compiled("xmpp/responses.json")
STANZAS = st.one_of(iqs(), messages(), messages("body"), forwarded(), presences())


def _errors(activity: Activity) -> list[str]:
    return [error.message for error in RESPONSES.iter_errors(activity)]


@given(STANZAS, some.envs())
def test_activities_are_valid(stanza: Element, env: Env) -> None:
    (activity,) = xmpp.to_activity(stanza, env)
    event(kind_of(activity))
    for shown in (activity, xmpp.strip(activity), xmpp.strip(activity, ext=True)):
        assert _errors(shown) == []


@given(st.lists(STANZAS, max_size=6))
def test_collected_activities_are_valid(stanzas: list[Element]) -> None:
    state = asked_for(stanzas)
    for stanza in stanzas:
        state, activities = xmpp.aggregate.feed(state, stanza, ENV)
        for activity in activities:
            assert _errors(activity) == []
    for activity in xmpp.aggregate.flush(state, ENV)[1]:
        assert _errors(activity) == []
