"""The columns of each table that rows of the scale data are made for, in the order of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

OF: Final[Mapping[str, Sequence[str]]] = {
    "users": (
        *("user_id", "phone_number", "status", "name", "email", "user_type", "referral_code", "referred_by"),
        *("kyc_tier", "registered_at", "created_at", "updated_at", "status_since"),
        *("status_by", "status_reason", "name_key", "email_usable_from"),
    ),
    "transfers": (
        *("user_id", "id", "debit", "credit", "amount", "code", "key", "reference_id", "phone_number"),
        *("service_type", "operator", "source", "payment_method", "created_at"),
    ),
    "recharges": (
        *(
            "user_id",
            "id",
            "idempotency_key",
            "request_hash",
            "phone_number",
            "plan_id",
            "plan_version",
            "plan_name",
        ),
        *(
            "operator",
            "plan_type",
            "category",
            "price",
            "discount",
            "wallet_amount",
            "gateway_amount",
            "status",
        ),
        *(
            "sold_status",
            "payment_method",
            "source",
            "activation_mode",
            "sold_valid_from",
            "sold_valid_until",
        ),
        *(
            "replaced_plan_name",
            "replaced_valid_until",
            "balance_after",
            "failure_reason",
            "created_at",
            "completed_at",
        ),
        *("offer_id", "cashback", "channel", "operator_reference", "circle", "payment_id", "refunded_amount"),
    ),
    "active_plans": (
        *(
            "phone_number",
            "recharge_id",
            "user_id",
            "plan_id",
            "plan_version",
            "plan_name",
            "operator",
            "plan_type",
        ),
        *("category", "is_addon", "status", "validity_count", "validity_unit", "valid_from", "valid_until"),
        *("created_at", "ended_at", "circle"),
    ),
    "connections": ("phone_number", "user_id", "operator", "circle", "service_type", "updated_at"),
    "payments": (
        *(
            "user_id",
            "payment_id",
            "purpose",
            "reference_id",
            "amount",
            "method",
            "source",
            "status",
            "gateway",
        ),
        *(
            "order_id",
            "gateway_payment_id",
            "idempotency_key",
            "request_hash",
            "failure_reason",
            "created_at",
        ),
        *("updated_at", "captured_at", "next_check_at"),
    ),
    "payment_orders": ("order_id", "gateway", "user_id", "payment_id"),
    "fulfilments": (
        *(
            "user_id",
            "recharge_id",
            "phone_number",
            "operator",
            "plan_id",
            "amount",
            "state",
            "next_attempt_at",
        ),
        *("created_at", "attempt", "channel", "reference", "last_error"),
    ),
    "adjustments": (
        *("user_id", "adjustment_id", "direction", "amount", "reason", "note", "reference", "requested_by"),
        *("requested_at", "expires_at", "status", "decided_by", "decided_at", "decision_note"),
    ),
    "saved_numbers": (
        *(
            "user_id",
            "number_id",
            "phone_number",
            "nickname",
            "operator",
            "circle",
            "service_type",
            "created_at",
        ),
        "updated_at",
    ),
    "user_preferences": (
        *(
            "user_id",
            "email_notification",
            "sms_notification",
            "marketing_communication",
            "recharge_reminders",
        ),
        *(
            "promotional_offers",
            "transactional_alerts",
            "data_analytics",
            "third_party_integrations",
            "updated_at",
        ),
    ),
    "wallets": ("user_id", "posted", "held", "created_at", "updated_at"),
    "operator_attempts": (
        *("user_id", "recharge_id", "attempt", "channel", "reference", "outcome", "operator_reference"),
        *("reason", "started_at", "ended_at"),
    ),
    "operator_references": ("reference", "user_id", "recharge_id", "attempt"),
    "offer_uses": (
        *("user_id", "recharge_id", "offer_id", "version", "slot", "discount", "cashback", "cost", "paid"),
        "created_at",
    ),
    "referral_codes": ("code", "user_id"),
    "phone_directory": ("phone_number", "kind", "owner_id"),
    "email_directory": ("email", "kind", "owner_id"),
    "erasures": ("user_id", "erase_after", "created_at"),
    "lines": ("phone_number",),
}
