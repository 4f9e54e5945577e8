"""The socket between a worker and its supervisor."""

from __future__ import annotations

import pytest

from sockethub.worker.control import PACKET_BYTES, Control, pair

pytestmark = pytest.mark.anyio


async def test_packets_keep_their_bounds_and_the_end_is_the_end() -> None:
    one, other = (Control(end) for end in pair())
    await one.send({"do": "forget", "gateway": "g"})
    one.tell(b"{}")
    await one.send_raw(b'{"big": "' + b"x" * (PACKET_BYTES // 2) + b'"}')
    one.close()
    got = [message async for message in other.receive()]
    assert got[:2] == [{"do": "forget", "gateway": "g"}, {}]
    assert len(got[2]["big"]) == PACKET_BYTES // 2
    other.close()


async def test_nobody_waits_to_tell() -> None:
    one, other = (Control(end) for end in pair())
    for _ in range(10_000):  # far more than the socket holds
        one.tell(b"{}")
    other.close()
    assert not one.tell(b"{}")
    await one.send({"do": "stop"})
    one.close()
    await one.send({"do": "stop"})
