"""Builders for tests of payments: a gateway, customers who pay there, webhooks, refunds."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.core.events.events import EventRow
from gencharge.core.http.idempotency import Answered
from gencharge.core.rooms import checks
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.payments import checks as payment_checks
from gencharge.payments import crud, refunds_crud
from gencharge.payments import service as payments
from gencharge.payments.context import PaymentContext
from gencharge.payments.loop import EventRetries, PaymentChecks, RefundSender
from gencharge.payments.models import (
    Payment,
    PaymentPurpose,
    Refund,
)
from gencharge.payments.outcomes import (
    AuthorizeOutcome,
    CaptureOutcome,
    FailOutcome,
    RefundEnd,
    RefundStart,
)
from gencharge.payments.razorpay import Razorpay
from gencharge.payments.service import OpenPayment
from gencharge.payments.topups_service import limits_json
from gencharge.wallet import checks as wallet_checks
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code, Transfer
from tests.make.factories import headers_for, make_admin, make_user
from tests.make.money import balance
from tests.make.outside import Outside

# For scripts that never answer; everywhere else a busy machine must not look like a silent gateway.
IMPATIENT_SECONDS = 0.5


NO_ANSWER = frozenset({"time_out_before", "time_out_after", "drip"})


ANSWERS = (
    "time_out_before",
    "time_out_after",
    "drip",
    "server_error_before",
    "server_error_after",
    "slow",
    "lost_connection_before",
    "lost_connection_after_accept",
    "garbage",
    "huge_body",
    "too_many_requests",
    "redirect",
)


WEBHOOK = "/v1/payments/webhooks/razorpay"
Headers = dict[str, str]


def context_at(stores: Stores, base: str, *, timeout_seconds: float = 5) -> PaymentContext:
    """A context whose gateway is at `base`."""
    settings = stores.settings.model_copy(
        update={"payment_gateway_url": base, "payment_timeout_seconds": timeout_seconds}
    )
    return PaymentContext(settings, stores.database, Razorpay(settings))


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
    """The customer pays in the checkout: what the checkout returns."""
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
    """What was announced about a customer's money and is not checkout out yet, in order."""

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


async def assert_books(stores: Stores) -> None:
    """Every check of the wallet's and the payments' own books holds."""
    report = await checks.run(stores.database, (*wallet_checks.CHECKS, *payment_checks.CHECKS))
    assert report.ok, "\n".join(report.lines)


async def drain(context: PaymentContext) -> None:
    """Let the worker's loops do what is due now: retries of webhooks, checks of payments, refunds."""
    for loop in (
        EventRetries(context.database, limits_json(context.settings)),
        PaymentChecks(context),
        RefundSender(context),
    ):
        await loop.drain()


async def run_on(context: PaymentContext, *, rounds: int = 6, minutes: float = 70) -> None:
    """Drain the loops again and again, `minutes` apart."""
    await drain(context)
    for round_ in range(1, rounds + 1):
        with clock.later(minutes=minutes * round_):
            await drain(context)


async def topped_up(
    context: PaymentContext, outside: Outside, user_id: UUID, paise: int = 50_000
) -> OpenPayment:
    opened = await open_topup(context, user_id, paise)
    pay(outside, opened.order_id)
    await payments.ask_gateway(context, user_id, opened.payment_id)
    return opened


async def begin_refund(
    stores: Stores, user_id: UUID, payment_id: UUID, paise: int | None, *, key: str | None = None
) -> Refund:
    async def unit(db: AsyncSession) -> Refund:
        begun = await payments.refund_to_source(
            db,
            user_id,
            payment_id,
            amount=None if paise is None else Money(paise),
            key=key or str(uuid4()),
            request_hash=hashlib.sha256(str(paise).encode()).digest(),
            reason="asked for",
            requested_by="tests",
        )
        return begun.answer

    return await stores.database.run(unit)


def refunds_at(outside: Outside) -> list[tuple[str, int, str]]:
    rows = outside.control("GET", "/sandbox/state")["refunds"]
    return [(row["receipt"], row["amount"], row["status"]) for row in rows]


async def top_up(
    api: httpx.AsyncClient, headers: Headers, rupees: Any = 500, *, key: str | None = None, **overrides: Any
) -> httpx.Response:
    body = {"amount": rupees, "payment_method": "upi", **overrides}
    return await api.post(
        "/v1/wallet/topups", json=body, headers={**headers, "Idempotency-Key": key or str(uuid4())}
    )


async def paid_topup(
    api: httpx.AsyncClient, outside: Outside, headers: Headers, rupees: Any = 500
) -> dict[str, Any]:
    """A top-up that was paid and confirmed."""
    opened = (await top_up(api, headers, rupees)).json()
    checkout = pay(outside, opened["order_id"])
    answer = await confirm(api, headers, opened["payment_id"], checkout)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    assert shown["status"] == "captured"
    return shown


async def confirm(
    api: httpx.AsyncClient, headers: Headers, payment_id: str, checkout: dict[str, Any], **overrides: Any
) -> httpx.Response:
    names = ("razorpay_order_id", "razorpay_payment_id", "razorpay_signature")
    body = {name: checkout[name] for name in names} | overrides
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


async def admin_headers(stores: Stores, role: str = "SuperAdmin", **overrides: Any) -> Headers:
    admin = await stores.database.run(lambda db: make_admin(db, role))
    return headers_for(stores.settings, admin, role=role, **overrides)


def signed(stores: Stores, body: bytes) -> str:
    secret = stores.settings.payment_webhook_secret.get_secret_value()
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class TopupOrder:
    """An open top-up, and the webhooks about a payment of it."""

    stores: Stores
    client: httpx.AsyncClient
    user_id: UUID
    opened: OpenPayment
    gateway_payment_id: str = field(default_factory=lambda: f"pay_{secrets.token_hex(7)}")

    def body(self, event: str, **overrides: Any) -> bytes:
        entity: dict[str, Any] = {
            "id": self.gateway_payment_id,
            "entity": "payment",
            "amount": self.opened.amount.paise,
            "currency": "INR",
            "order_id": self.opened.order_id,
            "status": event.removeprefix("payment."),
            "email": "asha@example.com",
            "vpa": "asha@upi",
        }
        payload = {"payment": {"entity": entity | overrides}}
        return json.dumps({"entity": "event", "event": event, "payload": payload}).encode()

    async def send(
        self, event: str, *, event_id: str | None = None, signature: str | None = None, **overrides: Any
    ) -> httpx.Response:
        body = self.body(event, **overrides)
        headers = {
            "X-Razorpay-Signature": signed(self.stores, body) if signature is None else signature,
            "X-Razorpay-Event-Id": event_id or f"evt_{secrets.token_hex(7)}",
            "Content-Type": "application/json",
        }
        return await self.client.post(WEBHOOK, content=body, headers=headers)

    async def status(self) -> str:
        return (await get_payment(self.stores, self.user_id, self.opened.payment_id)).status

    async def paise(self) -> int:
        return await paise_of(self.stores, self.user_id)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment with an order, made without a gateway, and the SQL functions on it."""

    stores: Stores
    user_id: UUID
    payment_id: UUID
    order_id: str

    async def row(self) -> Payment:
        """The payment now."""
        return await get_payment(self.stores, self.user_id, self.payment_id)

    async def capture(
        self, paise: int = 50_000, *, gateway_payment_id: str | None = None, currency: str = "INR"
    ) -> CaptureOutcome:
        """`capture_payment`."""
        limits = limits_json(self.stores.settings)
        return await self.stores.database.run(
            lambda db: crud.capture(
                db,
                user_id=self.user_id,
                payment_id=self.payment_id,
                gateway_payment_id=gateway_payment_id or f"pay_{self.payment_id.hex[-12:]}",
                amount=paise,
                currency=currency,
                limits=limits,
            )
        )

    async def authorize(self, paise: int = 50_000, *, currency: str = "INR") -> AuthorizeOutcome:
        """`authorize_payment`."""
        return await self.stores.database.run(
            lambda db: crud.authorize(
                db, user_id=self.user_id, payment_id=self.payment_id, amount=paise, currency=currency
            )
        )

    async def fail(self, reason: str = "declined", *, authorized: bool = False) -> FailOutcome:
        """`fail_payment`."""
        return await self.stores.database.run(
            lambda db: crud.fail(
                db, user_id=self.user_id, payment_id=self.payment_id, reason=reason, authorized=authorized
            )
        )

    async def begin_refund(
        self, paise: int = 50_000, *, key: str | None = None, request_hash: bytes = b"h"
    ) -> RefundStart:
        """`begin_refund`."""
        return await self.stores.database.run(
            lambda db: refunds_crud.begin(
                db,
                user_id=self.user_id,
                payment_id=self.payment_id,
                refund_id=new_id(),
                amount=paise,
                key=key or str(uuid4()),
                request_hash=request_hash,
                reason="asked for",
                requested_by="tests",
            )
        )

    async def end_refund(
        self, refund_id: UUID, *, paid: bool = True, gateway_refund_id: str | None = "rfnd_1"
    ) -> RefundEnd:
        """`end_refund`."""
        return await self.stores.database.run(
            lambda db: refunds_crud.end(
                db,
                user_id=self.user_id,
                refund_id=refund_id,
                paid=paid,
                gateway_refund_id=gateway_refund_id,
                reason=None if paid else "refund_failed",
            )
        )

    async def refunds(self) -> list[Refund]:
        """The refunds of the customer, oldest first."""
        return await refunds_of(self.stores, self.user_id)

    async def transfers(self) -> list[tuple[str, str, int]]:
        """(debit, credit, paise) of the customer's transfers, in order."""
        return await transfers_of(self.stores, self.user_id)

    async def topics(self) -> list[str]:
        """What was announced, in order."""
        return await topics_of(self.stores, self.user_id)


async def add_payment(
    stores: Stores,
    paise: int = 50_000,
    *,
    user_id: UUID | None = None,
    purpose: PaymentPurpose = PaymentPurpose.TOPUP,
    reference_id: UUID | None = None,
    ordered: bool = True,
    **of_recharge: str,
) -> PaymentRow:
    """An open payment of a new customer, or of `user_id`. `of_recharge`: its phone_number, service_type, operator."""
    owner, payment_id = user_id or await make_payer(stores), new_id()
    order_id = f"order_{payment_id.hex[-14:]}"

    async def unit(db: AsyncSession) -> None:
        await crud.add_payment(
            db,
            user_id=owner,
            payment_id=payment_id,
            purpose=purpose,
            reference_id=reference_id,
            amount=paise,
            currency="INR",
            method="upi",
            source="web",
            gateway="razorpay",
            key=str(payment_id),
            request_hash=b"h",
            lease_seconds=10,
            **of_recharge,
        )
        if ordered:
            keys = {"user_id": owner, "payment_id": payment_id}
            await crud.set_order(db, **keys, gateway="razorpay", order_id=order_id, pause=10)

    await stores.database.run(unit)
    return PaymentRow(stores, owner, payment_id, order_id)


async def add_captured(stores: Stores, paise: int = 50_000, **overrides: Any) -> PaymentRow:
    """A captured top-up."""
    payment = await add_payment(stores, paise, **overrides)
    assert await payment.capture(paise) is CaptureOutcome.CAPTURED
    return payment


async def events_of(stores: Stores, user_id: UUID, topic: str) -> list[dict[str, Any]]:
    """The payloads of one topic about a customer, in order."""
    async with stores.database.transaction() as db:
        query = select(EventRow.payload).where(EventRow.user_id == user_id, EventRow.topic == topic)
        return list(await db.scalars(query.order_by(EventRow.id)))
