"""The invariants of payments: each one finds a planted violation, and none fires without one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gencharge.core.rooms import checks
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.payments.checks import CHECKS
from tests.conftest import database_of, test_settings
from tests.make.payments import PaymentRow, add_captured, add_payment, assert_books
from tests.make.wallet import execute

CAPTURED = "every captured payment brought its amount exactly once, and no other payment brought any"
SOURCE = "no money came from a gateway without its payment, or the second payment of an order that goes back"
PAID_OUT = "every refund that was paid out left the books exactly once, and nothing else went to a gateway"
HELD = "what is held for each refund is its amount while it is under way, and nothing once it has ended"
SUMS = "what went back of each payment is the sum of its refunds, and never more than was paid"
CHECKED = "every payment that is open is asked about"
ORDERS = "no order of a gateway is without its payment"
NEW_TRANSFER = (
    "INSERT INTO transfers (user_id, id, debit, credit, amount, code, key)"
    " SELECT user_id, gen_random_uuid(), {values} FROM payments WHERE user_id = :user"
)


@pytest.fixture(scope="module")
async def owner(settings: Settings, worker_id: str) -> AsyncIterator[Stores]:
    """A database of its own, open as its owner, who may do what the application may not."""
    name = database_of(settings.data_dir, worker_id, "payments_owner")
    stores = Stores.open(test_settings(settings.data_dir, name, database_app_role=""))
    yield stores
    await stores.close()


async def failing(stores: Stores) -> set[str]:
    """The names of the checks that find a violation."""
    report = await checks.run(stores.database, CHECKS)
    return {name for name, rows in report.breaches.items() if rows}


async def clean_up(payment: PaymentRow) -> None:
    for table in ("transfers", "refunds", "payments", "payment_orders", "wallets"):
        statement = f"DELETE FROM {table} WHERE user_id = :user"
        await execute(payment.stores.database, statement, user=payment.user_id)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("DELETE FROM transfers WHERE user_id = :user", CAPTURED),
        ("UPDATE transfers SET amount = amount + 1 WHERE user_id = :user", CAPTURED),
        ("UPDATE payments SET status = 'failed' WHERE user_id = :user", CAPTURED),
        (
            NEW_TRANSFER.format(values="'gateway:razorpay', 'suspense', 50000, 13, payment_id::text"),
            CAPTURED,
        ),
        (NEW_TRANSFER.format(values="'gateway:razorpay', 'suspense', 5, 13, 'unknown'"), SOURCE),
        ("UPDATE payments SET gateway = 'another' WHERE user_id = :user", SOURCE),
        (NEW_TRANSFER.format(values="'suspense', 'gateway:razorpay', 5, 14, 'no refund'"), PAID_OUT),
        (NEW_TRANSFER.format(values="'suspense', 'gateway:razorpay', 5, 12, 'other code'"), PAID_OUT),
        (NEW_TRANSFER.format(values="'operator:jio', 'revenue', 5, 14, 'wrong account'"), PAID_OUT),
        ("UPDATE payments SET refunded_amount = 1 WHERE user_id = :user", SUMS),
        ("UPDATE payments SET status = 'refunded' WHERE user_id = :user", SUMS),
        ("UPDATE payments SET status = 'partially_refunded' WHERE user_id = :user", SUMS),
        ("UPDATE payments SET status = 'authorized', next_check_at = NULL WHERE user_id = :user", CHECKED),
        ("UPDATE payments SET order_id = 'another' WHERE user_id = :user", ORDERS),
        ("DELETE FROM payments WHERE user_id = :user", ORDERS),
    ],
)
async def test_a_violation_about_a_captured_payment_is_found(
    owner: Stores, statement: str, broken: str
) -> None:
    payment = await add_captured(owner)
    try:
        assert await failing(owner) == set()
        await execute(owner.database, statement, user=payment.user_id)
        assert broken in await failing(owner)
    finally:
        await clean_up(payment)


@pytest.mark.parametrize(
    ("paid", "statement", "broken"),
    [
        (True, "DELETE FROM transfers WHERE user_id = :user AND code = 14", PAID_OUT),
        (True, "UPDATE transfers SET amount = amount - 1 WHERE user_id = :user AND code = 14", PAID_OUT),
        (True, "UPDATE transfers SET debit = 'suspense' WHERE user_id = :user AND code = 14", PAID_OUT),
        (True, "UPDATE refunds SET amount = amount - 1 WHERE user_id = :user", PAID_OUT),
        (True, "UPDATE refunds SET status = 'failed' WHERE user_id = :user", PAID_OUT),
        (True, "DELETE FROM transfers WHERE user_id = :user AND code = 5", HELD),
        (None, "DELETE FROM transfers WHERE user_id = :user AND code = 5", HELD),
        (None, "UPDATE refunds SET amount = amount + 1 WHERE user_id = :user", HELD),
        (
            None,
            "UPDATE refunds SET status = 'failed', next_attempt_at = NULL WHERE user_id = :user",
            HELD,
        ),
        (False, "DELETE FROM transfers WHERE user_id = :user AND code = 7", HELD),
        (True, "UPDATE refunds SET amount = 60000 WHERE user_id = :user", SUMS),
        (True, "UPDATE refunds SET gateway_payment_id = 'another' WHERE user_id = :user", SUMS),
        (None, "UPDATE refunds SET amount = 60000 WHERE user_id = :user", SUMS),
    ],
)
async def test_a_violation_about_a_refund_is_found(
    owner: Stores, paid: bool | None, statement: str, broken: str
) -> None:
    payment = await add_captured(owner)
    await payment.begin_refund(20_000)
    if paid is not None:
        await payment.end_refund((await payment.refunds())[0].refund_id, paid=paid)
    try:
        assert await failing(owner) == set()
        await execute(owner.database, statement, user=payment.user_id)
        assert broken in await failing(owner)
    finally:
        await clean_up(payment)


async def test_an_open_payment_that_nobody_checks_is_found(owner: Stores) -> None:
    payment = await add_payment(owner)
    await execute(
        owner.database, "UPDATE payments SET next_check_at = NULL WHERE user_id = :user", user=payment.user_id
    )
    assert await failing(owner) == {CHECKED}
    await clean_up(payment)


async def test_a_payment_in_each_state_and_a_second_capture_break_nothing(owner: Stores) -> None:
    rows = [await add_payment(owner) for _ in range(3)]
    await rows[1].authorize()
    await rows[2].fail()
    captured = await add_captured(owner)
    await captured.capture(700, gateway_payment_id="pay_2")
    await captured.begin_refund(1)
    await assert_books(owner)
    for row in (*rows, captured):
        await clean_up(row)


def test_every_check_has_a_planted_violation() -> None:
    assert {check.name for check in CHECKS} == {CAPTURED, SOURCE, PAID_OUT, HELD, SUMS, CHECKED, ORDERS}
