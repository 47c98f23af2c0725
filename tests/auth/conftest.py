"""What the tests of signing in share."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins.models import Admin
from gencharge.auth.context import AuthContext
from gencharge.core.messenger import Console
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.users.models import User
from tests.make import factories
from tests.make.admins import granted
from tests.make.auth import Staff, _ask, _give, _office, running


@dataclass
class Phones:
    """The other end of the console channel: everybody's phone."""

    context: AuthContext
    stream: io.StringIO = field(default_factory=io.StringIO)

    async def messages(self, phone_number: str) -> list[str]:
        """The texts that reached a number, the oldest first."""
        await self.context.courier.drain()
        lines = self.stream.getvalue().splitlines()
        return [line for line in lines if line.startswith(f"[message to {phone_number}]")]

    async def code(self, phone_number: str) -> str:
        """The code in the last text to a number."""
        match = re.search(r"\] (\d{6}) is", (await self.messages(phone_number))[-1])
        assert match
        return match.group(1)


@pytest.fixture
async def phones(app: FastAPI) -> AsyncIterator[Phones]:
    """Everybody's phone, for the length of a test."""
    context = AuthContext.of(app)
    before = context.courier.channel
    phones = Phones(context)
    context.courier.channel = Console(phones.stream)
    yield phones
    await context.courier.drain()
    context.courier.channel = before


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client with an address of its own, for the limits are counted for each address."""
    async with factories.new_client(app) as client:
        yield client


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """A problem document with this status and code; its body."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


async def sign_up(client: httpx.AsyncClient, phones: Phones, phone_number: str) -> dict[str, Any]:
    """Sign a new customer up: the tokens."""
    assert (await _ask(client, phone_number, "signup")).status_code == 200
    answer = await _give(client, phone_number, await phones.code(phone_number), "verify-otp-signup")
    assert answer.status_code == 201, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


async def log_in(client: httpx.AsyncClient, phones: Phones, phone_number: str) -> httpx.Response:
    """Sign in: the answer."""
    assert (await _ask(client, phone_number)).status_code == 200
    return await _give(client, phone_number, await phones.code(phone_number))


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    """The Authorization header."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@pytest.fixture
async def known(stores: Stores) -> str:
    """The number of a user."""
    return (await stores.database.run(factories.make_user)).phone_number


@pytest.fixture
async def support(app: FastAPI, stores: Stores) -> Admin:
    """One of the staff who may see and end sessions."""
    admin = await stores.database.run(lambda db: factories.make_admin(db, "Support"))
    await granted(app, "Support", "Sessions:delete")
    return admin


@pytest.fixture
def headers(settings: Settings, support: Admin) -> dict[str, str]:
    return factories.headers_for(settings, support, role="Support")


@pytest.fixture
async def user(stores: Stores) -> User:
    return await stores.database.run(factories.make_user)


@pytest.fixture
async def strict(settings: Settings) -> AsyncIterator[FastAPI]:
    """An application where every admin needs a second factor."""
    async with running(settings, admin_second_factor="required") as app:
        yield app


@pytest.fixture
async def ravi(app: FastAPI) -> Staff:
    """A SuperAdmin without a second factor, signed in while none is required."""
    return await (await _office(app)).sign_in()


def new_email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


@dataclass
class Customer:
    """A customer with a fresh session, who changes how they are reached."""

    client: httpx.AsyncClient
    phones: Phones
    user: User
    headers: dict[str, str]

    async def put(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.put(f"/v1/users/me/{path}", headers=self.headers, json=body)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(f"/v1/users/me/{path}", headers=self.headers, json=body)

    async def profile(self) -> dict[str, Any]:
        answer = await self.client.get("/v1/users/me", headers=self.headers)
        assert answer.status_code == 200, answer.text
        profile: dict[str, Any] = answer.json()
        return profile

    async def code(self, recipient: str) -> str:
        """The code in the last message to a number or an address."""
        match = re.search(r"\] (\d{6}) is", (await self.phones.messages(recipient))[-1])
        assert match
        return match[1]

    async def prove_email(self, email: str) -> httpx.Response:
        begun = await self.put("email", email=email)
        assert begun.status_code == 200, begun.text
        return await self.post("email/confirm", otp=await self.code(email))

    async def prove_number(self, phone_number: str) -> httpx.Response:
        begun = await self.put("phone-number", phone_number=phone_number)
        assert begun.status_code == 200, begun.text
        return await self.post(
            "phone-number/confirm",
            otp=await self.code(phone_number),
            old_otp=await self.code(self.user.phone_number),
        )


@pytest.fixture
async def asha(app: FastAPI, client: httpx.AsyncClient, phones: Phones, user: User) -> Customer:
    return Customer(client, phones, user, await factories.sign_in(app, user))
