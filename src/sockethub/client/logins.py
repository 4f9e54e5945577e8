"""What has to be said again to a gateway that knows nothing of this client. Held in memory, written nowhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Said: TypeAlias = tuple[str, Mapping[str, Any]]
"""An event and its data."""


@dataclass(slots=True, eq=False)
class _Login:
    credentials: Mapping[str, Any] = field(repr=False)
    connect: Mapping[str, Any] | None = None
    joins: dict[str, Mapping[str, Any]] = field(default_factory=dict)


class Logins:
    """Credentials, ``connect`` and ``join`` of each login."""

    def __init__(self) -> None:
        self._logins: dict[str, _Login] = {}  # by each name that its actor has had

    def granted(self, event: str, said: Mapping[str, Any]) -> None:
        """Something was granted: remember what it began, or forget what it ended."""
        # What has an id is not done again.
        data = {name: value for name, value in said.items() if name != "id"}
        login = self._logins.get(_key(data))
        if event == "credentials":
            if login is None:
                self._logins[_key(data)] = _Login(data)
            else:
                login.credentials = data
        elif event == "message" and login is not None:
            _progress(login, {**data, "actor": login.credentials.get("actor")})
            if data.get("type") == "update" and data.get("object", {}).get("type") == "address":
                self._logins[_key({**data, "actor": data.get("target")})] = login

    def refused(self, data: Mapping[str, Any]) -> None:
        """These credentials are not good any more."""
        login = self._logins.get(_key(data))
        self._logins = {name: known for name, known in self._logins.items() if known is not login}

    def forget(self) -> None:
        self._logins.clear()

    def replays(self) -> list[Said]:
        """Everything, in the order in which it has to be said."""
        said: list[Said] = []
        for login in dict.fromkeys(self._logins.values()):
            said.append(("credentials", login.credentials))
            if login.connect is not None:
                said += [("message", data) for data in (login.connect, *login.joins.values())]
        return said


def _progress(login: _Login, data: Mapping[str, Any]) -> None:
    match data.get("type"):
        case "connect":
            login.connect = data
        case "join":
            login.joins[_id(data.get("target"))] = data
        case "leave":
            login.joins.pop(_id(data.get("target")), None)
        case "disconnect":
            login.connect = None
            login.joins.clear()


def _key(activity: Mapping[str, Any]) -> str:
    return json.dumps([activity.get("context") or activity.get("@context"), _id(activity.get("actor"))])


def _id(entity: Any) -> str:
    return str(entity.get("id") or entity.get("@id")) if isinstance(entity, Mapping) else str(entity)
