"""What an admin sees who may not see whole numbers and addresses."""

from __future__ import annotations

from uuid import UUID

import pytest
from fastapi import FastAPI

from gencharge.core.http import masked
from gencharge.core.http.web import Out
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.users.models import UserBrief, UserStatus
from tests.make import factories
from tests.make.money import buy, find_plan, make_customer, make_number

ID = UUID("0198c0de-9876-7543-8123-987654321098")


class CustomerOut(Out):
    """An answer."""

    user_id: UUID
    phone_number: str
    email: str | None
    note: str
    balance: Money


class PaymentRow(Out):
    """A row of a list, with whom it is about."""

    user: UserBrief | None
    numbers: frozenset[str]


def customer(**overrides: object) -> CustomerOut:
    values = {
        "user_id": ID,
        "phone_number": "+919876543210",
        "email": "asha@example.com",
        "note": "Call 98765 43210",
        "balance": Money(9_876_543_210),
    }
    return CustomerOut.model_validate(values | overrides)


def test_the_customer_whom_a_row_names_is_masked_too() -> None:
    brief = UserBrief(ID, "Asha", "+919876543210", "asha@example.com", UserStatus.ACTIVE)
    [row] = masked.mask({"items": [PaymentRow(user=brief, numbers=frozenset({"+919876543210"}))]})["items"]
    assert row["user"] == {
        "user_id": ID,
        "name": "Asha",
        "phone_number": "+91******3210",
        "email": "a***@example.com",
        "status": "active",
    }
    assert row["numbers"] == ["+91******3210"]


def test_numbers_and_addresses_are_masked_wherever_they_stand_and_ids_are_not() -> None:
    answer = {
        "items": [customer()],
        "next_cursor": "9876543210",
        "operator_reference": "9876543210",
        "n": 9876543210,
    }
    shown = masked.mask(answer)
    assert shown == {
        "items": [
            {
                "user_id": ID,
                "phone_number": "+91******3210",
                "email": "a***@example.com",
                "note": "Call +91******3210",
                "balance": Money(9_876_543_210),
            }
        ],
        "next_cursor": "9876543210",
        "operator_reference": "9876543210",
        "n": 9876543210,
    }


def test_nothing_stays_nothing() -> None:
    assert masked.mask(customer(email=None))["email"] is None
    assert masked.mask(None) is None


def test_a_copy_for_paper_is_of_the_same_kind() -> None:
    copy = masked.masked_copy(customer())
    assert (type(copy), copy.phone_number, copy.user_id) == (CustomerOut, "+91******3210", ID)


@pytest.mark.parametrize(
    ("role", "whole"), [("SuperAdmin", True), ("Manager", True), ("Support", False), ("Viewer", False)]
)
async def test_support_and_viewers_see_masked_numbers_and_addresses(
    app: FastAPI, shop: Stores, role: str, whole: bool
) -> None:
    await factories.know_roles(app)
    user = await shop.database.run(factories.make_user)
    admin = await shop.database.run(lambda db: factories.make_admin(db, role))
    payer, number = await make_customer(shop), await make_number(shop)
    sale = (await buy(shop, payer, number, (await find_plan(shop)).plan_id)).answer
    headers = factories.headers_for(shop.settings, admin, role=role)
    async with factories.new_client(app) as client:
        for path, contacts in (
            (f"/v1/users/{user.user_id}", (user.phone_number, user.email)),
            (f"/v1/users?phone_number={user.phone_number[1:]}", (user.phone_number, user.email)),
            (f"/v1/recharge/admin/{payer}/{sale.recharge_id}", (number,)),
            (f"/v1/wallet/admin/transactions?user_id={payer}", (number,)),
        ):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == 200, answer.text
            for contact in contacts:
                assert (str(contact) in answer.text) is whole, (path, contact)
