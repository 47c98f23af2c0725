"""A context that talks to the sandbox's gateway, and customers who pay there."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.core.events.events import EventRow
from gencharge.core.http.idempotency import Answered
from gencharge.core.rooms import checks
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.payments import service as payments
from gencharge.payments.context import PaymentContext
from gencharge.payments.loop import EventRetries, PaymentChecks, RefundSender
from gencharge.payments.models import Payment, PaymentPurpose, Refund
from gencharge.payments.razorpay import Razorpay
from gencharge.payments.service import OpenPayment
from gencharge.payments.topups_service import limits_json
from gencharge.wallet.models import Transfer
from tests.factories import make_user
from tests.money import balance
from tests.outside import Outside, sandbox

# For scripts that never answer; everywhere else a busy machine must not look like a silent gateway.
IMPATIENT_SECONDS = 0.5


@pytest.fixture(scope="module")
def outside(stores: Stores) -> Iterator[Outside]:
    """The sandbox. Its webhooks go nowhere: a test that wants them sends them itself."""
    with sandbox(stores.settings) as running:
        yield running


def desk_at(stores: Stores, base: str, *, timeout_seconds: float = 5) -> PaymentContext:
    """A context whose gateway is at `base`."""
    settings = stores.settings.model_copy(
        update={"payment_gateway_url": base, "payment_timeout_seconds": timeout_seconds}
    )
    return PaymentContext(settings, stores.database, Razorpay(settings))


@pytest.fixture
async def context(stores: Stores, outside: Outside) -> AsyncIterator[PaymentContext]:
    """A context at the sandbox, which knows nothing yet."""
    outside.reset()
    outside.aim(webhook_url="http://127.0.0.1:9/nobody")
    found = desk_at(stores, outside.base)
    yield found
    await found.gateway.close()


@pytest.fixture
async def impatient(
    stores: Stores, context: PaymentContext, outside: Outside
) -> AsyncIterator[PaymentContext]:
    """A context that waits half a second for the gateway."""
    found = desk_at(stores, outside.base, timeout_seconds=IMPATIENT_SECONDS)
    yield found
    await found.gateway.close()


async def make_payer(stores: Stores) -> UUID:
    """A registered customer with an empty wallet."""
    return (await stores.database.run(make_user)).user_id


async def open_topup(
    context: PaymentContext, user_id: UUID, paise: int = 50_000, **overrides: Any
) -> OpenPayment:
    """A top-up that waits to be paid."""
    return (await request_topup(context, user_id, paise, **overrides)).answer


async def request_topup(
    context: PaymentContext, user_id: UUID, paise: int = 50_000, *, key: str | None = None, **overrides: Any
) -> Answered[OpenPayment]:
    """A top-up that waits to be paid, and whether it was replayed."""
    values: dict[str, Any] = {
        "payment_id": new_id(),
        "purpose": PaymentPurpose.TOPUP,
        "reference_id": None,
        "amount": Money(paise),
        "method": "upi",
        "source": "web",
        "key": key or str(uuid4()),
        "request_hash": hashlib.sha256(str(paise).encode()).digest(),
    }
    return await payments.open_payment(context, user_id, **(values | overrides))


def pay(outside: Outside, order_id: str, outcome: str = "succeed", **more: Any) -> dict[str, Any]:
    """The customer pays in the checkout: what that hands back."""
    answer: dict[str, Any] = outside.control(
        "POST", f"/sandbox/orders/{order_id}/pay", {"outcome": outcome, **more}
    )
    return answer


async def get_payment(stores: Stores, user_id: UUID, payment_id: UUID) -> Payment:
    async with stores.database.transaction() as db:
        return await db.get_one(Payment, (user_id, payment_id))


async def refunds_of(stores: Stores, user_id: UUID) -> list[Refund]:
    async with stores.database.transaction() as db:
        rows = await db.scalars(select(Refund).where(Refund.user_id == user_id).order_by(Refund.refund_id))
        return list(rows)


async def transfers_of(stores: Stores, user_id: UUID) -> list[tuple[str, str, int]]:
    """(debit, credit, paise) of all that moved, in order."""
    async with stores.database.transaction() as db:
        query = select(Transfer).where(Transfer.user_id == user_id).order_by(Transfer.created_at, Transfer.id)
        return [(row.debit, row.credit, row.amount) for row in await db.scalars(query)]


async def topics_of(stores: Stores, user_id: UUID) -> list[str]:
    """What was announced about a customer's money and is not handed out yet, in order."""

    async def unit(db: AsyncSession) -> list[str]:
        query = select(EventRow.topic).where(EventRow.user_id == user_id).order_by(EventRow.id)
        return [topic for topic in await db.scalars(query) if topic != "UserSignedUp"]

    return await stores.database.run(unit)


async def paise_of(stores: Stores, user_id: UUID) -> int:
    """What the customer can spend."""
    return (await balance(stores, user_id)).paise


async def assert_clean(stores: Stores) -> None:
    """Every check of the ledger holds."""
    report = await checks.run(stores.database, wiring.CHECKS)
    assert report.ok, "\n".join(report.lines)


async def drain(context: PaymentContext) -> None:
    """Let the worker's loops do what is due now: retries of webhooks, checks of payments, refunds."""
    for loop in (
        EventRetries(context.database, limits_json(context.settings)),
        PaymentChecks(context),
        RefundSender(context),
    ):
        await loop.drain()
