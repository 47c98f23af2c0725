"""Makers of test data: plain functions, each with sensible defaults and `**overrides` for what matters to the test."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.admins.models import Admin
from gencharge.admins.roles import SEEDED_ROLES
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.sessions import service as sessions
from gencharge.sessions.gate import Gate
from gencharge.sessions.tokens import Keyring, Principal
from gencharge.users import service as users
from gencharge.users.models import User
from gencharge.wallet import service as wallet

_addresses = itertools.count(secrets.randbelow(2**16))


def new_phone() -> str:
    """A random mobile number (E.164), never in the block of the fixed development code."""
    return f"+91{secrets.choice('678')}{secrets.randbelow(10**9):09d}"


def new_address() -> str:
    """A client address that no other test uses: limits are counted for each."""
    number = next(_addresses)
    return f"10.{os.getpid() % 256}.{number // 256 % 256}.{number % 256}"


def new_client(app: FastAPI, address: str | None = None, **options: Any) -> httpx.AsyncClient:
    """A client of the application, from an address of its own. Use with `async with`."""
    transport = httpx.ASGITransport(app=app, client=(address or new_address(), 50_000))
    return httpx.AsyncClient(transport=transport, base_url="https://testserver", **options)


async def make_user(db: AsyncSession, **overrides: Any) -> User:
    """A registered user with an empty wallet. `overrides`: phone_number, name, email, user_type, user_id."""
    values: dict[str, Any] = {
        "phone_number": new_phone(),
        "name": "Asha Rao",
        "email": f"{secrets.token_hex(8)}@example.com",
    }
    user = await users.create(db, **(values | overrides))
    await wallet.open_wallet(db, user.user_id)
    return user


async def make_admin(db: AsyncSession, role: str = "SuperAdmin", **overrides: Any) -> Admin:
    """An admin with one of the seeded roles. `overrides`: name, email, phone_number, operator_scope."""
    await admins.seed_roles(db)
    values: dict[str, Any] = {
        "name": "Ravi Iyer",
        "email": f"{secrets.token_hex(8)}@example.com",
        "phone_number": new_phone(),
        "role_id": await admins.role_id_of(db, role),
    }
    return await admins.create(db, **(values | overrides))


def token_for(settings: Settings, subject: User | Admin | UUID, **claims: Any) -> str:
    """An access token without a session behind it: enough for any guard. `claims`: fields of Principal."""
    return Keyring(settings).sign(_principal(subject, **claims))


def headers_for(settings: Settings, subject: User | Admin | UUID, **claims: Any) -> dict[str, str]:
    """The Authorization header of `token_for`."""
    return {"Authorization": f"Bearer {token_for(settings, subject, **claims)}"}


async def know_roles(app: FastAPI) -> None:
    """The seeded roles are in the database, and the running application knows them."""
    stores: Stores = app.state.stores

    async def unit(db: AsyncSession) -> None:
        await admins.seed_roles(db)
        await snapshots.bump(db, "roles")

    await stores.database.run(unit)
    seeded = {role.name: set(role.permissions) for role in SEEDED_ROLES}
    async with asyncio.timeout(20):
        # All of them: what it knew before may be another state of the same database.
        while any(not Gate.of(app).grants.get(name, frozenset()) >= seeded[name] for name in seeded):
            await asyncio.sleep(0.02)


async def sign_in(app: FastAPI, subject: User | Admin, **claims: Any) -> dict[str, str]:
    """A session in the database and the Authorization header of it. The user must have been committed before."""
    stores: Stores = app.state.stores
    principal = _principal(subject, **claims)
    started = await stores.database.run(
        lambda db: sessions.start(
            db, stores.settings, user_id=principal.user_id, kind=principal.kind, device="tests"
        )
    )
    token = Gate.of(app).keys.sign(_principal(subject, session_id=started.session_id, **claims))
    return {"Authorization": f"Bearer {token}"}


def _principal(subject: User | Admin | UUID, **claims: Any) -> Principal:
    values: dict[str, Any] = {"session_id": new_id(), "kind": "user"}
    if isinstance(subject, Admin):
        values |= {
            "user_id": subject.admin_id,
            "kind": "admin",
            "role": "SuperAdmin",
            "operator_scope": tuple(subject.operator_scope),
            "second_factor_at": int(clock.now().timestamp()),
        }
    else:
        values["user_id"] = subject.user_id if isinstance(subject, User) else subject
    return Principal(**(values | claims))
