"""What the client sends again: the same request with the same key, never one that could happen twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest
from gencharge_client import ApiError, AsyncGenCharge, GenCharge, NoAnswer, Retries
from gencharge_client.models import Quote, Subscribe

QUICK = Retries(first_wait=0.001, longest_wait=0.5)
WALLET = {"balance": 100.10, "held": 0, "available": 100.10}
COMMAND = Subscribe(phone_number="9000001001", plan_id=uuid4(), payment_method="wallet")
Answer = httpx.Response | Exception


def refused(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "?", "status": status}, headers=headers)


class Network:
    """Answers one after the other, and keeps what was sent."""

    def __init__(self, *answers: Answer) -> None:
        self.answers: Iterator[Answer] = iter(answers)
        self.sent: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def keys(self) -> set[str | None]:
        return {request.headers.get("idempotency-key") for request in self.sent}


def client_of(network: Network, retries: Retries = QUICK, **tokens: str) -> GenCharge:
    http = httpx.Client(transport=httpx.MockTransport(network), base_url="http://api")
    return GenCharge("http://api", http=http, retries=retries, **tokens)


LOST: Callable[[], Exception] = lambda: httpx.ReadError("cut off")  # noqa: E731


def test_a_recharge_whose_answer_is_lost_goes_again_with_the_same_key() -> None:
    network = Network(LOST(), refused(503, "database_unavailable"), refused(409, "price_changed"))
    with pytest.raises(ApiError, match="price_changed"):
        client_of(network).recharge(COMMAND)
    assert len(network.sent) == 3
    assert len(network.keys) == 1
    assert None not in network.keys
    assert len({request.content for request in network.sent}) == 1


def test_while_the_first_is_in_progress_it_is_asked_again() -> None:
    network = Network(LOST(), refused(409, "idempotency_in_progress"), refused(404, "plan_not_found"))
    with pytest.raises(ApiError, match="plan_not_found"):
        client_of(network).recharge(COMMAND)
    assert len(network.sent) == 3


def test_when_no_answer_comes_at_all_the_key_is_told() -> None:
    network = Network(*(LOST() for _ in range(9)))
    with pytest.raises(NoAnswer) as lost:
        client_of(network).recharge(COMMAND)
    assert len(network.sent) == QUICK.attempts
    assert network.keys == {lost.value.idempotency_key}
    assert str(lost.value.idempotency_key) in str(lost.value)


def test_a_post_without_a_key_is_sent_again_only_if_it_did_nothing() -> None:
    quote = Quote(phone_number="9000001001", plan_id=uuid4())
    for answer in (LOST(), refused(503, "database_unavailable")):
        network = Network(answer)
        with pytest.raises((NoAnswer, ApiError)):
            client_of(network).quote(quote)
        assert len(network.sent) == 1
    for answer in (httpx.ConnectError("refused"), refused(429, "rate_limited", **{"Retry-After": "0"})):
        network = Network(answer, refused(404, "plan_not_found"))
        with pytest.raises(ApiError, match="plan_not_found"):
            client_of(network).quote(quote)
        assert len(network.sent) == 2


def test_it_waits_as_long_as_it_is_asked_to_and_not_for_an_hour() -> None:
    request = httpx.Request("GET", "http://api/v1/wallet")

    def wait(seconds: str) -> float | None:
        answer = refused(429, "rate_limited", **{"Retry-After": seconds})
        return Retries().wait(answer, attempt=1, request=request)

    assert wait("7") == 7
    assert wait("3600") is None
    waits = [Retries().wait(LOST(), attempt=attempt, request=request) for attempt in (1, 2, 3, 4)]
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1 <= waits[2] <= 2
    assert waits[3] is None


def test_other_refusals_are_final() -> None:
    for status in (400, 403, 404, 409, 422, 500):
        network = Network(refused(status, "no"))
        with pytest.raises(ApiError):
            client_of(network).wallet()
        assert len(network.sent) == 1


def test_a_token_that_stays_refused_is_renewed_once_only() -> None:
    tokens = {
        "access_token": "b",
        "refresh_token": "r2",
        "expires_in": 60,
        "kind": "user",
        "user_id": str(uuid4()),
    }
    expired = refused(401, "access_token_expired")
    network = Network(expired, httpx.Response(200, json=tokens), refused(401, "session_ended"))
    with pytest.raises(ApiError, match="session_ended"):
        client_of(network, access_token="a", refresh_token="r1").wallet()
    assert [request.url.path for request in network.sent] == ["/v1/wallet", "/v1/auth/refresh", "/v1/wallet"]
    assert [request.headers.get("authorization") for request in network.sent] == [
        "Bearer a",
        None,
        "Bearer b",
    ]


async def test_the_asynchronous_client_retries_in_the_same_way() -> None:
    network = Network(LOST(), refused(503, "database_unavailable"), refused(409, "price_changed"))
    http = httpx.AsyncClient(transport=httpx.MockTransport(network), base_url="http://api")
    async with AsyncGenCharge("http://api", http=http, retries=QUICK) as client:
        with pytest.raises(ApiError, match="price_changed"):
            await client.recharge(COMMAND)
    await http.aclose()
    assert (len(network.sent), len(network.keys)) == (3, 1)
