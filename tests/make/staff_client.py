"""An admin who calls the API, and the register of how each of the staff's actions is done."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import httpx
import pyotp
from fastapi import FastAPI

from gencharge.admins.models import Admin
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.users.models import User
from tests.make.factories import make_admin, make_user, sign_in

Headers = dict[str, str]
NUMBERS = itertools.count(secrets.randbelow(10**6))
REASON: Final = {"reason": "asked for by phone"}


class StaffClient:
    """An admin who is signed in with a fresh second factor, and calls the API."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, admin: Admin, headers: Headers) -> None:
        self.app = app
        self.stores: Stores = app.state.stores
        self.admin = admin
        # Personal data that no audit entry may show.
        self.private = {"Asha Rao", "Ravi Iyer", "Meera Nair"}
        self._client = client
        self._headers = headers
        self._know(admin)

    @classmethod
    async def open(cls, app: FastAPI, client: httpx.AsyncClient) -> StaffClient:
        """A new SuperAdmin with a session."""
        stores: Stores = app.state.stores
        admin = await stores.database.run(make_admin)
        return cls(app, client, admin, await sign_in(app, admin))

    async def colleague(self) -> StaffClient:
        """Another SuperAdmin with a session."""
        other = await StaffClient.open(self.app, self._client)
        self.private |= other.private
        other.private = self.private
        return other

    def _know(self, subject: User | Admin) -> None:
        assert subject.email
        self.private |= {subject.email, subject.phone_number, subject.phone_number.removeprefix("+91")}

    async def ask(self, method: str, path: str, json: Any = None, **options: Any) -> httpx.Response:
        """Send a request with an idempotency key of its own."""
        headers = self._headers | {"Idempotency-Key": str(new_id())}
        body = {} if json is None else {"json": json}
        return await self._client.request(method, f"/v1{path}", headers=headers, **body, **options)

    async def ask_json(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        """Send a request that must succeed; the body of its answer."""
        answer = await self.ask(method, path, json, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def customer(self) -> User:
        """A registered customer."""
        user = await self.stores.database.run(make_user)
        self._know(user)
        return user

    async def someone(self, role: str = "Viewer") -> Admin:
        """An admin to act on."""
        admin = await self.stores.database.run(lambda db: make_admin(db, role))
        self._know(admin)
        return admin

    async def signed_in(self, subject: User | Admin) -> UUID:
        """Sign somebody in; the id of their session."""
        await sign_in(self.app, subject)
        owner = subject.admin_id if isinstance(subject, Admin) else subject.user_id
        page = await self.ask_json("GET", f"/sessions?owner_id={owner}")
        return UUID(page["items"][0]["session_id"])

    async def enrol(self) -> str:
        """Set up the second factor of this admin and use the new token; its secret."""
        secret = str((await self.ask_json("POST", "/auth/second-factor/setup"))["secret"])
        code = pyotp.TOTP(secret).now()
        reply = await self.ask_json("POST", "/auth/second-factor/confirm", {"code": code})
        self.private |= {secret, *reply["recovery_codes"]}
        self._headers = {"Authorization": f"Bearer {reply['access_token']}"}
        return secret


Action = Callable[[StaffClient], Awaitable[httpx.Response]]
ACTIONS: Final[dict[str, Action]] = {}


def does(route: str) -> Callable[[Action], Action]:
    """Enter a function as the way to do what this route does."""

    def enter(action: Action) -> Action:
        assert route not in ACTIONS, f"{route} stands twice"
        ACTIONS[route] = action
        return action

    return enter


def some_name(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind} {next(NUMBERS)}"
