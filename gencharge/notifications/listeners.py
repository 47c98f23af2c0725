"""Writes notices when something happens: to customers about their money and plans, to the staff about what needs attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.approvals.events import ApprovalRequested
from gencharge.auth.events import CodeBudgetUsed
from gencharge.channels.events import ChannelAddressApproved, ChannelAddressRequested
from gencharge.core.events.events import Envelope, Event, Outside
from gencharge.core.stores.stores import Stores
from gencharge.core.vault.vault import Vault
from gencharge.delivery.events import (
    CallbackContradicted,
    ClockRejected,
    DeliveryDisputed,
    RechargeResolutionRequested,
    RechargeStuck,
)
from gencharge.notifications import (
    account_templates,
    alert_templates,
    autopay_templates,
    crud,
    mandate_templates,
    payment_templates,
    referral_templates,
    templates,
)
from gencharge.notifications.alert_templates import Alert
from gencharge.notifications.models import Draft, NotificationType, Recipient, to_document
from gencharge.payments.events import PaymentMismatched, WebhookRefused
from gencharge.sessions.guards import Action, Resource, permission
from gencharge.velocity.events import ManyHeldBack
from gencharge.webhooks.events import (
    WebhookEndpointDisabled,
    WebhookEndpointRecovered,
    WebhookMessagesOverdue,
)

_TEMPLATES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    **templates.TEMPLATES,
    **payment_templates.TEMPLATES,
    **account_templates.TEMPLATES,
    **referral_templates.TEMPLATES,
    **autopay_templates.TEMPLATES,
    **mandate_templates.TEMPLATES,
}
_RECHARGE: Final = permission(Resource.RECHARGE, Action.EDIT)
# Only SuperAdmins may change roles.
_SUPER_ADMINS: Final = permission(Resource.ROLES, Action.EDIT)
_WALLET: Final = permission(Resource.WALLET, Action.EDIT)
_PAYMENTS: Final = permission(Resource.PAYMENTS, Action.EDIT)
# The template of each alert, and the permission that an admin needs to receive it.
ALERTS: Final[dict[type[Event], tuple[Callable[[Any], Alert], str]]] = {
    ApprovalRequested: (alert_templates.approval_requested, _SUPER_ADMINS),
    RechargeStuck: (alert_templates.recharge_stuck, _RECHARGE),
    ClockRejected: (alert_templates.clock_rejected, _RECHARGE),
    RechargeResolutionRequested: (alert_templates.recharge_resolution_requested, _RECHARGE),
    DeliveryDisputed: (alert_templates.delivery_disputed, _RECHARGE),
    CallbackContradicted: (alert_templates.callback_contradicted, _RECHARGE),
    ChannelAddressRequested: (alert_templates.channel_address_requested, _SUPER_ADMINS),
    ChannelAddressApproved: (alert_templates.channel_address_approved, _SUPER_ADMINS),
    CodeBudgetUsed: (alert_templates.code_budget_used, _SUPER_ADMINS),
    PaymentMismatched: (alert_templates.payment_mismatched, _PAYMENTS),
    ManyHeldBack: (alert_templates.many_held_back, _WALLET),
    WebhookRefused: (alert_templates.webhook_refused, _PAYMENTS),
    WebhookEndpointDisabled: (alert_templates.webhook_endpoint_disabled, _PAYMENTS),
    WebhookEndpointRecovered: (alert_templates.webhook_endpoint_recovered, _PAYMENTS),
    WebhookMessagesOverdue: (alert_templates.webhook_messages_overdue, _PAYMENTS),
}


async def write_notices(stores: Stores, batch: list[Envelope]) -> None:
    """Write the notices of these events. One that exists already stays as it is."""
    drafts = [(envelope, _TEMPLATES[type(envelope.event)](envelope.event)) for envelope in batch]
    vault = Vault.of_database(stores.database)
    notices = [
        await to_document(vault, envelope.id, envelope.occurred_at, draft)
        for envelope, draft in drafts
        if draft is not None
    ]
    if notices:
        await crud.add_notices(stores.documents, notices)


async def write_alerts(stores: Stores, batch: list[Envelope]) -> None:
    """Write each alert into the inbox of every admin who may act on it."""
    alerts = [
        (envelope, alert, alert.permission or needed)
        for envelope in batch
        for template, needed in [ALERTS[type(envelope.event)]]
        for alert in [template(envelope.event)]
    ]
    lookups = {(needed, alert.operator) for _, alert, needed in alerts}

    async def find_holders(db: AsyncSession) -> dict[tuple[str, str | None], list[UUID]]:
        return {
            (needed, operator): await admins.holders_of(db, needed, operator) for needed, operator in lookups
        }

    holders = await stores.database.run(find_holders)
    vault = Vault.of_database(stores.database)
    await crud.add_notices(
        stores.documents,
        [
            await to_document(vault, envelope.id, envelope.occurred_at, _draft(alert, admin_id))
            for envelope, alert, needed in alerts
            for admin_id in holders[needed, alert.operator]
        ],
    )


def _draft(alert: Alert, admin_id: UUID) -> Draft:
    return Draft(
        recipient=Recipient("admin", admin_id),
        kind=alert.kind,
        type=NotificationType.TRANSACTIONAL,
        title=alert.title,
        body=alert.body,
        data=alert.data,
    )


NOTICES: Final = Outside("notifications.notices", tuple(_TEMPLATES), write_notices)
STAFF_ALERTS: Final = Outside("notifications.alerts", tuple(ALERTS), write_alerts)
