"""Behind a real nginx, configured as the documentation says."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.integration.gateway.conftest import House, Make
from tests.integration.gateway.test_authentication import ECHO, PUBLIC, closed, socketio
from tests.support.nginx import run_nginx
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[3] / "docs/how-to/behind-a-proxy.md").read_text()
LOCATION = re.findall(r"^```nginx\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]
MAP = re.findall(r"^```nginx map\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]
PASSWORDS = "alice:{PLAIN}secret\nbob:{PLAIN}secret\n"
LIES = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-User": "admin",
    "Forwarded": "for=6.6.6.6",
    "X-Forwarded-Host": "evil",
}


def basic(user: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:secret'.encode()).decode()}"}


async def test_users_of_nginx_are_users_here(house_of: Make, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "trusted_proxies": ["127.0.0.1/32"],
        "origins": [],
        "authentication": {"user_header": "X-Forwarded-User"},
        "sockets_per_user": 1,
        "platforms": PUBLIC,
    }
    (tmp_path / "users").write_text(PASSWORDS)
    (tmp_path / "users").chmod(0o644)
    tmp_path.chmod(0o755)
    async with house_of(**settings) as house:
        guarded = LOCATION.replace("127.0.0.1:10550", f"127.0.0.1:{house.port}")
        server = f'auth_basic "chat"; auth_basic_user_file {tmp_path}/users; {guarded}'
        with run_nginx(tmp_path, MAP, server) as port:
            address, origin = f"ws://127.0.0.1:{port}/ws", f"http://127.0.0.1:{port}"
            async with ws_client(address, additional_headers=basic("alice") | LIES, origin=origin) as client:
                await client.ok("message", ECHO)
                async with connect(address, additional_headers=basic("alice")) as second:
                    assert await closed(second) == (1013, "too many connections of yours")
                async with ws_client(address, additional_headers=basic("bob")) as other:
                    await other.ok("message", ECHO)
            with pytest.raises(InvalidStatus, match="401"):
                async with connect(address, additional_headers=LIES):
                    pass
            with pytest.raises(InvalidStatus, match="403"):
                async with connect(address, additional_headers=basic("bob"), origin="http://evil.example"):
                    pass


async def test_nobody_comes_in_by_a_header_of_its_own(house_of: Make, tmp_path: Path) -> None:
    """Where nginx knows no users, its configuration takes from clients what they say of themselves."""
    settings: dict[str, Any] = {
        "trusted_proxies": ["127.0.0.1/32"],
        "origins": [],
        "authentication": {"user_header": "X-Forwarded-User"},
        "platforms": PUBLIC,
    }
    async with house_of(**settings) as house:
        location = LOCATION.replace("127.0.0.1:10550", f"127.0.0.1:{house.port}")
        with run_nginx(tmp_path, MAP, location) as port:
            async with connect(f"ws://127.0.0.1:{port}/ws", additional_headers=LIES) as socket:
                assert (await closed(socket))[0] == 4001


async def test_socketio_by_polling_through_nginx(house_of: Make, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"trusted_proxies": ["127.0.0.1/32"], "origins": [], "authentication": "none"}
    async with house_of(platforms=PUBLIC, **settings) as house:
        location = LOCATION.replace("127.0.0.1:10550", f"127.0.0.1:{house.port}")
        with run_nginx(tmp_path, MAP, location) as port:
            behind = House(port, house.keys, house.worker, house.redis_url, house.stop)
            assert (await socketio(behind, "", "polling"))["ack"]["object"]["content"] == "hi"
