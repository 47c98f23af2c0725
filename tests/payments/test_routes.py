"""Payments over HTTP: top-ups within the limits, what the checkout hands back, the staff's refunds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.relay import Relay
from gencharge.core.rooms import process
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.payments import personal_data
from gencharge.payments.context import PaymentContext
from gencharge.users.models import User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.factories import headers_for, know_roles, make_admin
from tests.outside import NOBODY, Outside
from tests.payments.conftest import (
    assert_clean,
    desk_at,
    drain,
    make_payer,
    paise_of,
    pay,
    refunds_of,
    transfers_of,
)

Headers = dict[str, str]


@pytest.fixture
async def api(
    app: FastAPI, context: PaymentContext, client: httpx.AsyncClient
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, whose gateway is the sandbox."""
    await know_roles(app)
    before = PaymentContext.of(app)
    process.put(app, context)
    yield client
    process.put(app, before)


async def top_up(
    api: httpx.AsyncClient, headers: Headers, rupees: Any = 500, *, key: str | None = None, **but: Any
) -> httpx.Response:
    body = {"amount": rupees, "payment_method": "upi", **but}
    return await api.post(
        "/v1/wallet/topups", json=body, headers={**headers, "Idempotency-Key": key or str(uuid4())}
    )


async def paid(
    api: httpx.AsyncClient, outside: Outside, headers: Headers, rupees: Any = 500
) -> dict[str, Any]:
    """A top-up that was paid and confirmed."""
    opened = (await top_up(api, headers, rupees)).json()
    handed = pay(outside, opened["order_id"])
    answer = await confirm(api, headers, opened["payment_id"], handed)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    assert shown["status"] == "captured"
    return shown


async def confirm(
    api: httpx.AsyncClient, headers: Headers, payment_id: str, handed: dict[str, Any], **but: Any
) -> httpx.Response:
    names = ("razorpay_order_id", "razorpay_payment_id", "razorpay_signature")
    body = {name: handed[name] for name in names} | but
    return await api.post(f"/v1/payments/{payment_id}/confirm", json=body, headers=headers)


async def fund(stores: Stores, user_id: UUID, paise: int, code: Code = Code.OPENING) -> None:
    await stores.database.run(
        lambda db: wallet.credit(
            db, user_id, Money(paise), source_account=Account.OPENING, code=code, key=str(uuid4())
        )
    )


async def spend(stores: Stores, user_id: UUID, paise: int) -> None:
    await stores.database.run(
        lambda db: wallet.debit(
            db, user_id, Money(paise), target_account=Account.PAYOUT, code=Code.PAYOUT, key=str(uuid4())
        )
    )


async def admin_headers(stores: Stores, role: str = "SuperAdmin", **but: Any) -> Headers:
    admin = await stores.database.run(lambda db: make_admin(db, role))
    return headers_for(stores.settings, admin, role=role, **but)


async def test_a_top_up_is_opened_paid_confirmed_and_shown(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    answer = await top_up(api, headers, 499.5)
    assert answer.status_code == 201, answer.text
    opened = answer.json()
    assert opened["status"] == "created"
    assert opened["amount"] == 499.5
    assert opened["key_id"] == stores.settings.payment_key_id
    assert opened["checkout_url"] == f"{outside.base}/checkout/{opened['order_id']}"
    shown = (await api.get(f"/v1/payments/{opened['payment_id']}", headers=headers)).json()
    assert (shown["status"], shown["checkout_url"]) == ("created", opened["checkout_url"])

    handed = pay(outside, opened["order_id"])
    confirmed = (await confirm(api, headers, opened["payment_id"], handed)).json()
    assert (confirmed["status"], confirmed["checkout_url"]) == ("captured", None)
    again = await confirm(api, headers, opened["payment_id"], handed)
    assert again.json()["status"] == "captured"
    assert await paise_of(stores, user_id) == 49_950
    listed = (
        await api.get("/v1/payments?status=captured&purpose=topup&payment_method=upi", headers=headers)
    ).json()
    assert [each["payment_id"] for each in listed["items"]] == [opened["payment_id"]]
    assert (await api.get("/v1/payments?status=failed", headers=headers)).json()["items"] == []
    await assert_clean(stores)


async def test_the_same_key_answers_the_same_and_says_so(api: httpx.AsyncClient, stores: Stores) -> None:
    headers, key = headers_for(stores.settings, await make_payer(stores)), str(uuid4())
    first = await top_up(api, headers, key=key)
    again = await top_up(api, headers, key=key)
    assert again.json() == first.json()
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    other = await top_up(api, headers, 501, key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    missing = await api.post(
        "/v1/wallet/topups", json={"amount": 5, "payment_method": "upi"}, headers=headers
    )
    assert missing.status_code == 400


@pytest.mark.parametrize("rupees", [0, -5, 0.99, 1.001, "NaN", None, True])
async def test_an_amount_that_is_none_is_422(api: httpx.AsyncClient, stores: Stores, rupees: Any) -> None:
    headers = headers_for(stores.settings, await make_payer(stores))
    answer = await top_up(api, headers, rupees)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.amount"


async def test_with_the_gateway_down_nothing_happens_and_the_same_key_works_later(
    api: httpx.AsyncClient, app: FastAPI, stores: Stores
) -> None:
    user_id, key = await make_payer(stores), str(uuid4())
    headers = headers_for(stores.settings, user_id)
    reachable, unreachable = PaymentContext.of(app), desk_at(stores, NOBODY)
    process.put(app, unreachable)
    answer = await top_up(api, headers, key=key)
    await unreachable.gateway.close()
    process.put(app, reachable)
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unavailable")
    assert "Nothing was charged" in answer.json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert await transfers_of(stores, user_id) == []
    assert (await top_up(api, headers, key=key)).status_code == 201
    await assert_clean(stores)


@pytest.mark.parametrize(
    ("before", "code", "fits", "limit"),
    [(600_000, Code.OPENING, 400_000, "balance"), (600_000, Code.TOPUP, 400_000, "balance")],
)
async def test_the_balance_limit_counts_to_the_paisa(
    before: int, code: Code, fits: int, limit: str, api: httpx.AsyncClient, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    await fund(stores, user_id, before, code)
    headers = headers_for(stores.settings, user_id)
    refused = await top_up(api, headers, str(Money(fits + 1)))
    assert refused.status_code == 409
    told = refused.json()
    assert (told["code"], told["limit"], told["possible"]) == ("topup_limit_exceeded", limit, fits / 100)
    assert (await top_up(api, headers, str(Money(fits)))).status_code == 201


async def test_what_was_loaded_this_month_and_this_financial_year_counts_though_it_was_spent(
    api: httpx.AsyncClient, stores: Stores
) -> None:
    user_id = await make_payer(stores)

    async def load(paise: int, when: datetime) -> None:
        with clock.at(when):
            await fund(stores, user_id, paise, Code.TOPUP)
            await spend(stores, user_id, paise)

    # 31 March and 1 April 2026, each the last and the first second in India.
    await load(900_000, datetime(2026, 3, 31, 18, 29, 59, tzinfo=UTC))
    for month in range(4, 12):
        await load(1_000_000, datetime(2026, month, 2, tzinfo=UTC))
    await load(1_000_000, datetime(2026, 12, 2, tzinfo=UTC))
    await load(1_000_000, datetime(2027, 1, 2, tzinfo=UTC))
    await load(1_000_000, datetime(2027, 2, 2, tzinfo=UTC))
    await load(600_000, datetime(2027, 2, 28, 18, 30, tzinfo=UTC))  # 1 March in India

    async def refusal(when: datetime, paise: int) -> dict[str, Any]:
        with clock.at(when):
            fresh = headers_for(stores.settings, user_id)
            answer = await top_up(api, fresh, str(Money(paise)))
            return answer.json() | {"status": answer.status_code}

    in_february = await refusal(datetime(2027, 2, 28, 18, 29, 59, tzinfo=UTC), 1)
    assert in_february["status"] == 422  # less than a rupee
    february = await refusal(datetime(2027, 2, 28, 18, 29, 59, tzinfo=UTC), 100)
    assert (february["status"], february["limit"], february["possible"]) == (409, "monthly_load", 0)
    march = await refusal(datetime(2027, 3, 5, tzinfo=UTC), 400_001)
    assert (march["status"], march["limit"], march["possible"]) == (409, "monthly_load", 4_000)
    assert (await refusal(datetime(2027, 3, 5, tzinfo=UTC), 400_000))["status"] == 201
    await load(400_000, datetime(2027, 3, 6, tzinfo=UTC))
    year_over = await refusal(datetime(2027, 3, 31, 18, 29, 59, tzinfo=UTC), 100)
    assert (year_over["status"], year_over["possible"]) == (409, 0)
    assert (await refusal(datetime(2027, 3, 31, 18, 30, tzinfo=UTC), 1_000_000))["status"] == 201


async def test_the_yearly_limit_is_named_where_it_is_the_tightest(
    api: httpx.AsyncClient, stores: Stores, context: PaymentContext
) -> None:
    user_id = await make_payer(stores)
    context.settings = context.settings.model_copy(update={"wallet_small_yearly_load_limit": 2_000})
    answer = await top_up(api, headers_for(stores.settings, user_id), 2000.01)
    assert (answer.status_code, answer.json()["limit"], answer.json()["possible"]) == (
        409,
        "yearly_load",
        2_000,
    )


async def test_a_full_kyc_has_its_own_limit(api: httpx.AsyncClient, stores: Stores) -> None:
    user_id = await make_payer(stores)

    async def full(db: AsyncSession) -> None:
        await db.execute(update(User).where(User.user_id == user_id).values(kyc_tier="full"))

    await stores.database.run(full)
    headers = headers_for(stores.settings, user_id)
    assert (await top_up(api, headers, 200_000)).status_code == 201
    assert (await top_up(api, headers, 200_000.01)).json()["limit"] == "balance"


@pytest.mark.parametrize("field", ["razorpay_order_id", "razorpay_payment_id", "razorpay_signature"])
async def test_a_forged_confirmation_is_refused(
    field: str, api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    opened = (await top_up(api, headers)).json()
    handed = pay(outside, opened["order_id"])
    wrong = "0" * 64 if field == "razorpay_signature" else f"{handed[field]}x"
    answer = await confirm(api, headers, opened["payment_id"], handed, **{field: wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "checkout_signature_invalid")
    assert await paise_of(stores, user_id) == 0


async def test_the_confirmation_of_another_order_does_not_pay_this_one(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    small, large = (await top_up(api, headers, 1)).json(), (await top_up(api, headers, 5000)).json()
    handed = pay(outside, small["order_id"])
    answer = await confirm(api, headers, large["payment_id"], handed)
    assert answer.status_code == 422
    assert await paise_of(stores, user_id) == 0


async def test_a_check_asks_the_gateway_and_not_again_within_seconds(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    opened = (await top_up(api, headers)).json()
    path = f"/v1/payments/{opened['payment_id']}/check"
    assert (await api.post(path, headers=headers)).json()["status"] == "created"
    pay(outside, opened["order_id"])
    assert (await api.post(path, headers=headers)).json()["status"] == "created"  # asked a moment ago
    with clock.later(seconds=10):
        assert (await api.post(path, headers=headers)).json()["status"] == "captured"
    outside.script("gateway", "fetch", "server_error_before")
    assert (await api.post(path, headers=headers)).json()["status"] == "captured"  # nothing left to ask


async def test_a_check_of_a_silent_gateway_is_503_and_loses_nothing(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    opened = (await top_up(api, headers)).json()
    pay(outside, opened["order_id"])
    outside.script("gateway", "fetch", "server_error_before", times=1)
    answer = await api.post(f"/v1/payments/{opened['payment_id']}/check", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway_timeout")
    with clock.later(seconds=10):
        again = await api.post(f"/v1/payments/{opened['payment_id']}/check", headers=headers)
    assert again.json()["status"] == "captured"


async def test_anothers_payment_is_not_found(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    mine = headers_for(stores.settings, await make_payer(stores))
    others = headers_for(stores.settings, await make_payer(stores))
    opened = (await top_up(api, mine)).json()
    handed = pay(outside, opened["order_id"])
    path = f"/v1/payments/{opened['payment_id']}"
    assert (await api.get(path, headers=others)).status_code == 404
    assert (await api.post(f"{path}/check", headers=others)).status_code == 404
    assert (await confirm(api, others, opened["payment_id"], handed)).status_code == 404


async def test_the_staff_see_a_payment_with_its_refunds_and_webhooks_and_send_it_back_in_parts(
    api: httpx.AsyncClient, stores: Stores, outside: Outside, context: PaymentContext
) -> None:
    user_id = await make_payer(stores)
    mine = headers_for(stores.settings, user_id)
    payment = await paid(api, outside, mine)
    staff = await admin_headers(stores)
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}"

    async def send_back(amount: Any, key: str | None = None) -> httpx.Response:
        body = {"amount": amount, "reason": "asked for by phone"}
        return await api.post(
            f"{path}/refunds", json=body, headers={**staff, "Idempotency-Key": key or str(uuid4())}
        )

    assert (await send_back(300)).status_code == 201
    for amount in (200.01, 0):
        refused = await send_back(amount)
        assert (refused.status_code, refused.json()["code"]) == (422, "refund_too_large")
        assert refused.json()["refundable"] == 200
        assert "200.00" in refused.json()["errors"][0]["message"]
    assert (await send_back(-1)).status_code == 422
    assert (await send_back(200)).status_code == 201
    assert (await send_back(None)).status_code == 422
    await assert_clean(stores)
    await drain(context)

    shown = (await api.get(path, headers=staff)).json()
    assert (shown["status"], shown["refunded_amount"], shown["refundable"]) == ("refunded", 500, 0)
    assert [each["status"] for each in shown["refunds"]] == ["processed", "processed"]
    assert shown["user"]["phone_number"]
    listed = (await api.get(f"/v1/payments/admin?user_id={user_id}&status=refunded", headers=staff)).json()
    assert [each["payment_id"] for each in listed["items"]] == [payment["payment_id"]]
    seen = (await api.get(f"/v1/payments/{payment['payment_id']}", headers=mine)).json()
    assert [each["amount"] for each in seen["refunds"]] == [300, 200]
    assert await paise_of(stores, user_id) == 0
    assert (await send_back(1)).json()["code"] == "payment_not_captured"
    await assert_clean(stores)


async def test_twenty_refunds_with_one_key_are_one(
    api: httpx.AsyncClient, stores: Stores, outside: Outside, context: PaymentContext
) -> None:
    user_id = await make_payer(stores)
    payment = await paid(api, outside, headers_for(stores.settings, user_id))
    headers = {**await admin_headers(stores), "Idempotency-Key": str(uuid4())}
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    answers = await asyncio.gather(
        *(api.post(path, json={"amount": 100, "reason": "twice"}, headers=headers) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["refund_id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 19
    assert await paise_of(stores, user_id) == 40_000
    other = await api.post(path, json={"amount": 101, "reason": "twice"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    await drain(context)
    assert len(await refunds_of(stores, user_id)) == 1
    await assert_clean(stores)


async def test_twenty_refunds_with_keys_of_their_own_send_back_no_more_than_was_paid(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    payment = await paid(api, outside, headers_for(stores.settings, user_id))
    staff = await admin_headers(stores)
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    body = {"amount": 100, "reason": "each"}
    answers = await asyncio.gather(
        *(api.post(path, json=body, headers={**staff, "Idempotency-Key": str(uuid4())}) for _ in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [422] * 15
    await assert_clean(stores)


async def test_what_was_spent_can_not_go_back_to_its_source(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    payment = await paid(api, outside, headers_for(stores.settings, user_id))
    await spend(stores, user_id, 40_000)
    headers = {**await admin_headers(stores), "Idempotency-Key": str(uuid4())}
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    answer = await api.post(path, json={"reason": "all of it"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_balance")


async def test_only_those_who_may_send_money_back(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    mine = headers_for(stores.settings, user_id)
    payment = await paid(api, outside, mine)
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    stale = await admin_headers(stores, second_factor_at=0)
    for headers, code in (
        (mine, "admins_only"),
        (await admin_headers(stores, "Viewer"), "permission_denied"),
        (stale, "step_up_required"),
    ):
        body = {"amount": 1, "reason": "asked for"}
        answer = await api.post(path, json=body, headers={**headers, "Idempotency-Key": str(uuid4())})
        assert (answer.status_code, answer.json()["code"]) == (403, code)


async def test_a_customers_payments_are_in_their_export(
    api: httpx.AsyncClient, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    headers = headers_for(stores.settings, user_id)
    payment = await paid(api, outside, headers)
    await top_up(api, headers, 10)
    assert personal_data.PART.overview
    assert personal_data.PART.export
    async with stores.database.transaction() as db:
        assert await personal_data.PART.overview(db, user_id) == {"open_payments": 1, "refunds_under_way": 0}
    exported = await personal_data.PART.export(stores, user_id)
    ids = [str(each.payment_id) async for each in exported["payments"]]
    assert ids[0] == payment["payment_id"]
    assert len(ids) == 2


async def test_the_customer_is_told_of_the_top_up_and_of_each_step_of_a_refund(
    api: httpx.AsyncClient, stores: Stores, outside: Outside, context: PaymentContext, relay: Relay
) -> None:
    user_id = await make_payer(stores)
    mine = headers_for(stores.settings, user_id)
    payment = await paid(api, outside, mine)
    headers = {**await admin_headers(stores), "Idempotency-Key": str(uuid4())}
    path = f"/v1/payments/admin/{user_id}/{payment['payment_id']}/refunds"
    await api.post(path, json={"amount": 100, "reason": "asked for"}, headers=headers)
    await drain(context)
    await relay.drain()
    told = (await api.get("/v1/notifications", headers=mine)).json()["items"]
    assert {each["kind"] for each in told} == {"topup_received", "refund_requested", "refund_processed"}
