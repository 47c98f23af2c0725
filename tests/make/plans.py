"""Plain functions for the tests of the staff's side: who asks, and what they send."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select, text

from gencharge.admins.models import Admin
from gencharge.core.events.events import EventRow
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.plans import (
    sample,
)
from gencharge.plans.models import (
    Plan,
    PlanCategory,
    PlanSnapshot,
    PlanStatus,
    PlanType,
    ValidityUnit,
)
from tests.make.factories import headers_for

UNLIMITED: UUID = sample.groups()[0]["group_id"]


ADDONS: UUID = sample.groups()[1]["group_id"]


def staff(
    settings: Settings, role: str = "Manager", *operators: str, admin_id: UUID | None = None
) -> dict[str, str]:
    """The headers of an admin of this role; with `operators`, limited to them."""
    admin = Admin(admin_id=admin_id or new_id(), operator_scope=list(operators))
    return headers_for(settings, admin, role=role)


def body(**overrides: Any) -> dict[str, Any]:
    """The body of a new plan: a draft of Jio with a name of its own."""
    values: dict[str, Any] = {
        "name": f"Test {uuid4().hex}",
        "operator": "JIO",
        "plan_type": "prepaid",
        "category": "unlimited",
        "price": 199,
        "validity": {"n": 28, "unit": "day"},
        "benefits": {"data_per_day_mb": 1536, "voice_unlimited": True, "sms_per_day": 100},
        "group_id": str(UNLIMITED),
    }
    return values | overrides


async def create(client: httpx.AsyncClient, headers: dict[str, str], **overrides: Any) -> dict[str, Any]:
    """A new plan by the API, as the staff see it."""
    answer = await client.post("/v1/plans", json=body(**overrides), headers=headers)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def events_of(stores: Stores, topic: str, **fields: str) -> list[dict[str, Any]]:
    async with stores.database.transaction() as db:
        rows = await db.scalars(select(EventRow).where(EventRow.topic == topic).order_by(EventRow.id))
        payloads = [row.payload for row in rows]
    return [payload for payload in payloads if all(payload[name] == value for name, value in fields.items())]


IMPORT = "/v1/plans/admin/import"


EXPORT = "/v1/plans/admin/export"


def csv_of(*rows: dict[str, Any]) -> bytes:
    """A file with these rows; the columns are the first row's."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def row(**overrides: Any) -> dict[str, Any]:
    """A row that makes a new plan."""
    values = {
        "plan_id": "",
        "operator": "JIO",
        "name": f"File {uuid4().hex}",
        "plan_type": "prepaid",
        "category": "unlimited",
        "group": "unlimited",
        "price": "199.50",
        "validity_count": "28",
        "validity_unit": "day",
        "circles": "",
        "status": "",
    }
    return values | overrides


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


async def give(
    client: httpx.AsyncClient, headers: dict[str, str], data: bytes, *, dry_run: bool = False
) -> httpx.Response:
    return await client.post(IMPORT, params={"dry_run": str(dry_run).lower()}, content=data, headers=headers)


async def state(stores: Stores) -> Any:
    """A hash of the catalogue, its history and its version, and how many events wait."""
    async with stores.database.transaction() as db:
        return [
            await db.scalar(
                text(f"SELECT md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {name} t")
            )
            for name in ("plans", "plan_versions", "plan_groups", "catalogue_state")
        ] + [await db.scalar(text("SELECT count(*) FROM events WHERE topic <> 'PlansExported'"))]


async def create_id(client: httpx.AsyncClient, headers: dict[str, str], **overrides: Any) -> str:
    """A new plan by the API: its id."""
    return str((await create(client, headers, **overrides))["plan_id"])


ListedPlan = dict[str, Any]


async def list_all(visitor: httpx.AsyncClient, **query: str | int) -> list[ListedPlan]:
    answer = await visitor.get("/v1/plans", params={"limit": 100, **query})
    assert answer.status_code == 200, answer.text
    items: list[ListedPlan] = answer.json()["items"]
    return items


JULY = datetime(2030, 7, 1, tzinfo=UTC)


AUGUST = datetime(2030, 8, 1, tzinfo=UTC)


def make_plan(**overrides: Any) -> Plan:
    """A row of `plans` on sale, in the first group of the sample catalogue."""
    values: dict[str, Any] = {
        "plan_id": new_id(),
        "operator": "JIO",
        "plan_type": "prepaid",
        "category": "unlimited",
        "name": f"Test {uuid4().hex}",
        "price_paise": 12_300,
        "validity_count": 5,
        "validity_unit": "day",
        "is_addon": False,
        "group_id": sample.groups()[0]["group_id"],
        "status": "active",
    }
    return Plan(**(values | overrides))


def make_snapshot(**overrides: Any) -> PlanSnapshot:
    """A plan of Jio as the catalogue holds it. `overrides`: fields of PlanSnapshot."""
    values: dict[str, Any] = {
        "plan_id": new_id(),
        "version": 1,
        "name": "Jio ₹299",
        "description": "",
        "operator": "JIO",
        "circles": frozenset(),
        "plan_type": PlanType.PREPAID,
        "category": PlanCategory.UNLIMITED,
        "price": Money.rupees(299),
        "validity_count": 28,
        "validity_unit": ValidityUnit.DAY,
        "benefits": {},
        "is_addon": False,
        "most_popular": False,
        "group_id": UUID(int=1),
        "group": "Unlimited",
        "criteria": "",
        "status": PlanStatus.ACTIVE,
        "active_from": None,
        "active_until": None,
    }
    return PlanSnapshot(**(values | overrides))
