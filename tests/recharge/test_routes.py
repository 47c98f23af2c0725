"""The routes of recharges: the happy path, the guard, and every wrong field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from fastapi import FastAPI

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.factories import headers_for, make_user
from tests.make.money import buy, find_plan, find_talktime, fingerprint, make_customer, make_number
from tests.make.recharge import run_sql
from tests.make.velocity import list_held_back

SUBSCRIBE = "/v1/recharge/subscribe"


@pytest.fixture
async def customer(shop: Stores) -> UUID:
    return await make_customer(shop)


@pytest.fixture
def headers(settings: Settings, customer: UUID) -> dict[str, str]:
    return headers_for(settings, customer) | {"Idempotency-Key": str(uuid4())}


async def body_for(shop: Stores, **overrides: Any) -> dict[str, Any]:
    plan = await find_plan(shop)
    return {
        "phone_number": await make_number(shop),
        "plan_id": str(plan.plan_id),
        "payment_method": "wallet",
        "source": "web",
    } | overrides


async def test_a_recharge_over_http_answers_with_the_subscription_and_two_decimals(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    body = await body_for(shop)
    answer = await client.post(SUBSCRIBE, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    sold = answer.json()
    assert sold["status"] == "active"
    assert sold["plan_id"] == body["plan_id"]
    assert b'"total_paid":299.00' in answer.content
    assert b'"wallet_balance":4701.00' in answer.content
    again = await client.post(SUBSCRIBE, json=body, headers=headers)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.content == answer.content
    shown = await client.get(f"/v1/recharge/{sold['subscription_id']}", headers=headers)
    assert shown.json()["status"] == "active"
    by_key = await client.get(f"/v1/recharge/by-key/{headers['Idempotency-Key']}", headers=headers)
    assert by_key.json() == shown.json()


async def test_every_spelling_of_a_number_is_one_number(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    body = await body_for(shop)
    national = body["phone_number"][3:]
    for spelling in (f"0{national}", f"+91 {national[:5]} {national[5:]}", national):
        answer = await client.post(SUBSCRIBE, json=body | {"phone_number": spelling}, headers=headers)
        assert answer.status_code == 201, answer.text
        assert answer.json()["phone_number"] == body["phone_number"]


async def test_the_seeds_paths_without_a_prefix_are_the_same_routes(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post("/recharge/subscribe", json=await body_for(shop), headers=headers)
    assert answer.status_code == 201
    assert (await client.get("/wallet", headers=headers)).json()["balance"] == 4701.0


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"phone_number": "12345"}, "body.phone_number"),
        ({"phone_number": "+12025550123"}, "body.phone_number"),
        ({"phone_number": "९८७६५४३२१०"}, "body.phone_number"),
        ({"phone_number": 9876543210}, "body.phone_number"),
        ({"phone_number": None}, "body.phone_number"),
        ({"plan_id": "1"}, "body.plan_id"),
        ({"plan_id": {"$ne": None}}, "body.plan_id"),
        ({"payment_method": "cash"}, "body.payment_method"),
        ({"source": "fax"}, "body.source"),
        ({"activation_mode": "now"}, "body.activation_mode"),
        ({"confirm_duplicate": "perhaps"}, "body.confirm_duplicate"),
        ({"price": 1}, "body.price"),
        ({"amount": 0}, "body.amount"),
        ({"user_id": "0198c0de-0000-7000-8000-000000000000"}, "body.user_id"),
        ({"wallet_balance": 10_000}, "body.wallet_balance"),
        ({"status": "active"}, "body.status"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_changes(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], wrong: dict[str, Any], field: str
) -> None:
    body = await body_for(shop) | wrong
    before = await fingerprint(shop)
    answer = await client.post(
        SUBSCRIBE, content=orjson.dumps(body), headers=headers | {"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "validation_failed"
    assert field in [entry["field"] for entry in problem["errors"]]
    assert all(entry["message"] for entry in problem["errors"])
    assert await fingerprint(shop) == before


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"null", b'"x"', b'{"a": NaN}', b"\xff\xfe", b'{"plan_id": 1e400}']
)
async def test_a_body_that_is_not_the_json_we_ask_for_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], content: bytes
) -> None:
    answer = await client.post(
        SUBSCRIBE, content=content, headers=headers | {"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"malformed_json", "validation_failed"}


@pytest.mark.parametrize("key", [None, "", " ", "a" * 256, "schlüssel".encode(), "a b"])
async def test_a_missing_or_unusable_idempotency_key_is_refused(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], key: str | bytes | None
) -> None:
    sent: dict[str, Any] = {name: value for name, value in headers.items() if name != "Idempotency-Key"}
    if key is not None:
        sent["Idempotency-Key"] = key
    answer = await client.post(SUBSCRIBE, json=await body_for(shop), headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"plan_id": "0198c0de-0000-7000-8000-00000000abcd"}, 404, "plan_not_found"),
        # Nobody plays the gateway here; test_checkout_service.py has the whole way.
        ({"payment_method": "upi"}, 503, "gateway_unavailable"),
    ],
)
async def test_what_can_not_be_sold_has_an_error_of_its_own(
    shop: Stores,
    client: httpx.AsyncClient,
    headers: dict[str, str],
    change: dict[str, Any],
    status: int,
    code: str,
) -> None:
    answer = await client.post(SUBSCRIBE, json=await body_for(shop) | change, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_mismatch_says_what_is_known_and_how_to_correct_it(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    body = await body_for(shop, phone_number=await make_number(shop, "VI"))
    answer = await client.post(SUBSCRIBE, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "operator_mismatch")
    assert answer.json()["known"] == "VI"
    assert "/v1/operators/connections/" in answer.json()["detail"]


async def test_a_recharge_and_a_quote_take_the_operator_that_the_caller_states(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    number = await make_number(shop, "VI", circle="MH")
    body = await body_for(shop, phone_number=number)
    asked = {"phone_number": number, "plan_id": body["plan_id"], "operator": "jio"}
    quoted = await client.post("/v1/recharge/quote", json=asked, headers=headers)
    assert (quoted.status_code, quoted.json()["operator"]) == (200, "JIO"), quoted.text
    sold = await client.post(SUBSCRIBE, json=body | {"operator": "JIO", "circle": "ka"}, headers=headers)
    assert (sold.status_code, sold.json()["operator"]) == (201, "JIO"), sold.text
    once = headers | {"Idempotency-Key": "once-more"}
    path = f"/v1/recharge/{sold.json()['recharge_id']}/repeat"
    assert (await client.post(path, json={"confirm_duplicate": True}, headers=once)).status_code == 409
    again = await client.post(path, json={"confirm_duplicate": True, "operator": "JIO"}, headers=once)
    assert again.status_code == 201, again.text


async def test_a_statement_that_does_not_fit_the_plan_is_named(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post(SUBSCRIBE, json=await body_for(shop) | {"operator": "VI"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "operator_mismatch")
    assert answer.json()["errors"][0]["field"] == "body.operator"
    assert "The request states VI." in answer.json()["detail"]


@pytest.mark.parametrize(
    ("stated", "code", "field"),
    [
        ({"operator": "NOBODY"}, "operator_invalid", "body.operator"),
        ({"circle": "ZZ"}, "circle_invalid", "body.circle"),
        ({"operator": "JIO", "circle": "ZZ"}, "circle_invalid", "body.circle"),
        ({"operator": "no such!"}, "validation_failed", "body.operator"),
    ],
)
async def test_a_stated_code_that_there_is_not_is_refused_with_those_that_there_are(
    shop: Stores,
    client: httpx.AsyncClient,
    headers: dict[str, str],
    stated: dict[str, str],
    code: str,
    field: str,
) -> None:
    body = await body_for(shop)
    for path, wrong in ((SUBSCRIBE, body | stated), ("/v1/recharge/quote", None)):
        asked = wrong or {"phone_number": body["phone_number"], "plan_id": body["plan_id"], **stated}
        answer = await client.post(path, json=asked, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert answer.json()["errors"][0]["field"] == field


async def test_without_a_token_nothing_is_told(client: httpx.AsyncClient, shop: Stores) -> None:
    for method, path in (
        ("POST", SUBSCRIBE),
        ("POST", "/v1/recharge/quote"),
        ("GET", "/v1/recharge"),
        ("GET", "/v1/recharge/plans"),
        ("GET", f"/v1/recharge/{uuid4()}"),
        ("GET", f"/v1/recharge/{uuid4()}/receipt"),
        ("GET", "/v1/recharge/by-key/x"),
        ("POST", f"/v1/recharge/{uuid4()}/repeat"),
        ("GET", "/v1/wallet"),
        ("GET", "/v1/wallet/transactions"),
        ("GET", f"/v1/wallet/transactions/{uuid4()}"),
    ):
        answer = await client.request(method, path, json={} if method == "POST" else None)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_another_customers_recharge_does_not_exist_for_me(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, customer: UUID, headers: dict[str, str]
) -> None:
    other = await make_customer(shop)
    plan = await find_plan(shop)
    sale = (await buy(shop, other, await make_number(shop), plan.plan_id, key="theirs")).answer
    for path in (f"{sale.subscription_id}", f"{sale.subscription_id}/receipt", "by-key/theirs"):
        answer = await client.get(f"/v1/recharge/{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "recharge_not_found")
    answer = await client.post(f"/v1/recharge/{sale.subscription_id}/repeat", json={}, headers=headers)
    assert answer.status_code == 404
    assert (await client.get("/v1/recharge", headers=headers)).json()["items"] == []


async def test_history_has_every_filter_and_pages_that_lose_nothing(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    jio, airtel = await make_number(shop), await make_number(shop, "AIRTEL")
    base, addon = await find_plan(shop), await find_plan(shop, "AIRTEL", 22)
    await buy(shop, customer, jio, base.plan_id)
    await buy(shop, customer, jio, (await find_plan(shop, rupees=349)).plan_id, source="app")
    await buy(shop, customer, airtel, addon.plan_id)
    expected = {
        "": 3,
        "status=active": 2,
        "status=queued": 1,
        "status=expired": 0,
        "status=failed": 0,
        f"phone_number={airtel[1:]}": 1,
        f"plan_id={base.plan_id}": 1,
        f"plan_id={uuid4()}": 0,
        "operator=JIO": 2,
        "plan_type=prepaid": 3,
        "category=data_addon": 1,
        "payment_method=wallet": 3,
        "source=app": 1,
        "min_amount=299": 2,
        "max_amount=298.99": 1,
        "from=2000-01-01": 3,
        "to=2000-01-01": 0,
    }
    for query, count in expected.items():
        answer = await client.get(f"/v1/recharge?include_total=true&{query}", headers=headers)
        assert (answer.status_code, len(answer.json()["items"]), answer.json()["total"]) == (
            200,
            count,
            count,
        ), query
    seen, cursor = [], ""
    for _ in range(3):
        page = (await client.get(f"/v1/recharge?limit=1&sort=created_at{cursor}", headers=headers)).json()
        seen += [item["plan_name"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert len(set(seen)) == 3
    assert page["next_cursor"] is None
    for wrong in (
        "status=odd",
        "limit=0",
        "limit=101",
        "from=yesterday",
        "plan_id=1",
        "typo=1",
        "cursor=zzz",
        "min_amount=-1",
        "min_amount=2&max_amount=1",
    ):
        answer = await client.get(f"/v1/recharge?{wrong}", headers=headers)
        assert answer.status_code == 422, wrong


async def test_bought_plans_include_what_others_bought_for_my_number(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    user = await shop.database.run(make_user)
    plan = await find_plan(shop)
    number = user.phone_number

    async def is_jio(db):  # type: ignore[no-untyped-def]
        from gencharge.core.values.ids import SYSTEM_USER_ID
        from gencharge.operators import service as operators

        await operators.remember(
            db, number, SYSTEM_USER_ID, operator="JIO", circle=None, service_type="prepaid"
        )

    await shop.database.run(is_jio)
    giver = await make_customer(shop)
    await buy(shop, giver, number, plan.plan_id)
    await buy(shop, giver, await make_number(shop), plan.plan_id)
    answer = await client.get("/v1/recharge/plans", headers=headers_for(settings, user))
    assert [item["phone_number"] for item in answer.json()["items"]] == [number]
    assert answer.json()["items"][0]["days_left"] == 27

    def day(ahead: int) -> str:
        return (clock.now() + timedelta(days=ahead)).astimezone(clock.IST).date().isoformat()

    for query, count in {
        "status=active": 1,
        "status=queued": 0,
        "expires_within_days=27": 0,
        "expires_within_days=28": 1,
        f"plan_id={plan.plan_id}": 1,
        f"plan_id={uuid4()}": 0,
        "operator=VI": 0,
        # The time in which it runs: 28 days from today on.
        f"from={day(3)}": 1,
        f"from={day(3)}&to={day(4)}": 1,
        f"from={day(40)}": 0,
        f"to={day(-1)}": 0,
    }.items():
        answer = await client.get(f"/v1/recharge/plans?{query}", headers=headers_for(settings, user))
        assert len(answer.json()["items"]) == count, query


async def test_repeat_sells_the_same_plan_again_and_asks_back_within_a_minute(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    sale = (await buy(shop, customer, await make_number(shop), (await find_plan(shop)).plan_id)).answer
    path = f"/v1/recharge/{sale.subscription_id}/repeat"
    answer = await client.post(path, json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_recharge")
    answer = await client.post(path, json={"confirm_duplicate": True}, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (201, "queued")


async def test_a_sale_at_another_price_than_expected_is_409_with_the_new_price(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    body = await body_for(shop, expected_price=14)
    sale = (await buy(shop, customer, body["phone_number"], UUID(body["plan_id"]))).answer
    before = await fingerprint(shop)
    repeated = {"expected_price": 14, "confirm_duplicate": True}
    for path, command in (
        (SUBSCRIBE, body | {"confirm_duplicate": True}),
        (SUBSCRIBE, body | {"confirm_duplicate": True, "payment_method": "upi"}),
        (f"/v1/recharge/{sale.recharge_id}/repeat", repeated),
    ):
        answer = await client.post(path, json=command, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "price_changed")
        assert b'"price":299.00' in answer.content
        assert answer.json()["errors"][0]["field"] == "body.expected_price"
    assert await fingerprint(shop) == before
    path = f"/v1/recharge/{sale.recharge_id}/repeat"
    answer = await client.post(path, json=repeated | {"expected_price": 299}, headers=headers)
    assert (answer.status_code, answer.json()["total_paid"]) == (201, 299.0)


@pytest.mark.parametrize("price", [-1, "14.001", "fourteen", True])
async def test_an_expected_price_that_is_no_amount_is_named(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], price: object
) -> None:
    answer = await client.post(SUBSCRIBE, json=await body_for(shop, expected_price=price), headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.expected_price"


async def test_a_quote_over_http_tells_price_balance_and_start(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    body = await body_for(shop)
    quote = {"phone_number": body["phone_number"], "plan_id": body["plan_id"]}
    answer = await client.post("/v1/recharge/quote", json=quote, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["payable"] == 299.0
    assert answer.json()["wallet_covers"] is True
    await client.post(SUBSCRIBE, json=body, headers=headers)
    answer = await client.post("/v1/recharge/quote", json=quote, headers=headers)
    assert answer.json()["running_plan"]["plan_name"]
    assert answer.json()["status"] == "queued"


async def test_an_expired_plan_is_shown_as_expired_before_any_job_has_run(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID, settings: Settings
) -> None:
    sale = (await buy(shop, customer, await make_number(shop), (await find_plan(shop)).plan_id)).answer
    with clock.at(clock.now() + timedelta(days=29)):
        later = headers_for(settings, customer)
        answer = await client.get(f"/v1/recharge/{sale.subscription_id}", headers=later)
    assert answer.json()["status"] == "expired"


@pytest.mark.parametrize(
    ("number", "plan", "change", "status", "code"),
    [
        ({}, {}, "UPDATE plans SET status = 'inactive' WHERE plan_id = :id", 409, "plan_inactive"),
        ({}, {}, "UPDATE operators SET status = 'down' WHERE code = 'VI'", 503, "operator_down"),
        (
            {},
            {},
            "UPDATE operators SET channel = 'api' WHERE code = 'VI'",
            503,
            "operator_channel_unavailable",
        ),
        ({}, {}, "UPDATE plans SET circles = '{MH}' WHERE plan_id = :id", 409, "circle_mismatch"),
        ({"service_type": "postpaid"}, {}, "", 409, "service_type_mismatch"),
        ({"operator": "JIO"}, {}, "", 409, "operator_mismatch"),
    ],
)
async def test_a_quote_and_a_sale_are_refused_with_the_same_error(
    shop: Stores,
    client: httpx.AsyncClient,
    headers: dict[str, str],
    number: dict[str, Any],
    plan: dict[str, Any],
    change: str,
    status: int,
    code: str,
) -> None:
    target = await find_plan(shop, **({"operator": "VI", "rupees": 299} | plan))
    body = {
        "phone_number": await make_number(shop, **({"operator": "VI"} | number)),
        "plan_id": str(target.plan_id),
    }
    before = await fingerprint(shop)
    if change:
        await run_sql(shop, change, **({"id": target.plan_id} if ":id" in change else {}))
    try:
        quoted = await client.post("/v1/recharge/quote", json=body, headers=headers)
        sold = await client.post(SUBSCRIBE, json=body | {"payment_method": "wallet"}, headers=headers)
    finally:
        undo = "UPDATE plans SET status = 'active', circles = '{}' WHERE plan_id = :id"
        await run_sql(shop, undo, id=target.plan_id)
        await run_sql(shop, "UPDATE operators SET status = 'up', channel = 'internal' WHERE code = 'VI'")
    for answer in (quoted, sold):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert ("retry-after" in answer.headers) == (status == 503)
    assert await fingerprint(shop) == before


async def test_a_wallet_that_does_not_cover_it_is_refused_and_quoted(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    poor = headers_for(settings, await make_customer(shop, 100)) | {"Idempotency-Key": "k"}
    body = await body_for(shop)
    sold = await client.post(SUBSCRIBE, json=body, headers=poor)
    assert (sold.status_code, sold.json()["code"]) == (409, "insufficient_balance")
    quoted = await client.post(
        "/v1/recharge/quote", json={name: body[name] for name in ("phone_number", "plan_id")}, headers=poor
    )
    assert (quoted.status_code, quoted.json()["shortfall"]) == (200, 199.0)


async def test_a_customer_without_a_wallet_gets_no_quote(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    body = await body_for(shop)
    answer = await client.post(
        "/v1/recharge/quote",
        json={name: body[name] for name in ("phone_number", "plan_id")},
        headers=headers_for(settings, uuid4()),
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "wallet_not_found")


async def test_a_key_of_another_request_is_refused(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    body = await body_for(shop)
    assert (await client.post(SUBSCRIBE, json=body, headers=headers)).status_code == 201
    other = await client.post(SUBSCRIBE, json=body | {"source": "app"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_recharge_above_a_velocity_bound_is_429_with_the_rule_and_the_sign_in_is_written_down(
    app: FastAPI,
    shop: Stores,
    client: httpx.AsyncClient,
    customer: UUID,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bounded = shop.settings.model_copy(update={"velocity_recharges_per_ten_minutes": 1})
    monkeypatch.setitem(app.state._state, "settings", bounded)
    await buy(shop, customer, await make_number(shop), (await find_plan(shop)).plan_id)
    refused = await client.post(SUBSCRIBE, json=await body_for(shop), headers=headers)
    assert refused.status_code == 429, refused.text
    problem = refused.json()
    assert (problem["code"], problem["rule"]) == ("velocity_limit_exceeded", "recharges_in_10_minutes")
    assert 590 <= int(refused.headers["Retry-After"]) <= 600
    [row] = await list_held_back(shop, customer)
    assert row.session_id is not None


async def test_any_amount_over_http_is_quoted_sold_shown_and_repeated(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    plan_id = str((await find_talktime(shop)).plan_id)
    number_and_plan = {"phone_number": await make_number(shop), "plan_id": plan_id}
    for path, more in (("/v1/recharge/quote", {}), (SUBSCRIBE, {"payment_method": "wallet"})):
        for amount in (None, 9.99, 10.5, 2_001):
            answer = await client.post(
                path, json=number_and_plan | more | {"amount": amount}, headers=headers
            )
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (422, "amount_invalid"), answer.text
            assert problem["errors"][0]["field"] == "body.amount"
            assert (problem["minimum"], problem["maximum"], problem["step"]) == (10.0, 2_000.0, 1.0)
    quoted = await client.post("/v1/recharge/quote", json=number_and_plan | {"amount": 100}, headers=headers)
    assert (quoted.json()["payable"], quoted.json()["talktime"]) == (100.0, 81.75)
    sold = await client.post(
        SUBSCRIBE, json=number_and_plan | {"payment_method": "wallet", "amount": 100}, headers=headers
    )
    assert sold.status_code == 201, sold.text
    shown = (await client.get(f"/v1/recharge/{sold.json()['recharge_id']}", headers=headers)).json()
    assert (shown["price"], shown["talktime"], shown["category"]) == (100.0, 81.75, "talktime")
    again = await client.post(
        f"/v1/recharge/{sold.json()['recharge_id']}/repeat",
        json={"confirm_duplicate": True},
        headers=headers | {"Idempotency-Key": str(uuid4())},
    )
    assert (again.status_code, again.json()["price"], again.json()["talktime"]) == (201, 100.0, 81.75)
