"""The platform that talks to nobody: for trying things out, and for testing that a crash stays where it is."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, Final, NoReturn

import anyio

from sockethub.errors import PlatformError
from sockethub.worker.interface import Activity, StatelessPlatform, verb

DUMMY: Final = {"id": "dummy", "type": "platform"}


def _exit(status: int) -> Callable[[], NoReturn]:
    return lambda: os._exit(status)


def _terminate() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a worker would leave politely: here it is to die
    os.kill(os.getpid(), signal.SIGTERM)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


_END: Final[dict[str, Callable[[], None]]] = {
    "exit0": _exit(0),
    "exit1": _exit(1),
    "sigterm": _terminate,
    "sigkill": _kill,
}


class DummyPlatform(StatelessPlatform):
    """``echo`` and ``greet`` answer; ``fail`` and the ``throw`` family fail; the rest end or hang their worker.

    Options: ``greeting``, put in front of the content by ``greet``.
    """

    @verb("echo")
    async def echo(self, activity: Activity) -> Activity | None:
        return _answer(activity, _content(activity))

    @verb("greet")
    async def greet(self, activity: Activity) -> Activity | None:
        return _answer(activity, f"{self.context.options.get('greeting', 'Hello')} {_content(activity)}")

    @verb("fail", "throw", "throwTypeError", "throwReferenceError")
    async def fail(self, activity: Activity) -> Activity | None:
        kind = activity["type"].removeprefix("throw") if activity["type"] not in ("fail", "throw") else "Error"
        raise PlatformError(f"{kind}: {_content(activity)}", condition="dummy")

    @verb("hang")
    async def hang(self, activity: Activity) -> Activity | None:
        await anyio.sleep_forever()
        return None

    @verb(*_END)
    async def end(self, activity: Activity) -> Activity | None:
        _END[activity["type"]]()
        return None


def _content(activity: Activity) -> str:
    content: Any = activity.get("object", {}).get("content", "")
    return str(content)


def _answer(activity: Activity, content: str) -> Activity:
    members = {"object": {**activity["object"], "content": content}} if "object" in activity else {}
    return {**activity, "actor": DUMMY, "target": activity["actor"], **members}
