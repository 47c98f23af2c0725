"""What each kind of notice is about, so that an app can open it: a type, and which of the notice's data is the id."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _with_id(key: str, *kinds: str) -> dict[str, tuple[str, str | None]]:
    return {kind: (key.removesuffix("_id"), key) for kind in kinds}


def _without(type_: str, *kinds: str) -> dict[str, tuple[str, str | None]]:
    return {kind: (type_, None) for kind in kinds}


# By kind: the type, and the name of the id among the data. An announcement says all itself.
SUBJECTS: Final[Mapping[str, tuple[str, str | None]]] = MappingProxyType(
    _with_id(
        "recharge_id",
        "plan_recharged",
        "bill_paid",
        "plan_activated",
        "plan_expired",
        "plan_ending",
        "recharge_failed",
        "bill_payment_failed",
        "bill_payment_refunded",
        "recharge_refunded",
        "payment_returned",
        "cashback_paid",
        "cashback_reversed",
        "recharge_stuck",
        "recharge_resolution_requested",
        "delivery_disputed",
        "callback_contradicted",
        "subscription_activated",
    )
    | _with_id(
        "payment_id",
        "topup_received",
        "payment_failed",
        "payment_over_limit",
        "payment_captured_twice",
        "refund_requested",
        "refund_processed",
        "refund_failed",
        "payment_mismatched",
    )
    | _with_id("bill_id", "bill_due")
    | _with_id("adjustment_id", "adjustment_approved")
    | _with_id("session_id", "new_device_signed_in", "refresh_token_reused")
    | _with_id("kyc_request_id", "kyc_decided")
    | _with_id("referral_reward_id", "referral_reward_paid", "referral_reward_reversed")
    | _with_id(
        "autopay_id",
        "autopay_announced",
        "autopay_paused",
        "autopay_failed",
        "autopay_bill_announced",
        "autopay_bill_failed",
        "autopay_skipped",
    )
    | _with_id("enquiry_id", "enquiry_answered", "enquiry_resolved")
    | _with_id("complaint_id", "complaint_resolved")
    | _with_id("mandate_id", "mandate_activated", "mandate_ended")
    | _with_id("offer_id", "campaign_offer")
    | _with_id("approval_id", "approval_requested")
    | _with_id("payout_id", "payout_paid", "payout_failed", "payout_needs_payee", "payout_contradicted")
    | _with_id("announcement_id", "announcement_parked")
    | _with_id("backup", "backup_failed")
    | _with_id(
        "endpoint_id",
        "webhook_endpoint_disabled",
        "webhook_endpoint_recovered",
        "webhook_messages_overdue",
    )
    | _with_id(
        "channel",
        "clock_rejected",
        "channel_address_requested",
        "channel_address_approved",
        "channel_float_low",
        "channel_suspended",
    )
    | _without("wallet", "balance_low")
    | _without(
        "auto_topup", "auto_topup_announced", "auto_topup_failed", "auto_topup_held_back", "auto_topup_paused"
    )
    | _without("profile", "email_changed", "phone_number_changed", "data_exported", "consents_changed")
    | _without("autopay", "autopays_late")
    | _without("recharge", "subscriptions_digest")
)
# They are about nothing that has a place: who sends forged webhooks, how many codes were sent, how much the rules hold back.
WITHOUT_SUBJECT: Final = frozenset({"webhook_refused", "code_budget_used", "many_held_back"})


def id_of(kind: str) -> str | None:
    """The name of the data that a notice of this kind has the id of its subject under; None: its subject has no id, or there is none."""
    return SUBJECTS.get(kind, ("", None))[1]


def subject_of(kind: str) -> str | None:
    """What a notice of this kind is about, such as `recharge`: the data has its id under `recharge_id`, or under the type itself. None: about
    nothing that could be opened."""
    return SUBJECTS[kind][0] if kind in SUBJECTS else None
