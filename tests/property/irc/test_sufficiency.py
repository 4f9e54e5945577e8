"""Nothing needed is missing: a client that sees only activities, stripped, knows what the network knows."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sockethub_translators import irc
from sockethub_translators.testing import irc as some

ROOMS = ["#a", "#b[]"]
NICKS = ["alice", "bob[", "carol"]
ROLE = {"o": "owner", "v": "participant"}


class Client:
    """What a page keeps by folding activities: members with roles, topics, who is away."""

    def __init__(self, isupport: irc.ISupport) -> None:
        self.fold = isupport.fold
        self.rooms: dict[str, dict[str, set[str]]] = {self.fold(name): {} for name in ROOMS}
        self.topics = {self.fold(name): "" for name in ROOMS}
        self.away: dict[str, str] = {}

    def see(self, activity: dict[str, Any]) -> None:
        obj = activity.get("object", {})
        kind = f"{activity['type']} {obj.get('type', '')}".strip()
        actor, target = (self.fold(activity[key]["name"]) for key in ("actor", "target"))
        if kind == "join":
            self.rooms[target][actor] = set()
        elif kind == "leave message":
            for members in [self.rooms[target]] if target in self.rooms else self.rooms.values():
                members.pop(actor, None)
            if target not in self.rooms:
                self.away.pop(actor, None)
        elif kind == "update address":
            for members in self.rooms.values():
                if actor in members:
                    members[target] = members.pop(actor)
            if actor in self.away:
                self.away[target] = self.away.pop(actor)
        elif kind == "add relationship":
            self.rooms[self.fold(obj["object"]["name"])][target].add(obj["subject"]["role"])
        elif kind == "remove relationship":
            self.rooms[self.fold(obj["object"]["name"])][target].discard(obj["subject"]["role"])
        elif kind == "update topic":
            self.topics[target] = obj["content"]
        elif kind == "update presence" and "presence" in obj:
            self.away.pop(actor, None)
            if obj["presence"] == "away":
                self.away[actor] = obj["content"]
        elif kind == "query attendance":
            self.rooms[actor] = {self.fold(each["name"]): {each["role"]} - {"member"} for each in obj["members"]}


class Network(RuleBasedStateMachine):
    """The network's own book, the lines it sends, and the client beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.env = irc.Env(server=some.SERVER, nick="watcher", isupport=some.ISUPPORT)
        self.state = irc.Aggregator()
        self.client = Client(some.ISUPPORT)
        self.rooms: dict[str, dict[str, set[str]]] = {name: {} for name in ROOMS}
        self.topics = dict.fromkeys(ROOMS, "")
        self.away: dict[str, str] = {}
        self.online = list(NICKS)
        self.spare = ["dave", "eve^"]

    def send(self, source: str, command: str, *params: str) -> None:
        line = irc.decode(irc.encode(irc.Line(command, params, source)))
        self.state, activities = irc.aggregate.feed(self.state, line, self.env)
        for activity in activities:
            self.client.see(irc.strip(activity, ext=True))

    def members(self) -> list[tuple[str, str]]:
        return [(name, nick) for name, members in self.rooms.items() for nick in members]

    @rule(data=st.data(), name=st.sampled_from(ROOMS))
    def join(self, data: st.DataObject, name: str) -> None:
        nick = data.draw(st.sampled_from(self.online))
        if nick not in self.rooms[name]:
            self.rooms[name][nick] = set()
            self.send(f"{nick}!u@h", "JOIN", name)

    @precondition(lambda self: self.members())
    @rule(data=st.data(), how=st.sampled_from(["PART", "KICK", "kick"]), reason=st.lists(some.texts(), max_size=1))
    def leave(self, data: st.DataObject, how: str, reason: list[str]) -> None:
        name, nick = data.draw(st.sampled_from(self.members()))
        del self.rooms[name][nick]
        if how == "PART":
            self.send(f"{nick}!u@h", "PART", name, *reason)
        else:
            self.send("op!u@h", "KICK", name, nick.upper() if how == "kick" else nick, *reason)

    @precondition(lambda self: len(self.online) > 1)
    @rule(data=st.data(), how=st.sampled_from(["QUIT", "KILL"]))
    def quit(self, data: st.DataObject, how: str) -> None:
        nick = data.draw(st.sampled_from(self.online))
        self.online.remove(nick)
        self.spare.append(nick)
        self.away.pop(nick, None)
        for members in self.rooms.values():
            members.pop(nick, None)
        if how == "QUIT":
            self.send(f"{nick}!u@h", "QUIT", "gone")
        else:
            self.send(some.SERVER, "KILL", nick, "gone")

    @precondition(lambda self: self.spare)
    @rule()
    def connect(self) -> None:
        self.online.append(self.spare.pop(0))

    @precondition(lambda self: self.spare)
    @rule(data=st.data())
    def rename(self, data: st.DataObject) -> None:
        nick, new = data.draw(st.sampled_from(self.online)), self.spare.pop(0)
        self.online[self.online.index(nick)] = new
        self.spare.append(nick)
        for members in self.rooms.values():
            if nick in members:
                members[new] = members.pop(nick)
        if nick in self.away:
            self.away[new] = self.away.pop(nick)
        self.send(f"{nick}!u@h", "NICK", new)

    @precondition(lambda self: self.members())
    @rule(
        data=st.data(),
        changes=st.lists(st.tuples(st.sampled_from("+-"), st.sampled_from("ovb")), min_size=1, max_size=4),
    )
    def mode(self, data: st.DataObject, changes: list[tuple[str, str]]) -> None:
        name, _ = data.draw(st.sampled_from(self.members()))
        arguments = []
        for sign, letter in changes:
            nick = data.draw(st.sampled_from(sorted(self.rooms[name])))
            arguments.append("*!*@spam" if letter == "b" else nick)
            if letter in ROLE:
                roles = self.rooms[name][nick]
                roles.add(ROLE[letter]) if sign == "+" else roles.discard(ROLE[letter])
        self.send("op!u@h", "MODE", name, "".join(sign + letter for sign, letter in changes), *arguments)

    @rule(name=st.sampled_from(ROOMS), topic=some.texts(), how=st.sampled_from(["TOPIC", "332", "332 333", "331"]))
    def topic(self, name: str, topic: str, how: str) -> None:
        self.topics[name] = "" if how == "331" else topic
        if how == "TOPIC":
            self.send("op!u@h", "TOPIC", name, topic)
            return
        self.send(some.SERVER, how[:3], "watcher", name, topic)
        if how == "332 333":
            self.send(some.SERVER, "333", "watcher", name, "op", "1600000000")
        else:
            self.send(some.SERVER, "NOTICE", "watcher", "something else")

    @rule(data=st.data(), text=st.lists(some.texts().filter(bool), max_size=1))
    def go_away(self, data: st.DataObject, text: list[str]) -> None:
        nick = data.draw(st.sampled_from(self.online))
        self.away.pop(nick, None)
        if text:
            self.away[nick] = text[0]
        self.send(f"{nick}!u@h", "AWAY", *text)

    @rule(name=st.sampled_from(ROOMS))
    def names(self, name: str) -> None:
        """The whole attendance: NAMES shows the highest role only, so the book is brought down to that."""
        for nick, roles in self.rooms[name].items():
            if "owner" in roles:
                roles.intersection_update({"owner"})
            char = {"owner": "@", "participant": "+"}.get(next(iter(roles), ""), "")
            self.send(some.SERVER, "353", "watcher", "=", name, char + nick)
        self.send(some.SERVER, "366", "watcher", name, "End of /NAMES list.")

    @invariant()
    def the_client_knows(self) -> None:
        fold = some.ISUPPORT.fold
        rooms = {fold(name): {fold(nick): roles for nick, roles in each.items()} for name, each in self.rooms.items()}
        assert self.client.rooms == rooms
        assert self.client.topics == {fold(name): topic for name, topic in self.topics.items()}
        assert self.client.away == {fold(nick): text for nick, text in self.away.items()}


TestNetwork = Network.TestCase
TestNetwork.settings = settings(max_examples=max(settings.default.max_examples // 4, 10), stateful_step_count=30)
