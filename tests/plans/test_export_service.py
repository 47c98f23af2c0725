"""Plans as files: filters, scope, the way back."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from tests.make.plans import (
    EXPORT,
    body,
    give,
    rows_of,
    state,
)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_what_was_exported_is_unchanged_when_it_comes_back(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores, kind: str
) -> None:
    odd = body(
        name=f"=1+1 {uuid4().hex}",
        description='@two, "quoted"\nlines; \'',
        criteria="'=already",
        circles=["KA", "TN"],
        benefits={"talktime": "81.75", "extras": ["-one", "two, three", "_x0041_"]},
        active_from="2030-01-01T00:00:00.123456+05:30",
        operator="BSNL",
    )
    created = await staff_client.post("/v1/plans", json=odd, headers=manager)
    assert created.status_code == 201, created.text
    taken = await staff_client.get(EXPORT, params={"format": kind}, headers=manager)
    assert taken.status_code == 200
    assert f'.{kind}"' in taken.headers["content-disposition"]
    before = await state(staff_stores)
    for dry_run in (True, False):
        back = await give(staff_client, manager, taken.content, dry_run=dry_run)
        assert back.status_code == 200, back.text
        report = back.json()
        assert (report["created"], report["updated"], report["bad_rows"]) == (0, 0, [])
        assert report["unchanged"] == report["rows"] >= 42
        assert (report["import_id"] is None) is dry_run
    after = await state(staff_stores)
    assert after[:-1] == before[:-1]
    assert after[-1] == before[-1] + 1  # the event says that there was an import, nothing else


async def test_an_export_keeps_to_the_filters_and_the_scope_and_is_written_down(
    staff_client: httpx.AsyncClient, manager: dict[str, str], jio: dict[str, str], staff_stores: Stores
) -> None:
    taken = await staff_client.get(EXPORT, params={"operator": "vi", "status": "active"}, headers=manager)
    assert {events["operator"] for events in rows_of(taken.content)} == {"VI"}
    scoped = await staff_client.get(EXPORT, headers=jio)
    assert {events["operator"] for events in rows_of(scoped.content)} == {"JIO"}
    assert rows_of((await staff_client.get(EXPORT, params={"operator": "VI"}, headers=jio)).content) == []
    assert (await staff_client.get(EXPORT, params={"operator": "AIRCEL"}, headers=manager)).status_code == 422
    assert (await staff_client.get(EXPORT, params={"format": "pdf"}, headers=manager)).status_code == 422
    async with staff_stores.database.transaction() as db:
        events = await db.scalars(
            select(EventRow).where(EventRow.topic == "PlansExported").order_by(EventRow.id.desc()).limit(3)
        )
        payloads = [one.payload for one in events]
    assert payloads[2]["filters"] == {"operator": "VI", "status": "active"}
