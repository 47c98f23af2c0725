"""What the staff are told: things that went wrong with money, to whoever may do something about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.core.events.events import Envelope, Event, Outside
from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores
from gencharge.delivery.events import CallbackContradicted, DeliveryDisputed, RechargeStuck
from gencharge.notifications import crud
from gencharge.notifications.models import Draft, NoticeType, Recipient, to_document
from gencharge.notifications.templates import rupees
from gencharge.payments.events import PaymentMismatched, WebhookRefused
from gencharge.sessions.guards import Action, Resource, permission


@dataclass(frozen=True, slots=True)
class Alert:
    """The words of an alert, and what to look at."""

    kind: str
    title: str
    body: str
    data: dict[str, str | int | None]
    # Who is limited to some operators is told of theirs only; None: of all operators.
    operator: str | None = None


def recharge_stuck(event: RechargeStuck) -> Alert:
    """A recharge has been under way for too long."""
    return Alert(
        "recharge_stuck",
        "A recharge is stuck",
        f"{event.plan_name} ({event.operator}) has been under way for {event.minutes} minutes: {event.state}"
        + (f" at {event.channel}." if event.channel else "."),
        {"user_id": event.user_id, "recharge_id": event.recharge_id, "channel": event.channel},
        event.operator,
    )


def delivery_disputed(event: DeliveryDisputed) -> Alert:
    """An operator delivered what was paid back."""
    return Alert(
        "delivery_disputed",
        "An operator delivered what had been paid back",
        f"{event.channel} says that it delivered {rupees(event.amount_paise)} under {event.reference}, which had failed.",
        {"user_id": event.user_id, "recharge_id": event.recharge_id, "reference": event.reference},
        event.operator,
    )


def callback_contradicted(event: CallbackContradicted) -> Alert:
    """A callback claims another end than the operator's own answer."""
    return Alert(
        "callback_contradicted",
        "A callback contradicts an operator's answer",
        f"{event.channel} claims {event.claimed} for {event.reference}; its answer was {event.outcome}.",
        {"user_id": event.user_id, "recharge_id": event.recharge_id, "reference": event.reference},
    )


def payment_mismatched(event: PaymentMismatched) -> Alert:
    """The gateway reports another amount than was ordered."""
    return Alert(
        "payment_mismatched",
        "A payment is not what was ordered",
        f"Order {event.order_id}: {rupees(event.ordered_paise)} were ordered, {event.currency}"
        f" {event.reported_paise / 100:.2f} reported. Nothing was credited.",
        {"user_id": event.user_id, "payment_id": event.payment_id, "order_id": event.order_id},
    )


def webhook_refused(event: WebhookRefused) -> Alert:
    """Somebody forges webhooks, or a secret is wrong."""
    return Alert(
        "webhook_refused",
        "A webhook was refused",
        f"A message in the name of {event.sender} had no genuine signature: {event.reason}.",
        {"sender": event.sender},
    )


_RECHARGE: Final = permission(Resource.RECHARGE, Action.EDIT)
_PAYMENTS: Final = permission(Resource.PAYMENTS, Action.EDIT)
ALERTS: Final[dict[type[Event], tuple[Callable[[Any], Alert], str]]] = {
    RechargeStuck: (recharge_stuck, _RECHARGE),
    DeliveryDisputed: (delivery_disputed, _RECHARGE),
    CallbackContradicted: (callback_contradicted, _RECHARGE),
    PaymentMismatched: (payment_mismatched, _PAYMENTS),
    WebhookRefused: (webhook_refused, _PAYMENTS),
}


async def deliver(stores: Stores, batch: list[Envelope]) -> None:
    """Put each alert into the inbox of every admin who may act on it."""
    alerts = [
        (envelope, write(envelope.event), needed)
        for envelope in batch
        for write, needed in [ALERTS[type(envelope.event)]]
    ]
    wanted = {(needed, alert.operator) for _, alert, needed in alerts}

    async def look_up(db: AsyncSession) -> dict[tuple[str, str | None], list[UUID]]:
        return {each: await admins.holders_of(db, *each) for each in wanted}

    holders = await stores.database.run(look_up)
    notices: list[Document] = []
    for envelope, alert, needed in alerts:
        for admin_id in holders[needed, alert.operator]:
            draft = Draft(
                recipient=Recipient("admin", admin_id),
                kind=alert.kind,
                type=NoticeType.TRANSACTIONAL,
                title=alert.title,
                body=alert.body,
                data=alert.data,
            )
            notices.append(to_document(envelope.id, envelope.occurred_at, draft))
    await crud.add_notices(stores.documents, notices)


STAFF_ALERTS: Final = Outside("notifications.alerts", tuple(ALERTS), deliver)
