"""Builders for the tests of notifications."""

from __future__ import annotations

from typing import Any

import httpx

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
from gencharge.core.events.events import Event
from gencharge.core.settings import Settings
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.delivery.events import (
    CallbackContradicted,
    ClockRejected,
    DeliveryDisputed,
    RechargeResolutionRequested,
    RechargeStuck,
)
from gencharge.notifications.alerts import Alert
from gencharge.notifications.kinds import Draft
from gencharge.notifications.library import shipped
from gencharge.notifications.rendering import Rendered, render
from gencharge.payments.events import PaymentMismatched, WebhookRefused
from gencharge.payouts.events import PayoutContradicted, PayoutNeedsPayee
from gencharge.recharge.events import PlanRecharged
from gencharge.velocity.events import ManyHeldBack
from gencharge.webhooks.events import (
    WebhookEndpointDisabled,
    WebhookEndpointRecovered,
    WebhookMessagesOverdue,
)
from tests.make.factories import headers_for

USER = str(new_id())


def english(draft: Draft | Alert) -> Rendered:
    """What a draft says in English."""
    return spoken(draft, "en")


def spoken(draft: Draft | Alert, language: str) -> Rendered:
    """What a draft says in a language."""
    library = shipped()
    texts = library.texts[draft.kind.name, language]
    return render(draft.kind, texts, library.speech(language), draft.values)


def events() -> list[Event]:
    recharge = str(new_id())
    return [
        RechargeStuck(
            user_id=USER, recharge_id=recharge, phone_number="+919876543210", plan_name="Jio 299",
            operator="JIO", channel="jio-direct", state="unknown", minutes=16,
        ),
        DeliveryDisputed(
            user_id=USER, recharge_id=recharge, operator="JIO", channel="jio-direct", reference="r-1",
            operator_reference="J1", amount_paise=29_900,
        ),
        CallbackContradicted(
            user_id=USER, recharge_id=recharge, channel="jio-direct", reference="r-1", outcome="delivered",
            claimed="failed",
        ),
        ChannelAddressRequested(
            user_id=str(SYSTEM_USER_ID), channel_id="jio-direct", operator="JIO", url="https://jio.example/api",
            changes={},
        ),
        ChannelAddressApproved(
            user_id=str(SYSTEM_USER_ID), channel_id="jio-direct", operator="JIO", url="https://jio.example/api",
            changes={},
        ),
        CodeBudgetUsed(user_id=str(SYSTEM_USER_ID), budget="prefix:+919876", used=400, limit=500),
        PaymentMismatched(
            user_id=USER, payment_id=str(new_id()), order_id="order_1", ordered_paise=29_900, reported_paise=100,
            currency="INR",
        ),
        WebhookRefused(user_id=str(SYSTEM_USER_ID), sender="gateway:razorpay", reason="wrong signature"),
        ClockRejected(
            user_id=str(SYSTEM_USER_ID), channel="jio-direct", operator="JIO", sent_at="2026-11-21T10:00:00+00:00"
        ),
        RechargeResolutionRequested(
            user_id=USER, recharge_id=recharge, operator="JIO", plan_name="Jio 999", amount_paise=99_900,
            reason="seen in the portal",
        ),
        WebhookEndpointDisabled(
            user_id=str(SYSTEM_USER_ID), endpoint_id=str(new_id()), reason="failures", failures=300,
            url="https://partner.example/hooks",
        ),
        WebhookEndpointRecovered(
            user_id=str(SYSTEM_USER_ID), endpoint_id=str(new_id()), url="https://partner.example/hooks", failed_hours=30
        ),
        WebhookMessagesOverdue(
            user_id=str(SYSTEM_USER_ID), endpoint_id=str(new_id()), url="https://partner.example/hooks", minutes=16
        ),
        AutopaysLate(
            user_id=str(SYSTEM_USER_ID), count=40, longest_seconds=172_800, amount_paise=29_900,
            outcomes={"succeeded": 1, "retrying": 39},
        ),
        BackupRunFailed(
            user_id=str(SYSTEM_USER_ID), backup_id="20261122t200506z-0a1b2c3d", kind="create",
            failure="storage_unavailable", scheduled=True,
        ),
        AnnouncementParked(
            user_id=str(SYSTEM_USER_ID), announcement_id=str(new_id()), operator=None, problem="stored_data_changed"
        ),
        ChannelFloatLow(
            user_id=str(SYSTEM_USER_ID),
            channel_id="jio-direct",
            operator="JIO",
            balance_paise=4_200_000,
            low_float_paise=5_000_000,
        ),
        ChannelSuspended(user_id=str(SYSTEM_USER_ID), channel_id="jio-direct", operator="JIO", failures=5),
        PayoutNeedsPayee(user_id=str(new_id()), payout_id=str(new_id()), amount_paise=70_000, reason="no_payee"),
        PayoutContradicted(
            user_id=str(new_id()), payout_id=str(new_id()), amount_paise=70_000, gateway_payout_id="pout_1"
        ),
        ManyHeldBack(user_id=str(SYSTEM_USER_ID), count=60, customers=12),
        ApprovalRequested(
            user_id=str(SYSTEM_USER_ID), approval_id=str(new_id()), act="refund_recharge", target=f"recharge:{recharge}",
            summary="Refund Rs 999.00 of Jio 999 (JIO) to the wallet.", reason="wrong number", operator="JIO",
            permission="Recharge:edit",
        ),
    ]  # fmt: skip


class Person:
    """Somebody signed in, without a row: the guard asks no store."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient, **claims: Any) -> None:
        self.id = new_id()
        self._headers = headers_for(settings, self.id, **claims)
        self._client = client

    async def ask(self, method: str, path: str = "", **options: Any) -> httpx.Response:
        return await self._client.request(
            method, f"/v1/notifications{path}", headers=self._headers, **options
        )

    async def get(self, path: str = "", **query: Any) -> Any:
        answer = await self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def recharged(**overrides: Any) -> PlanRecharged:
    values: dict[str, Any] = {
        "user_id": USER,
        "recharge_id": str(new_id()),
        "phone_number": "+919876543210",
        "plan_id": str(new_id()),
        "plan_name": "Jio 199",
        "operator": "JIO",
        "status": "active",
        "total_paid_paise": 19900,
        "payment_method": "wallet",
        "source": "web",
        "valid_from": "2026-07-17T10:00:00Z",
        "valid_until": "2026-08-14T10:00:00Z",
    }
    return PlanRecharged(**(values | overrides))
