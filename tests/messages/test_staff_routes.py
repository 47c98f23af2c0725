"""Parked messages and costs, for the staff."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.messages import queue_crud
from gencharge.messages.listeners import RESEND
from gencharge.messages.models import MessageChannel
from tests.make.factories import know_roles, make_user
from tests.make.messages import enqueue, outgoing, park, stored
from tests.make.push import register_both
from tests.make.staff_client import StaffClient


@pytest.fixture
async def staff(app: FastAPI, client: httpx.AsyncClient) -> StaffClient:
    await know_roles(app)
    return await StaffClient.open(app, client)


async def test_parked_messages_are_listed_with_masked_addresses(staff: StaffClient, stores: Stores) -> None:
    user = await stores.database.run(make_user)
    recipient = Recipient("user", user.user_id)
    mail = await park(stores, recipient=recipient)
    text = await park(stores, recipient=recipient, channel=MessageChannel.SMS, kind="expiring")
    await register_both(stores, recipient)
    push = await park(stores, recipient=recipient, channel=MessageChannel.WEB_PUSH)
    await enqueue(stores, outgoing())
    page = await staff.ask_json("GET", "/messages/parked?include_total=true")
    assert [item["message_id"] for item in page["items"]] == [str(each.id) for each in (push, text, mail)]
    assert page["total"] == 3
    assert [item["address"] for item in page["items"]] == [
        None,
        f"+91******{user.phone_number[-4:]}",
        f"{(user.email or '')[0]}***@example.com",
    ]
    assert page["items"][0]["last_error"] == "SMTP 450"
    assert "Jio 299" not in str(page), "what it says is not shown"
    for query, message in (("channel=sms", text), ("kind=expiring", text), ("channel=web_push", push)):
        (item,) = (await staff.ask_json("GET", f"/messages/parked?{query}"))["items"]
        assert item["message_id"] == str(message.id)
    first = await staff.ask_json("GET", "/messages/parked?limit=2")
    rest = await staff.ask_json("GET", f"/messages/parked?limit=2&cursor={first['next_cursor']}")
    assert [item["message_id"] for item in rest["items"]] == [str(mail.id)]
    assert rest["next_cursor"] is None


async def test_a_parked_message_is_sent_again_when_the_event_is_delivered(
    staff: StaffClient, stores: Stores
) -> None:
    message, other = await park(stores), await park(stores)
    answer = await staff.ask("POST", f"/messages/parked/{message.id}/resend")
    assert (answer.status_code, answer.json()) == (202, {"count": 1})
    await Relay(stores, [RESEND]).drain()
    document = await stored(stores, message)
    assert (document["state"], document["attempts"]) == ("waiting", 0)
    assert document["due_at"] <= clock.now()
    assert "purge_at" not in document
    assert (await stored(stores, other))["state"] == "parked"
    assert (await staff.ask("POST", f"/messages/parked/{message.id}/resend")).status_code == 404
    assert (await staff.ask("POST", f"/messages/parked/{new_id()}/resend")).status_code == 404


async def test_all_of_a_channel_are_sent_again(staff: StaffClient, stores: Stores) -> None:
    mails = [await park(stores) for _ in range(3)]
    text = await park(stores, channel=MessageChannel.SMS)
    assert (await staff.ask("POST", "/messages/parked/resend", {"channel": "email"})).json() == {"count": 3}
    await Relay(stores, [RESEND]).drain()
    assert {(await stored(stores, each))["state"] for each in mails} == {"waiting"}
    assert (await stored(stores, text))["state"] == "parked"


async def test_what_had_no_provider_is_listed_apart_and_sent_once_there_is_one(
    staff: StaffClient, stores: Stores
) -> None:
    one, *rest = [await park(stores, state="no_provider") for _ in range(3)]
    failed = await park(stores)
    page = await staff.ask_json("GET", "/messages/parked")
    assert [(item["message_id"], item["reason"]) for item in page["items"]] == [(str(failed.id), "failed")]
    page = await staff.ask_json("GET", "/messages/parked?reason=no_provider&include_total=true")
    assert (page["total"], {item["reason"] for item in page["items"]}) == (3, {"no_provider"})
    answer = await staff.ask("POST", f"/messages/parked/{one.id}/resend")
    assert (answer.status_code, answer.json()) == (202, {"count": 1})
    await Relay(stores, [RESEND]).drain()
    assert [(await stored(stores, each))["state"] for each in (one, *rest)] == [
        "waiting",
        "no_provider",
        "no_provider",
    ]
    answer = await staff.ask("POST", "/messages/parked/resend", {"reason": "no_provider"})
    assert answer.json() == {"count": 2}
    await Relay(stores, [RESEND]).drain()
    assert {(await stored(stores, each))["state"] for each in rest} == {"waiting"}
    assert (await stored(stores, failed))["state"] == "parked"


async def test_a_reason_that_there_is_not_is_refused(staff: StaffClient) -> None:
    refused = await staff.ask("GET", "/messages/parked?reason=bored")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "query.reason")


async def test_costs_are_listed_by_day_and_channel(staff: StaffClient, stores: Stores) -> None:
    today = clock.now().astimezone(clock.IST).date()
    for days, units, millipaise in ((0, 3, 45_500), (1, 1, 15_000), (40, 9, 99_000)):
        day = (today - timedelta(days=days)).isoformat()
        await queue_crud.add_costs(
            stores.documents,
            new_id(),
            day,
            MessageChannel.SMS,
            messages=1,
            units=units,
            millipaise=millipaise,
        )
    costs = await staff.ask_json("GET", "/messages/costs")
    assert [(item["day"], item["units"], item["cost"]) for item in costs["by_day"]] == [
        ((today - timedelta(days=1)).isoformat(), 1, 0.15),
        (today.isoformat(), 3, 0.46),
    ]
    assert costs["total"] == 0.6
    whole = await staff.ask_json("GET", f"/messages/costs?from=2026-01-01&to={today}")
    assert len(whole["by_day"]) == 3
    wrong = await staff.ask("GET", f"/messages/costs?from={today}&to=2026-01-01")
    assert wrong.status_code == 422
