"""A customer's receipt over HTTP: JSON or PDF, caching, every error, and nobody else's."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.rooms import process
from gencharge.core.settings import Settings
from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.core.stores.stores import Stores
from gencharge.core.values.language import Language
from gencharge.receipts import crud
from gencharge.receipts.pdf import render
from gencharge.receipts.printer_service import Printer
from gencharge.receipts.routes import preferred
from gencharge.receipts.schemas import ReceiptOut
from tests.make.factories import headers_for, make_user
from tests.make.money import fund, make_customer
from tests.make.receipts import issue, sell, words_of
from tests.make.recharge import run_sql


def path_of(recharge_id: UUID | str) -> str:
    return f"/v1/recharge/{recharge_id}/receipt"


async def test_a_receipt_as_json(shop: Stores, client: httpx.AsyncClient, settings: Settings) -> None:
    ids = await sell(shop, circle="KA")
    answer = await client.get(path_of(ids[1]), headers=headers_for(settings, ids[0]))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["vary"] == "Accept"
    assert b'"total_paid":299.00' in answer.content
    assert ReceiptOut.model_validate_json(answer.content) == await issue(shop, ids)


async def test_the_pdf_is_stored_served_again_byte_for_byte_and_made_again_the_same(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, printer: Printer, tmp_path: Path
) -> None:
    ids = await sell(shop)
    headers = headers_for(settings, ids[0])
    first = await client.get(path_of(ids[1]), params={"format": "pdf"}, headers=headers)
    assert first.status_code == 200, first.text
    number = (await client.get(path_of(ids[1]), headers=headers)).json()["receipt_number"]
    assert first.headers["content-type"] == "application/pdf"
    assert first.headers["content-disposition"] == f'attachment; filename="receipt-{number}.pdf"'
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.content.startswith(b"%PDF-")
    [stored] = tmp_path.rglob("*.pdf")
    assert stored.name.startswith(str(ids[1]))
    assert stored.read_bytes() == first.content
    stored.unlink()
    again = await client.get(
        path_of(ids[1]), headers=headers | {"Accept": "application/pdf, application/json;q=0.5"}
    )
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])


async def test_a_pdf_that_the_client_has_is_not_sent_again(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, printer: Printer, tmp_path: Path
) -> None:
    ids = await sell(shop)
    headers = headers_for(settings, ids[0])
    etag = (await client.get(path_of(ids[1]), params={"format": "pdf"}, headers=headers)).headers["etag"]
    for stored in tmp_path.rglob("*.pdf"):
        stored.unlink()
    for tag in (etag, f'W/{etag}, "x"', f'"x", {etag}', "*"):
        same = await client.get(
            path_of(ids[1]), params={"format": "pdf"}, headers=headers | {"If-None-Match": tag}
        )
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag), tag
    assert list(tmp_path.rglob("*.pdf")) == [], "it was not made for nothing"
    for tag in ('"x"', "", etag.strip('"')):
        other = await client.get(
            path_of(ids[1]), params={"format": "pdf"}, headers=headers | {"If-None-Match": tag}
        )
        assert other.status_code == 200, tag


async def test_the_pdf_is_in_the_callers_language_and_each_language_has_an_etag_of_its_own(
    client: httpx.AsyncClient, stores: Stores, settings: Settings
) -> None:
    ids = await sell(stores)
    headers = headers_for(settings, ids[0])
    answers = {
        language: await client.get(
            path_of(ids[1]), params={"format": "pdf"}, headers=headers | {"Accept-Language": language}
        )
        for language in ("en", "hi")
    }
    assert {answer.headers["Content-Language"] for answer in answers.values()} == {"en", "hi"}
    assert {answer.headers["Vary"] for answer in answers.values()} == {"Accept, Accept-Language"}
    assert answers["en"].headers["ETag"] != answers["hi"].headers["ETag"]
    receipt = await issue(stores, ids)
    assert answers["hi"].content == render(receipt, Language.HINDI)
    assert answers["en"].content == render(receipt)


async def test_an_etag_is_of_no_use_for_json(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, printer: Printer
) -> None:
    ids = await sell(shop)
    headers = headers_for(settings, ids[0]) | {"If-None-Match": "*"}
    answer = await client.get(path_of(ids[1]), headers=headers)
    assert answer.status_code == 200
    assert "etag" not in answer.headers


async def test_a_refund_makes_another_version_that_says_so(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, printer: Printer, tmp_path: Path
) -> None:
    ids = await sell(shop)
    headers, path = headers_for(settings, ids[0]), f"{path_of(ids[1])}?format=pdf"
    tags = [(await client.get(path, headers=headers)).headers["etag"]]
    for change in ("refunded_amount = 10000", "refunded_amount = 29900, status = 'refunded'"):
        await run_sql(shop, f"UPDATE recharges SET {change} WHERE id = :id", id=ids[1])
        tags.append((await client.get(path, headers=headers)).headers["etag"])
    assert len(set(tags)) == len(list(tmp_path.rglob("*.pdf"))) == 3
    assert "– ₹299.00" in words_of(render(await issue(shop, ids), compress=False))


async def test_a_receipt_is_given_also_if_it_cannot_be_stored(
    shop: Stores,
    client: httpx.AsyncClient,
    settings: Settings,
    app: FastAPI,
    printer: Printer,
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("no folder")
    process.put(app, Printer(FolderStorage(tmp_path / "file")))
    ids = await sell(shop)
    answer = await client.get(f"{path_of(ids[1])}?format=pdf", headers=headers_for(settings, ids[0]))
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


# The format


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("application/json", "json"),
        ("application/pdf", "pdf"),
        ("Application/PDF", "pdf"),
        ("application/*", "json"),
        ("application/pdf;q=0", "json"),
        ("application/pdf;q=0.1, application/json", "json"),
        ("application/pdf, application/json", "json"),
        ("application/pdf;q=0.9, application/json;q=0.8", "pdf"),
        ("application/pdf; q=0.9, application/json; q=0.95", "json"),
        ("application/pdf;q=odd", "json"),
        ("application/pdf;version=1", "pdf"),
        ("application/pdf;q=0.9, */*", "pdf"),
        (",,;;,", "json"),
    ],
)
def test_the_accept_header_prefers_a_format(accept: str, format_: str) -> None:
    assert preferred(accept) == format_


@pytest.mark.parametrize(
    ("accept", "query", "kind"),
    [
        ("application/pdf", "json", "application/json"),
        ("application/json", "pdf", "application/pdf"),
        ("application/pdf", None, "application/pdf"),
        (None, None, "application/json"),
    ],
)
async def test_the_query_counts_more_than_the_header(
    shop: Stores,
    client: httpx.AsyncClient,
    settings: Settings,
    printer: Printer,
    accept: str | None,
    query: str | None,
    kind: str,
) -> None:
    ids = await sell(shop)
    headers = headers_for(settings, ids[0]) | ({"Accept": accept} if accept else {})
    answer = await client.get(path_of(ids[1]), params={"format": query} if query else {}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


# Errors


async def test_an_unknown_format_or_id_is_named(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    ids = await sell(shop)
    headers = headers_for(settings, ids[0])
    for path, field in (
        (f"{path_of(ids[1])}?format=docx", "query.format"),
        (path_of("1"), "path.recharge_id"),
    ):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
        assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("status", ["payment_pending", "processing", "unknown", "failed"])
async def test_what_was_not_delivered_has_no_receipt(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, status: str
) -> None:
    ids = await sell(shop)
    await run_sql(shop, "UPDATE recharges SET status = :status WHERE id = :id", status=status, id=ids[1])
    for query in ("", "?format=pdf"):
        answer = await client.get(f"{path_of(ids[1])}{query}", headers=headers_for(settings, ids[0]))
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["recharge_status"]) == (
            409,
            "receipt_not_ready",
            status,
        )
        assert len(problem["detail"]) > len(problem["title"])


async def test_another_customers_receipt_does_not_exist_and_is_not_issued_by_asking(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, printer: Printer, tmp_path: Path
) -> None:
    ids = await sell(shop)
    stranger = headers_for(settings, await make_customer(shop))
    for path in (path_of(ids[1]), f"{path_of(ids[1])}?format=pdf", path_of(uuid4())):
        answer = await client.get(path, headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "recharge_not_found")
    assert (await client.get(path_of(ids[1]))).status_code == 401
    assert await shop.database.run(lambda db: crud.get_receipt(db, *ids)) is None
    assert list(tmp_path.rglob("*.pdf")) == []


async def test_the_name_on_a_receipt_is_the_customers_own_in_full(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    user = await shop.database.run(lambda db: make_user(db, name="Meera Nair"))
    await fund(shop, user.user_id, 500)
    ids = await sell(shop, user.user_id)
    shown = (await client.get(path_of(ids[1]), headers=headers_for(settings, user))).json()
    assert shown["customer_name"] == "Meera Nair"
    assert "Meera Nair" in words_of(render(await issue(shop, ids), compress=False))
