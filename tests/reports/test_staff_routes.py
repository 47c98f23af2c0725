"""Reports over HTTP: who gets which, in which formats, and what is refused."""

from __future__ import annotations

import io

import httpx
import openpyxl
import orjson
import pypdf
import pytest
from arro3.io import read_parquet
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins.roles import SEEDED_ROLES
from gencharge.backups.models import BackupRun
from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.offers.models import Offer, OfferSlot, OfferType
from gencharge.reports import service
from gencharge.sessions.guards import Action, Resource, permission
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import staff_headers
from tests.make.reports import read_csv

PATH = "/v1/reports"
NAMES = sorted(service.REPORTS)
every_report = pytest.mark.parametrize("name", NAMES)


def params(name: str, **more: str) -> dict[str, str]:
    month = {"month": "2026-11"} if name.startswith("gst-") else {}
    return month | more


def role_for(name: str) -> str:
    """The first role that may read it."""
    return "SuperAdmin" if service.REPORTS[name].resource is Resource.BACKUPS else "Manager"


@pytest.fixture
async def headers(app: FastAPI, shop: Stores) -> dict[str, str]:
    return await staff_headers(app, shop)


async def sell(stores: Stores, operator: str = "JIO") -> None:
    plan = await find_plan(stores, operator, 299)
    number = await make_number(stores, operator, circle="MH")
    await buy(stores, await make_customer(stores), number, plan.plan_id)


@every_report
@pytest.mark.parametrize("file_format", ["csv", "json", "xlsx", "pdf", "parquet"])
async def test_every_report_comes_in_every_format(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient, name: str, file_format: str
) -> None:
    headers = await staff_headers(app, shop, role_for(name))
    answer = await client.get(f"{PATH}/{name}", headers=headers, params=params(name, format=file_format))
    assert answer.status_code == 200, answer.text
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith(f'attachment; filename="{name}-20')
    assert disposition.endswith(f'.{file_format}"')
    assert answer.headers["cache-control"] == "no-store"
    columns = [column.name for column in service.REPORTS[name].columns]
    if file_format == "csv":
        assert answer.content.decode().splitlines()[0] == ",".join(columns)
    elif file_format == "json":
        assert [column["name"] for column in orjson.loads(answer.content)["columns"]] == columns
    elif file_format == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        assert [cell.value for cell in sheet[1]] == [column.words for column in service.REPORTS[name].columns]
    elif file_format == "parquet":
        assert read_parquet(answer.content).schema.names == columns
    else:
        text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
        assert service.REPORTS[name].title in text


@every_report
async def test_each_role_gets_the_reports_of_what_it_may_read(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient, name: str
) -> None:
    report = service.REPORTS[name]
    for role in SEEDED_ROLES:
        headers = await staff_headers(app, shop, role.name)
        answer = await client.get(f"{PATH}/{name}", headers=headers, params=params(name))
        may = {permission(Resource.REPORTS, Action.READ), report.permission} <= role.permissions
        assert answer.status_code == (200 if may else 403), (role.name, answer.text[:200])


@every_report
async def test_an_admin_of_one_operator_gets_what_keeps_to_it_and_nothing_else(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient, name: str
) -> None:
    headers = await staff_headers(app, shop, role_for(name), operators=["JIO"])
    await sell(shop, "JIO")
    await sell(shop, "AIRTEL")
    answer = await client.get(f"{PATH}/{name}", headers=headers, params=params(name))
    if not service.REPORTS[name].scoped:
        assert answer.json()["code"] == "operator_scope_too_narrow"
        return
    assert answer.status_code == 200, answer.text
    assert "AIRTEL" not in answer.text
    if name in {"transactions", "active-plans", "plans", "settlement"}:
        assert {row["operator"] for row in read_csv(answer.content)} == {"JIO"}


async def test_the_list_has_what_the_role_allows(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    viewer = await staff_headers(app, shop, "Viewer")
    answer = await client.get(PATH, headers=viewer, params={"limit": 100})
    assert answer.status_code == 200, answer.text
    names = [report["name"] for report in answer.json()["items"]]
    assert "transactions" in names
    assert not {"admins", "audit", "roles", "sessions"} & set(names)
    transactions = next(report for report in answer.json()["items"] if report["name"] == "transactions")
    assert {"from", "to", "operator", "status"} <= set(transactions["filters"])
    assert "format" not in transactions["filters"]
    assert transactions["columns"][0]["name"] == "recharge_id"
    support = await staff_headers(app, shop, "Support")
    assert (await client.get(PATH, headers=support)).status_code == 403


async def test_a_role_without_personal_data_sees_numbers_masked(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    viewer = await staff_headers(app, shop, "Viewer")
    await sell(shop)
    for file_format in ("csv", "json"):
        answer = await client.get(f"{PATH}/transactions", headers=viewer, params={"format": file_format})
        assert answer.status_code == 200
        assert "+91" in answer.text
        for number in (row["phone_number"] for row in read_csv(answer.content) if file_format == "csv"):
            assert sum(letter.isdigit() for letter in number) < 12, number


@pytest.mark.parametrize(
    ("name", "query", "field", "right"),
    [
        ("users", {"columns": "name,password"}, "query.columns", "user_id"),
        ("users", {"columns": "name,name"}, "query.columns", "each once"),
        ("sessions", {"columns": "token_hash"}, "query.columns", "session_id"),
        ("users", {"from": "2026-11-02", "to": "2026-11-01"}, "query", "from must be before to"),
        ("transactions", {"min_amount": "10", "max_amount": "5"}, "query", "must not exceed"),
        ("transactions", {"status": "sold"}, "query.status", "delivered"),
        ("transactions", {"colour": "red"}, "query.colour", "operator"),
        ("transactions", {"format": "docx"}, "query.format", "xlsx"),
        ("gst-supplies", {}, "query.month", "required"),
        ("gst-supplies", {"month": "2026-13"}, "query.month", "pattern"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_what_would_be_right(
    client: httpx.AsyncClient,
    headers: dict[str, str],
    name: str,
    query: dict[str, str],
    field: str,
    right: str,
) -> None:
    refused = await client.get(f"{PATH}/{name}", headers=headers, params=query)
    assert refused.status_code == 422, refused.text
    problem = refused.json()["errors"][0]
    assert problem["field"] == field
    assert right in problem["message"], problem


async def test_chosen_columns_come_in_the_order_that_was_asked_for(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    await sell(shop)
    query = {"columns": "paid,operator,created_at"}
    answer = await client.get(f"{PATH}/transactions", headers=headers, params=query)
    lines = answer.content.decode().splitlines()
    assert lines[0] == "paid,operator,created_at"
    assert lines[1].startswith("299.00,JIO,20")


async def test_too_many_rows_are_refused_and_nothing_is_sent(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await sell(shop)
    await sell(shop)
    monkeypatch.setattr(service, "MAX_DIRECT_ROWS", 1)
    refused = await client.get(f"{PATH}/transactions", headers=headers)
    assert refused.status_code == 422
    assert refused.json()["code"] == "report_too_large"
    assert refused.json()["most_rows"] == 1


async def test_who_took_what_is_written_down(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    query = {"status": "active", "columns": "user_id,status"}
    answer = await client.get(f"{PATH}/users", headers=headers, params=query)
    assert answer.status_code == 200
    async with shop.database.transaction() as db:
        row = (
            await db.scalars(
                select(EventRow).where(EventRow.topic == "ReportMade").order_by(EventRow.id.desc()).limit(1)
            )
        ).one()
    payload = row.payload
    assert (payload["report"], payload["file_format"]) == ("users", "csv")
    assert payload["filters"] == {"status": "active"}
    assert payload["columns"] == ["user_id", "status"]
    assert payload["rows"] == len(read_csv(answer.content))


async def test_offers_come_with_what_they_cost(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    offer_type = OfferType(offer_type_id=new_id(), name=f"Type {new_id()}")
    offer = Offer(
        offer_id=new_id(),
        offer_type_id=offer_type.offer_type_id,
        name="Festive",
        budget_paise=500_000,
        discount_paise=1_000,
    )

    async def unit(db: AsyncSession) -> None:
        db.add(offer_type)
        await db.flush()
        db.add(offer)
        await db.flush()
        for slot in (0, 1):
            db.add(OfferSlot(offer_id=offer.offer_id, slot=slot, uses=2, spent=1_005))

    await shop.database.run(unit)
    query = {"columns": "offer_id,uses,cost,budget"}
    answer = await client.get(f"{PATH}/offers", headers=headers, params=query)
    rows = {row.pop("offer_id"): row for row in read_csv(answer.content)}
    assert rows[str(offer.offer_id)] == {"uses": "4", "cost": "20.10", "budget": "5000.00"}


async def test_a_report_speaks_the_callers_language(
    client: httpx.AsyncClient, headers: dict[str, str], shop: Stores
) -> None:
    await sell(shop)
    hindi = headers | {"Accept-Language": "hi"}
    asked = {"columns": "operator,paid", "format": "csv"}
    assert (await client.get(f"{PATH}/transactions", headers=hindi, params=asked)).text.startswith(
        "ऑपरेटर,भुगतान\r\n"
    )
    names = asked | {"headings": "names"}
    assert (await client.get(f"{PATH}/transactions", headers=hindi, params=names)).text.startswith(
        "operator,paid\r\n"
    )
    page = await client.get(f"{PATH}/transactions", headers=hindi, params=asked | {"format": "pdf"})
    read = pypdf.PdfReader(io.BytesIO(page.content))
    assert read.metadata is not None
    assert read.metadata.title == "रिचार्ज"
    assert "भुगतान" in read.pages[0].extract_text()
    document = (
        await client.get(f"{PATH}/transactions", headers=hindi, params=asked | {"format": "json"})
    ).json()
    assert document["title"] == "रिचार्ज"
    assert set(document["rows"][0]) == {"operator", "paid"}
    listed = (await client.get(PATH, headers=hindi, params={"limit": 100})).json()["items"]
    assert {"रिचार्ज", "ऑफ़र"} <= {report["title"] for report in listed}


async def test_the_backups_report_has_what_the_list_has(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    headers = await staff_headers(app, shop, "SuperAdmin")
    await shop.database.run(_add_failed_backup)
    listed = (await client.get("/v1/backups", headers=headers)).json()["items"]
    rows = read_csv((await client.get(f"{PATH}/backups", headers=headers)).content)
    assert [(row["backup"], row["status"]) for row in rows] == [
        (each["backup"], each["status"]) for each in listed
    ]
    failed = read_csv(
        (await client.get(f"{PATH}/backups", headers=headers, params={"status": "failed"})).content
    )
    assert [(row["description"], row["failure"]) for row in failed] == [
        ("'=before the upgrade", "storage_full")
    ]
    assert (
        read_csv((await client.get(f"{PATH}/backups", headers=headers, params={"status": "running"})).content)
        == []
    )
    refused = await client.get(f"{PATH}/backups", headers=headers, params={"status": "gone"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "query.status"


async def _add_failed_backup(db: AsyncSession) -> None:
    now = clock.now()
    db.add(
        BackupRun(
            run_id=new_id(),
            kind="create",
            backup_id=f"{now:%Y%m%dt%H%M%Sz}-0a1b2c3d".lower(),
            options={"description": "=before the upgrade", "tables": []},
            status="failed",
            failure="storage_full",
            created_at=now,
        )
    )
