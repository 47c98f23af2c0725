"""The fields of signing in and registering."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gencharge.core.stores.stores import Stores
from gencharge.core.values.phone import NotAMobileNumber, parse_mobile
from tests.auth.conftest import assert_problem
from tests.make import factories
from tests.make.auth import NO_CHALLENGE

CODE = {"otp": "111111", "challenge_id": NO_CHALLENGE}
DIGITS = st.integers(min_value=6_000_000_000, max_value=9_999_999_999).map(str)


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code", "field"),
    [
        ("application/json", "{", 400, "malformed_json", None),
        ("application/json", "", 422, "validation_failed", "body"),
        ("application/json", "[]", 422, "validation_failed", "body"),
        ("application/json", '{"phone_number":"9876543210"}', 422, "validation_failed", "body.otp"),
        ("application/json", '{"phone_number":"9876543210"}', 422, "validation_failed", "body.challenge_id"),
        (
            "application/json",
            '{"phone_number":"9876543210","challenge_id":"AAAAAAAAAAAAAAAAAAAAAA","otp":"111111","x":1}',
            422,
            "validation_failed",
            "body.x",
        ),
        ("application/x-www-form-urlencoded", "", 422, "validation_failed", "body.username"),
        (
            "application/x-www-form-urlencoded",
            "username=9876543210&password=12345",
            422,
            "validation_failed",
            "body.password",
        ),
        (
            "application/x-www-form-urlencoded",
            "username=9876543210&password=111111&grant_type=code",
            422,
            "validation_failed",
            "body.grant_type",
        ),
        (
            "application/x-www-form-urlencoded",
            "username=9876543210&password=111111&role=SuperAdmin",
            422,
            "validation_failed",
            "body.role",
        ),
        (
            "application/x-www-form-urlencoded",
            "username=9876543210&password=111111&password=222222",
            422,
            "validation_failed",
            "body",
        ),
    ],
)
async def test_what_is_wrong_with_the_sign_in_body_is_named(
    client: httpx.AsyncClient, content_type: str, body: str, status: int, code: str, field: str | None
) -> None:
    answer = await client.post(
        "/auth/verify-otp-login", content=body.encode(), headers={"Content-Type": content_type}
    )
    problem = assert_problem(answer, status, code)
    if field:
        assert field in [entry["field"] for entry in problem["errors"]]


@pytest.mark.parametrize("path", ["signup", "login", "verify-otp-signup", "verify-otp-login"])
@pytest.mark.parametrize(
    "phone_number",
    [
        "",
        "12345",
        "5876543210",
        "+14155550123",
        "98765432101",
        "9876५43210",
        "9876543210\u200b",
        9876543210,
        None,
    ],
)
async def test_what_is_no_indian_mobile_number_is_422(
    client: httpx.AsyncClient, path: str, phone_number: object
) -> None:
    body = {"phone_number": phone_number} | (CODE if "verify" in path else {})
    problem = assert_problem(await client.post(f"/auth/{path}", json=body), 422, "validation_failed")
    assert [entry["field"] for entry in problem["errors"]] == ["body.phone_number"]


@pytest.mark.parametrize(
    "otp", ["", "11111", "1111111", "11111a", "१२३४५६", " 11 11", 111111, None, "111111\n1"]
)
async def test_what_is_no_code_is_422(client: httpx.AsyncClient, otp: object) -> None:
    body = {"phone_number": factories.new_phone(), "challenge_id": NO_CHALLENGE, "otp": otp}
    problem = assert_problem(
        await client.post("/auth/verify-otp-signup", json=body), 422, "validation_failed"
    )
    assert [entry["field"] for entry in problem["errors"]] == ["body.otp"]


@pytest.mark.parametrize("path", ["signup", "login", "verify-otp-signup", "verify-otp-login", "refresh"])
async def test_an_unknown_field_is_422(client: httpx.AsyncClient, path: str) -> None:
    bodies: dict[str, dict[str, str]] = {"refresh": {"refresh_token": "x"}}
    body = bodies.get(path, {"phone_number": factories.new_phone()} | (CODE if "verify" in path else {}))
    problem = assert_problem(
        await client.post(f"/auth/{path}", json=body | {"role": "SuperAdmin"}), 422, "validation_failed"
    )
    assert [entry["field"] for entry in problem["errors"]] == ["body.role"]


@hypothesis_settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(
    number=DIGITS,
    prefix=st.sampled_from(["", "0", "+91", "91", "+91 ", "0091", "+91-"]),
    cuts=st.sets(st.integers(min_value=1, max_value=9), max_size=4),
    gap=st.sampled_from([" ", "-", ".", "  "]),
)
def test_every_way_to_write_a_number_is_one_number(
    number: str, prefix: str, cuts: set[int], gap: str
) -> None:
    spelled = prefix + "".join((gap if index in cuts else "") + digit for index, digit in enumerate(number))
    try:
        assert parse_mobile(spelled) == f"+91{number}"
    except NotAMobileNumber:
        assert len(spelled) > 24 or prefix == "0091"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "A"),
        ("name", "x" * 51),
        ("name", "Asha\x00Rao"),
        ("name", "Asha\u202eRao"),
        ("name", "<b>Asha</b>"),
        ("name", "Asha 007"),
        ("name", "- -"),
        ("name", "=cmd()"),
        ("name", 7),
        ("email", "asha"),
        ("email", "asha@"),
        ("email", "a@b@c.example"),
        ("email", "asha@example.com\r\nBcc: x@example.com"),
        ("email", f"{'a' * 250}@example.com"),
        ("user_type", "PREPAID"),
        ("user_type", ""),
        ("referral_code", "NOSUCHCODE"),
        ("referral_code", "x" * 17),
        ("status", "active"),
        ("kyc_tier", "full"),
        ("wallet_balance", 1_000_000),
    ],
)
async def test_a_wrong_field_of_the_registration_is_named_and_nothing_is_stored(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores, field: str, value: object
) -> None:
    from gencharge.users import service as users

    user = await stores.database.run(lambda db: users.create(db, phone_number=factories.new_phone()))
    headers = await factories.sign_in(app, user)
    good = {"name": "D’Souza-Rao Jr.", "email": f"{user.user_id}@example.com", "user_type": "prepaid"}
    answer = await client.post("/auth/register", headers=headers, json=good | {field: value})
    assert answer.status_code == 422, answer.text
    assert [entry["field"] for entry in answer.json()["errors"]] == [f"body.{field}"]
    assert (await client.get("/users/me", headers=headers)).json()["registered_at"] is None
    assert (await client.post("/auth/register", headers=headers, json=good)).status_code == 200
    assert_problem(
        await client.post("/auth/register", headers=headers, json=good), 409, "user_already_registered"
    )


@pytest.mark.parametrize("name", ["ஆஷா ராவ்", "ആഷ", "Zoë O’Brien", "شا\u200cراو", "李 娜"])
async def test_names_of_all_scripts_are_names(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores, name: str
) -> None:
    from gencharge.users import service as users

    user = await stores.database.run(lambda db: users.create(db, phone_number=factories.new_phone()))
    body = {"name": name, "email": f"{user.user_id}@example.com", "user_type": "prepaid"}
    answer = await client.post("/auth/register", headers=await factories.sign_in(app, user), json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["name"] == name
