"""The staff see all customers' bills, an admin who is limited to some operators those of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.bills import make_bill
from tests.make.factories import headers_for, know_roles, make_admin, make_user

PATH = "/v1/bills/admin"
JIO_NUMBER, VI_NUMBER = "+919000008101", "+919000008102"


@dataclass(frozen=True)
class Staff:
    """A customer with a bill of Jio and one of Vi, and the staff."""

    client: httpx.AsyncClient
    customer: UUID
    jio: UUID
    vi: UUID
    all: dict[str, str]
    narrow: dict[str, str]

    async def numbers(self, query: str = "", headers: dict[str, str] | None = None) -> list[str]:
        """Of the customer's bills that are listed."""
        path = f"{PATH}?user_id={self.customer}&{query}"
        answer = await self.client.get(path, headers=headers or self.all)
        assert answer.status_code == 200, answer.text
        return [item["phone_number"] for item in answer.json()["items"]]


@pytest.fixture
async def staff(app: FastAPI, shop: Stores, client: httpx.AsyncClient, settings: Settings) -> Staff:
    await know_roles(app)
    customer = (await shop.database.run(make_user)).user_id
    jio = await make_bill(shop, customer, phone_number=JIO_NUMBER)
    vi = await make_bill(shop, customer, phone_number=VI_NUMBER, operator="VI")
    manager = await shop.database.run(lambda db: make_admin(db, "Manager"))
    narrow = await shop.database.run(lambda db: make_admin(db, "Manager", operator_scope=("JIO",)))
    return Staff(
        client,
        customer,
        jio,
        vi,
        headers_for(settings, manager, role="Manager"),
        headers_for(settings, narrow, role="Manager"),
    )


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [VI_NUMBER, JIO_NUMBER]),
        ("sort=created_at", [JIO_NUMBER, VI_NUMBER]),
        ("operator=vi", [VI_NUMBER]),
        ("phone_number=9000008101", [JIO_NUMBER]),
        ("status=due", [VI_NUMBER, JIO_NUMBER]),
        ("status=paid", []),
    ],
)
async def test_bills_are_found_by_number_operator_and_status(
    staff: Staff, query: str, numbers: list[str]
) -> None:
    assert await staff.numbers(query) == numbers


async def test_a_list_by_number_names_all_who_fetched_its_bill(staff: Staff, shop: Stores) -> None:
    other = (await shop.database.run(make_user)).user_id
    number = "+919000008103"
    for customer in (staff.customer, other):
        await make_bill(shop, customer, phone_number=number)
    answer = await staff.client.get(PATH, headers=staff.all, params={"phone_number": number, "limit": 1})
    page: dict[str, Any] = answer.json()
    after = {"phone_number": number, "limit": 1, "cursor": page["next_cursor"]}
    rest = (await staff.client.get(PATH, headers=staff.all, params=after)).json()
    assert [item["user_id"] for item in page["items"] + rest["items"]] == [str(other), str(staff.customer)]
    assert page["items"][0]["user"]["name"] == "Asha Rao"


async def test_an_admin_of_one_operator_sees_its_bills_alone(staff: Staff) -> None:
    assert await staff.numbers(headers=staff.narrow) == [JIO_NUMBER]
    for bill_id, status in ((staff.jio, 200), (staff.vi, 404)):
        path = f"{PATH}/{staff.customer}/{bill_id}"
        assert (await staff.client.get(path, headers=staff.narrow)).status_code == status
    missing = await staff.client.get(f"{PATH}/{staff.customer}/{new_id()}", headers=staff.all)
    assert missing.json()["code"] == "bill_not_found"


async def test_who_may_not_see_personal_data_sees_masked_numbers(
    staff: Staff, shop: Stores, settings: Settings
) -> None:
    viewer = await shop.database.run(lambda db: make_admin(db, "Viewer"))
    headers = headers_for(settings, viewer, role="Viewer")
    assert await staff.numbers("operator=JIO", headers) == ["+91******8101"]


async def test_a_customer_sees_no_list_of_the_staff(staff: Staff, settings: Settings) -> None:
    own = headers_for(settings, staff.customer)
    assert (await staff.client.get(PATH, headers=own)).status_code == 403
    assert (await staff.client.get(f"{PATH}/{staff.customer}/{staff.jio}", headers=own)).status_code == 403
