"""The ids that lines give are the canonical ones that every dialect maps to."""

from __future__ import annotations

from hypothesis import given

from sockethub_translators import irc
from sockethub_translators.ids import Name, parse_id
from sockethub_translators.testing import irc as some


@given(some.server_lines(["PRIVMSG", "JOIN", "353", "KICK", "QUIT"]), some.envs(isupport=some.ISUPPORT))
def test_ids_are_canonical(line: irc.Line, env: irc.Env) -> None:
    for activity in irc.to_activity(line, env):
        for entity in (activity["actor"], activity.get("target")):
            if entity is None:
                continue
            name = parse_id(entity["id"], kind=entity["type"], name=entity["name"], server=env.server)
            local = "" if entity["type"] == "service" else entity["name"]
            assert name == Name(local, env.server, room=entity["type"] == "room") or not local
            assert name.id == entity["id"] or not local
