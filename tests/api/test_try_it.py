"""Execute in `/docs` gets an answer: each example is sent to an installation with the sample data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge import seed
from gencharge.api import try_it
from gencharge.core.http import openapi
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.make.factories import know_roles

UNKNOWN_ID = "0198c0de-0000-7000-8000-000000000000"
CUSTOMER, ADMIN = "+919000001001", "+919000000001"
# What a newcomer tries first: more than "the body was understood", it works. Actions of admins that ask for a second factor are not here.
WORKS = {
    "auth_sign_up": 200,
    "auth_verify_otp_signup": 201,
    "auth_login": 200,
    "auth_verify_otp_login": 200,
    "recharge_quote": 200,
    "recharge_subscribe": 201,
    "autopay_create": 201,
    "operators_look_up": 200,
    "plans_get": 200,
    "users_update_me": 200,
    "users_save_number": 201,
    "users_replace_my_preferences": 200,
    "plans_create_group": 201,
    "offers_create_type": 201,
}
# Sent out of turn they end the session that the others need, or they take what only a person or a partner has.
LAST = {"auth_logout", "users_deactivate_me", "users_delete_me", "users_block", "admins_block"}
FOREIGN = {
    "auth_refresh",
    "plans_staff_import",
    "content_staff_upload_image",
    "users_confirm_my_email",
    "users_confirm_my_phone_number",
    "admins_confirm_own_email",
    "contact_send",
    "messages_get_unsubscribe_page",
    "messages_unsubscribe",
    "messages_resubscribe",
    "reports_get_content",
    "backups_get_content",
}
# A gateway and an operator, which no test of the API starts.
NOT_THERE = {"gateway_unavailable", "bill_operator_unavailable", "payouts_unavailable"}
# These go on for as long as the access token holds; who is refused hears it at once.
STREAMS = {"notifications_live", "analytics_live_figures"}
STREAM_SECONDS = 3


@pytest.fixture(scope="module")
async def seeded(app: FastAPI, stores: Stores, settings: Settings) -> FastAPI:
    """The application with the sample data of `gencharge dev`."""
    await seed.seed_all(stores.database, settings)
    await know_roles(app)
    # Tests that ran before may have asked for codes for the sample numbers.
    await stores.redis.flushdb()
    return app


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def example_of(operation: dict[str, Any]) -> Any:
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")


async def sign_in(client: httpx.AsyncClient, phone_number: str) -> dict[str, str]:
    asked = await client.post("/v1/auth/login", json={"phone_number": phone_number})
    assert asked.status_code == 200, asked.text
    code = {"challenge_id": asked.json()["challenge_id"], "otp": "111111"}
    answer = await client.post("/v1/auth/verify-otp-login", json={"phone_number": phone_number, **code})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def send(
    client: httpx.AsyncClient,
    document: dict[str, Any],
    signed_in: dict[str, str],
    path: str,
    method: str,
    operation: dict[str, Any],
    *,
    key: str,
    challenge: str = "",
) -> httpx.Response:
    """The request as `/docs` sends it: the examples of the parameters and of the body."""
    query, headers = {}, dict(signed_in)
    for parameter in operation.get("parameters", ()):
        value = parameter.get("example")
        if value is None and parameter.get("required"):
            schema = openapi.resolved(document, parameter["schema"])
            value = next(iter(schema.get("examples") or schema.get("enum", ())), None)
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(value or UNKNOWN_ID))
        elif parameter["name"] == "Idempotency-Key":
            headers["Idempotency-Key"] = key
        elif value is not None:
            query[parameter["name"]] = value
    body = example_of(operation)
    if isinstance(body, dict) and "challenge_id" in body:
        body = body | {"challenge_id": challenge}
    return await client.request(method, path, params=query, headers=headers, json=body)


async def test_every_example_is_understood_and_what_is_meant_to_work_works(
    seeded: FastAPI, client: httpx.AsyncClient
) -> None:
    customer, admin = await sign_in(client, CUSTOMER), await sign_in(client, ADMIN)
    misunderstood, statuses = [], {}
    document = seeded.openapi()
    challenge = ""
    for path, method, operation in operations(seeded):
        name = operation["operationId"]
        if (
            name in LAST | FOREIGN
            or method == "delete"
            or "second-factor" in path
            or not path.startswith("/v1")
        ):
            continue
        try:
            async with asyncio.timeout(STREAM_SECONDS if name in STREAMS else None):
                answer = await send(
                    client, document, customer, path, method, operation, key=name, challenge=challenge
                )
                if answer.status_code == 403:
                    answer = await send(client, document, admin, path, method, operation, key=name)
        except TimeoutError:
            continue
        if name in {"auth_sign_up", "auth_login"}:
            challenge = answer.json()["challenge_id"]
        statuses[name] = answer.status_code
        if answer.status_code == 422 or (
            answer.status_code >= 500 and answer.json()["code"] not in NOT_THERE
        ):
            misunderstood.append(f"{name}: {answer.text}")
    assert not misunderstood, misunderstood
    assert {name: statuses.get(name) for name in WORKS} == WORKS


def test_every_json_body_has_an_example(app: FastAPI) -> None:
    without = [
        operation["operationId"]
        for _, _, operation in operations(app)
        if "application/json" in operation.get("requestBody", {}).get("content", {})
        and not isinstance(example_of(operation), dict)
    ]
    assert without == []


def test_every_override_is_of_an_operation_that_there_is(app: FastAPI) -> None:
    names = {operation["operationId"] for _, _, operation in operations(app)}
    assert set(try_it.BODIES) <= names
    assert set(WORKS) | LAST | FOREIGN <= names


def test_no_filter_of_a_list_is_filled_in(app: FastAPI) -> None:
    filled = [
        f"{operation['operationId']}.{parameter['name']}"
        for _, _, operation in operations(app)
        for parameter in operation.get("parameters", ())
        if not parameter.get("required") and "example" in parameter
    ]
    assert filled == []
