"""Signing up, in and out over HTTP."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from gencharge.core import clock
from gencharge.core.config import Settings
from gencharge.core.phone import NotAMobileNumber, parse_mobile
from gencharge.core.stores import Stores
from gencharge.main import create_app
from gencharge.users.models import User, UserStatus
from tests import factories
from tests.auth.conftest import Phones


def _problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


async def _sign_up(client: httpx.AsyncClient, phones: Phones, phone_number: str) -> dict[str, Any]:
    assert (await client.post("/auth/signup", json={"phone_number": phone_number})).status_code == 200
    answer = await client.post(
        "/auth/verify-otp-signup", json={"phone_number": phone_number, "otp": await phones.code(phone_number)}
    )
    assert answer.status_code == 201, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


async def _log_in(client: httpx.AsyncClient, phones: Phones, phone_number: str) -> httpx.Response:
    assert (await client.post("/auth/login", json={"phone_number": phone_number})).status_code == 200
    return await client.post(
        "/auth/verify-otp-login", json={"phone_number": phone_number, "otp": await phones.code(phone_number)}
    )


def _bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_a_new_customer_signs_up_registers_signs_out_and_in_again(
    client: httpx.AsyncClient, phones: Phones
) -> None:
    phone_number = factories.new_phone()
    tokens = await _sign_up(client, phones, phone_number)
    assert (tokens["kind"], tokens["token_type"], tokens["expires_in"]) == ("user", "bearer", 60)
    wallet = await client.get("/v1/wallet", headers=_bearer(tokens))
    assert wallet.status_code in {200, 404}, wallet.text
    registered = await client.post(
        "/auth/register",
        headers=_bearer(tokens),
        json={"name": "  आशा   राव ", "email": f"{phone_number[1:]}@Example.com", "user_type": "postpaid"},
    )
    assert registered.status_code == 200, registered.text
    assert registered.json()["name"] == "आशा राव"
    assert registered.json()["email"] == f"{phone_number[1:]}@example.com"
    assert (await client.post("/auth/logout", headers=_bearer(tokens))).status_code == 204
    _problem(await client.get("/users/me", headers=_bearer(tokens)), 401, "session_ended")
    again = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    _problem(again, 401, "refresh_token_invalid")
    back = await _log_in(client, phones, phone_number)
    assert back.json()["user_id"] == tokens["user_id"]
    me = (await client.get("/users/me", headers=_bearer(back.json()))).json()
    assert (me["name"], me["user_type"]) == ("आशा राव", "postpaid")


async def test_signing_up_opens_a_wallet(client: httpx.AsyncClient, phones: Phones, stores: Stores) -> None:
    tokens = await _sign_up(client, phones, factories.new_phone())
    async with stores.database.transaction() as db:
        found = await db.execute(text("SELECT 1 FROM wallets WHERE user_id = :id"), {"id": tokens["user_id"]})
        assert found.first() is not None


async def test_an_admin_signs_in_the_same_way_and_the_token_carries_role_and_scope(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    admin = await stores.database.run(lambda db: factories.make_admin(db, "Manager", operator_scope=("jio",)))
    answer = await _log_in(client, phones, admin.phone_number)
    assert answer.json()["kind"] == "admin"
    assert answer.json()["user_id"] == str(admin.admin_id)
    import jwt

    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert (claims["role"], claims["ops"], claims["kind"], claims["pv"]) == ("Manager", ["jio"], "admin", 1)
    _problem(await client.get("/users/me", headers=_bearer(answer.json())), 403, "users_only")


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
    ("content_type", "body", "status", "code", "field"),
    [
        ("application/json", "{", 400, "malformed_json", None),
        ("application/json", "", 400, "malformed_json", None),
        ("application/json", "[]", 422, "validation_failed", "body"),
        ("application/json", '{"phone_number":"9876543210"}', 422, "validation_failed", "body.otp"),
        (
            "application/json",
            '{"phone_number":"9876543210","otp":"111111","x":1}',
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
    found = _problem(answer, status, code)
    if field:
        assert field in [entry["field"] for entry in found["errors"]]


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
    body = {"phone_number": phone_number} | ({"otp": "111111"} if "verify" in path else {})
    found = _problem(await client.post(f"/auth/{path}", json=body), 422, "validation_failed")
    assert [entry["field"] for entry in found["errors"]] == ["body.phone_number"]


@pytest.mark.parametrize(
    "otp", ["", "11111", "1111111", "11111a", "१२३४५६", " 11 11", 111111, None, "111111\n1"]
)
async def test_what_is_no_code_is_422(client: httpx.AsyncClient, otp: object) -> None:
    body = {"phone_number": factories.new_phone(), "otp": otp}
    found = _problem(await client.post("/auth/verify-otp-signup", json=body), 422, "validation_failed")
    assert [entry["field"] for entry in found["errors"]] == ["body.otp"]


@pytest.mark.parametrize("path", ["signup", "login", "verify-otp-signup", "verify-otp-login", "refresh"])
async def test_an_unknown_field_is_422(client: httpx.AsyncClient, path: str) -> None:
    bodies: dict[str, dict[str, str]] = {"refresh": {"refresh_token": "x"}}
    body = bodies.get(
        path, {"phone_number": factories.new_phone()} | ({"otp": "111111"} if "verify" in path else {})
    )
    found = _problem(
        await client.post(f"/auth/{path}", json=body | {"role": "SuperAdmin"}), 422, "validation_failed"
    )
    assert [entry["field"] for entry in found["errors"]] == ["body.role"]


DIGITS = st.integers(min_value=6_000_000_000, max_value=9_999_999_999).map(str)


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


async def test_signing_up_twice_is_409_once_the_number_is_proven(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    fresh = await client.post("/auth/signup", json={"phone_number": factories.new_phone()})
    known = await client.post("/auth/signup", json={"phone_number": user.phone_number})
    assert (known.status_code, known.content) == (fresh.status_code, fresh.content)
    body = {"phone_number": user.phone_number, "otp": await phones.code(user.phone_number)}
    _problem(await client.post("/auth/verify-otp-signup", json=body), 409, "phone_already_registered")


async def test_a_blocked_user_is_told_after_proving_the_number_and_a_deactivated_one_is_back(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    await _set_status(stores, user, UserStatus.BLOCKED)
    _problem(await _log_in(client, phones, user.phone_number), 403, "user_blocked")
    other = await stores.database.run(factories.make_user)
    await _set_status(stores, other, UserStatus.DEACTIVATED)
    back = await _log_in(client, phones, other.phone_number)
    me = await client.get("/users/me", headers=_bearer(back.json()))
    assert me.json()["status"] == "active"


async def test_a_user_who_is_blocked_meanwhile_gets_no_new_tokens(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    tokens = await _sign_up(client, phones, factories.new_phone())
    async with stores.database.transaction() as db:
        user = await db.get(User, tokens["user_id"])
    assert user is not None
    await _set_status(stores, user, UserStatus.BLOCKED)
    client.cookies.clear()
    answer = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    _problem(answer, 403, "user_blocked")


async def _set_status(stores: Stores, user: User, status: UserStatus) -> None:
    async with stores.database.transaction() as db:
        await db.execute(
            text("UPDATE users SET status = :status WHERE user_id = :id"),
            {"status": status.value, "id": user.user_id},
        )


async def test_the_refresh_cookie_is_out_of_scripts_reach_and_works(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    answer = await _log_in(client, phones, user.phone_number)
    cookie = answer.headers["set-cookie"]
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Path=/v1/auth", "Max-Age=172800"):
        assert attribute in cookie
    assert answer.headers["cache-control"] == "no-store"
    refreshed = await client.post("/v1/auth/refresh")
    assert refreshed.status_code == 200, refreshed.text
    assert refreshed.json()["refresh_token"] != answer.json()["refresh_token"]
    out = await client.post("/v1/auth/logout", headers=_bearer(refreshed.json()))
    assert out.status_code == 204
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert "refresh_token" not in client.cookies
    _problem(await client.post("/v1/auth/refresh"), 401, "refresh_token_invalid")


async def test_an_access_token_is_no_refresh_token_and_the_reverse(
    client: httpx.AsyncClient, phones: Phones
) -> None:
    tokens = await _sign_up(client, phones, factories.new_phone())
    client.cookies.clear()
    wrong = await client.post("/auth/refresh", json={"refresh_token": tokens["access_token"][:200]})
    _problem(wrong, 401, "refresh_token_invalid")
    headers = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    _problem(await client.get("/users/me", headers=headers), 401, "access_token_invalid")


async def test_a_stolen_refresh_token_shuts_thief_and_owner_out_and_tells_the_owner(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    tokens = await _sign_up(client, phones, factories.new_phone())
    client.cookies.clear()
    thief = (await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
    client.cookies.clear()
    with clock.later(seconds=11):
        _problem(
            await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}),
            401,
            "refresh_token_invalid",
        )
    _problem(await client.get("/users/me", headers=_bearer(thief)), 401, "session_ended")
    _problem(await client.get("/users/me", headers=_bearer(tokens)), 401, "session_ended")
    async with stores.database.transaction() as db:
        found = await db.execute(
            text("SELECT 1 FROM events WHERE topic = 'RefreshTokenReused' AND user_id = :id"),
            {"id": tokens["user_id"]},
        )
        assert found.first() is not None


async def test_i_see_my_sessions_and_end_the_others(
    app: FastAPI, client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    first = (await _log_in(client, phones, user.phone_number)).json()
    others = [await factories.sign_in(app, user) for _ in range(2)]
    listed = await client.get("/auth/sessions?limit=2&include_total=true", headers=_bearer(first))
    assert listed.json()["total"] == 3
    rest = await client.get(
        "/auth/sessions", params={"cursor": listed.json()["next_cursor"]}, headers=_bearer(first)
    )
    seen = listed.json()["items"] + rest.json()["items"]
    assert [session["current"] for session in seen] == [False, False, True]
    assert seen[2]["device"].startswith("python-httpx")
    one = seen[0]["session_id"]
    assert (await client.delete(f"/auth/sessions/{one}", headers=_bearer(first))).status_code == 204
    _problem(await client.delete(f"/auth/sessions/{one}", headers=_bearer(first)), 404, "session_unknown")
    assert (await client.get("/users/me", headers=others[1])).status_code == 401
    ended = await client.delete("/auth/sessions", headers=_bearer(first))
    assert ended.json() == {"ended": 1}
    assert (await client.get("/users/me", headers=others[0])).status_code == 401
    assert (await client.get("/users/me", headers=_bearer(first))).status_code == 200
    stranger = await stores.database.run(factories.make_user)
    theirs = await client.get("/auth/sessions", headers=await factories.sign_in(app, stranger))
    foreign = theirs.json()["items"][0]["session_id"]
    _problem(await client.delete(f"/auth/sessions/{foreign}", headers=_bearer(first)), 404, "session_unknown")
    _problem(await client.delete("/auth/sessions/x", headers=_bearer(first)), 422, "validation_failed")


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
    _problem(await client.post("/auth/register", headers=headers, json=good), 409, "already_registered")


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


async def test_registering_with_a_referral_and_with_anothers_address(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores
) -> None:
    from gencharge.users import service as users

    friend = await stores.database.run(factories.make_user)
    user = await stores.database.run(lambda db: users.create(db, phone_number=factories.new_phone()))
    headers = await factories.sign_in(app, user)
    body = {"name": "Asha Rao", "email": friend.email, "user_type": "prepaid"}
    found = _problem(await client.post("/auth/register", headers=headers, json=body), 409, "email_taken")
    assert found["errors"][0]["field"] == "body.email"
    own = body | {"email": f"{user.user_id}@example.com", "referral_code": user.referral_code}
    _problem(await client.post("/auth/register", headers=headers, json=own), 422, "own_referral_code")
    answer = await client.post(
        "/auth/register", headers=headers, json=own | {"referral_code": friend.referral_code.lower()}
    )
    assert answer.status_code == 200, answer.text


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
    _problem(await client.request(method, path, json=body), 401, "not_signed_in")


async def test_known_and_unknown_numbers_get_the_same_answer_and_about_the_same_time(
    app: FastAPI, phones: Phones, stores: Stores
) -> None:
    known = [(await stores.database.run(factories.make_user)).phone_number for _ in range(30)]
    unknown = [factories.new_phone() for _ in range(30)]
    times: dict[bool, list[float]] = {True: [], False: []}
    answers = set()
    for pair in zip(known, unknown, strict=True):
        for phone_number in pair:
            async with factories.new_client(app) as client:
                started = time.perf_counter()
                answer = await client.post("/auth/login", json={"phone_number": phone_number})
                times[phone_number in known].append(time.perf_counter() - started)
                await phones.desk.courier.drain()
            varying = {"x-request-id"}
            headers = {name: value for name, value in answer.headers.items() if name not in varying}
            answers.add((answer.status_code, answer.content, str(sorted(headers.items()))))
            assert bool(await phones.messages(phone_number)) is (phone_number in known)
    assert len(answers) == 1
    medians = [statistics.median(times[kind]) for kind in (True, False)]
    assert max(medians) < 1.5 * min(medians) + 0.002


async def test_a_wrong_code_for_an_unknown_number_looks_like_one_for_a_known_number(
    app: FastAPI, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    unknown = factories.new_phone()
    seen: dict[str, list[Any]] = {}
    for phone_number in (user.phone_number, unknown):
        async with factories.new_client(app) as client, _held_clock():
            await client.post("/auth/login", json={"phone_number": phone_number})
            for _ in range(6):
                answer = await client.post(
                    "/auth/verify-otp-login", json={"phone_number": phone_number, "otp": "000000"}
                )
                body = {key: value for key, value in answer.json().items() if key != "request_id"}
                seen.setdefault(phone_number, []).append(
                    (answer.status_code, body, answer.headers.get("retry-after"))
                )
    if await phones.code(user.phone_number) != "000000":
        assert seen[user.phone_number] == seen[unknown]
        assert [status for status, *_ in seen[unknown]] == [401, 401, 401, 401, 429, 429]


class _held_clock:
    async def __aenter__(self) -> None:
        self._at = clock.at(clock.now())
        self._at.__enter__()

    async def __aexit__(self, *error: Any) -> None:
        self._at.__exit__(*error)


async def test_without_redis_signing_in_is_503_and_those_who_are_signed_in_go_on(
    app: FastAPI, settings: Settings, phones: Phones, client: httpx.AsyncClient
) -> None:
    tokens = await _sign_up(client, phones, factories.new_phone())
    lonely = create_app(settings.model_copy(update={"redis_url": "unix:///nonexistent/redis.sock"}))
    async with lonely.router.lifespan_context(lonely), factories.new_client(lonely) as other:
        number = {"phone_number": factories.new_phone()}
        for path, body in [
            ("signup", number),
            ("login", number),
            ("verify-otp-signup", number | {"otp": "111111"}),
            ("verify-otp-login", number | {"otp": "111111"}),
        ]:
            answer = await other.post(f"/auth/{path}", json=body)
            _problem(answer, 503, "sign_in_unavailable")
            assert int(answer.headers["retry-after"]) >= 1
        assert (await other.get("/users/me", headers=_bearer(tokens))).status_code == 200
        refreshed = await other.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert refreshed.status_code == 200, refreshed.text
        assert (await other.post("/auth/logout", headers=_bearer(refreshed.json()))).status_code == 204
        _problem(await other.get("/users/me", headers=_bearer(refreshed.json())), 401, "session_ended")


async def test_without_postgresql_signing_in_is_503_and_no_code_is_used_up(settings: Settings) -> None:
    lost = "postgresql://gencharge@/gencharge_test?host=/nonexistent"
    lonely = create_app(settings.model_copy(update={"database_url": lost}))
    async with lonely.router.lifespan_context(lonely), factories.new_client(lonely) as client:
        body = {"phone_number": factories.new_phone()}
        for path, extra in [("login", {}), ("verify-otp-login", {"otp": "111111"})]:
            answer = await client.post(f"/auth/{path}", json=body | extra)
            _problem(answer, 503, "database_unavailable")
            assert answer.headers["retry-after"]


async def test_the_openapi_document_names_the_errors_and_both_bodies_of_signing_in(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    login = document["paths"]["/v1/auth/verify-otp-login"]["post"]
    assert set(login["requestBody"]["content"]) == {"application/json", "application/x-www-form-urlencoded"}
    assert {"200", "400", "401", "403", "422", "429", "503"} <= set(login["responses"])
    assert "VerifyOtp" in document["components"]["schemas"]
    flow = document["components"]["securitySchemes"]["PhoneAndOtp"]["flows"]["password"]
    assert flow["tokenUrl"] == "/v1/auth/verify-otp-login"
    assert document["paths"]["/v1/users/me"]["get"]["security"] == [{"PhoneAndOtp": []}]


async def test_fifty_verifies_of_one_code_at_once_make_one_session(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    user = await stores.database.run(factories.make_user)
    await client.post("/auth/login", json={"phone_number": user.phone_number})
    body = {"phone_number": user.phone_number, "otp": await phones.code(user.phone_number)}
    answers = await asyncio.gather(*(client.post("/auth/verify-otp-login", json=body) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 49
    async with stores.database.transaction() as db:
        count = await db.scalar(
            text("SELECT count(*) FROM sessions WHERE user_id = :id"), {"id": user.user_id}
        )
    assert count == 1
