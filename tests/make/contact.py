"""Enquiries of customers and visitors."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from gencharge.contact import form_token
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.factories import headers_for
from tests.make.staff_client import StaffClient

MESSAGE = "My recharge of today has not arrived."


def form(app: FastAPI, *, age_seconds: float = 60, **others: Any) -> dict[str, Any]:
    """The body of `POST /contact`, of a form that was loaded some time ago."""
    with clock.later(seconds=-age_seconds):
        token = form_token.issue(app.state.settings, clock.now())
    return {
        "form_token": token,
        "name": "Meera Nair",
        "email": f"{secrets.token_hex(6)}@example.com",
        "category": "other",
        "message": MESSAGE,
        **others,
    }


async def visit(client: httpx.AsyncClient, app: FastAPI, *, key: str = "", **others: Any) -> httpx.Response:
    """Send the form of a visitor. `others`: fields of it, and `age_seconds`."""
    return await client.post(
        "/v1/contact", json=form(app, **others), headers={"Idempotency-Key": key or str(new_id())}
    )


class Customer:
    """A customer who writes to us."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, user_id: UUID) -> None:
        self.user_id = user_id
        self._client = client
        self._settings = app.state.settings

    async def ask(self, method: str, path: str, json: Any = None, *, key: str = "") -> httpx.Response:
        """Call the API with a key of its own."""
        # A new token each time: tests move the clock.
        headers = headers_for(self._settings, self.user_id) | {"Idempotency-Key": key or str(new_id())}
        body = {} if json is None else {"json": json}
        return await self._client.request(method, f"/v1/contact/enquiries{path}", headers=headers, **body)

    async def send(self, **others: Any) -> str:
        """Send an enquiry; its id."""
        answer = await self.ask("POST", "", {"category": "recharge", "message": MESSAGE} | others)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["enquiry_id"])

    async def read(self, enquiry_id: str) -> dict[str, Any]:
        """One of the own enquiries."""
        answer = await self.ask("GET", f"/{enquiry_id}")
        assert answer.status_code == 200, answer.text
        detail: dict[str, Any] = answer.json()
        return detail

    async def write(self, enquiry_id: str, message: str, *, key: str = "") -> httpx.Response:
        """Write again."""
        return await self.ask("POST", f"/{enquiry_id}/messages", {"message": message}, key=key)


async def write_as_staff(staff: StaffClient, enquiry_id: str, part: str, text: str) -> httpx.Response:
    """A note (`notes`), an answer (`replies`) or the end (`resolution`)."""
    return await staff.ask("POST", f"/contact/admin/{enquiry_id}/{part}", {"text": text})


async def detail(staff: StaffClient, enquiry_id: str) -> dict[str, Any]:
    """An enquiry, as the staff see it."""
    shown: dict[str, Any] = await staff.ask_json("GET", f"/contact/admin/{enquiry_id}")
    return shown


def at_this_time(staff: StaffClient) -> StaffClient:
    """The same admin with a token of the present instant, for tests that move the clock."""
    headers = headers_for(staff.app.state.settings, staff.admin, role="SuperAdmin")
    return StaffClient(staff.app, staff._client, staff.admin, headers)
