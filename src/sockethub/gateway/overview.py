"""What a gateway tells its operator of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sockethub.config.reload import Reload
from sockethub.gateway.queueing import Queueing
from sockethub.jobs import RedisLink
from sockethub.operations.metrics import GatewayMetrics, Reading
from sockethub.operations.orders import OrderRefused
from sockethub.operations.recent import Recent
from sockethub.operations.report import Identity, latencies
from sockethub.sessions.table import SessionTable


class Overview:
    """Reads what the parts know; adds to ``metrics`` what is read there."""

    def __init__(
        self,
        gateway: str,
        metrics: GatewayMetrics,
        sessions: SessionTable,
        queueing: Queueing,
        links: Mapping[str, RedisLink],
        recent: Recent,
        reload: Reload,
    ) -> None:
        self._identity = Identity(gateway, "gateway")
        self._metrics = metrics
        self._sessions = sessions
        self._queueing = queueing
        self._recent = recent
        self._reload = reload
        metrics.read(
            Reading(
                "gauge",
                "sockethub_connections",
                "Clients that are connected now, by how they did.",
                ("transport",),
                lambda: [((name,), count) for name, count in sorted(sessions.connected().items())],
            ),
            Reading(
                "gauge",
                "sockethub_sessions_away",
                "Sessions that have lost their connection and may be resumed.",
                (),
                lambda: [((), sessions.away)],
            ),
            Reading(
                "gauge",
                "sockethub_commands_pending",
                "Commands that await their answer now.",
                (),
                lambda: [((), len(queueing))],
            ),
            Reading(
                "counter",
                "sockethub_redis_connections_total",
                "Connections made to Redis: the first, and one more each time it was lost.",
                ("link",),
                lambda: [((name,), link.connections) for name, link in links.items()],
            ),
        )

    async def perform(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Answer an order (:mod:`sockethub.operations.orders`)."""
        match order["do"]:
            case "report":
                return self._report()
            case "reload":
                return self._identity.report(**await self._reload(order["id"]))
            case "log":
                return self._identity.report(**self._recent.answer(order, self._identity.id))
            case unknown:
                raise OrderRefused(f"a gateway does not {unknown}")

    def _report(self) -> dict[str, Any]:
        return self._identity.report(
            connections=dict(sorted(self._sessions.connected().items())),
            away=self._sessions.away,
            pending=len(self._queueing),
            answers=latencies(self._metrics.latencies()),
        )
