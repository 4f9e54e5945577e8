"""A real CalDAV and CardDAV server, with a calendar and an address book for one user."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import accepts, free_port, running

USER = "alice"
PASSWORD = "owls-are-not-what-they-seem"
CALENDAR = {"tag": "VCALENDAR", "D:displayname": "Personal", "ICAL:calendar-color": "#3a87ad"}
ADDRESSES = {"tag": "VADDRESSBOOK", "D:displayname": "Friends", "CR:addressbook-description": "All of them"}


@dataclass(frozen=True)
class DavServer:
    """A running Radicale on 127.0.0.1."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def calendar(self) -> str:
        return f"{self.url}{USER}/personal/"

    @property
    def addresses(self) -> str:
        return f"{self.url}{USER}/friends/"


@contextmanager
def run_radicale() -> Iterator[DavServer]:
    with tempfile.TemporaryDirectory(prefix="sockethub-radicale-") as name:
        directory = Path(name)
        home = directory / "storage" / "collection-root" / USER
        for folder, properties in (("personal", CALENDAR), ("friends", ADDRESSES)):
            (home / folder).mkdir(parents=True)
            (home / folder / ".Radicale.props").write_text(json.dumps(properties))
        (directory / "users").write_text(f"{USER}:{PASSWORD}\n")
        port = free_port()
        config = directory / "config"
        config.write_text(f"""
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {directory}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {directory}/storage
[logging]
level = error
""")
        argv = [sys.executable, "-m", "radicale", "--config", str(config)]
        with running(argv, ready=lambda: accepts(("127.0.0.1", port)), log=directory / "log"):
            yield DavServer(port)
