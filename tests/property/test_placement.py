"""Where a login goes, for whatever machines there are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockethub.config.platform import Placement
from sockethub.placement import Machine, Wishes, place, server_of, why_nowhere, wishes_for, without

LABELS = st.dictionaries(st.sampled_from(["region", "network"]), st.sampled_from(["a", "b"]), max_size=2)
WISHES = st.builds(Wishes, LABELS, LABELS)
PLATFORMS = st.frozensets(st.sampled_from(["irc", "xmpp"]))
MACHINES = st.lists(
    st.builds(Machine, st.uuids().map(str), PLATFORMS, LABELS, st.integers(1, 1_000), st.integers(0, 3)),
    max_size=6,
    unique_by=lambda machine: machine.id,
)
LOGINS = st.text(max_size=20)


def _has(machine: Machine, labels: dict[str, str]) -> int:
    return len(labels.items() & machine.labels.items())


def _may(machine: Machine, wishes: Wishes) -> bool:
    return "irc" in machine.platforms and machine.room > 0 and _has(machine, dict(wishes.needs)) == len(wishes.needs)


@given(LOGINS, WISHES, MACHINES)
def test_somebody_who_may_if_there_is_one_and_the_nearest(login: str, wishes: Wishes, machines: list[Machine]) -> None:
    able = {machine.id: machine for machine in machines if _may(machine, wishes)}
    chosen = place(login, "irc", wishes, machines)
    if chosen is None:
        assert not able
        assert all(why_nowhere("irc", wishes, machines))
    else:
        prefers = dict(wishes.prefers)
        assert _has(able[chosen], prefers) == max(_has(machine, prefers) for machine in able.values())


@given(LOGINS, WISHES, MACHINES, st.randoms())
def test_all_supervisors_decide_alike(login: str, wishes: Wishes, machines: list[Machine], chance: object) -> None:
    shuffled = sorted(machines, key=lambda machine: hash((str(chance), machine.id)))
    assert place(login, "irc", wishes, machines) == place(login, "irc", wishes, shuffled)


@given(LOGINS, WISHES, MACHINES, st.data())
def test_who_comes_or_goes_moves_nobody_else_s(
    login: str, wishes: Wishes, machines: list[Machine], data: st.DataObject
) -> None:
    if not machines:
        return
    one = data.draw(st.sampled_from(machines))
    with_it, rest = place(login, "irc", wishes, machines), without(machines, [one.id])
    if with_it != one.id:
        assert place(login, "irc", wishes, rest) == with_it


@given(st.lists(LOGINS, unique=True, max_size=30), MACHINES)
def test_no_machine_gets_more_than_it_has_room_for(logins: list[str], machines: list[Machine]) -> None:
    room = {machine.id: machine.room for machine in machines}
    placed = Counter[str]()
    for login in logins:
        now = [replace(machine, room=room[machine.id] - placed[machine.id]) for machine in machines]
        chosen = place(login, "irc", Wishes(), now)
        if chosen is not None:
            placed[chosen] += 1
        else:
            assert all(machine.room <= 0 for machine in now if "irc" in machine.platforms)
    assert all(placed[name] <= room[name] for name in room)


@pytest.mark.parametrize("weights", [(1, 1, 1), (1, 2, 5)])
def test_shares_are_as_the_weights(weights: tuple[int, ...]) -> None:
    irc = frozenset({"irc"})
    machines = [Machine(f"m{number}", irc, weight=weight, room=1) for number, weight in enumerate(weights)]
    logins = 6_000
    placed = Counter(place(f"login {number}", "irc", Wishes(), machines) for number in range(logins))
    for machine in machines:
        assert placed[machine.id] == pytest.approx(logins * machine.weight / sum(weights), rel=0.1)


@given(WISHES, st.builds(Machine, st.just("id"), PLATFORMS, LABELS, st.integers(1, 9), st.integers(0, 9)))
def test_what_travels_arrives(wishes: Wishes, machine: Machine) -> None:
    assert Wishes.decode(wishes.encode()) == wishes
    assert Machine.decode("id", machine.encode().encode()) == machine


def test_the_first_rule_that_matches() -> None:
    rules = [Placement(server="*.libera.chat", prefers={"network": "libera"}), Placement(needs={"region": "eu"})]
    assert wishes_for(rules, {"server": "irc.LIBERA.chat"}) == Wishes({}, {"network": "libera"})
    assert wishes_for(rules, {"userAddress": "me@example.org/web"}) == Wishes({"region": "eu"}, {})
    assert wishes_for([], {"server": "irc.libera.chat"}).encode() == ""
    assert server_of({"userAddress": "me@Example.org/a@b"}) == "example.org"
    assert server_of({"server": 7}) == ""
