"""Every request has a limit: of the signed-in caller, or of the address."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.core.http.limit_classes import LimitClasses, WrongGuesses, network_of
from gencharge.core.http.limits import Buckets
from gencharge.core.settings import Environment, Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.factories import headers_for

LOW = {
    "limit_factor": 1.0,
    "limit_reads_per_minute": 5,
    "limit_changes_per_minute": 4,
    "limit_files_per_minute": 3,
    "limit_sign_in_per_minute": 2,
    "limit_address_per_minute": 6,
    "limit_callbacks_per_minute": 7,
}


def classes(settings: Settings, **overrides: Any) -> LimitClasses:
    def identify(_scope: Any, authorization: bytes) -> str | None:
        return authorization.decode() if authorization.startswith(b"user") else None

    low = settings.model_copy(update=LOW | overrides)
    return LimitClasses(low, identify=identify, callbacks=("/v1/payments/webhooks/",))


def accepted(
    limits: LimitClasses, method: str, path: str, authorization: bytes | None, address: str = "192.0.2.7"
) -> int:
    """How many of 20 requests are accepted."""
    scope = {"method": method, "path": path}
    return sum(limits.take(scope, authorization, address)[1] is None for _ in range(20))


@pytest.mark.parametrize(
    ("method", "path", "authorization", "count"),
    [
        ("GET", "/v1/wallet", b"user", 5),
        ("POST", "/v1/recharge/subscribe", b"user", 4),
        ("DELETE", "/v1/auth/sessions", b"user", 4),
        ("GET", "/v1/users/me/export", b"user", 3),
        ("POST", "/v1/plans/admin/import", b"user", 3),
        ("GET", "/v1/receipts/1", b"user", 3),
        ("POST", "/v1/auth/verify-otp-login", None, 2),
        ("POST", "/v1/auth/refresh", b"no token", 2),
        ("GET", "/v1/plans", None, 6),
        ("GET", "/nowhere", b"no token", 6),
        ("POST", "/v1/payments/webhooks/razorpay", None, 7),
    ],
)
def test_each_kind_of_request_has_its_limit(
    settings: Settings, method: str, path: str, authorization: bytes | None, count: int
) -> None:
    assert accepted(classes(settings), method, path, authorization) == count


def test_who_is_signed_in_is_limited_wherever_they_are_and_others_by_where_they_are(
    settings: Settings,
) -> None:
    limits = classes(settings)
    assert accepted(limits, "GET", "/v1/wallet", b"user 1", "192.0.2.1") == 5
    assert accepted(limits, "GET", "/v1/wallet", b"user 1", "192.0.2.2") == 0
    assert accepted(limits, "GET", "/v1/wallet", b"user 2", "192.0.2.1") == 5
    assert accepted(limits, "GET", "/v1/plans", None, "2001:db8::1") == 6
    assert accepted(limits, "GET", "/v1/plans", b"made up 1", "2001:db8::2") == 0
    assert accepted(limits, "GET", "/v1/plans", b"made up 2", "2001:db8:0:1::2") == 6


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("a:b", "a:b"),
        ("", ""),
    ],
)
def test_an_ipv6_subscriber_has_64_bits(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("environment", "factor", "count"),
    [
        (Environment.PRODUCTION, None, 5),
        (Environment.DEVELOPMENT, None, 20),
        (Environment.DEVELOPMENT, 2.0, 10),
    ],
)
def test_development_is_generous(
    settings: Settings, environment: Environment, factor: float | None, count: int
) -> None:
    limits = classes(settings, environment=environment, limit_factor=factor)
    assert accepted(limits, "GET", "/v1/wallet", b"user") == count


async def test_every_answer_tells_the_limit_and_the_refusal_when_to_come_back(
    settings: Settings,
) -> None:
    app: FastAPI = create_app(settings.model_copy(update=LOW))
    headers = headers_for(settings, new_id())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://testserver") as client,
    ):
        for left in (5, 4, 3, 2, 1, 0):
            answer = await client.get("/v1/plans" if left else "/nowhere")
            assert answer.headers["ratelimit-policy"] == '"address";q=6;w=60'
            assert answer.headers["ratelimit"].startswith(f'"address";r={left};t=')
        refused = await client.get("/health/live")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert "Try again in" in refused.json()["detail"]
        # The address is used up; who is signed in has a limit of their own.
        own = await client.get("/v1/notifications", headers=headers)
        assert own.headers["ratelimit-policy"] == '"reads";q=5;w=60'
        # A code's own limits stand beside it.
        sent = await client.post("/v1/auth/login", json={"phone_number": "9000001001"})
        assert '"sign-in"' in sent.headers["ratelimit"]
        assert '"phone"' in sent.headers["ratelimit"]


def test_wrong_guesses_of_a_caller_and_of_an_address_count_and_nothing_else() -> None:
    guesses = WrongGuesses(Buckets(), "codes", per_caller=2, per_address=3)
    for _ in range(9):
        assert guesses.wait_seconds("a", "192.0.2.7") == 0
    for _ in range(2):
        guesses.count("a", "192.0.2.7")
    assert 0 < guesses.wait_seconds("a", "192.0.2.8") <= 1_800, "wherever the caller is"
    assert guesses.wait_seconds("b", "192.0.2.7") == 0
    guesses.count("b", "192.0.2.7")
    assert 0 < guesses.wait_seconds("c", "192.0.2.7") <= 1_200, "whoever calls from there"
    assert guesses.wait_seconds("c", "192.0.2.8") == 0


async def test_wrong_guesses_are_shared_with_other_processes(stores: Stores) -> None:
    caller, two = str(new_id()), [Buckets(), Buckets()]
    first, second = (WrongGuesses(buckets, "codes", per_caller=2, per_address=9) for buckets in two)
    for _ in range(2):
        first.count(caller, "192.0.2.9")
    await two[0].reconcile(stores.redis)
    second.count(caller, "192.0.2.9")
    assert second.wait_seconds(caller, "192.0.2.9") == 0
    await two[1].reconcile(stores.redis)
    assert second.wait_seconds(caller, "192.0.2.9") > 0
