"""What `redis.url` may say, and what is made of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio.connection import parse_url

from sockethub.crypto import Secret
from sockethub.redis_url import (
    Cluster,
    Sentinels,
    as_nobody,
    as_user,
    cluster_of,
    database_of,
    node_url,
    place,
    sentinels_of,
    server_url,
)

URL = "redis+sentinel://me:pw@one:26380,two,[::1]:26379/3?master=house&sentinel_username=ask&sentinel_password=quiet"


def test_sentinels_and_the_server_they_know() -> None:
    assert sentinels_of(URL) == Sentinels((("one", 26380), ("two", 26379), ("::1", 26379)), "house", username="ask")
    found = sentinels_of(URL)
    assert found is not None
    assert found.password is not None
    assert found.password.reveal() == "quiet"
    assert "quiet" not in repr(found)
    target = parse_url(server_url(URL))
    assert (target["username"], target["password"], target["db"]) == ("me", "pw", 3)


@pytest.mark.parametrize("url", ["redis://a@b:1/2", "rediss://b", "unix:///run/redis.sock?db=4"])
def test_a_server_is_itself(url: str) -> None:
    assert sentinels_of(url) is None
    assert server_url(url) == url


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("redis+sentinel://:canary@one:26379/0", "must say whom"),
        ("redis+sentinel://:canary@one:port/0?master=house", "must have ports"),
        ("redis+sentinel://:canary@one:1,,two/0?master=house", "must name the sentinels"),
        ("redis+sentinel://:canary@/0?master=house", "must name the sentinels"),
        (f"redis+sentinel://:canary@{','.join('abcdefghijklmnop')}/0?master=house", "must not name more"),
        ("redis+sentinel://:canary@one/0?master=house&ports=0", "must have ports"),
    ],
)
def test_what_is_wrong_is_told_without_its_secrets(url: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong) as caught:
        sentinels_of(url)
    assert "canary" not in str(caught.value)


def test_another_user_of_the_same_sentinels() -> None:
    other = as_user(Secret(URL), "worker", "abc").reveal()
    assert sentinels_of(other) == sentinels_of(URL)
    assert parse_url(server_url(other))["username"] == "worker"
    assert "password" not in parse_url(server_url(as_nobody(Secret(URL)).reveal()))


@pytest.mark.parametrize(
    ("url", "database"),
    [
        (URL, 3),
        ("redis://h/2", 2),
        ("redis://h", None),
        ("redis://h/0", None),
        ("unix:///a/7?db=1", 1),
        ("unix:///7", None),
    ],
)
def test_the_database(url: str, database: int | None) -> None:
    assert database_of(url) == database


def test_the_place_is_no_secret() -> None:
    assert place(URL) == "one:26380,two,[::1]:26379 (sentinels of house)"
    assert place("redis://me:pw@there:1/0") == "there:1"
    assert place("unix://:pw@/run/redis.sock") == "/run/redis.sock"


@given(st.text(max_size=60))
def test_nothing_but_a_value_error(rest: str) -> None:
    try:
        sentinels_of(f"redis+sentinel://{rest}?master=house")
    except ValueError:
        return


CLUSTER = "rediss+cluster://me:p%40w@one:7000,two,[::1]:7001?ports=6379,7000"


def test_a_cluster_and_its_servers() -> None:
    assert cluster_of(CLUSTER) == Cluster((("one", 7000), ("two", 6379), ("::1", 7001)), tls=True, ports=(6379, 7000))
    plain = Cluster((("one", 7000), ("two", 7001)), ports=(7000, 7001))
    assert cluster_of("redis+cluster://one:7000,two:7001/0") == plain
    target = parse_url(node_url(CLUSTER, ("three", 7002)))
    assert (target["host"], target["port"], target["username"], target["password"]) == ("three", 7002, "me", "p@w")
    assert parse_url(node_url("redis+cluster://one", ("::1", 1)))["host"] == "::1"
    assert "p%40w" not in place(CLUSTER)
    assert place(CLUSTER).endswith("(a cluster)")


@pytest.mark.parametrize("url", [URL, "redis://a@b:1/2", "unix:///run/redis.sock?db=4"])
def test_no_cluster(url: str) -> None:
    assert cluster_of(url) is None
    assert sentinels_of(CLUSTER) is None


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("redis+cluster://:canary@one:1,,two", "must name the servers"),
        ("redis+cluster://:canary@", "must name the servers"),
        ("redis+cluster://:canary@one:port", "must have ports"),
        ("redis+cluster://:canary@one?ports=x", "must have ports"),
        ("redis+cluster://:canary@one/1", "must not choose a database"),
        ("redis+cluster://:canary@one?db=1", "must not choose a database"),
        (f"redis+cluster://:canary@{','.join(['a'] * 101)}", "must not name more"),
    ],
)
def test_what_is_wrong_with_a_cluster(url: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong) as caught:
        cluster_of(url)
    assert "canary" not in str(caught.value)


def test_another_user_of_the_same_cluster() -> None:
    other = as_user(Secret(CLUSTER), "worker", "abc").reveal()
    assert cluster_of(other) == cluster_of(CLUSTER)
    assert parse_url(node_url(other, ("one", 1)))["username"] == "worker"
    assert "password" not in parse_url(node_url(as_nobody(Secret(CLUSTER)).reveal(), ("one", 1)))
