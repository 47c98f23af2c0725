"""Writes notices when something happens: to customers about their money and plans, to the staff about what needs attention."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.announcements.events import AnnouncementParked
from gencharge.approvals.events import ApprovalRequested
from gencharge.auth.events import CodeBudgetUsed
from gencharge.autopay.events import AutopaysLate
from gencharge.backups.events import BackupRunFailed
from gencharge.channels.events import (
    ChannelAddressApproved,
    ChannelAddressRequested,
    ChannelFloatLow,
    ChannelSuspended,
)
from gencharge.core.events import document_events
from gencharge.core.events.events import Envelope, Event, Outside
from gencharge.core.stores.stores import Stores
from gencharge.delivery.events import (
    CallbackContradicted,
    ClockRejected,
    DeliveryDisputed,
    RechargeResolutionRequested,
    RechargeStuck,
)
from gencharge.notifications import (
    alerts,
    channel_alerts,
    events,
    payout_alerts,
    registry,
    subscription_service,
    template_crud,
    writing_service,
)
from gencharge.notifications.alerts import Alert
from gencharge.notifications.kinds import Draft
from gencharge.notifications.models import Recipient
from gencharge.notifications.writing_service import Entry, Write
from gencharge.payments.events import PaymentMismatched, WebhookRefused
from gencharge.payouts.events import PayoutContradicted, PayoutNeedsPayee
from gencharge.recharge.events import PlanRecharged
from gencharge.sessions.guards import Action, Resource, permission
from gencharge.velocity.events import ManyHeldBack
from gencharge.webhooks.events import (
    WebhookEndpointDisabled,
    WebhookEndpointRecovered,
    WebhookMessagesOverdue,
)

_RECHARGE: Final = permission(Resource.RECHARGE, Action.EDIT)
# Only SuperAdmins may change roles.
_SUPER_ADMINS: Final = permission(Resource.ROLES, Action.EDIT)
_WALLET: Final = permission(Resource.WALLET, Action.EDIT)
_PAYMENTS: Final = permission(Resource.PAYMENTS, Action.EDIT)
_BACKUPS: Final = permission(Resource.BACKUPS, Action.EDIT)
_ANNOUNCEMENTS: Final = permission(Resource.ANNOUNCEMENTS, Action.EDIT)
_AUTOPAY: Final = permission(Resource.AUTOPAY, Action.EDIT)
# What each alert says, and the permission that an admin needs to receive it.
ALERTS: Final[dict[type[Event], tuple[Callable[[Any], Alert], str]]] = {
    AnnouncementParked: (alerts.announcement_parked, _ANNOUNCEMENTS),
    ApprovalRequested: (alerts.approval_requested, _SUPER_ADMINS),
    RechargeStuck: (alerts.recharge_stuck, _RECHARGE),
    ClockRejected: (alerts.clock_rejected, _RECHARGE),
    RechargeResolutionRequested: (alerts.recharge_resolution_requested, _RECHARGE),
    DeliveryDisputed: (alerts.delivery_disputed, _RECHARGE),
    CallbackContradicted: (alerts.callback_contradicted, _RECHARGE),
    ChannelAddressRequested: (alerts.channel_address_requested, _SUPER_ADMINS),
    ChannelFloatLow: (channel_alerts.channel_float_low, _RECHARGE),
    ChannelSuspended: (channel_alerts.channel_suspended, _RECHARGE),
    ChannelAddressApproved: (alerts.channel_address_approved, _SUPER_ADMINS),
    CodeBudgetUsed: (alerts.code_budget_used, _SUPER_ADMINS),
    PaymentMismatched: (alerts.payment_mismatched, _PAYMENTS),
    PayoutContradicted: (payout_alerts.payout_contradicted, _PAYMENTS),
    PayoutNeedsPayee: (payout_alerts.payout_needs_payee, _PAYMENTS),
    AutopaysLate: (alerts.autopays_late, _AUTOPAY),
    BackupRunFailed: (alerts.backup_failed, _BACKUPS),
    ManyHeldBack: (alerts.many_held_back, _WALLET),
    WebhookRefused: (alerts.webhook_refused, _PAYMENTS),
    WebhookEndpointDisabled: (alerts.webhook_endpoint_disabled, _PAYMENTS),
    WebhookEndpointRecovered: (alerts.webhook_endpoint_recovered, _PAYMENTS),
    WebhookMessagesOverdue: (alerts.webhook_messages_overdue, _PAYMENTS),
}


async def write_notices(stores: Stores, batch: list[Envelope], write: Write = writing_service.write) -> None:
    """Write the notices of these events. One that exists already stays as it is."""
    drafts = [(envelope, registry.NOTICES[type(envelope.event)](envelope.event)) for envelope in batch]
    entries = [
        Entry(envelope.id, envelope.occurred_at, draft) for envelope, draft in drafts if draft is not None
    ]
    await write(stores, entries)


async def write_alerts(stores: Stores, batch: list[Envelope], write: Write = writing_service.write) -> None:
    """Write each alert into the inbox of every admin who may act on it."""
    pending = [
        (envelope, alert, alert.permission or needed)
        for envelope in batch
        for template, needed in [ALERTS[type(envelope.event)]]
        for alert in [template(envelope.event)]
    ]
    lookups = {(needed, alert.operator) for _, alert, needed in pending}

    async def find_holders(db: AsyncSession) -> dict[tuple[str, str | None], list[UUID]]:
        return {
            (needed, operator): await admins.holders_of(db, needed, operator) for needed, operator in lookups
        }

    holders = await stores.database.run(find_holders)
    entries = [
        Entry(
            envelope.id,
            envelope.occurred_at,
            Draft(Recipient("admin", admin_id), alert.kind, alert.values, alert.data),
        )
        for envelope, alert, needed in pending
        for admin_id in holders[needed, alert.operator]
    ]
    await write(stores, entries)


TEMPLATES_ANNOUNCED: Final = document_events.handed_out(
    "notifications.templates_announced",
    template_crud.TEMPLATES,
    (events.NoticeTemplateWritten, events.NoticeTemplatePublished),
)
SUBSCRIPTIONS: Final = Outside(
    "notifications.subscriptions",
    (PlanRecharged,),
    subscription_service.tell_of_each,
    replay=partial(subscription_service.tell_of_each, write=writing_service.rewrite),
)
NOTICES: Final = Outside(
    "notifications.notices",
    tuple(registry.NOTICES),
    write_notices,
    replay=partial(write_notices, write=writing_service.rewrite),
)
STAFF_ALERTS: Final = Outside(
    "notifications.alerts",
    tuple(ALERTS),
    write_alerts,
    replay=partial(write_alerts, write=writing_service.rewrite),
)
