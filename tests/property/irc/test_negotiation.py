"""The negotiation takes anything a server may say, is pure, and ends at most once."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sockethub_translators import irc
from sockethub_translators.irc import negotiation, sasl
from sockethub_translators.irc.negotiation import MAX_CHALLENGE, MAX_OFFERED, Failed, Plan, Registered
from sockethub_translators.testing import irc as some

SECRET = "sesame-sesame"
CAPS = st.lists(st.sampled_from(["sasl", "sasl=PLAIN", "batch", "-batch", "server-time", "x", ""]), max_size=4).map(
    " ".join
)
NUMERICS = ["001", "005", "376", "422", "432", "433", "437", "464", "465", "ERROR", "PING", "NICK"]
NUMERICS += [str(number) for number in range(900, 909)]
SAID = st.one_of(
    st.builds(
        lambda sub, more, names: irc.Line("CAP", ("*", sub, *more, names), "s"),
        st.sampled_from(["LS", "ACK", "NAK", "NEW", "DEL", "LIST"]),
        st.sampled_from([(), ("*",)]),
        CAPS,
    ),
    st.builds(
        lambda numeric, params: irc.Line(numeric, tuple(params), "s"),
        st.sampled_from(NUMERICS),
        st.lists(st.sampled_from(["me", "PLAIN", "text", "*"]), max_size=4),
    ),
    st.builds(lambda text: irc.Line("AUTHENTICATE", (text,)), st.sampled_from(["+", "*", "A" * 400, "cj1h", "é"])),
    some.lines(),
)
PLANS = st.builds(
    Plan,
    st.just("me"),
    alternatives=st.sampled_from([(), ("me_",)]),
    wanted=st.just(("batch", "server-time")),
    password=st.sampled_from([None, SECRET]),
    sasl=st.lists(
        st.sampled_from([sasl.Plain("me", SECRET), sasl.External(), sasl.ScramSha256("me", SECRET, "n" * 18)]),
        max_size=2,
    ).map(tuple),
    sasl_required=st.booleans(),
)


@given(PLANS, st.lists(SAID, max_size=20))
def test_any_conversation(plan: Plan, said: list[irc.Line]) -> None:
    state, lines = negotiation.begin(plan)
    outcomes = []
    for line in said:
        again = negotiation.step(state, line)
        state, lines, outcome = negotiation.step(state, line)
        assert (state, lines, outcome) == again
        for each in lines:
            assert irc.decode(irc.encode(each)) == each
        assert SECRET not in repr((state, lines, outcome))
        outcomes.append(outcome)
        assert len(state.offered) <= MAX_OFFERED
        assert len(state.challenge) <= MAX_CHALLENGE
    assert sum(isinstance(outcome, (Registered, Failed)) for outcome in outcomes) <= 2
    assert sum(isinstance(outcome, Failed) for outcome in outcomes) <= 1


@given(st.integers(0, MAX_OFFERED * 2))
def test_offers_are_bounded(count: int) -> None:
    state, _ = negotiation.begin(replace(Plan("me"), wanted=()))
    names = " ".join(f"c{i}" for i in range(count))
    state, _, _ = negotiation.step(state, irc.Line("CAP", ("*", "LS", names)))
    assert len(state.offered) == min(count, MAX_OFFERED)
