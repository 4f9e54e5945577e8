"""The shared servers are what they are said to be."""

from __future__ import annotations

import socket
import ssl

import pytest
import redis

from tests.support.ircd import IrcServer
from tests.support.redis import RedisServer


def converse(connection: socket.socket, *lines: str, until: str) -> str:
    """Send ``lines``; return what came back once it holds ``until``."""
    connection.settimeout(10.0)
    connection.sendall("".join(f"{line}\r\n" for line in lines).encode())
    received = b""
    while until.encode() not in received:
        chunk = connection.recv(4096)
        assert chunk, f"closed before {until!r}: {received.decode(errors='replace')}"
        received += chunk
    return received.decode()


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_gets_an_empty_redis(redis_url: str, redis_server: RedisServer, attempt: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left-over", attempt)
    assert redis_url == redis_server.url


def test_ngircd_registers_a_client(ngircd: IrcServer) -> None:
    with socket.create_connection((ngircd.host, ngircd.port)) as connection:
        assert " 001 fixture " in converse(connection, "NICK fixture", "USER fixture 0 * :x", until=" 376 ")


@pytest.mark.parametrize("name", ["ngircd", "inspircd"])
def test_tls_is_trusted_with_the_authority_alone(name: str, request: pytest.FixtureRequest) -> None:
    server: IrcServer = request.getfixturevalue(name)
    context = ssl.create_default_context(cafile=str(server.authority))
    with (
        socket.create_connection((server.host, server.tls_port)) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as connection,
    ):
        assert " 001 secure " in converse(connection, "NICK secure", "USER secure 0 * :x", until=" 001 ")


def test_ngircd_wants_the_password(ngircd_with_password: IrcServer) -> None:
    address = (ngircd_with_password.host, ngircd_with_password.port)
    with socket.create_connection(address) as connection:
        assert "ERROR" in converse(connection, "NICK nopass", "USER nopass 0 * :x", until="ERROR")
    with socket.create_connection(address) as connection:
        said = (f"PASS {ngircd_with_password.password}", "NICK withpass", "USER withpass 0 * :x")
        assert " 001 withpass " in converse(connection, *said, until=" 001 ")


def test_inspircd_offers_ircv3(inspircd: IrcServer) -> None:
    with socket.create_connection((inspircd.host, inspircd.port)) as connection:
        offered = converse(connection, "CAP LS 302", until="\r\n")
    for capability in ("batch", "echo-message", "labeled-response", "message-tags", "server-time", "inspircd.org/"):
        assert capability in offered
