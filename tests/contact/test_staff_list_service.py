"""Lists, counts and figures, each within the admin's operators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gencharge.contact.staff_list_service import percentile
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.contact import MESSAGE, Customer, at_this_time, detail, visit, write_as_staff
from tests.make.factories import headers_for, make_admin
from tests.make.money import buy, find_plan, make_number
from tests.make.money import make_customer as make_payer
from tests.make.staff_client import StaffClient


async def listed(staff: StaffClient, **query: Any) -> dict[str, Any]:
    page: dict[str, Any] = await staff.ask_json("GET", "/contact/admin", params=query)
    return page


async def test_each_filter_keeps_what_it_names(
    app: FastAPI, client: httpx.AsyncClient, customer: Customer, staff: StaffClient
) -> None:
    own = await customer.send(category="refund")
    other = str((await visit(client, app, category="refund")).json()["enquiry_id"])
    await staff.ask_json("PUT", f"/contact/admin/{own}/assignee", {"assignee_id": str(staff.admin.admin_id)})
    await staff.ask_json("PATCH", f"/contact/admin/{own}", {"complaint_reference": "CMS-1"})
    assert (await write_as_staff(staff, other, "resolution", "Done.")).status_code == 201
    for query in (
        {"user_id": str(customer.user_id)},
        {"assignee_id": str(staff.admin.admin_id)},
        {"unassigned": "false", "category": "refund"},
        {"complaint_reference": "CMS-1"},
        {"status": "open", "category": "refund"},
    ):
        ids = {item["enquiry_id"] for item in (await listed(staff, **query))["items"]}
        assert own in ids, query
        assert other not in ids, query
    assert own not in {item["enquiry_id"] for item in (await listed(staff, min_age_hours=1))["items"]}
    with clock.later(hours=2):
        aged = await listed(at_this_time(staff), min_age_hours=1)
    assert own in {item["enquiry_id"] for item in aged["items"]}


async def test_counts_are_of_each_status_whatever_the_status_that_is_listed(
    customer: Customer, staff: StaffClient
) -> None:
    ids = [await customer.send() for _ in range(3)]
    assert (await write_as_staff(staff, ids[0], "replies", "Tomorrow.")).status_code == 201
    own = {"user_id": str(customer.user_id), "include_total": "true"}
    page = await listed(staff, **own, status="open")
    assert page["counts"] == {"open": 2, "answered": 1, "resolved": 0, "spam": 0}
    assert (page["total"], len(page["items"])) == (2, 2)
    assert (await listed(staff, **own))["total"] == 3
    oldest = await listed(staff, user_id=str(customer.user_id), sort="created_at", limit=2)
    assert [item["enquiry_id"] for item in oldest["items"]] == ids[:2]
    rest = await listed(
        staff, user_id=str(customer.user_id), sort="created_at", limit=2, cursor=oldest["next_cursor"]
    )
    assert [item["enquiry_id"] for item in rest["items"]] == ids[2:]


async def test_an_admin_of_one_operator_sees_enquiries_about_its_recharges(
    app: FastAPI, client: httpx.AsyncClient, shop: Stores, staff: StaffClient
) -> None:
    buyer = Customer(app, client, await make_payer(shop))
    ids = {}
    for operator in ("JIO", "AIRTEL"):
        plan = await find_plan(shop, operator)
        sale = await buy(shop, buyer.user_id, await make_number(shop, operator), plan.plan_id)
        ids[operator] = await buyer.send(recharge_id=str(sale.answer.subscription_id))
    general = await buyer.send()
    admin = await shop.database.run(lambda db: make_admin(db, "Manager", operator_scope=("JIO",)))
    headers = headers_for(app.state.settings, admin, role="Manager")
    page = (await client.get("/v1/contact/admin?include_total=true", headers=headers)).json()
    seen = {item["enquiry_id"] for item in page["items"]}
    assert ids["JIO"] in seen
    assert not seen & {ids["AIRTEL"], general}
    assert page["total"] == page["counts"]["open"] == len(seen)
    figures = (await client.get("/v1/contact/admin/figures", headers=headers)).json()
    assert sum(item["received"] for item in figures["categories"]) == len(seen)
    for foreign in (ids["AIRTEL"], general):
        path = f"/v1/contact/admin/{foreign}"
        assert (await client.get(path, headers=headers)).status_code == 404
        answer = await client.post(
            f"{path}/notes", json={"text": "Mine?"}, headers=headers | {"Idempotency-Key": "one"}
        )
        assert answer.status_code == 404


async def test_numbers_and_addresses_are_masked_for_support(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores, customer: Customer, staff: StaffClient
) -> None:
    own = await customer.send(message="Call me on 9876543210")
    other = str((await visit(client, app, email="meera.nair@example.com")).json()["enquiry_id"])
    whole = await detail(staff, own)
    assert whole["user"]["phone_number"].startswith("+91")
    assert "9876543210" in whole["entries"][0]["text"]
    support = await stores.database.run(lambda db: make_admin(db, "Support"))
    headers = headers_for(app.state.settings, support, role="Support")
    shown = (await client.get(f"/v1/contact/admin/{own}", headers=headers)).json()
    assert "*" in shown["user"]["phone_number"]
    assert "9876543210" not in str(shown)
    visitor = (await client.get(f"/v1/contact/admin/{other}", headers=headers)).json()
    assert visitor["sender"]["email"] == "m***@example.com"


async def test_figures_say_how_long_answers_and_ends_took(customer: Customer, staff: StaffClient) -> None:
    begin = clock.now().replace(microsecond=0)
    with clock.at(begin):
        first, second = await customer.send(category="offers"), await customer.send(category="offers")
    for enquiry_id, hours in ((first, 1), (second, 3)):
        with clock.at(begin), clock.later(hours=hours):
            assert (
                await write_as_staff(at_this_time(staff), enquiry_id, "replies", "Yes.")
            ).status_code == 201
    with clock.at(begin), clock.later(hours=10):
        assert (await write_as_staff(at_this_time(staff), second, "resolution", "Done.")).status_code == 201
    figures = await staff.ask_json("GET", "/contact/admin/figures", params={"category": "offers"})
    (of_offers,) = figures["categories"]
    assert (of_offers["received"], of_offers["answered"], of_offers["resolved"]) == (2, 1, 1)
    assert of_offers["first_answer_seconds"] == {"count": 2, "p50": 3600, "p90": 10_800, "p99": 10_800}
    assert of_offers["resolution_seconds"] == {"count": 1, "p50": 36_000, "p90": 36_000, "p99": 36_000}
    with clock.later(days=2):
        later = {"category": "offers", "from": clock.now().isoformat()}
        figures = await at_this_time(staff).ask_json("GET", "/contact/admin/figures", params=later)
    assert figures["categories"] == []


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([7], 0.99, 7), ([1, 2, 3, 4], 0.5, 2), ([1, 2, 3, 4], 0.9, 4)],
)
def test_a_percentile_is_a_value_that_occurred(values: list[int], share: float, expected: int | None) -> None:
    assert percentile(values, share) == expected


async def test_an_enquiry_whose_key_is_lost_does_not_hide_the_others(
    customer: Customer, staff: StaffClient, stores: Stores
) -> None:
    lost, readable = await customer.send(), await customer.send()
    sealed = await stores.documents["enquiries"].find_one({"_id": UUID(readable)})
    assert sealed is not None
    # The text of another document is, for this one, a text that somebody has changed.
    change = {"$set": {"sender": sealed["sender"]}}
    await stores.documents["enquiries"].update_one({"_id": UUID(lost)}, change)
    items = (await listed(staff, user_id=str(customer.user_id)))["items"]
    excerpts = {item["enquiry_id"]: item["excerpt"] for item in items}
    assert excerpts == {lost: "", readable: MESSAGE}
    assert (await staff.ask("GET", f"/contact/admin/{lost}")).status_code == 500
    await stores.documents["enquiries"].delete_one({"_id": UUID(lost)})
