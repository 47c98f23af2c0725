"""Customers' receipts for the staff over HTTP: within their operators, and for the roles that may read recharges."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.receipts.printer_service import Printer
from tests.make.factories import headers_for
from tests.make.receipts import Ids, issue, sell
from tests.make.recharge import run_sql, staff_headers


def path_of(ids: Ids) -> str:
    return f"/v1/recharge/admin/{ids[0]}/{ids[1]}/receipt"


@pytest.mark.parametrize("operators", [(), ("JIO",), ("AIRTEL", "JIO")])
async def test_the_staff_see_the_receipts_of_their_operators(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient, printer: Printer, operators: tuple[str, ...]
) -> None:
    ids = await sell(shop)
    headers = await staff_headers(app, shop, "Support", operators=operators)
    answer = await client.get(path_of(ids), headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["receipt_number"] == (await issue(shop, ids)).receipt_number
    pdf = await client.get(path_of(ids), params={"format": "pdf"}, headers=headers)
    assert pdf.headers["content-type"] == "application/pdf"
    tag = {"If-None-Match": pdf.headers["etag"], "Accept": "application/pdf"}
    assert (await client.get(path_of(ids), headers=headers | tag)).status_code == 304


@pytest.mark.parametrize(("role", "same"), [("Manager", True), ("Support", False)])
async def test_the_pdf_is_the_customers_for_who_may_see_the_whole_number(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient, printer: Printer, role: str, same: bool
) -> None:
    ids = await sell(shop)
    for_staff = await client.get(f"{path_of(ids)}?format=pdf", headers=await staff_headers(app, shop, role))
    own = await client.get(
        f"/v1/recharge/{ids[1]}/receipt?format=pdf", headers=headers_for(shop.settings, ids[0])
    )
    assert (for_staff.content == own.content) is same


async def test_what_is_out_of_scope_or_does_not_exist_is_not_found(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient
) -> None:
    ids = await sell(shop)
    narrow = await staff_headers(app, shop, "Support", operators=["AIRTEL"])
    wide = await staff_headers(app, shop, "Support")
    for wrong, headers in ((ids, narrow), ((uuid4(), ids[1]), wide), ((ids[0], uuid4()), wide)):
        answer = await client.get(path_of(wrong), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "recharge_not_found")


async def test_what_was_not_delivered_has_no_receipt(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient
) -> None:
    ids = await sell(shop)
    await run_sql(shop, "UPDATE recharges SET status = 'unknown' WHERE id = :id", id=ids[1])
    answer = await client.get(path_of(ids), headers=await staff_headers(app, shop, "Support"))
    assert (answer.status_code, answer.json()["code"]) == (409, "receipt_not_ready")


async def test_a_wrong_id_or_format_is_named(shop: Stores, app: FastAPI, client: httpx.AsyncClient) -> None:
    ids = await sell(shop)
    headers = await staff_headers(app, shop, "Support")
    for path in ("/v1/recharge/admin/1/2/receipt", f"{path_of(ids)}?format=docx"):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_customers_strangers_and_other_roles_are_kept_out(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient
) -> None:
    ids = await sell(shop)
    own = await client.get(path_of(ids), headers=headers_for(shop.settings, ids[0]))
    assert (own.status_code, own.json()["code"]) == (403, "admins_only")
    assert (await client.get(path_of(ids))).status_code == 401
    editor = await client.get(path_of(ids), headers=await staff_headers(app, shop, "ContentEditor"))
    assert (editor.status_code, editor.json()["code"]) == (403, "permission_denied")
