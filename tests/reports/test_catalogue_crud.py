"""What the reports of the catalogue refuse that only PostgreSQL knows to be wrong."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.errors import ValidationFailed
from gencharge.core.stores.stores import Stores
from gencharge.reports.catalogue_crud import check_group
from gencharge.reports.query_schemas import PlansQuery
from tests.make.recharge import staff_headers


async def test_a_group_that_there_is_not_is_refused_with_those_that_there_are(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    headers = await staff_headers(app, shop)
    asked = {"report": "plans", "format": "csv", "filters": {"group": "no such group"}}
    query = {"group": "no such group"}
    for refused, field in (
        (await client.get("/v1/plans/admin", params=query, headers=headers), "query.group"),
        (await client.get("/v1/reports/plans", params=query, headers=headers), "query.group"),
        (await client.post("/v1/reports/files", json=asked, headers=headers), "body.filters.group"),
    ):
        assert refused.status_code == 422, refused.text
        problem = refused.json()["errors"][0]
        assert (problem["field"], problem["code"]) == (field, "plan_group_invalid")
        assert "Unlimited" in problem["message"]


async def test_a_group_is_known_by_its_name_in_capitals_or_not(shop: Stores) -> None:
    for group in (None, "Unlimited", "UNLIMITED"):
        query = PlansQuery(group=group)
        await shop.database.run(lambda db, query=query: check_group(db, query, "query"))  # type: ignore[misc]
    with pytest.raises(ValidationFailed):
        await shop.database.run(lambda db: check_group(db, PlansQuery(group="Unlimite"), "query"))
