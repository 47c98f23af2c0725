"""Every kind of work has the permission that shows it and an alert, and what waits has an age, an owner and a place where it is read."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.work.models import WorkKind
from gencharge.work.staff_service import RESOURCES
from tests.make.recharge import staff_headers
from tests.make.work import KINDS_OF_TABLES, add_one

ALERTS = Path(__file__).parents[2] / "ops/alerts.yml"


def test_every_kind_of_work_is_shown_to_somebody() -> None:
    assert RESOURCES.keys() == set(WorkKind)


def test_every_kind_of_work_that_waits_too_long_is_an_alert() -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    kinds = Counter(
        kind
        for rule in rules
        for match in re.finditer(r'gencharge_work_oldest_seconds\{kind=~"([^"]*)"', rule.get("expr", ""))
        for kind in match[1].split("|")
    )
    assert kinds == dict.fromkeys(WorkKind, 1)


@pytest.mark.parametrize("kind", KINDS_OF_TABLES)
async def test_what_waits_in_a_table_has_an_age_an_owner_and_a_place_where_it_is_read(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient, kind: WorkKind
) -> None:
    item_id = await add_one(shop, kind)
    boss = await staff_headers(app, shop, "SuperAdmin")
    answer = await client.get(f"/v1/work?kind={kind}&limit=100", headers=boss)
    [item] = [each for each in answer.json()["items"] if each["item"] == item_id]
    assert item["age_seconds"] > 7_000
    assert item["assignee_id"] is None
    assert item["title"]
    path = item["path"]
    if kind is not WorkKind.STUCK_RECHARGE:  # its recharge is not there
        assert (await client.get(path, headers=boss)).status_code == 200, path
    own_id = (await client.get("/v1/admins/me", headers=boss)).json()["admin_id"]
    taken = {"kind": kind, "item": item_id, "assignee_id": own_id}
    assert (await client.put("/v1/work/assignee", json=taken, headers=boss)).json()["assignee_id"] == own_id
