"""A caller's reference names one thing of theirs for ever; metadata come back to them, encrypted in between."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError

from gencharge.core.http.references import MAX_PAIRS, Referable
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.payments import personal_data as of_payments
from gencharge.recharge import personal_data as of_recharges
from gencharge.recharge import service as recharges
from gencharge.recharge.sale_crud import Noted
from tests.make.factories import headers_for
from tests.make.money import find_plan, make_customer, make_number, sell_sample_plans
from tests.make.recharge import assert_books_balance, get_recharge, money_of, place, staff_headers

SUBSCRIBE = "/v1/recharge/subscribe"
NOTES = {"shop": "Pune 7", "till": "3"}
COMMAND = TypeAdapter(Referable)


@pytest.fixture(scope="module", autouse=True)
async def _catalogue(stores: Stores) -> None:
    await sell_sample_plans(stores)


@pytest.fixture
async def customer(stores: Stores) -> UUID:
    return await make_customer(stores)


@pytest.fixture
def headers(settings: Settings, customer: UUID) -> dict[str, str]:
    return headers_for(settings, customer)


async def body_for(stores: Stores, **overrides: Any) -> dict[str, Any]:
    plan = await find_plan(stores)
    number = await make_number(stores)
    return {"phone_number": number, "plan_id": str(plan.plan_id), "payment_method": "wallet"} | overrides


async def buy(
    client: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any], *, key: str | None = None
) -> httpx.Response:
    return await client.post(SUBSCRIBE, json=body, headers=headers | {"Idempotency-Key": key or str(uuid4())})


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference": ""},
        {"reference": "x" * 65},
        {"reference": "-begins with a hyphen"},
        {"reference": "naïve"},
        {"reference": 5},
        {"metadata": {f"name{number}": "text" for number in range(MAX_PAIRS + 1)}},
        {"metadata": {"n" * 41: "text"}},
        {"metadata": {"a name": "text"}},
        {"metadata": {"": "text"}},
        {"metadata": {"name": "t" * 201}},
        {"metadata": {"name": 5}},
        {"metadata": {"name": None}},
        {"metadata": {"name": {"nested": "text"}}},
        {"metadata": ["text"]},
        {"metadata": {"name": "nul\0"}},
    ],
)
def test_what_is_too_long_or_of_another_form_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        COMMAND.validate_python(wrong)


@pytest.mark.parametrize(
    "right", ["A", "order-2026/10:42#3", "0198c0de-0000-7000-8000-000000000000", "x" * 64]
)
def test_order_numbers_and_ids_are_references(right: str) -> None:
    assert COMMAND.validate_python({"reference": right}).reference == right


async def test_metadata_that_are_too_large_are_422_and_the_answer_says_what_is_allowed(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    too_many = {f"name{number}": "text" for number in range(MAX_PAIRS + 1)}
    for metadata, field, limit in (
        (too_many, "body.metadata", "10"),
        ({"shop": "t" * 201}, "body.metadata.shop", "200"),
    ):
        refused = await buy(client, headers, await body_for(stores, metadata=metadata))
        assert refused.status_code == 422
        [problem] = refused.json()["errors"]
        assert problem["field"] == field
        assert limit in problem["message"]
    assert (await money_of(stores, customer))[0] == 5_000_00


async def test_a_recharge_is_shown_listed_and_found_by_its_reference_with_the_metadata(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    reference = f"order-{uuid4()}"
    sold = await buy(client, headers, await body_for(stores, reference=reference, metadata=NOTES))
    assert sold.status_code == 201, sold.text
    assert (sold.json()["reference"], sold.json()["metadata"]) == (reference, NOTES)
    await buy(client, headers, await body_for(stores))
    shown = (await client.get(f"/v1/recharge/{sold.json()['recharge_id']}", headers=headers)).json()
    assert (shown["reference"], shown["metadata"]) == (reference, NOTES)
    listed = (await client.get("/v1/recharge", params={"reference": reference}, headers=headers)).json()
    assert listed["items"] == [shown]
    unknown = await client.get("/v1/recharge", params={"reference": "another"}, headers=headers)
    assert unknown.json()["items"] == []


async def test_the_same_key_again_is_the_first_answer_and_another_key_is_409_with_the_earlier_recharge(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    body, key = await body_for(stores, reference="R-1", metadata=NOTES), str(uuid4())
    first = await buy(client, headers, body, key=key)
    again = await buy(client, headers, body, key=key)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    # At once, so that it is not taken for a duplicate by accident; and for another number.
    for other in (body, await body_for(stores, reference="R-1")):
        refused = await buy(client, headers, other)
        assert (refused.status_code, refused.json()["code"]) == (409, "reference_already_used")
        assert refused.json()["recharge_id"] == first.json()["recharge_id"]
        assert refused.json()["errors"][0]["field"] == "body.reference"
    changed = await buy(client, headers, body | {"metadata": {"till": "4"}}, key=key)
    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_key_reused")
    assert (await money_of(stores, customer))[0] == 4_701_00
    await assert_books_balance(stores)


async def test_twenty_racing_recharges_with_one_reference_are_one(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    bodies = [await body_for(stores, reference="R-1") for _ in range(20)]
    answers = await asyncio.gather(*(buy(client, headers, body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    [sold] = [answer.json()["recharge_id"] for answer in answers if answer.status_code == 201]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {(problem["code"], problem["recharge_id"]) for problem in refused} == {
        ("reference_already_used", sold)
    }
    assert (await money_of(stores, customer)) == (4_701_00, 0)
    await assert_books_balance(stores)


async def test_a_refused_recharge_uses_no_reference_up_and_a_failed_one_keeps_it(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    body = await body_for(stores, reference="R-1")
    refused = await buy(client, headers, body | {"expected_price": 1})
    assert refused.json()["code"] == "price_changed"
    sold = await buy(client, headers, body)
    assert sold.status_code == 201, sold.text
    plan, failed = await find_plan(stores), new_id()
    number = await make_number(stores)
    await place(stores, customer, number, plan.plan_id, recharge_id=failed, noted=Noted("R-2"))
    await stores.database.run(lambda db: recharges.fail(db, customer, failed, reason="not_paid"))
    again = await buy(client, headers, await body_for(stores, reference="R-2"))
    assert (again.status_code, again.json()["recharge_id"]) == (409, str(failed))


async def test_another_customers_references_are_their_own(
    stores: Stores, settings: Settings, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    other = headers_for(settings, await make_customer(stores))
    for caller in (headers, other):
        assert (await buy(client, caller, await body_for(stores, reference="R-1"))).status_code == 201
        listed = await client.get("/v1/recharge", params={"reference": "R-1"}, headers=caller)
        assert len(listed.json()["items"]) == 1


async def test_metadata_lie_encrypted_and_who_leaves_takes_them_and_the_reference_along(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    sold = await buy(client, headers, await body_for(stores, reference="R-1", metadata=NOTES))
    recharge_id = UUID(sold.json()["recharge_id"])
    row = await get_recharge(stores, customer, recharge_id)
    assert row.caller_metadata is not None
    assert row.caller_metadata.stored.startswith("sealed:")
    assert "Pune" not in row.caller_metadata.stored
    assert [item.metadata for item in await exported(stores, of_recharges.PART, customer)] == [NOTES]
    for part in (of_recharges.PART, of_payments.PART):
        assert part.erase is not None
        await part.erase(stores, customer)
        await part.erase(stores, customer)
    row = await get_recharge(stores, customer, recharge_id)
    assert (row.caller_reference, row.caller_metadata) == (None, None)
    await assert_books_balance(stores)


async def exported(stores: Stores, part: PersonalData, user_id: UUID) -> list[Any]:
    assert part.export is not None
    return [item async for item in await part.export(stores, user_id)]


async def test_the_staff_filter_by_reference_and_read_metadata_only_with_personal_data(
    stores: Stores, app: FastAPI, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    reference = f"order-{uuid4()}"
    sold = await buy(client, headers, await body_for(stores, reference=reference, metadata=NOTES))
    for role, metadata in (("Manager", NOTES), ("Support", None)):
        staff = await staff_headers(app, stores, role)
        listed = await client.get("/v1/recharge/admin", params={"reference": reference}, headers=staff)
        assert listed.status_code == 200, listed.text
        [item] = listed.json()["items"]
        assert item["recharge_id"] == sold.json()["recharge_id"]
        assert (item["reference"], item["metadata"]) == (reference, metadata)


async def test_a_repeated_recharge_may_have_a_reference_of_its_own(
    stores: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    sold = (await buy(client, headers, await body_for(stores, reference="R-1"))).json()
    path = f"/v1/recharge/{sold['recharge_id']}/repeat"
    for reference, status in (("R-1", 409), ("R-2", 201)):
        keyed = headers | {"Idempotency-Key": str(uuid4())}
        body = {"reference": reference, "confirm_duplicate": True}
        answer = await client.post(path, json=body, headers=keyed)
        assert answer.status_code == status, answer.text
