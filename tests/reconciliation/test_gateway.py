"""The gateway's statement against our books: captures and refunds, what is missing on either side, and clearing."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.payments import service as payments
from gencharge.payments.models import PaymentPurpose
from gencharge.payments.service import OpenPayment
from gencharge.reconciliation import inquiry_service, runs_service
from gencharge.reconciliation.errors import ResolutionNotAllowed
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceKind,
    DifferenceResolution,
    ReconciliationDifference,
)
from tests.factories import make_user
from tests.money import balance
from tests.reconciliation.conftest import Shop
from tests.reconciliation.test_resolutions import resolve


async def top_up(shop: Shop, paise: int = 50_000, *, learn: bool = True) -> tuple[UUID, OpenPayment, str]:
    """A customer who paid: (user, payment, the gateway's id). Without `learn` we have not heard of it."""
    shop.outside.aim(webhook_url="http://127.0.0.1:9/nobody")
    user_id = (await shop.stores.database.run(make_user)).user_id
    result = await payments.open_payment(
        shop.context.payments,
        user_id,
        payment_id=new_id(),
        purpose=PaymentPurpose.TOPUP,
        reference_id=None,
        amount=Money(paise),
        method="upi",
        source="web",
        key=str(uuid4()),
        request_hash=hashlib.sha256(b"").digest(),
    )
    opened = result.answer
    paid: dict[str, Any] = shop.outside.control(
        "POST", f"/sandbox/orders/{opened.order_id}/pay", {"outcome": "succeed"}
    )
    if learn:
        await payments.ask_gateway(shop.context.payments, user_id, opened.payment_id)
    return user_id, opened, str(paid["razorpay_payment_id"])


async def refund(shop: Shop, user_id: UUID, opened: OpenPayment, paise: int) -> None:
    """Part of a payment goes back, and we know it."""

    async def begin(db: AsyncSession) -> Any:
        return await payments.refund_to_source(
            db,
            user_id,
            opened.payment_id,
            amount=Money(paise),
            key=str(uuid4()),
            request_hash=b"x",
            reason="asked for",
            requested_by="tests",
        )

    made = (await shop.stores.database.run(begin)).answer
    sent = await shop.context.payments.gateway.refund(
        made.gateway_payment_id, receipt=str(made.refund_id), amount=paise
    )
    shop.outside.control("PUT", "/sandbox/clock", {"advance_seconds": 120})

    async def end(db: AsyncSession) -> None:
        values = {
            "user_id": user_id,
            "refund_id": made.refund_id,
            "gateway_refund_id": sent.gateway_refund_id,
        }
        done = "SELECT end_refund(:user_id, :refund_id, true, :gateway_refund_id, NULL, '{}', NULL)"
        assert await db.scalar(text(done), values) == "processed"

    await shop.stores.database.run(end)


async def test_captures_and_refunds_of_a_day_fit_to_the_paisa_and_clear_the_gateways_account(
    shop: Shop,
) -> None:
    for _ in range(3):
        user_id, opened, _ = await top_up(shop)
    await refund(shop, user_id, opened, 20_000)
    run = await shop.match(GATEWAY)
    assert (run.status, run.rows_theirs, run.matched) == ("matched", 4, 4)
    assert run.theirs_paise == run.ours_paise == 3 * 50_000 - 20_000
    assert (await shop.balances())[GATEWAY] == -run.theirs_paise, "what the gateway owes us"
    with clock.later(days=1):
        assert (await shop.match(GATEWAY, back=1)).status == "matched"
    assert await shop.clean() == []


async def test_a_capture_that_we_never_heard_of_is_credited_by_asking_and_never_written_off(
    shop: Shop,
) -> None:
    user_id, opened, gateway_id = await top_up(shop, learn=False)
    found = await shop.only(await shop.match(GATEWAY))
    assert (found.kind, found.proposed_resolution) == (
        DifferenceKind.MISSING_AT_OURS,
        DifferenceResolution.ASK_OPERATOR_AGAIN,
    )
    assert (found.reference, found.payment_id, found.user_id) == (gateway_id, opened.payment_id, user_id)
    with pytest.raises(ResolutionNotAllowed):
        await resolve(shop, found, "write_off")
    await resolve(shop, found, "ask_operator_again")
    await inquiry_service.ask(shop.context, found.run_id, found.difference_id)
    assert (await balance(shop.stores, user_id)).paise == 50_000
    async with shop.stores.database.transaction() as db:
        now_is = await db.get_one(ReconciliationDifference, (found.run_id, found.difference_id))
    assert (now_is.status, now_is.detail["answer"]) == ("resolved", "captured")
    assert (await shop.match(GATEWAY)).status == "matched"
    assert await shop.clean() == []


@pytest.mark.parametrize(
    ("script", "kind", "paise", "written_off"),
    [
        ("missing_row", DifferenceKind.MISSING_AT_THEIRS, -50_000, -50_000),
        ("wrong_amount", DifferenceKind.AMOUNT_DIFFERS, 100, 100),
        ("extra_row", DifferenceKind.EXTRA_ROW, 50_000, 50_000),
    ],
)
async def test_faults_of_the_gateways_statement_are_found_and_written_off_to_what_it_says(
    shop: Shop, script: str, kind: DifferenceKind, paise: int, written_off: int
) -> None:
    await top_up(shop)
    shop.outside.script("gateway", "statement", script)
    run = await shop.match(GATEWAY)
    found = await shop.only(run)
    assert (found.kind, run.difference_paise) == (kind, paise)
    await resolve(shop, found, "write_off")
    balances = await shop.balances()
    assert (balances[GATEWAY], balances["write_off"]) == (-50_000 - written_off, written_off)
    assert await shop.clean() == []


async def test_a_gateway_that_does_not_answer_is_a_failed_run(shop: Shop) -> None:
    shop.outside.script("gateway", "statement", "server_error_before")
    run = await shop.match(GATEWAY)
    assert (run.status, run.rows_theirs) == ("failed", 0)
    assert "statement is not available" in run.error


async def test_the_checks_find_books_that_were_changed_behind_a_statement(shop: Shop) -> None:
    user_id, _, _ = await top_up(shop)
    with clock.later(days=1):
        assert (await shop.match(GATEWAY, back=1)).status == "matched"

    async def tamper(db: AsyncSession) -> None:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await db.execute(text("UPDATE transfers SET amount = amount + 1 WHERE user_id = :u"), {"u": user_id})

    await shop.stores.database.run(tamper)
    assert any("moved on the gateway's account" in line for line in await shop.clean())

    async def explain(db: AsyncSession) -> None:
        await db.execute(text("UPDATE reconciliation_runs SET difference_paise = 5"))

    await shop.stores.database.run(explain)
    assert any("explained by a difference" in line for line in await shop.clean())


async def test_a_capture_that_we_booked_after_midnight_counts_on_the_day_of_the_statement(shop: Shop) -> None:
    user_id, opened, _ = await top_up(shop, learn=False)
    with clock.at(clock.start_of_day(runs_service.today() + timedelta(days=1)) + timedelta(seconds=5)):
        await payments.ask_gateway(shop.context.payments, user_id, opened.payment_id)
    with clock.later(days=2):
        first, second = await shop.match(GATEWAY, back=2), await shop.match(GATEWAY, back=1)
        assert (first.status, first.matched, first.carried_paise) == ("matched", 1, 50_000)
        assert (second.status, second.rows_ours, second.carried_paise) == ("matched", 0, -50_000)
    assert await shop.clean() == []


async def test_the_second_capture_of_an_order_is_known_by_its_own_name(shop: Shop) -> None:
    user_id, opened, _ = await top_up(shop)

    async def again(db: AsyncSession) -> None:
        values = {"u": user_id, "p": opened.payment_id, "limits": shop.context.payments.limits}
        told = (
            "SELECT capture_payment(:u, :p, 'pay_Second', 50000, 'INR', CAST(:limits AS jsonb), '{}', NULL)"
        )
        assert await db.scalar(text(told), values) == "second"

    await shop.stores.database.run(again)
    run = await shop.match(GATEWAY)
    found = await shop.only(run)
    assert (found.kind, found.reference) == (DifferenceKind.MISSING_AT_THEIRS, "pay_Second")
    assert (found.payment_id, run.matched, run.difference_paise) == (opened.payment_id, 1, -50_000)
