"""Operators' callbacks over HTTP: who may call, what the body has to be, and what a callback changes."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from gencharge.channels import secrets_service
from gencharge.channels.service import Verdict
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.delivery import service as delivery
from gencharge.delivery.loop import Dispatcher
from gencharge.delivery.schemas import OperatorCallback
from gencharge.sessions.guards import Principal
from tests.make.delivery import FIRST, PAUSES, SECOND, Purchase, deliveries, purchase, signed
from tests.make.outside import Outside
from tests.make.recharge import assert_books_balance, list_events, run_sql
from tests.sandbox.conftest import until

PATH = f"/v1/recharge/callbacks/{FIRST}"


async def call_back(stores: Stores, channel: str, reference: str, status: str) -> bool:
    callback = OperatorCallback(reference=reference, status=status)
    return await stores.database.run(lambda db: delivery.hint(db, channel, callback))


async def send(
    client: httpx.AsyncClient, stores: Stores, content: Any, path: str = PATH, **headers: str
) -> httpx.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return await client.post(
        path, content=body, headers=signed(stores, body, channel=path.rsplit("/", 1)[1]) | headers
    )


async def test_a_callback_makes_us_ask_at_once_and_a_wrong_one_changes_nothing(
    shop: Stores, dispatcher: Dispatcher, outside: Outside, client: httpx.AsyncClient
) -> None:
    outside.script(FIRST, "submit", "late_success", times=1, seconds=60)
    bought = await purchase(shop)
    await dispatcher.drain()
    [attempt] = await bought.attempts()
    claim = {"reference": attempt.reference, "status": "failed"}
    assert (await send(client, shop, claim)).status_code == 200
    await dispatcher.drain()
    assert (await bought.recharge()).status == "processing", "the operator itself says that it is pending"

    outside.control("PUT", "/sandbox/clock", {"advance_seconds": 100})
    until(lambda: deliveries(outside) != [])
    for _ in range(3):
        answer = await send(client, shop, {"reference": attempt.reference, "status": "success"})
        assert answer.status_code == 200
    await dispatcher.drain()
    assert (await bought.recharge()).status == "delivered"
    assert (await send(client, shop, claim)).status_code == 200
    await dispatcher.drain()
    assert (await bought.recharge()).status == "delivered"
    await assert_books_balance(shop)


@pytest.mark.parametrize("status", ["success", "failed", "pending", "something-new"])
async def test_a_callback_is_answered_and_asked_about_whatever_it_says(
    jio: Stores, client: httpx.AsyncClient, status: str
) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    with clock.at(clock.now()):
        await bought.answer(reference, Verdict.ACCEPTED)
        answer = await send(client, jio, {"reference": reference, "status": status, "more": {"x": 1}})
        assert (answer.status_code, answer.json()) == (200, {"status": "taken"})
        assert await bought.due_in() == 0
    assert (await bought.recharge()).status == "processing"


async def test_a_contradiction_is_accepted_and_alerts_the_staff(
    jio: Stores, client: httpx.AsyncClient
) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    await bought.answer(reference, Verdict.DELIVERED)
    answer = await send(client, jio, {"reference": reference, "status": "failed"})
    assert answer.status_code == 200
    assert len(await list_events(jio, bought.user_id, "CallbackContradicted")) == 1


@pytest.mark.parametrize(
    ("headers", "seconds", "reason"),
    [
        ({"X-Signature": "0" * 64}, 0, "wrong signature"),
        ({"X-Signature": ""}, 0, "wrong signature"),
        ({"X-Signature": "ü"}, 0, "wrong signature"),
        ({"X-Timestamp": ""}, 0, "no timestamp"),
        ({"X-Timestamp": "soon"}, 0, "no timestamp"),
        ({"X-Timestamp": "1" * 13}, 0, "no timestamp"),
        ({}, -301, "too old"),
        ({}, 301, "too old"),
    ],
)
async def test_a_callback_that_is_not_signed_or_not_fresh_is_refused_and_recorded(
    jio: Stores,
    client: httpx.AsyncClient,
    relay: Relay,
    headers: dict[str, str],
    seconds: int,
    reason: str,
) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    await bought.answer(reference, Verdict.ACCEPTED)
    due = (await bought.fulfilment()).next_attempt_at
    body = json.dumps({"reference": reference, "status": "success"}).encode()
    proof = signed(jio, body, at=time.time() + seconds) | headers
    raw = {name: value.encode() for name, value in proof.items()}
    answer = await client.post(PATH, content=body, headers=raw)
    assert (answer.status_code, answer.json()["code"]) == (401, "callback_signature_invalid")
    assert (await bought.fulfilment()).next_attempt_at == due
    await relay.drain()
    entries = await jio.documents["audit_entries"].find({"action": "webhook_refused"}).to_list()
    assert reason in {entry["reason"] for entry in entries}


async def test_a_signature_of_another_body_is_refused(jio: Stores, client: httpx.AsyncClient) -> None:
    body = json.dumps({"reference": "a", "status": "success"}).encode()
    answer = await client.post(PATH, content=body + b" ", headers=signed(jio, body))
    assert answer.status_code == 401
    assert (await client.post(PATH, content=body)).status_code == 401


async def test_a_reference_that_this_channel_never_used_does_not_exist(
    jio: Stores, client: httpx.AsyncClient
) -> None:
    reference = await (await purchase(jio)).submit(FIRST)
    other = f"/v1/recharge/callbacks/{SECOND}"
    for body, path in (
        ({"reference": "nobody-knows", "status": "success"}, PATH),
        ({"reference": "", "status": "success"}, PATH),
        ({"reference": reference, "status": "success"}, other),
    ):
        answer = await send(client, jio, body, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "callback_reference_not_found")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"success"',
        b"\xff",
        {},
        {"reference": "a"},
        {"status": "success"},
        {"reference": 5, "status": "success"},
        {"reference": "a", "status": None},
        {"reference": ["a"], "status": "success"},
    ],
)
async def test_a_body_that_is_no_callback_is_refused(
    jio: Stores, client: httpx.AsyncClient, content: Any
) -> None:
    answer = await send(client, jio, content)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


async def test_a_reference_that_no_text_column_can_hold_is_refused(
    jio: Stores, client: httpx.AsyncClient
) -> None:
    answer = await send(client, jio, {"reference": "a\u0000b", "status": "success"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed_json"


@pytest.mark.parametrize("channel", ["A", "x", "jio_a", "a" * 41, "jio%20a"])
async def test_a_channel_code_that_cannot_be_is_refused(
    jio: Stores, client: httpx.AsyncClient, channel: str
) -> None:
    answer = await send(
        client, jio, {"reference": "a", "status": "success"}, f"/v1/recharge/callbacks/{channel}"
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


# What a callback makes due, and what it contradicts


async def test_a_callback_makes_the_current_attempt_due_now(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    with clock.at(clock.now()):
        await bought.answer(reference, Verdict.ACCEPTED)
        assert await bought.due_in() == PAUSES[0]
        assert await call_back(jio, FIRST, reference, "failed")
        assert await bought.due_in() == 0
    assert (await bought.recharge()).status == "processing", "a callback proves nothing"
    assert await list_events(jio, bought.user_id, "CallbackContradicted") == []


async def test_a_callback_over_another_channel_or_for_an_unknown_reference_is_not_known(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit(FIRST)
    assert await call_back(jio, SECOND, reference, "success") is False
    assert await call_back(jio, FIRST, "nobody-knows", "success") is False


@pytest.mark.parametrize(
    ("verdict", "claim", "contradicts"),
    [
        (Verdict.DELIVERED, "success", False),
        (Verdict.DELIVERED, "pending", False),
        (Verdict.DELIVERED, "failed", True),
        (Verdict.DELIVERED, "odd", True),
        (Verdict.REFUSED, "failed", False),
        (Verdict.REFUSED, "pending", False),
        (Verdict.REFUSED, "success", True),
    ],
)
async def test_a_callback_that_contradicts_the_outcome_alerts_the_staff_and_changes_nothing(
    jio: Stores, verdict: Verdict, claim: str, contradicts: bool
) -> None:
    bought = await purchase(jio)
    reference = await bought.submit(FIRST)
    if verdict is Verdict.REFUSED:
        await bought.answer(await _next_attempt(jio, bought), Verdict.REFUSED)
    await bought.answer(reference, verdict)
    before = await bought.statuses()
    assert await call_back(jio, FIRST, reference, claim)
    alerts = await list_events(jio, bought.user_id, "CallbackContradicted")
    assert [alert["claimed"] for alert in alerts] == [claim] * contradicts
    if contradicts:
        assert alerts[0]["outcome"] == ("delivered" if verdict is Verdict.DELIVERED else "refused")
        assert (alerts[0]["channel"], alerts[0]["reference"]) == (FIRST, reference)
    assert await bought.statuses() == before


async def _next_attempt(stores: Stores, bought: Purchase) -> str:
    """A second attempt beside the first, which is still open."""
    await run_sql(stores, "UPDATE fulfilments SET state = 'due' WHERE recharge_id = :id", id=bought.id)
    return await bought.submit(SECOND)


async def test_a_callbacks_long_claim_is_cut(jio: Stores) -> None:
    bought = await purchase(jio)
    reference = await bought.submit(FIRST)
    await bought.answer(reference, Verdict.DELIVERED)
    await call_back(jio, FIRST, reference, "x" * 500)
    [alert] = await list_events(jio, bought.user_id, "CallbackContradicted")
    assert alert["claimed"] == "x" * 40


async def test_a_callback_about_an_earlier_open_attempt_asks_nothing_and_alerts_nobody(jio: Stores) -> None:
    bought = await purchase(jio)
    first = await bought.submit(FIRST)
    await _next_attempt(jio, bought)
    with clock.at(clock.now()):
        assert await call_back(jio, FIRST, first, "success")
    assert await list_events(jio, bought.user_id, "CallbackContradicted") == []
    assert (await bought.fulfilment()).state == "submitting"


@pytest.mark.parametrize(
    "proof",
    [{"channel": SECOND}, {"direction": "requests"}, {"version": 2}],
    ids=["of another channel", "of a request to the operator", "of a secret to come"],
)
async def test_a_signature_of_another_channel_or_direction_is_worth_nothing(
    jio: Stores, client: httpx.AsyncClient, proof: dict[str, Any]
) -> None:
    body = b'{"reference": "r-1", "status": "success"}'
    answer = await client.post(PATH, content=body, headers=signed(jio, body, **proof))
    assert (answer.status_code, answer.json()["code"]) == (401, "callback_signature_invalid")


async def test_during_a_rotation_callbacks_under_both_secrets_are_taken(
    jio: Stores, client: httpx.AsyncClient
) -> None:
    bought = await purchase(jio)
    reference = await bought.submit()
    await bought.answer(reference, Verdict.ACCEPTED)
    body = json.dumps({"reference": reference, "status": "success"}).encode()

    async def status(version: int) -> int:
        headers = signed(jio, body, version=version)
        return (await client.post(PATH, content=body, headers=headers)).status_code

    assert [await status(1), await status(2)] == [200, 401]
    someone = Principal(user_id=new_id(), kind="admin", session_id=new_id())
    secrets = await jio.database.run(
        lambda db: secrets_service.rotate(db, someone, FIRST, settings=jio.settings)
    )
    assert [await status(1), await status(2)] == [200, 200]
    with clock.at(secrets.previous_until):
        assert [await status(1), await status(2)] == [401, 200]
