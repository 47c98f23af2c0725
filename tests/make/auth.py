"""Builders for the tests of auth."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pyotp
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.admins.models import Admin
from gencharge.api.main import create_app
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.sessions.guards import Gate
from tests.make import factories


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


# The last challenge of a number, by the route that takes its code.
_challenges: dict[tuple[str, str], str] = {}
NO_CHALLENGE = "A" * 22


async def _ask(
    client: httpx.AsyncClient, phone_number: str, path: str = "login", **fields: Any
) -> httpx.Response:
    answer = await client.post(f"/auth/{path}", json={"phone_number": phone_number, **fields})
    if answer.status_code == 200:
        _challenges[phone_number, f"verify-otp-{path}"] = answer.json()["challenge_id"]
    return answer


async def _give(
    client: httpx.AsyncClient,
    phone_number: str,
    otp: str,
    path: str = "verify-otp-login",
    *,
    challenge_id: str | None = None,
) -> httpx.Response:
    """Give a code for a challenge, by default for the one that was asked for last."""
    challenge_id = challenge_id or _challenges.get((phone_number, path), NO_CHALLENGE)
    body = {"phone_number": phone_number, "challenge_id": challenge_id, "otp": otp}
    return await client.post(f"/auth/{path}", json=body)


# Numbers of the block of the fixed code, each once in a process.
_numbers = itertools.count()
FACTOR = "/v1/auth/second-factor"


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the authenticator app shows now, or some steps of 30 seconds away."""
    return str(pyotp.TOTP(secret).at(int(clock.now().timestamp()) + 30 * steps))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


class Staff:
    """An admin at a client: signs in, and keeps the newest token."""

    def __init__(self, client: httpx.AsyncClient, admin: Admin) -> None:
        self.client, self.admin = client, admin
        self.headers: dict[str, str] = {}
        self.refresh_token = ""
        self.secret = ""
        self.recovery_codes: list[str] = []
        self.challenge_id = NO_CHALLENGE

    async def sign_in(self) -> Staff:
        """Sign in with the fixed code of development."""
        assert (await _ask(self.client, self.admin.phone_number)).status_code == 200
        self._take(await _give(self.client, self.admin.phone_number, "111111"))
        return self

    async def refresh(self) -> None:
        """Get a new access token."""
        self._take(await self.client.post("/v1/auth/refresh", json={"refresh_token": self.refresh_token}))

    def _take(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        self.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        self.refresh_token = tokens.get("refresh_token", self.refresh_token)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path, headers=self.headers)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(path, json=body, headers=self.headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(path, headers=self.headers)

    async def enroll(self) -> Staff:
        """Set an authenticator app up and confirm it."""
        prepared = await self.post(f"{FACTOR}/setup")
        assert prepared.status_code == 200, prepared.text
        self.secret = prepared.json()["secret"]
        answer = await self.post(f"{FACTOR}/confirm", code=code_of(self.secret))
        self._take(answer)
        self.recovery_codes = answer.json()["recovery_codes"]
        return self

    async def verify(self, **fields: str) -> httpx.Response:
        """Give a second factor, and go on with the token that comes for it. A code by message goes with the last challenge."""
        if "otp" in fields:
            fields.setdefault("challenge_id", self.challenge_id)
        answer = await self.post(f"{FACTOR}/verify", **fields)
        if answer.status_code == 200:
            self._take(answer)
        return answer

    async def ask_otp(self) -> httpx.Response:
        """Ask for a code by message."""
        answer = await self.post(f"{FACTOR}/otp")
        if answer.status_code == 200:
            self.challenge_id = answer.json()["challenge_id"]
        return answer

    async def step_up_action(self) -> httpx.Response:
        """Something that asks for a second factor given just now."""
        return await self.post("/v1/roles", name=f"R {uuid4().hex[:12]}", description="x", permissions=[])


async def _office(app: FastAPI, role: str = "SuperAdmin") -> Staff:
    stores: Stores = app.state.stores
    number = f"+91900000{2_000 + next(_numbers) % 8_000:04d}"
    admin = await stores.database.run(lambda db: factories.make_admin(db, role, phone_number=number))
    for _ in range(300):
        if "Roles:write" in Gate.of(app).grants.get("SuperAdmin", ()):
            break
        await asyncio.sleep(0.01)
    return Staff(factories.new_client(app), admin)


@asynccontextmanager
async def running(settings: Settings, **overrides: Any) -> AsyncIterator[FastAPI]:
    """An application of its own, with other settings."""
    app = create_app(settings.model_copy(update=overrides))
    async with app.router.lifespan_context(app):
        yield app


async def topics_of(stores: Stores, admin: Admin) -> list[str]:
    async with stores.database.transaction() as db:
        rows = await db.scalars(
            text("SELECT topic FROM events WHERE payload ->> 'admin_id' = :id ORDER BY id"),
            {"id": str(admin.admin_id)},
        )
        return list(rows.all())


@contextmanager
def middle_of_a_step() -> Iterator[None]:
    """Hold the clock, so that no step ends in the middle of a test."""
    now = int(clock.now().timestamp())
    with clock.at(datetime.fromtimestamp(now - now % 30 + 15, UTC)):
        yield
