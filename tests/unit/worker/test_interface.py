"""Verbs are methods: of the class, of its bases, and of nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from sockethub.errors import PlatformError
from sockethub.guard import Reach
from sockethub.worker.interface import Activity, PlatformContext, StatelessPlatform, verb

pytestmark = pytest.mark.anyio


class Silence:
    def debug(self, event: str, **fields: object) -> None: ...
    def info(self, event: str, **fields: object) -> None: ...
    def warning(self, event: str, **fields: object) -> None: ...


class Weather(StatelessPlatform):
    @verb("fetch", "query")
    async def forecast(self, activity: Activity) -> Activity | None:
        return {**activity, "summary": "rain"}

    async def helper(self, activity: Activity) -> Activity | None:
        return None


class Better(Weather):
    @verb("send")
    async def complain(self, activity: Activity) -> Activity | None:
        return None

    async def forecast(self, activity: Activity) -> Activity | None:
        return {**activity, "summary": "sun"}


async def perform(platform: type[StatelessPlatform], type_: str) -> Any:
    return await platform(PlatformContext("weather", {}, Reach(), Silence())).perform({"type": type_})


async def test_each_verb_is_performed_by_its_method() -> None:
    assert await perform(Weather, "fetch") == {"type": "fetch", "summary": "rain"}
    assert await perform(Weather, "query") == {"type": "query", "summary": "rain"}
    assert Weather.methods == {"fetch": "forecast", "query": "forecast"}


async def test_a_subclass_has_its_bases_verbs_and_its_own_and_may_do_them_otherwise() -> None:
    assert await perform(Better, "fetch") == {"type": "fetch", "summary": "sun"}
    assert await perform(Better, "send") is None
    assert StatelessPlatform.methods == {}


@pytest.mark.parametrize("type_", ["helper", "forecast", "send", "perform", ""])
async def test_what_is_not_marked_is_refused(type_: str) -> None:
    with pytest.raises(PlatformError) as refusal:
        await perform(Weather, type_)
    assert refusal.value.condition == "unsupported"
