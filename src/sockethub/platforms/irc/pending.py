"""Which line answers which command: by label where there are labels, else by the PING sent right behind it.

With ``labeled-response`` (IRCv3) the server marks its answer, be it one line, a batch or ``ACK``. Without, each command
is followed by ``PING token`` with a token of its own: servers answer in order, so the PONG tells that all has been
said about the command. What comes before is attributed by command and target, never by position alone.

Pure but for the account it keeps: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sockethub.platforms.irc.refusals import is_refusal
from sockethub_translators import irc

__all__ = ["Answered", "Command", "Correlator", "Pending"]

# Refusals that do not name what they are about, by the command that they can only be about.
_ABOUT: Final = {
    "411": ("PRIVMSG", "NOTICE"),
    "412": ("PRIVMSG", "NOTICE"),
    "431": ("NICK",),
    "472": ("MODE",),
    "501": ("MODE",),
    "502": ("MODE",),
}
_TARGETS: Final = {"CHATHISTORY": 2, "INVITE": 2, "KICK": 2, "MODE": 8, "MONITOR": 2}
"""How many leading parameters of a command its refusals may name; one where nothing is said."""
_CONFIRMED_BY: Final = {"305": "AWAY", "306": "AWAY", "341": "INVITE"}
_LABEL, _BATCH, _HOLDING = "label", "batch", "labeled-response"


@dataclass(frozen=True, slots=True)
class Command:
    """What one activity becomes on the wire: lines of one command."""

    name: str
    lines: tuple[irc.Line, ...]
    targets: frozenset[str]

    @classmethod
    def of(cls, lines: Sequence[irc.Line], env: irc.Env) -> Command:
        fold = env.isupport.fold
        batched = lines[0].command == "BATCH"
        name = lines[1].command if batched else lines[0].command
        targets: set[str] = set()
        for line in lines[1:-1] if batched else lines:
            for target in line.params[: _TARGETS.get(name, 1)]:
                targets |= {fold(target), fold(env.isupport.strip_status(target)[1])}
        if name == "NICK":
            targets.add(fold(env.nick))
        return cls(name, tuple(lines), frozenset(targets))

    @property
    def labels(self) -> int:
        """How many of the lines are answered by themselves: a batch is answered as one (IRCv3 ``multiline``)."""
        return 1 if self.lines[0].command == "BATCH" else len(self.lines)


@dataclass(slots=True)
class Pending:
    """A command that awaits its outcome."""

    command: Command
    token: str
    labels: set[str] = field(default_factory=set)
    refusal: irc.Line | None = None

    def wire(self) -> list[irc.Line]:
        """The lines to write: labelled, or as they are with the PING behind them."""
        lines = list(self.command.lines)
        if not self.labels:
            return [*lines, irc.Line("PING", (self.token,))]
        if self.command.labels == 1:
            return [_labelled(lines[0], self.token), *lines[1:]]
        return [_labelled(line, f"{self.token}.{index}") for index, line in enumerate(lines)]


def _labelled(line: irc.Line, label: str) -> irc.Line:
    return replace(line, tags={**line.tags, _LABEL: label})


@dataclass(frozen=True, slots=True)
class Answered:
    """What a line is: ``line`` to translate (None for machinery), whose it is, and who is done by it."""

    line: irc.Line | None
    owner: Pending | None = None
    done: Pending | None = None


class Correlator:
    """The commands under way. ``prefix`` makes tokens of this connection unlike any other's."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._count = 0
        self._by_token: dict[str, Pending] = {}
        self._by_label: dict[str, Pending] = {}
        self._batches: dict[str, str] = {}
        self._shown: set[str] = set()
        """Batches that are an answer by themselves (``chathistory``), rather than what holds one together."""

    def expect(self, command: Command, *, labels: bool) -> Pending:
        """Begin to wait for the outcome of a command; :meth:`Pending.wire` is what to write."""
        self._count += 1
        pending = Pending(command, f"{self._prefix}{self._count}")
        if labels:
            count = command.labels
            pending.labels = {pending.token} if count == 1 else {f"{pending.token}.{i}" for i in range(count)}
            self._by_label.update(dict.fromkeys(pending.labels, pending))
        else:
            self._by_token[pending.token] = pending
        return pending

    def forget(self, pending: Pending) -> None:
        """No longer wait; what still comes in answer is taken for news."""
        self._by_token.pop(pending.token, None)
        for label in pending.labels:
            self._by_label.pop(label, None)
        self._batches = {ref: label for ref, label in self._batches.items() if label not in pending.labels}

    def feed(self, line: irc.Line, env: irc.Env) -> Answered:
        """Say what one line is. ``env`` as it was before the line."""
        if (line.tags or line.command == "BATCH") and (self._by_label or self._batches):
            answered = self._labelled(line)
            if answered is not None:
                return _with_old_nick(answered, env)
        if line.command == "PONG":
            done = self._by_token.pop(line.params[-1], None) if line.params else None
            return Answered(None, done, done)
        owner = next((each for each in self._by_token.values() if _concerns(line, each.command, env)), None)
        if owner is not None and owner.refusal is None and is_refusal(line):
            owner.refusal = line
        return Answered(line, owner)

    def _labelled(self, line: irc.Line) -> Answered | None:
        label = line.tags.get(_LABEL)
        if label is None:
            return self._in_batch(line)
        owner = self._by_label.get(label)
        if owner is None:
            return None
        if line.command == "BATCH" and line.params and line.params[0][:1] == "+":
            ref = line.params[0][1:]
            self._batches[ref] = label
            if line.params[1:2] == (_HOLDING,):
                return Answered(None, owner)
            self._shown.add(ref)
            return Answered(_without(line, _LABEL), owner)
        if is_refusal(line) and owner.refusal is None:
            owner.refusal = line
        rest = None if line.command == "ACK" else _without(line, _LABEL)
        return Answered(rest, owner, self._finish(owner, label))

    def _in_batch(self, line: irc.Line) -> Answered | None:
        if line.command == "BATCH" and line.params and line.params[0][:1] == "-":
            ref = line.params[0][1:]
            label = self._batches.pop(ref, None)
            owner = None if label is None else self._by_label.get(label)
            shown = line if ref in self._shown else None
            self._shown.discard(ref)
            if label is None or owner is None:
                return None
            return Answered(shown, owner, self._finish(owner, label))
        ref = line.tags.get(_BATCH, "")
        label = self._batches.get(ref)
        owner = None if label is None else self._by_label.get(label)
        if owner is None:
            return None
        if is_refusal(line) and owner.refusal is None:
            owner.refusal = line
        return Answered(line if ref in self._shown else _without(line, _BATCH), owner)

    def _finish(self, owner: Pending, label: str) -> Pending | None:
        self._by_label.pop(label, None)
        owner.labels.discard(label)
        return None if owner.labels else owner


def _without(line: irc.Line, tag: str) -> irc.Line:
    return replace(line, tags={key: value for key, value in line.tags.items() if key != tag})


def _with_old_nick(answered: Answered, env: irc.Env) -> Answered:
    """InspIRCd 3 answers a labelled NICK as if the new name had asked; the label tells that it was us."""
    line, owner = answered.line, answered.owner
    if line is None or owner is None or line.command != "NICK" or owner.command.name != "NICK" or line.source is None:
        return answered
    nick = irc.nick_of(line.source)
    if nick == env.nick or nick != line.params[0]:
        return answered
    return replace(answered, line=replace(line, source=env.nick + line.source[len(nick) :]))


def _concerns(line: irc.Line, command: Command, env: irc.Env) -> bool:
    """Whether an unmarked line is about this command: a refusal that names it, or our own act coming back."""
    fold = env.isupport.fold
    if line.command == "FAIL":
        return bool(line.params) and line.params[0].upper() == command.name
    if is_refusal(line):
        context = line.params[1:-1]
        if command.name in _ABOUT.get(line.command, ()):
            return True
        return any(word.upper() == command.name or fold(word) in command.targets for word in context)
    if _CONFIRMED_BY.get(line.command) == command.name:
        return True
    if line.command != command.name or line.source is None or fold(irc.nick_of(line.source)) != fold(env.nick):
        return False
    return command.name == "AWAY" or any(fold(word) in command.targets for word in line.params[:2])
