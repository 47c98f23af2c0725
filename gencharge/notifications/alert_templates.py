"""The texts of alerts to the staff: what went wrong with money and needs a person."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.approvals.events import ApprovalRequested
from gencharge.auth.events import CodeBudgetUsed
from gencharge.channels.events import ChannelAddressApproved, ChannelAddressRequested
from gencharge.delivery.events import (
    CallbackContradicted,
    ClockRejected,
    DeliveryDisputed,
    RechargeResolutionRequested,
    RechargeStuck,
)
from gencharge.notifications.templates import rupees
from gencharge.payments.events import PaymentMismatched, WebhookRefused
from gencharge.velocity.events import ManyHeldBack
from gencharge.webhooks.events import (
    WebhookEndpointDisabled,
    WebhookEndpointRecovered,
    WebhookMessagesOverdue,
)


@dataclass(frozen=True, slots=True)
class Alert:
    """The text of an alert, and the ids of what it is about."""

    kind: str
    title: str
    body: str
    data: dict[str, str | int | None]
    # An admin who is limited to some operators gets alerts of those only. None: it concerns all operators.
    operator: str | None = None
    # What an admin needs to receive it, if the event says so. None: what `listeners.ALERTS` says.
    permission: str | None = None


def recharge_stuck(event: RechargeStuck) -> Alert:
    """A recharge has been under way for too long."""
    return Alert(
        "recharge_stuck",
        "A recharge is stuck",
        f"{event.plan_name} ({event.operator}) has been pending for {event.minutes} minutes: {event.state}"
        + (f" at {event.channel}." if event.channel else "."),
        {"user_id": event.user_id, "recharge_id": event.recharge_id, "channel": event.channel},
        event.operator,
    )


def clock_rejected(event: ClockRejected) -> Alert:
    """Recharges wait because a clock is off."""
    return Alert(
        "clock_rejected",
        "An operator finds our clock off",
        f"{event.channel} refuses what we sign because of its time stamp, {event.sent_at}. Compare the worker's clock with"
        " `gencharge doctor`, and set it by NTP; recharges wait until then.",
        {"channel": event.channel},
        event.operator,
    )


def recharge_resolution_requested(event: RechargeResolutionRequested) -> Alert:
    """A second admin must agree before money goes back."""
    return Alert(
        "recharge_resolution_requested",
        "A refund needs a second admin",
        f"{event.plan_name} ({event.operator}, {rupees(event.amount_paise)}) is to be ended as failed without the operator's answer:"
        f" {event.reason}. It is done once another admin asks for the same within a day.",
        {"user_id": event.user_id, "recharge_id": event.recharge_id},
        event.operator,
    )


def approval_requested(event: ApprovalRequested) -> Alert:
    """An admin asked for something that takes a second one."""
    return Alert(
        "approval_requested",
        "A request needs a second admin",
        f"{event.summary} Reason: {event.reason}. Another admin than the one who asked approves or rejects it within a week.",
        {"approval_id": event.approval_id, "act": event.act},
        event.operator,
        event.permission,
    )


def delivery_disputed(event: DeliveryDisputed) -> Alert:
    """An operator delivered a recharge that was refunded."""
    return Alert(
        "delivery_disputed",
        "An operator delivered a refunded recharge",
        f"{event.channel} reports that it delivered {rupees(event.amount_paise)} under {event.reference}, which we had refunded.",
        {"user_id": event.user_id, "recharge_id": event.recharge_id, "reference": event.reference},
        event.operator,
    )


def callback_contradicted(event: CallbackContradicted) -> Alert:
    """A callback claims another end than the operator's own answer."""
    return Alert(
        "callback_contradicted",
        "A callback contradicts an operator's answer",
        f"The callback of {event.channel} says {event.claimed} for {event.reference}, but its API says {event.outcome}.",
        {"user_id": event.user_id, "recharge_id": event.recharge_id, "reference": event.reference},
    )


def channel_address_requested(event: ChannelAddressRequested) -> Alert:
    """An address for recharges waits for a second admin."""
    return Alert(
        "channel_address_requested",
        "A new address for recharges",
        f"An admin entered {event.url} for {event.operator}'s channel {event.channel_id}. Nothing is sent there before a second "
        "admin has approved it.",
        {"channel": event.channel_id, "operator": event.operator},
        event.operator,
    )


def channel_address_approved(event: ChannelAddressApproved) -> Alert:
    """Recharges go to another address."""
    return Alert(
        "channel_address_approved",
        "Recharges go to a new address",
        f"A second admin approved {event.url} for {event.operator}'s channel {event.channel_id}. If you know nothing of it, set the "
        "channel to inactive.",
        {"channel": event.channel_id, "operator": event.operator},
        event.operator,
    )


def payment_mismatched(event: PaymentMismatched) -> Alert:
    """The gateway reports another amount than was ordered."""
    return Alert(
        "payment_mismatched",
        "A payment does not match its order",
        f"Order {event.order_id} is for {rupees(event.ordered_paise)}, but the gateway reports {event.currency}"
        f" {event.reported_paise / 100:.2f}. Nothing was credited.",
        {"user_id": event.user_id, "payment_id": event.payment_id, "order_id": event.order_id},
    )


def webhook_refused(event: WebhookRefused) -> Alert:
    """Webhooks are forged, or a secret is wrong."""
    return Alert(
        "webhook_refused",
        "A webhook was rejected",
        f"A message claiming to come from {event.sender} has no valid signature: {event.reason}.",
        {"sender": event.sender},
    )


def webhook_endpoint_disabled(event: WebhookEndpointDisabled) -> Alert:
    """An integrator gets no messages."""
    if event.reason == "gone":
        body = f"{event.url} answered 410: it asks for no more messages, and gets none until an admin enables it."
    else:
        body = (
            f"{event.url} has failed for a day. It is tried each half hour and comes back by itself with its first success;"
            " messages wait for three days."
        )
    return Alert(
        "webhook_endpoint_disabled",
        "A webhook endpoint is disabled",
        body,
        {"endpoint_id": event.endpoint_id},
    )


def webhook_endpoint_recovered(event: WebhookEndpointRecovered) -> Alert:
    """An integrator gets its messages again."""
    return Alert(
        "webhook_endpoint_recovered",
        "A webhook endpoint is back",
        f"{event.url} answers again after {event.failed_hours} hours. What waited is being sent.",
        {"endpoint_id": event.endpoint_id},
    )


def webhook_messages_overdue(event: WebhookMessagesOverdue) -> Alert:
    """Messages to an integrator pile up."""
    return Alert(
        "webhook_messages_overdue",
        "Webhook messages are late",
        f"The oldest message for {event.url} has waited for {event.minutes} minutes.",
        {"endpoint_id": event.endpoint_id},
    )


def code_budget_used(event: CodeBudgetUsed) -> Alert:
    """Somebody may be having codes sent to run up the bill."""
    whose = (
        f"to numbers that begin with {event.budget.partition(':')[2]}" if ":" in event.budget else "in all"
    )
    window = "a day" if event.budget == "day" else "an hour"
    rest = (
        "Strangers get no more until it is over."
        if event.used >= event.limit
        else "The rest will be refused."
    )
    return Alert(
        "code_budget_used",
        "Unusually many sign-in codes",
        f"{event.used} of at most {event.limit} codes in {window} were sent {whose}. {rest}",
        {"budget": event.budget, "used": event.used, "limit": event.limit},
    )


def many_held_back(event: ManyHeldBack) -> Alert:
    """The velocity rules refuse much: an attack, a thief with many accounts, or a bound that is too low."""
    return Alert(
        "many_held_back",
        "Many payments are held back",
        f"In ten minutes the velocity rules refused recharges or top-ups {event.count} times, of {event.customers} customers."
        " The list is under GET /v1/velocity/held-back.",
        {"count": event.count, "customers": event.customers},
    )
