"""The story over HTTP: what a role does not show elsewhere, it does not show here."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.receipts import Ids, sell
from tests.make.recharge import staff_headers


def path_of(ids: Ids) -> str:
    return f"/v1/recharge/admin/{ids[0]}/{ids[1]}/story"


@pytest.mark.parametrize(
    ("role", "operators", "withheld"),
    [
        ("SuperAdmin", (), []),
        ("Manager", ("JIO",), ["audit", "payment"]),
    ],
)
async def test_parts_that_the_role_does_not_read_elsewhere_are_withheld(
    shop: Stores,
    app: FastAPI,
    client: httpx.AsyncClient,
    role: str,
    operators: tuple[str, ...],
    withheld: list[str],
) -> None:
    ids = await sell(shop)
    headers = await staff_headers(app, shop, role, operators=operators)
    answer = await client.get(path_of(ids), headers=headers)
    assert answer.status_code == 200, answer.text
    story = answer.json()
    assert story["withheld"] == withheld
    assert story["terms"]["price"] == 299.0
    assert story["ledger"][0]["amount"] > 0
    same = await client.get(path_of(ids).removesuffix("/story"), headers=headers)
    assert same.json()["status"] == story["status"]
    assert same.json()["phone_number"] == story["terms"]["phone_number"]


async def test_who_may_not_read_audit_entries_reads_none_here(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient
) -> None:
    ids = await sell(shop)
    for role in ("Support", "Viewer"):
        headers = await staff_headers(app, shop, role)
        story = (await client.get(path_of(ids), headers=headers)).json()
        for part, path in (
            ("audit", "/v1/audit-logs"),
            ("payment", "/v1/payments/admin"),
            ("ledger", f"/v1/wallet/admin/users/{ids[0]}/ledger"),
        ):
            elsewhere = (await client.get(path, headers=headers)).status_code
            assert (part in story["withheld"]) is (elsewhere == 403), (role, part, elsewhere)
        # Without PersonalData:read numbers are masked.
        shown = (await client.get(path_of(ids).removesuffix("/story"), headers=headers)).json()
        assert story["terms"]["phone_number"] == shown["phone_number"]


async def test_what_is_out_of_scope_or_does_not_exist_is_not_found(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient
) -> None:
    ids = await sell(shop)
    narrow = await staff_headers(app, shop, "Support", operators=["AIRTEL"])
    wide = await staff_headers(app, shop, "Support")
    for wrong, headers in ((ids, narrow), ((new_id(), ids[1]), wide), ((ids[0], new_id()), wide)):
        answer = await client.get(path_of(wrong), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "recharge_not_found")
