"""Alerts to the staff: what went wrong with money and needs a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gencharge.announcements.events import AnnouncementParked
from gencharge.approvals.events import ApprovalRequested
from gencharge.auth.events import CodeBudgetUsed
from gencharge.autopay.events import AutopaysLate
from gencharge.backups.events import BackupRunFailed
from gencharge.channels.events import ChannelAddressApproved, ChannelAddressRequested
from gencharge.delivery.events import (
    CallbackContradicted,
    ClockRejected,
    DeliveryDisputed,
    RechargeResolutionRequested,
    RechargeStuck,
)
from gencharge.notifications.kinds import INBOX, Kind, Values, choice, label, money, number
from gencharge.payments.events import PaymentMismatched, WebhookRefused
from gencharge.velocity.events import ManyHeldBack
from gencharge.webhooks.events import (
    WebhookEndpointDisabled,
    WebhookEndpointRecovered,
    WebhookMessagesOverdue,
)

_OPERATOR: Final = label("JIO", required=True)
_CHANNEL: Final = label("jio-direct", required=True)
_URL: Final = label("https://partner.example/hooks", required=True)
_PLAN: Final = label("Jio 299", required=True)
_ADDRESS: Final = {"url": _URL, "operator": _OPERATOR, "channel": _CHANNEL}
RECHARGE_STUCK: Final = Kind(
    "recharge_stuck",
    INBOX,
    {
        "plan": _PLAN,
        "operator": _OPERATOR,
        "minutes": number(16, required=True),
        "state": label("unknown"),
        "place": choice("channel", "nowhere"),
        "channel": label("jio-direct", optional=True),
    },
)
CLOCK_REJECTED: Final = Kind(
    "clock_rejected", INBOX, {"channel": _CHANNEL, "sent_at": label("2026-11-21T10:00:00+00:00")}
)
RESOLUTION_REQUESTED: Final = Kind(
    "recharge_resolution_requested",
    INBOX,
    {
        "plan": _PLAN,
        "operator": _OPERATOR,
        "amount": money(required=True),
        "reason": label("seen in the portal", required=True),
    },
)
APPROVAL_REQUESTED: Final = Kind(
    "approval_requested",
    INBOX,
    {
        "summary": label("Refund Rs 999.00 of Jio 999 (JIO) to the wallet.", required=True),
        "reason": label("wrong number", required=True),
    },
)
DELIVERY_DISPUTED: Final = Kind(
    "delivery_disputed",
    INBOX,
    {"channel": _CHANNEL, "amount": money(required=True), "reference": label("r-1", required=True)},
)
CALLBACK_CONTRADICTED: Final = Kind(
    "callback_contradicted",
    INBOX,
    {
        "channel": _CHANNEL,
        "reference": label("r-1", required=True),
        "claimed": label("failed", required=True),
        "outcome": label("delivered", required=True),
    },
)
ADDRESS_REQUESTED: Final = Kind("channel_address_requested", INBOX, _ADDRESS)
ADDRESS_APPROVED: Final = Kind("channel_address_approved", INBOX, _ADDRESS)
PAYMENT_MISMATCHED: Final = Kind(
    "payment_mismatched",
    INBOX,
    {
        "order": label("order_1", required=True),
        "ordered": money(29_900, required=True),
        "reported": label("INR 1.00", required=True),
    },
)
WEBHOOK_REFUSED: Final = Kind(
    "webhook_refused",
    INBOX,
    {"sender": label("gateway:razorpay", required=True), "reason": label("wrong signature", required=True)},
)
ENDPOINT_DISABLED: Final = Kind(
    "webhook_endpoint_disabled", INBOX, {"url": _URL, "reason": choice("failures", "gone")}
)
ENDPOINT_RECOVERED: Final = Kind(
    "webhook_endpoint_recovered", INBOX, {"url": _URL, "hours": number(30, required=True)}
)
MESSAGES_OVERDUE: Final = Kind(
    "webhook_messages_overdue", INBOX, {"url": _URL, "minutes": number(16, required=True)}
)
CODE_BUDGET_USED: Final = Kind(
    "code_budget_used",
    INBOX,
    {
        "used": number(400, required=True),
        "limit": number(500, required=True),
        "window": choice("hour", "day"),
        "receivers": choice("prefix", "all"),
        "prefix": label("+919876", optional=True),
        "rest": choice("open", "refused"),
    },
)
AUTOPAYS_LATE: Final = Kind(
    "autopays_late",
    INBOX,
    {
        "count": number(40, required=True),
        "hours": number(48, required=True),
        "paid": money(29_900, required=True),
    },
)
MANY_HELD_BACK: Final = Kind(
    "many_held_back", INBOX, {"count": number(60, required=True), "customers": number(12, required=True)}
)

BACKUP_FAILED: Final = Kind(
    "backup_failed",
    INBOX,
    {
        "backup": label("20261122t200506z-0a1b2c3d", required=True),
        "act": choice("create", "verify", "restore"),
        "failure": label("storage_unavailable", required=True),
    },
)
ANNOUNCEMENT_PARKED: Final = Kind(
    "announcement_parked",
    INBOX,
    {
        "announcement": label("01a20539-44e5-74f7-871f-fe1dc24a2d56", required=True),
        "problem": choice("data_key_not_usable", "data_key_lost", "stored_data_changed"),
    },
)


@dataclass(frozen=True, slots=True)
class Alert:
    """What an event becomes for the staff: the values of its variables, and the ids of what it is about."""

    kind: Kind
    values: Values
    data: Values = field(default_factory=dict)
    # An admin who is limited to some operators gets alerts of those only. None: it concerns all operators.
    operator: str | None = None
    # What an admin needs to receive it, if the event says so. None: what `listeners.ALERTS` says.
    permission: str | None = None


def recharge_stuck(event: RechargeStuck) -> Alert:
    """A recharge has been under way for too long."""
    values: Values = {
        "plan": event.plan_name,
        "operator": event.operator,
        "minutes": event.minutes,
        "state": event.state,
        "place": "channel" if event.channel else "nowhere",
        "channel": event.channel,
    }
    data: Values = {"user_id": event.user_id, "recharge_id": event.recharge_id, "channel": event.channel}
    return Alert(RECHARGE_STUCK, values, data, event.operator)


def clock_rejected(event: ClockRejected) -> Alert:
    """Recharges wait because a clock is off."""
    values: Values = {"channel": event.channel, "sent_at": event.sent_at}
    return Alert(CLOCK_REJECTED, values, {"channel": event.channel}, event.operator)


def recharge_resolution_requested(event: RechargeResolutionRequested) -> Alert:
    """A second admin must agree before money goes back."""
    values: Values = {
        "plan": event.plan_name,
        "operator": event.operator,
        "amount": event.amount_paise,
        "reason": event.reason,
    }
    data: Values = {"user_id": event.user_id, "recharge_id": event.recharge_id}
    return Alert(RESOLUTION_REQUESTED, values, data, event.operator)


def approval_requested(event: ApprovalRequested) -> Alert:
    """An admin asked for something that takes a second one."""
    return Alert(
        APPROVAL_REQUESTED,
        {"summary": event.summary, "reason": event.reason},
        {"approval_id": event.approval_id, "act": event.act},
        event.operator,
        event.permission,
    )


def delivery_disputed(event: DeliveryDisputed) -> Alert:
    """An operator delivered a recharge that was refunded."""
    values: Values = {"channel": event.channel, "amount": event.amount_paise, "reference": event.reference}
    return Alert(DELIVERY_DISPUTED, values, _of_delivery(event), event.operator)


def callback_contradicted(event: CallbackContradicted) -> Alert:
    """A callback claims another end than the operator's own answer."""
    values: Values = {
        "channel": event.channel,
        "reference": event.reference,
        "claimed": event.claimed,
        "outcome": event.outcome,
    }
    return Alert(CALLBACK_CONTRADICTED, values, _of_delivery(event))


def channel_address_requested(event: ChannelAddressRequested) -> Alert:
    """An address for recharges waits for a second admin."""
    return _about_address(event, ADDRESS_REQUESTED)


def channel_address_approved(event: ChannelAddressApproved) -> Alert:
    """Recharges go to another address."""
    return _about_address(event, ADDRESS_APPROVED)


def payment_mismatched(event: PaymentMismatched) -> Alert:
    """The gateway reports another amount than was ordered."""
    values: Values = {
        "order": event.order_id,
        "ordered": event.ordered_paise,
        "reported": f"{event.currency} {event.reported_paise / 100:.2f}",
    }
    data: Values = {"user_id": event.user_id, "payment_id": event.payment_id, "order_id": event.order_id}
    return Alert(PAYMENT_MISMATCHED, values, data)


def webhook_refused(event: WebhookRefused) -> Alert:
    """Webhooks are forged, or a secret is wrong."""
    return Alert(WEBHOOK_REFUSED, {"sender": event.sender, "reason": event.reason}, {"sender": event.sender})


def webhook_endpoint_disabled(event: WebhookEndpointDisabled) -> Alert:
    """An integrator gets no messages."""
    values: Values = {"url": event.url, "reason": "gone" if event.reason == "gone" else "failures"}
    return Alert(ENDPOINT_DISABLED, values, {"endpoint_id": event.endpoint_id})


def webhook_endpoint_recovered(event: WebhookEndpointRecovered) -> Alert:
    """An integrator gets its messages again."""
    values: Values = {"url": event.url, "hours": event.failed_hours}
    return Alert(ENDPOINT_RECOVERED, values, {"endpoint_id": event.endpoint_id})


def webhook_messages_overdue(event: WebhookMessagesOverdue) -> Alert:
    """Messages to an integrator pile up."""
    values: Values = {"url": event.url, "minutes": event.minutes}
    return Alert(MESSAGES_OVERDUE, values, {"endpoint_id": event.endpoint_id})


def code_budget_used(event: CodeBudgetUsed) -> Alert:
    """Somebody may be having codes sent to run up the bill."""
    prefix = event.budget.partition(":")[2]
    values: Values = {
        "used": event.used,
        "limit": event.limit,
        "window": "day" if event.budget.endswith("day") else "hour",
        "receivers": "prefix" if prefix else "all",
        "prefix": prefix or None,
        "rest": "refused" if event.used >= event.limit else "open",
    }
    data: Values = {"budget": event.budget, "used": event.used, "limit": event.limit}
    return Alert(CODE_BUDGET_USED, values, data)


def autopays_late(event: AutopaysLate) -> Alert:
    """No worker ran, or too few: what was due was caught up with."""
    hours = round(event.longest_seconds / 3600)
    data: Values = {"count": event.count, "longest_seconds": event.longest_seconds}
    return Alert(AUTOPAYS_LATE, {"count": event.count, "hours": hours, "paid": event.amount_paise}, data)


def many_held_back(event: ManyHeldBack) -> Alert:
    """The velocity rules refuse much: an attack, a thief with many accounts, or a bound that is too low."""
    counts: Values = {"count": event.count, "customers": event.customers}
    return Alert(MANY_HELD_BACK, counts, counts)


def backup_failed(event: BackupRunFailed) -> Alert:
    """A backup was not made, or can't be relied on."""
    values: Values = {"backup": event.backup_id, "act": event.kind, "failure": event.failure}
    return Alert(BACKUP_FAILED, values, {"backup": event.backup_id})


def announcement_parked(event: AnnouncementParked) -> Alert:
    """What an announcement says can't be read."""
    values: Values = {"announcement": event.announcement_id, "problem": event.problem}
    data: Values = {"announcement_id": event.announcement_id}
    return Alert(ANNOUNCEMENT_PARKED, values, data, event.operator)


def _of_delivery(event: DeliveryDisputed | CallbackContradicted) -> Values:
    return {"user_id": event.user_id, "recharge_id": event.recharge_id, "reference": event.reference}


def _about_address(event: ChannelAddressRequested | ChannelAddressApproved, kind: Kind) -> Alert:
    values: Values = {"url": event.url, "operator": event.operator, "channel": event.channel_id}
    return Alert(kind, values, {"channel": event.channel_id, "operator": event.operator}, event.operator)


KINDS: Final = (
    RECHARGE_STUCK,
    CLOCK_REJECTED,
    RESOLUTION_REQUESTED,
    APPROVAL_REQUESTED,
    DELIVERY_DISPUTED,
    CALLBACK_CONTRADICTED,
    ADDRESS_REQUESTED,
    ADDRESS_APPROVED,
    PAYMENT_MISMATCHED,
    WEBHOOK_REFUSED,
    ENDPOINT_DISABLED,
    ENDPOINT_RECOVERED,
    MESSAGES_OVERDUE,
    CODE_BUDGET_USED,
    AUTOPAYS_LATE,
    MANY_HELD_BACK,
    BACKUP_FAILED,
    ANNOUNCEMENT_PARKED,
)
