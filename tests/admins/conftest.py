"""What the tests of the staff share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins import service as admins
from gencharge.admins.models import Admin, Role, RolePermission
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.operators import service as operators
from gencharge.sessions.guards import Gate
from tests import factories

Headers = Callable[..., dict[str, str]]


async def granted(app: FastAPI, role: str, *permissions: str, seconds: float = 3) -> None:
    """Wait until the application knows that a role allows these."""
    for _ in range(round(seconds * 100)):
        held = Gate.of(app).grants.get(role)
        if held is not None and held >= set(permissions):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{role} is not granted {permissions}")


async def make_role(stores: Stores, *permissions: str, name: str = "") -> str:
    """A role that allows these: its name."""
    name = name or f"Role {uuid4().hex[:12]}"

    async def unit(db: Any) -> None:
        role = Role(role_id=new_id(), name=name, description="For a test.")
        db.add(role)
        await db.flush()
        db.add_all(RolePermission(role_id=role.role_id, permission=granted) for granted in permissions)
        await snapshots.bump(db, "roles")

    await stores.database.run(unit)
    return name


async def topics(stores: Stores, name: str, value: str) -> list[tuple[str, dict[str, Any]]]:
    """The events whose payload has this field, the oldest first."""
    from sqlalchemy import text

    async with stores.database.transaction() as db:
        rows = await db.execute(
            text("SELECT topic, payload FROM events WHERE payload ->> :name = :value ORDER BY id"),
            {"name": name, "value": value},
        )
        return [(row.topic, row.payload) for row in rows]


@pytest.fixture
async def staffed(app: FastAPI, stores: Stores) -> FastAPI:
    """The application, once it knows operators and what the seeded roles allow."""
    await stores.database.run(operators.seed)
    await operators.Operators.of(app).refresh(stores.database)
    await stores.database.run(admins.seed_roles)
    await granted(app, "SuperAdmin", "Admins:edit")
    return app


@pytest.fixture
async def boss(staffed: FastAPI, stores: Stores) -> Admin:
    """A SuperAdmin."""
    return await stores.database.run(factories.make_admin)


@pytest.fixture
def as_admin(settings: Settings) -> Headers:
    """Headers of an admin with this role, who gave a second factor just now."""

    def headers(admin: Admin, role: str = "SuperAdmin", **but: Any) -> dict[str, str]:
        return factories.headers_for(settings, admin, role=role, **but)

    return headers


@pytest.fixture
async def api(staffed: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    async with factories.new_client(staffed) as client:
        yield client
