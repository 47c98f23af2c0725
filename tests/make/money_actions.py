"""How the staff act on recharges, payments, webhooks, adjustments and reconciliation runs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.reconciliation.models import ReconciliationDifference
from tests.make.money import buy, find_plan, fund, make_number
from tests.make.outside import NOBODY, reach_over_api
from tests.make.payments import add_captured
from tests.make.referrals import refer, the_reward
from tests.make.staff_client import ACTIONS, REASON, Action, StaffClient, does, some_name

# Recharges.


async def _recharge(staff: StaffClient, *, under_way: bool = False) -> str:
    """A customer's recharge, delivered or on its way to the operator: its path."""
    user = await staff.customer()
    await fund(staff.stores, user.user_id, 500)
    operator = "VI" if under_way else "JIO"
    plan, number = await find_plan(staff.stores, operator), await make_number(staff.stores, operator)
    if under_way:
        await reach_over_api(staff.stores, operator, ("vi-nowhere", NOBODY))
    sale = await buy(staff.stores, user.user_id, number, plan.plan_id)
    if under_way:
        await reach_over_api(staff.stores, operator)
    return f"/recharge/admin/{user.user_id}/{sale.answer.subscription_id}"


@does("POST /v1/recharge/admin/{user_id}/{recharge_id}/refund")
async def take_back(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _recharge(staff)}/refund", REASON)


@does("POST /v1/recharge/admin/{user_id}/{recharge_id}/resolve")
async def resolve(staff: StaffClient) -> httpx.Response:
    path = await _recharge(staff, under_way=True)
    return await staff.ask("POST", f"{path}/resolve", REASON | {"outcome": "delivered"})


async def _queue(staff: StaffClient) -> tuple[str, str, list[str]]:
    """A number with a plan that runs and two that wait: the customer, the number, their recharges."""
    user = await staff.customer()
    await fund(staff.stores, user.user_id, 1_500)
    plan, number = await find_plan(staff.stores), await make_number(staff.stores)
    sales = [await buy(staff.stores, user.user_id, number, plan.plan_id, window=0) for _ in range(3)]
    return str(user.user_id), number, [str(sale.answer.recharge_id) for sale in sales]


@does("POST /v1/recharge/admin/{user_id}/{recharge_id}/start")
async def start_queued_plan(staff: StaffClient) -> httpx.Response:
    user_id, _, [runs, waits, _] = await _queue(staff)
    return await staff.ask(
        "POST", f"/recharge/admin/{user_id}/{waits}/start", REASON | {"replaced_recharge_id": runs}
    )


@does("PUT /v1/recharge/admin/plans/queue")
async def order_queue(staff: StaffClient) -> httpx.Response:
    _, number, [_, second, third] = await _queue(staff)
    body = {"phone_number": number, "recharge_ids": [third, second]}
    return await staff.ask("PUT", "/recharge/admin/plans/queue", REASON | body)


@does("POST /v1/recharge/admin/bulk-refunds")
async def refund_many(staff: StaffClient) -> httpx.Response:
    user_id, recharge_id = (await _recharge(staff)).split("/")[-2:]
    recharges = [{"user_id": user_id, "recharge_id": recharge_id}]
    body = REASON | {"recharges": recharges, "is_dry_run": False}
    return await staff.ask("POST", "/recharge/admin/bulk-refunds", body)


# Payments.


@does("POST /v1/payments/admin/{user_id}/{payment_id}/refunds")
async def send_back(staff: StaffClient) -> httpx.Response:
    user = await staff.customer()
    payment = await add_captured(staff.stores, user_id=user.user_id)
    path = f"/payments/admin/{user.user_id}/{payment.payment_id}/refunds"
    return await staff.ask("POST", path, REASON | {"amount": 100})


# Requests that take a second admin.


async def _request(staff: StaffClient) -> str:
    """A refund above the sum that one admin may send back: the path of the request."""
    user = await staff.customer()
    payment = await add_captured(staff.stores, 90_000, user_id=user.user_id)
    path = f"/payments/admin/{user.user_id}/{payment.payment_id}/refunds"
    request = await staff.ask_json("POST", path, REASON | {"amount": 900})
    return f"/approvals/{request['approval_id']}"


@does("POST /v1/approvals/{approval_id}/approve")
async def approve(staff: StaffClient) -> httpx.Response:
    path = await _request(await staff.colleague())
    return await staff.ask("POST", f"{path}/approve", {"note": "was checked"})


@does("POST /v1/approvals/{approval_id}/reject")
async def reject(staff: StaffClient) -> httpx.Response:
    path = await _request(await staff.colleague())
    return await staff.ask("POST", f"{path}/reject", {"note": "was checked"})


@does("POST /v1/approvals/{approval_id}/cancel")
async def cancel(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _request(staff)}/cancel", {"note": "was checked"})


# Velocity.


@does("POST /v1/velocity/allowances")
async def allow_more(staff: StaffClient) -> httpx.Response:
    user = await staff.customer()
    return await staff.ask("POST", "/velocity/allowances", _allowance(user.user_id))


@does("DELETE /v1/velocity/allowances/{allowance_id}")
async def withdraw_allowance(staff: StaffClient) -> httpx.Response:
    user = await staff.customer()
    allowance = await staff.ask_json("POST", "/velocity/allowances", _allowance(user.user_id))
    return await staff.ask("DELETE", f"/velocity/allowances/{allowance['allowance_id']}")


def _allowance(user_id: UUID) -> dict[str, object]:
    ends_at = (clock.now() + timedelta(days=1)).isoformat()
    return REASON | {"scope": "user", "user_id": str(user_id), "factor": 5, "ends_at": ends_at}


# Referral rewards.


async def _reward(staff: StaffClient, *acts: str) -> str:
    """A customer's reward on which the staff have acted: its path."""
    referral = await refer(staff.stores)
    for person in (referral.referrer, referral.friend):
        staff.private |= {person.phone_number, person.phone_number.removeprefix("+91")}
    reward = await the_reward(staff.stores, referral.referrer.user_id)
    path = f"/referrals/admin/{reward.user_id}/{reward.reward_id}"
    for act in acts:
        await staff.ask_json("POST", f"{path}/{act}", REASON)
    return path


@does("POST /v1/referrals/admin/{user_id}/{reward_id}/hold")
async def hold_reward(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _reward(staff)}/hold", REASON)


@does("POST /v1/referrals/admin/{user_id}/{reward_id}/reject")
async def reject_reward(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _reward(staff)}/reject", REASON)


@does("POST /v1/referrals/admin/{user_id}/{reward_id}/release")
async def release_reward(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _reward(staff, 'hold')}/release", REASON)


# Webhooks that we send.


async def _endpoint(staff: StaffClient) -> str:
    body = {"url": "https://partner.example/hooks", "events": ["recharge.*"]}
    endpoint = await staff.ask_json("POST", "/webhooks/endpoints", body)
    staff.private.add(endpoint["secret"])
    return f"/webhooks/endpoints/{endpoint['endpoint_id']}"


@does("POST /v1/webhooks/endpoints")
async def add_endpoint(staff: StaffClient) -> httpx.Response:
    body = {"url": "https://partner.example/hooks", "events": ["recharge.*"]}
    return await staff.ask("POST", "/webhooks/endpoints", body)


@does("PATCH /v1/webhooks/endpoints/{endpoint_id}")
async def change_endpoint(staff: StaffClient) -> httpx.Response:
    return await staff.ask("PATCH", await _endpoint(staff), {"is_active": False})


@does("DELETE /v1/webhooks/endpoints/{endpoint_id}")
async def delete_endpoint(staff: StaffClient) -> httpx.Response:
    return await staff.ask("DELETE", await _endpoint(staff))


@does("POST /v1/webhooks/endpoints/{endpoint_id}/rotate-secret")
async def rotate_secret(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _endpoint(staff)}/rotate-secret")


@does("POST /v1/webhooks/endpoints/{endpoint_id}/test")
async def send_test_event(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _endpoint(staff)}/test")


@does("POST /v1/webhooks/deliveries/{delivery_id}/redeliver")
async def redeliver(staff: StaffClient) -> httpx.Response:
    tested = await staff.ask_json("POST", f"{await _endpoint(staff)}/test")
    return await staff.ask("POST", f"/webhooks/deliveries/{tested['delivery_id']}/redeliver")


# Money.


async def _correction(staff: StaffClient) -> str:
    body = {
        "user_id": str((await staff.customer()).user_id),
        "direction": "credit",
        "amount": 10,
        "reason": "goodwill",
        "note": "was cut off twice",
    }
    adjustment = await staff.ask_json("POST", "/wallet/admin/adjustments", body)
    return f"/wallet/admin/adjustments/{adjustment['user_id']}/{adjustment['adjustment_id']}"


@does("POST /v1/wallet/admin/adjustments")
async def ask_for_correction(staff: StaffClient) -> httpx.Response:
    body = {"direction": "credit", "amount": 10, "reason": "goodwill", "note": "was cut off twice"}
    user = await staff.customer()
    return await staff.ask("POST", "/wallet/admin/adjustments", {**body, "user_id": str(user.user_id)})


def _deciding(decision: str, *, own: bool = False) -> Action:
    async def run(staff: StaffClient) -> httpx.Response:
        path = await _correction(staff if own else await staff.colleague())
        return await staff.ask("POST", f"{path}/{decision}", {"note": "was checked"})

    return run


_ADJUSTMENT: Final = "POST /v1/wallet/admin/adjustments/{user_id}/{adjustment_id}"
ACTIONS |= {
    f"{_ADJUSTMENT}/approve": _deciding("approve"),
    f"{_ADJUSTMENT}/reject": _deciding("reject"),
    f"{_ADJUSTMENT}/cancel": _deciding("cancel", own=True),
}


@does("POST /v1/reconciliation/runs")
async def start_reconciliation(staff: StaffClient) -> httpx.Response:
    command = {"counterparty": "gateway:razorpay", "day": "2026-01-02"}
    return await staff.ask("POST", "/reconciliation/runs", command)


async def _difference(staff: StaffClient) -> tuple[str, UUID]:
    """An open difference with the gateway: its run and its id."""
    run = (
        await staff.ask_json(
            "POST", "/reconciliation/runs", {"counterparty": "gateway:razorpay", "day": "2026-01-02"}
        )
    )["run_id"]
    difference_id = new_id()

    async def find_one(db: AsyncSession) -> None:
        db.add(
            ReconciliationDifference(
                run_id=UUID(run),
                difference_id=difference_id,
                counterparty="gateway:razorpay",
                day=date(2026, 1, 2),
                kind="extra_row",
                reference=some_name("pay"),
                theirs_paise=100,
                detail={},
                proposed_resolution="claim_from_counterparty",
                status="open",
            )
        )

    await staff.stores.database.run(find_one)
    return run, difference_id


@does("POST /v1/reconciliation/runs/{run_id}/differences/{difference_id}/resolve")
async def resolve_difference(staff: StaffClient) -> httpx.Response:
    run, difference_id = await _difference(staff)
    path = f"/reconciliation/runs/{run}/differences/{difference_id}/resolve"
    return await staff.ask("POST", path, {"resolution": "none", "note": "was checked"})


@does("POST /v1/reconciliation/bulk-resolutions")
async def resolve_many(staff: StaffClient) -> httpx.Response:
    run, difference_id = await _difference(staff)
    body = {
        "differences": [{"run_id": run, "difference_id": str(difference_id)}],
        "resolution": "none",
        "note": "was checked",
        "is_dry_run": False,
    }
    return await staff.ask("POST", "/reconciliation/bulk-resolutions", body)
