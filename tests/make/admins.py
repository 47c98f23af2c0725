"""Builders for the tests of admins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from gencharge.admins.models import Admin, Role, RolePermission
from gencharge.core.rooms import snapshots
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.sessions.guards import Gate
from tests.make import factories
from tests.make.processes import eventually


def role_body(**overrides: Any) -> dict[str, Any]:
    """The body of a role."""
    body = {
        "name": f"Night {uuid4().hex[:10]}",
        "description": "Answers at night.",
        "permissions": ["Users:read", "Contact:edit"],
    }
    return body | overrides


async def role_id(api: httpx.AsyncClient, headers: dict[str, str], name: str) -> str:
    """The id of a role."""
    roles = (await api.get("/v1/roles?limit=100", headers=headers)).json()["items"]
    return next(str(role["role_id"]) for role in roles if role["name"] == name)


def newcomer(**overrides: Any) -> dict[str, Any]:
    """The body of a new admin."""
    body = {
        "name": "Meera Nair",
        "email": f"{uuid4().hex}@example.com",
        "phone_number": factories.new_phone(),
        "role": "Support",
    }
    return body | overrides


async def make_staff(stores: Stores, role: str = "Support", **overrides: Any) -> Admin:
    """An admin in the database, by default of the role Support."""
    return await stores.database.run(lambda db: factories.make_admin(db, role, **overrides))


Headers = Callable[..., dict[str, str]]


async def granted(app: FastAPI, role: str, *permissions: str, seconds: float = 3) -> None:
    """Wait until the application knows that a role allows these."""

    async def known() -> bool:
        held = Gate.of(app).grants.get(role)
        return held is not None and held >= set(permissions)

    await eventually(known, seconds)


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


async def approve(api: httpx.AsyncClient, waiting: httpx.Response, headers: dict[str, str]) -> httpx.Response:
    """A decision of another admin on what waits."""
    assert waiting.status_code == 202, waiting.text
    path = f"/v1/approvals/{waiting.json()['approval_id']}/approve"
    return await api.post(path, json={"note": "was checked"}, headers=headers)
