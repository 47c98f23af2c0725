"""`deploy/haproxy.cfg`: HAProxy serves an API with TLS as nginx does."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.make.certificates import certificate_of
from tests.make.haproxy import NAME, configuration, haproxy, needs_haproxy, two_ports
from tests.make.pooler import free_port
from tests.test_deploy import backend, get, handshake, unverified

__all__ = ["backend"]
pytestmark = needs_haproxy


@pytest.fixture
def ports(tmp_path: Path, backend: int) -> Iterator[tuple[int, int]]:
    """Of HTTP and HTTPS, in front of one process that answers and one that is away."""
    certificate_of(tmp_path, NAME)
    port, tls_port = two_ports()
    text = configuration(
        [backend, free_port()], port=port, tls_port=tls_port, certificate=tmp_path / f"{NAME}.pem"
    )
    with haproxy(tmp_path, text, port=port):
        yield port, tls_port


def test_haproxy_serves_with_tls_while_one_process_is_away_and_names_the_client(
    ports: tuple[int, int],
) -> None:
    port, tls_port = ports
    plain = httpx.get(f"http://127.0.0.1:{port}/v1/plans?limit=1", headers={"Host": NAME})
    assert plain.status_code == 308
    assert plain.headers["location"] == f"https://{NAME}/v1/plans?limit=1"
    # The first requests come before it has looked, and find the one that is away.
    for _ in range(6):
        answer = get(tls_port, "/v1/wallet", **{"X-Forwarded-For": "6.6.6.6"})
        assert answer.status_code == 200
    seen = answer.json()
    assert (seen["path"], seen["host"]) == ("/v1/wallet", NAME)
    # The last entry is the proxy's own; what a client claims stands before it, and TRUSTED_PROXIES=1 ignores that.
    assert seen["x-forwarded-for"] == "6.6.6.6, 127.0.0.1"
    assert get(tls_port, "/v1/wallet").json()["x-forwarded-for"] == "127.0.0.1"
    assert answer.headers.get_list("strict-transport-security") == ["max-age=31536000; includeSubDomains"]
    assert get(tls_port, "/metrics", Authorization="Bearer x").json()["authorization"] == "Bearer x"


def test_haproxy_answers_no_other_name_and_no_old_protocol(ports: tuple[int, int]) -> None:
    port, tls_port = ports
    for name in ("evil.example", f"127.0.0.1:{port}"):
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": name}, timeout=1)
    assert handshake(tls_port, "evil.example", ssl.TLSVersion.TLSv1_3) is None
    assert handshake(tls_port, NAME, ssl.TLSVersion.TLSv1_1) is None
    assert handshake(tls_port, NAME, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert handshake(tls_port, NAME, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"


def test_haproxy_bounds_heads_bodies_and_tries_to_sign_in(ports: tuple[int, int]) -> None:
    _, tls_port = ports
    assert get(tls_port, "/v1/plans", Cookie="x" * 40_000).status_code in {400, 431}
    assert (
        status_of(tls_port, f"POST /v1/plans HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 13000000\r\n\r\n")
        == 413
    )
    statuses = [get(tls_port, "/v1/auth/sessions").status_code for _ in range(130)]
    assert statuses.count(200) == 120
    assert set(statuses) == {200, 429}
    assert get(tls_port, "/v1/plans").status_code == 200


def status_of(tls_port: int, head: str) -> int:
    """What a head without its body is answered."""
    with (
        socket.create_connection(("127.0.0.1", tls_port), 10) as plain,
        unverified().wrap_socket(plain, server_hostname=NAME) as secured,
    ):
        secured.sendall(head.encode())
        return int(secured.recv(1_000).split()[1])
