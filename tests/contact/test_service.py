"""A customer's enquiries: theirs alone, with a thread, open again for 14 days."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx
from fastapi import FastAPI

from gencharge.contact.service import MAX_ENTRIES
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.contact import MESSAGE, Customer, write_as_staff
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.staff_client import StaffClient


async def test_an_enquiry_is_read_with_its_thread_and_without_notes(
    customer: Customer, staff: StaffClient
) -> None:
    enquiry_id = await customer.send()
    for part, text in (
        ("notes", "Was rude on the phone"),
        ("replies", "We look into it."),
        ("resolution", "Done."),
    ):
        answer = await write_as_staff(staff, enquiry_id, part, text)
        assert answer.status_code == 201, answer.text
    read = await customer.read(enquiry_id)
    assert [(message["kind"], message["text"]) for message in read["messages"]] == [
        ("message", MESSAGE),
        ("reply", "We look into it."),
        ("resolution", "Done."),
    ]
    assert (read["status"], read["excerpt"]) == ("resolved", MESSAGE)
    assert "rude" not in str(read)


async def test_html_stays_the_text_that_it_is(customer: Customer) -> None:
    text = "<b>Hello</b> <script>alert(1)</script> [x](javascript:alert(1)) & *bold*"
    enquiry_id = await customer.send(message=text)
    assert (await customer.read(enquiry_id))["messages"][0]["text"] == text


async def test_another_customers_enquiry_is_not_found(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores, customer: Customer
) -> None:
    other = Customer(app, client, (await stores.database.run(make_user)).user_id)
    enquiry_id = await other.send()
    assert (await customer.ask("GET", f"/{enquiry_id}")).status_code == 404
    assert (await customer.write(enquiry_id, "Me, too")).json()["code"] == "enquiry_not_found"
    assert (await customer.ask("GET", "")).json()["items"] == []


async def test_a_recharge_must_be_the_customers_own(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores, customer: Customer
) -> None:
    buyer = Customer(app, client, await make_customer(shop))
    plan = await find_plan(shop)
    sale = await buy(shop, buyer.user_id, await make_number(shop), plan.plan_id)
    about = {"category": "recharge", "message": MESSAGE, "recharge_id": str(sale.answer.subscription_id)}
    refused = await customer.ask("POST", "", about)
    assert (refused.status_code, refused.json()["code"]) == (404, "recharge_not_found")
    enquiry_id = await buyer.send(recharge_id=about["recharge_id"])
    assert (await buyer.read(enquiry_id))["recharge_id"] == about["recharge_id"]


async def test_a_message_opens_a_resolved_enquiry_again_for_fourteen_days(
    customer: Customer, staff: StaffClient
) -> None:
    early, late = await customer.send(), await customer.send()
    for enquiry_id in (early, late):
        assert (await write_as_staff(staff, enquiry_id, "resolution", "Done.")).status_code == 201
    with clock.later(days=13.9):
        assert (await customer.write(early, "Not at all")).status_code == 201
    with clock.later(days=14.1):
        refused = await customer.write(late, "Not at all")
    assert (refused.status_code, refused.json()["code"]) == (409, "enquiry_reopen_time_over")
    opened = await customer.read(early)
    assert (opened["status"], opened["resolved_at"]) == ("open", None)
    assert (await customer.read(late))["status"] == "resolved"


async def test_a_double_submit_writes_once_also_at_the_same_time(customer: Customer) -> None:
    body = {"category": "other", "message": MESSAGE}
    key = str(new_id())
    answers = await asyncio.gather(*(customer.ask("POST", "", body, key=key) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    (enquiry_id,) = {answer.json()["enquiry_id"] for answer in answers}
    again = str(new_id())
    replies = await asyncio.gather(*(customer.write(enquiry_id, "Hello?", key=again) for _ in range(5)))
    assert {reply.status_code for reply in replies} == {201}
    assert len((await customer.read(enquiry_id))["messages"]) == 2
    other = await customer.write(enquiry_id, "Something else", key=again)
    assert other.json()["code"] == "idempotency_key_reused"
    assert len((await customer.ask("GET", "")).json()["items"]) == 1


async def test_two_messages_at_the_same_time_are_both_in_the_thread(customer: Customer) -> None:
    enquiry_id = await customer.send()
    texts = ["one", "two"]
    answers = await asyncio.gather(*(customer.write(enquiry_id, text) for text in texts))
    assert [answer.status_code for answer in answers] == [201, 201]
    messages = (await customer.read(enquiry_id))["messages"]
    assert sorted(message["text"] for message in messages[1:]) == texts


async def test_a_thread_has_an_end(customer: Customer, stores: Stores) -> None:
    enquiry_id = await customer.send()
    for _ in range(MAX_ENTRIES - 1):
        assert (await customer.write(enquiry_id, "More")).status_code == 201
    refused = await customer.write(enquiry_id, "Still more")
    assert (refused.status_code, refused.json()["code"]) == (409, "enquiry_thread_limit_exceeded")


async def test_a_list_pages_and_filters(customer: Customer, staff: StaffClient) -> None:
    ids = [await customer.send(message=f"Number {number}") for number in range(3)]
    assert (await write_as_staff(staff, ids[0], "resolution", "Done.")).status_code == 201
    first = (await customer.ask("GET", "?limit=2&include_total=true")).json()
    second = (await customer.ask("GET", f"?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["enquiry_id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert (first["total"], second["next_cursor"]) == (3, None)
    resolved = (await customer.ask("GET", "?status=resolved&include_total=true")).json()
    assert ([item["enquiry_id"] for item in resolved["items"]], resolved["total"]) == (ids[:1], 1)


async def test_nothing_that_was_written_is_in_clear(customer: Customer, stores: Stores) -> None:
    enquiry_id = await customer.send(message="Planted sentence 4711")
    document = await stores.documents["enquiries"].find_one({"_id": UUID(enquiry_id)})
    assert document is not None
    assert "Planted" not in str(document)
