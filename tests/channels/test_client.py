"""What each answer of an operator proves, and each way in which a call can go wrong."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gencharge.channels.answers import Answer, Verdict
from gencharge.channels.client import MAX_ANSWER_BYTES, OperatorClient, read
from gencharge.channels.signing import Direction, Message, problem_with, secret_of
from gencharge.core.settings import Environment, Settings
from gencharge.core.values import clock
from tests.make.channels import Reply, answers, http, make_channel, make_submission, operator_server, sends
from tests.make.outside import NOBODY, Outside, sandbox
from tests.make.processes import within

_NAMES = st.sampled_from(["status", "error", "reason", "operator_reference"])
_WORDS = st.sampled_from(["success", "failed", "accepted", "pending", "unknown_reference", "bad_amount"])


@pytest.mark.parametrize(
    ("status", "document", "verdict"),
    [
        (200, {"status": "success"}, Verdict.DELIVERED),
        (202, {"status": "accepted"}, Verdict.ACCEPTED),
        (200, {"status": "pending"}, Verdict.ACCEPTED),
        (200, {"status": "failed"}, Verdict.REFUSED),
        (200, {"status": "SUCCESS"}, Verdict.UNKNOWN),
        (200, {}, Verdict.UNKNOWN),
        (200, None, Verdict.UNKNOWN),
        (200, ["success"], Verdict.UNKNOWN),
        (201, {"status": "success"}, Verdict.UNKNOWN),
        (500, {"status": "failed"}, Verdict.UNKNOWN),
        (503, None, Verdict.UNKNOWN),
        (400, {"error": "bad_amount"}, Verdict.REFUSED),
        (422, {"error": "bad_amount"}, Verdict.REFUSED),
        (422, {}, Verdict.UNKNOWN),
        (401, None, Verdict.NOT_SENT),
        (403, None, Verdict.NOT_SENT),
        (429, None, Verdict.NOT_SENT),
        (404, {"status": "unknown_reference"}, Verdict.UNKNOWN),
    ],
)
def test_what_an_answer_to_a_submission_proves(status: int, document: Any, verdict: Verdict) -> None:
    assert read(status, document, submitting=True).verdict is verdict


@pytest.mark.parametrize(
    ("status", "document", "verdict"),
    [
        (200, {"status": "success"}, Verdict.DELIVERED),
        (404, {"status": "unknown_reference"}, Verdict.NOT_KNOWN),
        (404, {"error": "no such page"}, Verdict.UNKNOWN),
        (404, None, Verdict.UNKNOWN),
        (401, None, Verdict.UNKNOWN),
        (403, None, Verdict.UNKNOWN),
        (429, None, Verdict.UNKNOWN),
        (400, {"error": "bad_amount"}, Verdict.UNKNOWN),
    ],
)
def test_a_rejected_status_question_proves_nothing(status: int, document: Any, verdict: Verdict) -> None:
    assert read(status, document, submitting=False).verdict is verdict


def test_the_operators_reference_and_reason_are_kept() -> None:
    answer = read(
        200, {"status": "failed", "operator_reference": "OP1", "reason": "blocked"}, submitting=True
    )
    assert answer == Answer(Verdict.REFUSED, "OP1", "blocked")


def test_a_value_that_is_no_text_is_dropped_and_a_long_reason_is_cut() -> None:
    odd = read(200, {"status": "success", "operator_reference": 7, "reason": ["x"]}, submitting=True)
    assert odd == Answer(Verdict.DELIVERED, None, "")
    assert len(read(200, {"status": "failed", "reason": "x" * 900}, submitting=True).reason) == 200


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(_NAMES, parts, max_size=4),
    max_leaves=6,
)


@given(st.integers(100, 599), _JSON | st.dictionaries(_NAMES, _WORDS, max_size=4), st.booleans())
def test_no_answer_proves_more_than_it_says(status: int, document: object, submitting: bool) -> None:
    answer = read(status, document, submitting=submitting)
    word = document.get("status") if isinstance(document, dict) else None
    if answer.verdict is Verdict.DELIVERED:
        assert (status in {200, 202}, word) == (True, "success")
    elif answer.verdict is Verdict.NOT_SENT:
        assert submitting
        assert status in {401, 403, 429}
    elif answer.verdict is Verdict.REFUSED:
        assert word == "failed" or (submitting and status in {400, 422})
    elif answer.verdict is Verdict.NOT_KNOWN:
        assert (status, submitting) == (404, False)
    assert answer.operator_reference is None or answer.operator_reference.isprintable()
    assert answer.reason == "" or answer.reason.isprintable()


def test_control_characters_that_postgresql_can_not_store_become_spaces() -> None:
    answer = read(
        200,
        {"status": "failed", "operator_reference": "OP\x00" + "1" * 200, "reason": "no\x1b[2J"},
        submitting=True,
    )
    assert answer == Answer(Verdict.REFUSED, "OP " + "1" * 97, "no [2J")


@asynccontextmanager
async def client_of(settings: Settings, *, timeout_seconds: float = 5) -> AsyncIterator[OperatorClient]:
    client = OperatorClient(settings, timeout_seconds=timeout_seconds)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[OperatorClient]:
    async with client_of(settings) as client:
        yield client


async def test_a_submission_is_signed_and_says_what_to_deliver(
    settings: Settings, client: OperatorClient
) -> None:
    submission = make_submission()
    async with operator_server(answers({"status": "success", "operator_reference": "OP1"})) as operator:
        answer = await client.submit(operator.channel(), submission)
    assert answer == Answer(Verdict.DELIVERED, "OP1")
    [request] = operator.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    assert lines[0] == "POST /recharges HTTP/1.1"
    assert headers["content-type"] == "application/json"
    master = settings.operator_api_secret.get_secret_value()
    secret = secret_of(master, "jio-direct", Direction.REQUESTS, 1)
    message = Message("jio-direct", "POST", "/recharges", body)
    assert problem_with([secret], headers["x-timestamp"], headers["x-signature"], message) is None
    assert json.loads(body) == {
        "reference": submission.reference,
        "operator": "JIO",
        "phone_number": "9876543210",
        "plan_code": submission.plan_id,
        "amount_paise": 29_900,
    }
    assert secret.encode() not in request
    assert master.encode() not in request


async def test_a_status_question_names_the_reference_and_has_no_body(client: OperatorClient) -> None:
    async with operator_server(answers({"status": "unknown_reference"}, 404)) as operator:
        answer = await client.status(operator.channel(), "r-1")
    assert answer.verdict is Verdict.NOT_KNOWN
    assert operator.requests[0].startswith(b"GET /recharges/r-1 HTTP/1.1\r\n")
    assert operator.requests[0].endswith(b"\r\n\r\n")


async def test_a_refused_connection_proves_that_nothing_was_sent(client: OperatorClient) -> None:
    async with operator_server(sends()) as operator:
        channel = operator.channel()
    answer = await client.submit(channel, make_submission())
    assert answer == Answer(Verdict.NOT_SENT, reason="ConnectError")


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ((), "RemoteProtocolError"),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", b'{"status": "succ'), "RemoteProtocolError"),
        ((b"SSH-2.0-OpenSSH_9.6\r\n",), "RemoteProtocolError"),
        ((http(200, b'{"status": "success"'),), "unreadable"),
        ((http(200, b"<html>success</html>"),), "unreadable"),
        ((http(200, b'{"status": "success"}', "Content-Encoding: gzip"),), "DecodingError"),
        ((http(200, b" " * (MAX_ANSWER_BYTES + 1)),), "ValueError"),
        ((http(200, gzip.compress(b" " * 10_000_000), "Content-Encoding: gzip"),), "ValueError"),
        ((http(302, b"", "Location: http://127.0.0.1:9/"),), "http_302"),
        ((http(500, b""),), "http_500"),
    ],
    ids=[
        "closed",
        "half",
        "other protocol",
        "half json",
        "html",
        "no gzip",
        "huge",
        "bomb",
        "redirect",
        "500",
    ],
)
async def test_a_broken_answer_to_a_submission_proves_nothing(
    client: OperatorClient, parts: tuple[bytes, ...], reason: str
) -> None:
    async with operator_server(sends(*parts)) as operator:
        answer = await client.submit(operator.channel(), make_submission())
    assert answer == Answer(Verdict.UNKNOWN, reason=reason)
    assert len(operator.requests) == 1, "a call is never repeated by itself"


async def test_an_answer_of_the_greatest_length_is_read(client: OperatorClient) -> None:
    body = b'{"status": "success"}'.ljust(MAX_ANSWER_BYTES)
    async with operator_server(sends(http(200, body))) as operator:
        assert (await client.submit(operator.channel(), make_submission())).verdict is Verdict.DELIVERED


async def test_a_redirect_is_not_followed(client: OperatorClient) -> None:
    async with operator_server(answers({"status": "success"})) as other:
        reply = sends(http(307, b"", f"Location: {other.url}/recharges"))
        async with operator_server(reply) as operator:
            answer = await client.submit(operator.channel(), make_submission())
    assert (answer.verdict, other.requests) == (Verdict.UNKNOWN, [])


async def test_a_proxy_of_the_environment_is_not_used(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, NOBODY)
    async with client_of(settings) as client, operator_server(answers({"status": "success"})) as operator:
        assert (await client.submit(operator.channel(), make_submission())).verdict is Verdict.DELIVERED


@pytest.mark.parametrize(
    "reply",
    [
        sends(b"", pause_seconds=2),
        sends(*[bytes([byte]) for byte in http(200, b'{"status": "success"}')], pause_seconds=0.05),
    ],
    ids=["silent", "drip"],
)
async def test_an_operator_that_takes_too_long_is_unknown_and_the_next_call_gets_through(
    settings: Settings, reply: Reply
) -> None:
    async with client_of(settings, timeout_seconds=0.4) as client, operator_server(reply) as operator:
        async with within(1.8):
            answer = await client.submit(operator.channel(), make_submission())
        assert answer.verdict is Verdict.UNKNOWN
        operator.reply = answers({"status": "success"})
        assert (await client.submit(operator.channel(), make_submission())).verdict is Verdict.DELIVERED


async def test_a_call_without_a_free_place_is_not_sent(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gencharge.channels.client.CALLS_AT_A_TIME", 1)
    async with (
        client_of(settings, timeout_seconds=0.6) as client,
        operator_server(sends(b"", pause_seconds=2)) as operator,
    ):
        slow, fast = operator.channel(code="slow"), operator.channel(code="fast")
        first = asyncio.create_task(client.submit(slow, make_submission()))
        while not operator.requests:
            await asyncio.sleep(0.01)
        second = asyncio.create_task(client.submit(slow, make_submission()))
        operator.reply = answers({"status": "success"})
        assert (await client.submit(fast, make_submission())).verdict is Verdict.DELIVERED, (
            "another channel has places"
        )
        assert await second == Answer(Verdict.NOT_SENT, reason="LineBusy")
        assert (await first).verdict is Verdict.UNKNOWN
    assert len(operator.requests) == 2


async def test_a_cancelled_call_is_cancelled(client: OperatorClient) -> None:
    async with operator_server(sends(b"", pause_seconds=5)) as operator:
        call = asyncio.create_task(client.submit(operator.channel(), make_submission()))
        while not operator.requests:
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_a_document_may_be_longer_than_an_answer(client: OperatorClient) -> None:
    document = {"items": ["x" * MAX_ANSWER_BYTES]}
    async with operator_server(answers(document)) as operator:
        assert await client.fetch(operator.channel(), "/statement?date=2026-11-20") == document
    assert operator.requests[0].startswith(b"GET /statement?date=2026-11-20 HTTP/1.1\r\n")


async def test_a_document_has_a_limit(client: OperatorClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gencharge.channels.client.MAX_DOCUMENT_BYTES", 1_000)
    async with operator_server(answers("x" * 1_000)) as operator:
        with pytest.raises(ValueError, match="the answer is too long"):
            await client.fetch(operator.channel(), "/statement")


@pytest.mark.parametrize("status", [204, 302, 404, 503])
async def test_another_status_than_200_is_no_document(client: OperatorClient, status: int) -> None:
    async with operator_server(answers({"items": []}, status)) as operator:
        with pytest.raises((ValueError, httpx.HTTPError)):
            await client.fetch(operator.channel(), "/statement")


@pytest.fixture(scope="module")
def sandbox_operator(settings: Settings) -> Iterator[Outside]:
    with sandbox(settings) as running:
        yield running


@pytest.mark.parametrize(
    ("script", "submitted", "status"),
    [
        (None, Verdict.DELIVERED, Verdict.DELIVERED),
        ("decline", Verdict.REFUSED, Verdict.REFUSED),
        ("pending", Verdict.ACCEPTED, Verdict.ACCEPTED),
        ("server_error_before", Verdict.UNKNOWN, Verdict.NOT_KNOWN),
        ("server_error_after", Verdict.UNKNOWN, Verdict.DELIVERED),
        ("lost_connection_before", Verdict.UNKNOWN, Verdict.NOT_KNOWN),
        ("lost_connection_after_accept", Verdict.UNKNOWN, Verdict.DELIVERED),
        ("time_out_before", Verdict.UNKNOWN, Verdict.NOT_KNOWN),
        ("time_out_after", Verdict.UNKNOWN, Verdict.DELIVERED),
        ("garbage", Verdict.UNKNOWN, Verdict.DELIVERED),
        ("huge_body", Verdict.UNKNOWN, Verdict.DELIVERED),
        ("too_many_requests", Verdict.NOT_SENT, Verdict.NOT_KNOWN),
        ("redirect", Verdict.UNKNOWN, Verdict.NOT_KNOWN),
    ],
)
async def test_what_the_sandbox_does_and_what_we_know_of_it_agree(
    settings: Settings, sandbox_operator: Outside, script: str | None, submitted: Verdict, status: Verdict
) -> None:
    """After each fault: what the submission proves, what a question finds, and that a repetition delivers once."""
    sandbox_operator.reset()
    if script:
        sandbox_operator.script("jio-a", "submit", script, times=1)
    channel = make_channel(code="jio-a", url=f"{sandbox_operator.base}/operators/jio-a")
    submission = make_submission()
    async with client_of(settings, timeout_seconds=0.8 if "time_out" in str(script) else 5) as client:
        assert (await client.submit(channel, submission)).verdict is submitted
        assert (await client.status(channel, submission.reference)).verdict is status
        if script not in {"decline", "pending"}:
            assert (await client.submit(channel, submission)).verdict is Verdict.DELIVERED
            assert sandbox_operator.deliveries("jio-a")[submission.reference]["delivered"] == 1


async def test_another_secret_is_turned_away_and_proves_that_nothing_was_sent(
    settings: Settings, sandbox_operator: Outside
) -> None:
    sandbox_operator.reset()
    wrong = settings.model_copy(update={"operator_api_secret": SecretStr("another secret")})
    channel = make_channel(code="jio-a", url=f"{sandbox_operator.base}/operators/jio-a")
    async with client_of(wrong) as client:
        assert (await client.submit(channel, make_submission())).verdict is Verdict.NOT_SENT
        assert (await client.status(channel, "r-1")).verdict is Verdict.UNKNOWN
    assert sandbox_operator.deliveries("jio-a") == {}


async def test_an_address_that_the_settings_do_not_allow_is_not_called(settings: Settings) -> None:
    production = settings.model_copy(update={"environment": Environment.PRODUCTION})
    async with operator_server(answers({"status": "success"})) as operator, client_of(production) as client:
        answer = await client.submit(operator.channel(), make_submission())
        with pytest.raises(ValueError, match="address"):
            await client.fetch(operator.channel(), "/statement")
    assert answer == Answer(Verdict.NOT_SENT, reason="AddressRefused")
    assert operator.requests == []


def signatures_of(request: bytes) -> list[str]:
    """What stands in X-Signature."""
    [line] = [
        line for line in request.decode("latin-1").split("\r\n") if line.lower().startswith("x-signature:")
    ]
    return line.partition(": ")[2].split(" ")


async def test_during_a_rotation_a_request_bears_a_signature_by_each_secret(
    settings: Settings, client: OperatorClient
) -> None:
    soon, ago = clock.now() + timedelta(hours=1), clock.now() - timedelta(hours=1)
    async with operator_server(answers({"status": "success"})) as operator:
        await client.submit(operator.channel(secret_version=2, previous_secret_until=soon), make_submission())
        await client.submit(operator.channel(secret_version=2, previous_secret_until=ago), make_submission())
        rotated = settings.model_copy(
            update={
                "operator_api_secret": SecretStr("the-new-master"),
                "operator_previous_api_secret": settings.operator_api_secret,
            }
        )
        async with client_of(rotated) as other:
            channel = operator.channel(secret_version=2, previous_secret_until=soon)
            await other.submit(channel, make_submission())
    counts = [len(set(signatures_of(request))) for request in operator.requests]
    assert counts == [2, 1, 4]


async def test_another_address_of_a_channel_gets_connections_of_its_own(client: OperatorClient) -> None:
    async with (
        operator_server(answers({"status": "success"})) as first,
        operator_server(answers({"status": "failed"})) as second,
    ):
        assert (await client.submit(first.channel(), make_submission())).verdict is Verdict.DELIVERED
        assert (await client.submit(second.channel(), make_submission())).verdict is Verdict.REFUSED
