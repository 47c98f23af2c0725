"""Report files over HTTP: asked for, made by a worker, taken by a link; never another admin's, never half of one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from gencharge.admins.models import Admin
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.reports import files_crud, files_service
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import staff_headers
from tests.make.reports import make_waiting, read_csv
from tests.make.storage import BUCKET, S3Server

FILES = "/v1/reports/files"


@pytest.fixture
async def headers(app: FastAPI, shop: Stores) -> dict[str, str]:
    return await staff_headers(app, shop)


async def ask(client: httpx.AsyncClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.post(FILES, headers=headers, json={"report": "transactions"} | body)
    assert answer.status_code == 202, answer.text
    file: dict[str, Any] = answer.json()
    return file


async def test_a_file_is_asked_for_made_and_taken_by_a_link(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    plan = await find_plan(shop, "JIO", 299)
    await buy(shop, await make_customer(shop), await make_number(shop), plan.plan_id)
    file = await ask(client, headers, columns="operator,paid", filters={"operator": "jio"})
    assert (file["status"], file["percent"], file["rows"]) == ("waiting", None, 0)
    path = f"{FILES}/{file['report_file_id']}"
    early = await client.post(f"{path}/link", headers=headers)
    assert early.json()["code"] == "report_file_not_ready"
    await make_waiting(shop)
    ready = (await client.get(path, headers=headers)).json()
    assert (ready["status"], ready["percent"], ready["seconds_left"]) == ("ready", 100.0, 0)
    link = (await client.post(f"{path}/link", headers=headers)).json()
    taken = await client.get(link["url"])
    assert taken.status_code == 200, taken.text
    assert len(taken.content) == ready["size_bytes"]
    assert {row["operator"] for row in read_csv(taken.content)} == {"JIO"}
    assert len(read_csv(taken.content)) == ready["rows"]
    assert "attachment" in taken.headers["content-disposition"]
    with clock.at(clock.now() + files_service.LINK_LIVES + timedelta(seconds=1)):
        assert (await client.get(link["url"])).json()["code"] == "report_link_not_found"
    changed = link["url"][:-1] + ("0" if link["url"][-1] != "0" else "1")
    assert (await client.get(changed)).json()["code"] == "report_link_not_found"


@pytest.mark.parametrize("values", [{"status": "blocked"}, {"operator_scope": ["VI"]}])
async def test_a_link_ends_with_the_rights_of_its_admin(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], values: dict[str, Any]
) -> None:
    file = await ask(client, headers)
    await make_waiting(shop)
    path = f"{FILES}/{file['report_file_id']}"
    link = (await client.post(f"{path}/link", headers=headers)).json()["url"]
    assert (await client.get(link)).status_code == 200
    row = await shop.database.run(lambda db: files_crud.get_file(db, UUID(file["report_file_id"])))
    assert row is not None
    change = update(Admin).where(Admin.admin_id == row.requested_by).values(**values)
    await shop.database.run(lambda db: db.execute(change))
    refused = await client.get(link)
    assert (refused.status_code, refused.json()["code"]) == (404, "report_link_not_found")


async def test_twenty_requests_at_once_do_not_get_past_the_limit(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    requests = [client.post(FILES, headers=headers, json={"report": "transactions"}) for _ in range(20)]
    answers = [answer.status_code for answer in await asyncio.gather(*requests)]
    assert sorted(answers) == [202] * files_service.MOST_OPEN + [409] * (20 - files_service.MOST_OPEN)


async def test_the_files_of_others_are_not_found(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    file = await ask(client, headers)
    other = await staff_headers(app, shop)
    path = f"{FILES}/{file['report_file_id']}"
    for method, end in (("GET", ""), ("POST", "/cancel"), ("POST", "/link")):
        answer = await client.request(method, path + end, headers=other)
        assert (answer.status_code, answer.json()["code"]) == (404, "report_file_not_found")
    assert (await client.get(FILES, headers=other)).json()["items"] == []
    own = (await client.get(FILES, headers=headers, params={"status": "waiting"})).json()["items"]
    assert [one["report_file_id"] for one in own] == [file["report_file_id"]]


async def test_what_waits_can_be_cancelled_once(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    path = f"{FILES}/{(await ask(client, headers))['report_file_id']}/cancel"
    assert (await client.post(path, headers=headers)).json()["status"] == "cancelled"
    assert (await client.post(path, headers=headers)).json()["code"] == "report_file_already_ended"


async def test_an_admin_has_three_at_a_time(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    for _ in range(files_service.MOST_OPEN):
        await ask(client, headers)
    refused = await client.post(FILES, headers=headers, json={"report": "users"})
    assert refused.json()["code"] == "report_file_limit_exceeded"


@pytest.mark.parametrize(
    ("body", "field", "right"),
    [
        ({"report": "nothing"}, "body.report", "transactions"),
        ({"columns": "secret"}, "query.columns", "recharge_id"),
        ({"filters": {"colour": "red"}}, "body.filters.colour", "operator"),
        ({"filters": {"format": "pdf"}}, "body.filters.format", "operator"),
        ({"filters": {"status": "sold"}}, "body.filters.status", "delivered"),
        ({"filters": {"from": "2026-11-02", "to": "2026-11-01"}}, "body.filters", "from must be before to"),
        ({"report": "gst-supplies"}, "body.filters.month", "required"),
    ],
)
async def test_what_makes_no_sense_is_refused_before_anything_is_made(
    client: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any], field: str, right: str
) -> None:
    refused = await client.post(FILES, headers=headers, json={"report": "transactions"} | body)
    assert refused.status_code == 422, refused.text
    problem = refused.json()["errors"][0]
    assert problem["field"] == field
    assert right in problem["message"]


async def test_a_viewer_has_no_files_made_and_no_report_that_the_role_does_not_allow(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    viewer = await staff_headers(app, shop, "Viewer")
    assert (await client.post(FILES, headers=viewer, json={"report": "users"})).status_code == 403
    scoped = await staff_headers(app, shop, operators=["JIO"])
    refused = await client.post(FILES, headers=scoped, json={"report": "users"})
    assert refused.json()["errors"][0]["field"] == "body.report"


async def test_with_a_bucket_that_browsers_reach_the_link_leads_there_with_a_signature(
    shop: Stores,
    app: FastAPI,
    client: httpx.AsyncClient,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = await ask(client, headers)
    with S3Server() as server:
        for name, value in server.settings(storage_public_url=server.url).model_dump().items():
            if name.startswith("storage_"):
                monkeypatch.setitem(shop.settings.__dict__, name, value)
                monkeypatch.setitem(app.state.settings.__dict__, name, value)
        await make_waiting(shop)
        path = f"{FILES}/{file['report_file_id']}"
        link = (await client.post(f"{path}/link", headers=headers)).json()["url"]
        answer = await client.get(link)
        assert answer.status_code == 307, answer.text
        address = answer.headers["location"]
        assert address.startswith(f"{server.url}/{BUCKET}/reports/")
        assert "X-Amz-Expires=60" in address
        assert answer.headers["cache-control"] == "no-store"
        # Neither may the page that is left tell anybody the address.
        assert answer.headers["referrer-policy"] == "no-referrer"
        fetched = httpx.get(address)
        assert fetched.headers["content-disposition"].startswith('attachment; filename="transactions-')
        assert len(fetched.content) == (await client.get(path, headers=headers)).json()["size_bytes"]
        # The rights are looked at before the address is given out: with none there is none.
        changed = link[:-1] + ("0" if link[-1] != "0" else "1")
        assert (await client.get(changed)).status_code == 404
