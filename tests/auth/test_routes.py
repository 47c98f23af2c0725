"""Signing up, in and out over HTTP."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.users import service as users
from tests.auth.conftest import Phones, assert_problem, bearer, log_in, sign_up
from tests.make import factories

FORM: Final = "application/x-www-form-urlencoded"


async def test_a_new_customer_signs_up_registers_signs_out_and_in_again(
    client: httpx.AsyncClient, phones: Phones
) -> None:
    phone_number = factories.new_phone()
    tokens = await sign_up(client, phones, phone_number)
    assert (tokens["kind"], tokens["token_type"], tokens["expires_in"]) == ("user", "bearer", 60)
    wallet = await client.get("/v1/wallet", headers=bearer(tokens))
    assert wallet.status_code in {200, 404}, wallet.text
    registered = await client.post(
        "/auth/register",
        headers=bearer(tokens),
        json={"name": "  आशा   राव ", "email": f"{phone_number[1:]}@Example.com", "user_type": "postpaid"},
    )
    assert registered.status_code == 200, registered.text
    assert registered.json()["name"] == "आशा राव"
    assert registered.json()["email"] == f"{phone_number[1:]}@example.com"
    assert (await client.post("/auth/logout", headers=bearer(tokens))).status_code == 204
    assert_problem(await client.get("/users/me", headers=bearer(tokens)), 401, "session_ended")
    again = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert_problem(again, 401, "refresh_token_invalid")
    back = await log_in(client, phones, phone_number)
    assert back.json()["user_id"] == tokens["user_id"]
    profile = (await client.get("/users/me", headers=bearer(back.json()))).json()
    assert (profile["name"], profile["user_type"]) == ("आशा राव", "postpaid")


async def test_signing_up_opens_a_wallet(client: httpx.AsyncClient, phones: Phones, stores: Stores) -> None:
    tokens = await sign_up(client, phones, factories.new_phone())
    async with stores.database.transaction() as db:
        result = await db.execute(
            text("SELECT 1 FROM wallets WHERE user_id = :id"), {"id": tokens["user_id"]}
        )
        assert result.first() is not None


async def test_an_admin_signs_in_the_same_way_and_the_token_carries_role_and_scope(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    admin = await stores.database.run(lambda db: factories.make_admin(db, "Manager", operator_scope=("jio",)))
    answer = await log_in(client, phones, admin.phone_number)
    assert answer.json()["kind"] == "admin"
    assert answer.json()["user_id"] == str(admin.admin_id)
    import jwt

    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert (claims["role"], claims["ops"], claims["kind"], claims["pv"]) == ("Manager", ["jio"], "admin", 1)
    assert_problem(await client.get("/users/me", headers=bearer(answer.json())), 403, "users_only")


async def test_the_password_form_of_the_docs_signs_in_too(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    await client.post("/auth/login", json={"phone_number": user.phone_number})
    form = {
        "grant_type": "password",
        "username": user.phone_number.removeprefix("+91"),
        "password": await phones.code(user.phone_number),
        "scope": "",
    }
    answer = await client.post("/v1/auth/verify-otp-login", data=form)
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "bearer"


@pytest.mark.parametrize(
    "spelt", ["Application/X-WWW-Form-URLEncoded", FORM + "; charset=utf-8", f" {FORM} "]
)
async def test_a_form_is_known_however_its_type_is_spelt(
    client: httpx.AsyncClient, phones: Phones, stores: Stores, spelt: str
) -> None:
    user = await stores.database.run(factories.make_user)
    await client.post("/auth/login", json={"phone_number": user.phone_number})
    form = urlencode({"username": user.phone_number, "password": await phones.code(user.phone_number)})
    answer = await client.post("/auth/verify-otp-login", content=form, headers={"Content-Type": spelt})
    assert answer.status_code == 200, answer.text


async def test_json_that_is_called_a_form_is_read_as_one(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/auth/verify-otp-login", content=b'{"otp":"111111"}', headers={"Content-Type": FORM}
    )
    problem = assert_problem(answer, 422, "validation_failed")
    assert "body.username" in [entry["field"] for entry in problem["errors"]]


def _but_the_id(answer: httpx.Response) -> dict[str, Any]:
    """The answer to a request for a code, without what is random in it."""
    return {name: value for name, value in answer.json().items() if name != "challenge_id"}


async def test_signing_up_twice_is_409_once_the_number_is_proven(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    fresh = await client.post("/auth/signup", json={"phone_number": factories.new_phone()})
    known = await client.post("/auth/signup", json={"phone_number": user.phone_number})
    assert (known.status_code, _but_the_id(known)) == (fresh.status_code, _but_the_id(fresh))
    body = {
        "phone_number": user.phone_number,
        "challenge_id": known.json()["challenge_id"],
        "otp": await phones.code(user.phone_number),
    }
    assert_problem(await client.post("/auth/verify-otp-signup", json=body), 409, "account_already_exists")


async def test_an_access_token_is_no_refresh_token_and_the_reverse(
    client: httpx.AsyncClient, phones: Phones
) -> None:
    tokens = await sign_up(client, phones, factories.new_phone())
    client.cookies.clear()
    wrong = await client.post("/auth/refresh", json={"refresh_token": tokens["access_token"][:200]})
    assert_problem(wrong, 401, "refresh_token_invalid")
    headers = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    assert_problem(await client.get("/users/me", headers=headers), 401, "access_token_invalid")


async def test_registering_with_a_referral(app: FastAPI, client: httpx.AsyncClient, stores: Stores) -> None:
    friend = await stores.database.run(factories.make_user)
    user = await stores.database.run(lambda db: users.create(db, phone_number=factories.new_phone()))
    headers = await factories.sign_in(app, user)
    body = {"name": "Asha Rao", "user_type": "prepaid"}
    own = body | {"email": f"{user.user_id}@example.com", "referral_code": user.referral_code}
    assert_problem(await client.post("/auth/register", headers=headers, json=own), 422, "own_referral_code")
    answer = await client.post(
        "/auth/register", headers=headers, json=own | {"referral_code": friend.referral_code.lower()}
    )
    assert answer.status_code == 200, answer.text


async def test_registering_keeps_the_address_that_was_confirmed_before(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores
) -> None:
    user = await stores.database.run(lambda db: users.create(db, phone_number=factories.new_phone()))
    headers, email = await factories.sign_in(app, user), f"{user.user_id}@example.com"
    await stores.database.run(lambda db: users.confirm_email(db, user.user_id, email))
    body = {"name": "Asha Rao", "email": f"x{email}", "user_type": "prepaid"}
    problem = assert_problem(
        await client.post("/auth/register", headers=headers, json=body), 409, "email_already_confirmed"
    )
    assert problem["errors"][0]["field"] == "body.email"
    answer = await client.post("/auth/register", headers=headers, json=body | {"email": email})
    assert answer.json()["email_confirmed"] is True


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/auth/register"),
        ("POST", "/auth/logout"),
        ("GET", "/auth/sessions"),
        ("DELETE", "/auth/sessions"),
        ("DELETE", "/auth/sessions/0198c0de-0000-7000-8000-000000000000"),
        ("GET", "/users/me"),
    ],
)
async def test_what_is_mine_needs_a_sign_in(client: httpx.AsyncClient, method: str, path: str) -> None:
    body = (
        {"name": "Asha Rao", "email": "a@example.com", "user_type": "prepaid"} if "register" in path else None
    )
    assert_problem(await client.request(method, path, json=body), 401, "not_signed_in")


async def test_the_openapi_document_names_the_errors_of_signing_in_and_one_body(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    login = document["paths"]["/v1/auth/verify-otp-login"]["post"]
    content = login["requestBody"]["content"]
    assert {media: body["schema"] for media, body in content.items()} == {
        "application/json": {"$ref": "#/components/schemas/VerifyOtp"}
    }
    assert {"200", "400", "401", "403", "422", "429", "503"} <= set(login["responses"])
    assert "VerifyOtp" in document["components"]["schemas"]
    flow = document["components"]["securitySchemes"]["PhoneAndOtp"]["flows"]["password"]
    assert flow["tokenUrl"] == "/v1/auth/verify-otp-login"
    assert document["paths"]["/v1/users/me"]["get"]["security"] == [{"PhoneAndOtp": []}]
