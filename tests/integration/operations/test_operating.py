"""An operator watches and steers a deployment of two machines, while somebody talks through it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis

from sockethub import redis_keys
from sockethub.cli.exits import Exit
from tests.integration.deployment.conversation import log_in, note, room, verb
from tests.integration.operations.watching import command, declared, logins, metrics, page, port, sample, told
from tests.support.halves import half
from tests.support.ircd import IrcServer
from tests.support.ircpeer import irc_peer
from tests.support.wsclient import ws_client

pytestmark = pytest.mark.anyio

CONTENT = "nobody's business"
SECTIONS = {
    "operations": {"enabled": True, "port": 0, "workers_port": 0},
    "workers": {"stop_seconds": 3, "lease_seconds": 2},
}


def connected(rows: list[dict[str, Any]]) -> bool:
    return bool(rows) and rows[0]["state"] == "connected"


async def test_a_login_is_seen_replaced_moved_and_ended(tmp_path: Path, redis_url: str, ngircd: IrcServer) -> None:
    folder = declared(tmp_path, redis_url, "irc", **SECTIONS)
    with half("workers", folder) as first, half("gateway", folder) as gateway:
        async with ws_client(gateway.websocket) as client, irc_peer("watch", ngircd.host, ngircd.port) as peer:
            await peer.join("#ops")
            await log_in(client, "worked", ngircd, "#ops")
            await client.ok("message", note("worked", room("#ops"), CONTENT))
            refused = await client.request("message", verb("dance", "worked"))
            assert "dance" in refused["error"]

            await logins(gateway, connected)
            [login] = await told(folder, "ps")
            assert (login["platform"], login["sessions"], login["restarts"]) == ("irc", 1, 0)
            shown = await told(folder, "status")
            assert [each["max_logins"] for each in shown["machines"]] == [100]
            assert [each["connections"] for each in shown["gateways"]] == [{"websocket": 1}]
            assert [each["count"] for each in shown["gateways"][0]["answers"]] == [3], "connect, join, send"
            assert (await command(folder, "status")).exit_code == Exit.OK

            seen = metrics(gateway)
            for kind in ("connect", "join", "send"):
                answered = {"platform": "irc", "verb": kind, "outcome": "result"}
                assert sample(seen, "sockethub_commands_total", **answered) == 1, kind
            assert sample(seen, "sockethub_commands_refused_total", reason="unsupported-verb") == 1
            assert sample(seen, "sockethub_commands_total", verb="dance") == 0, "clients may not make up labels"
            for of in ("command", "command_performing", "command_waiting"):
                assert sample(seen, f"sockethub_{of}_seconds_count", platform="irc") == 3, of
            assert sample(metrics(first), "sockethub_logins", platform="irc", state="connected") == 1
            for half_ in (first, gateway):
                for path in ("/metrics", "/status.json", "/"):
                    status, text = page(port(half_), path)
                    assert status == 200
                    for secret in (CONTENT, "worked", "#ops", "ngircd"):
                        assert secret not in text, (path, secret)

            # Its process is replaced: connected and in its room again.
            login_id = str(login["login"])
            killed = await told(folder, "kill", login_id[:8])
            assert (killed["login"], killed["pid"]) == (login_id, login["pid"])
            await client.message(lambda activity: "replaced" in str(activity.get("error")))
            [again] = await logins(gateway, connected)
            assert again["pid"] != login["pid"]
            assert again["restarts"] == 1
            assert sample(metrics(first), "sockethub_worker_exits_total", platform="irc", reason="stopped") == 1
            await client.ok("message", note("worked", room("#ops"), "still here"))

            # One machine gives its logins to another.
            machine = str(login["machine"])
            lonely = await command(folder, "drain", machine)
            assert lonely.exit_code == Exit.USAGE
            assert "no other machine" in lonely.stderr
            with half("workers", folder) as second:
                assert await told(folder, "drain", machine[:8]) == {
                    "machine": machine,
                    "host": login["host"],
                    "left": 0,
                }
                assert page(port(first), "/readyz")[0] == 503
                [moved] = await logins(gateway, connected)
                assert (moved["login"], moved["machine"] != machine) == (login_id, True)
                assert sample(metrics(second), "sockethub_logins_taken_over_total") == 1
                await client.ok("message", note("worked", room("#ops"), "moved"))

                # The login ends.
                await told(folder, "kill", login_id, "--stop")
                await client.message(lambda activity: "operator has ended" in str(activity.get("error")))
                await logins(gateway, lambda rows: not rows)
                with redis.Redis.from_url(redis_url) as client_of_redis:
                    assert list(client_of_redis.scan_iter(redis_keys.queue("irc.*"))) == [], "nobody would delete it"
            missing = await command(folder, "kill", "0123")
            assert missing.exit_code == Exit.USAGE
            assert "no login" in missing.stderr
