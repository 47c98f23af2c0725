"""What a parameter means where its route does not say so itself, by its place and name.

A filter keeps what has this value in the field of the same name (docs/API_CONVENTIONS.md), and an id in a path names the
object, so most routes need no words of their own. `openapi.complete` fills them in; a name that is missing here is found by
`tests/law/test_contract.py`.
"""

from __future__ import annotations

from typing import Any, Final

_PATH: Final = {
    "admin_id": "The admin.",
    "adjustment_id": "The adjustment.",
    "allowance_id": "The allowance.",
    "announcement_id": "The announcement.",
    "approval_id": "What waits for a second admin.",
    "autopay_id": "The autopay.",
    "backup_run_id": "The run of a backup, a restore or a check.",
    "bill_id": "The bill, as `POST /bills/fetch` or `GET /bills` shows it.",
    "campaign_id": "The campaign.",
    "channel": "The code of the channel.",
    "content_id": "The page or picture story.",
    "delivery_id": "The delivery of a webhook message.",
    "device_id": "The device.",
    "difference_id": "The difference that a reconciliation found.",
    "edition": "The number of the edition, from 1.",
    "endpoint_id": "The webhook endpoint.",
    "enquiry_id": "The enquiry.",
    "entry_id": "The entry of the audit log.",
    "file": "The name of the file, as the picture's links have it.",
    "group_id": "The group of plans.",
    "idempotency_key": "The `Idempotency-Key` that the request was sent with.",
    "image_id": "The picture.",
    "kind": "Which one, by its name.",
    "language": "The language of the texts.",
    "mandate_id": "The mandate.",
    "message_id": "The message.",
    "note_id": "The note.",
    "notification_id": "The notice.",
    "complaint_id": "The complaint.",
    "kyc_request_id": "The request for a higher KYC tier.",
    "number_id": "The saved number.",
    "offer_id": "The offer.",
    "offer_type_id": "The type of offers.",
    "operator": "The operator's code, such as JIO.",
    "owner_id": "The customer who has it.",
    "payment_id": "The payment.",
    "payout_id": "The payout.",
    "plan_id": "The plan.",
    "recharge_id": "The recharge.",
    "report_file_id": "The file of a report.",
    "report_schedule_id": "The scheduled report.",
    "reward_id": "The reward.",
    "role_id": "The role.",
    "run_id": "The run.",
    "session_id": "The session.",
    "slug": "The page's name in its address.",
    "transaction_id": "The transaction.",
    "user_id": "The customer.",
}
_QUERY: Final = {
    "act": "Only this act.",
    "action": "Only entries of this action, such as plan_updated.",
    "actor_kind": "Only what this kind of actor did.",
    "backup": "Only runs of this backup.",
    "batch_id": "Only codes of this batch.",
    "category": "Only this category.",
    "channel": "Only this channel, by its code.",
    "circle": "Only this circle, by its code, such as KA.",
    "code": "Only this code.",
    "complaint_reference": "Only the one with this number of a complaint.",
    "counterparty": "Only with this other party.",
    "decided_by": "Only what this admin decided.",
    "direction": "Only in this direction.",
    "email": "Only with this e-mail address.",
    "end_reason": "Only what ended for this reason.",
    "endpoint_id": "Only of this webhook endpoint.",
    "format": "How the answer is written.",
    "is_active": "Only active ones, or only others.",
    "is_used": "Only used ones, or only others.",
    "key": "Only with this key.",
    "kind": "Only this kind.",
    "kyc_tier": "Only customers of this KYC tier.",
    "object_type": "Only entries about this kind of object.",
    "offer_id": "Only with this offer.",
    "operator": "Only this operator, by its code, such as JIO.",
    "pause_reason": "Only what is paused for this reason.",
    "payment_method": "Only what was paid like this.",
    "plan_id": "Only with this plan.",
    "plan_type": "Only this type of plan.",
    "popular": "Only popular plans, or only others.",
    "purpose": "Only for this purpose.",
    "reason": "Only for this reason.",
    "recharge_id": "Only of this recharge.",
    "reference_id": "Only about the object with this id.",
    "report": "Only of this report.",
    "requested_by": "Only what this admin asked for.",
    "result": "Only with this result.",
    "role": "Only with this role.",
    "rule": "Only by this rule.",
    "service_type": "Only this type of service.",
    "side": "Only on this side.",
    "sort": "The order: by this field, rising; falling with a `-` before it.",
    "source": "Only what was asked for there.",
    "special": "Only special offers, or only others.",
    "state": "Only in this state.",
    "status": "Only in this status.",
    "tag": "Only with this tag.",
    "txn_type": "Only what came in (credit), or only what went out (debit).",
    "type": "Only this type.",
    "user_id": "Only of this customer.",
    "user_type": "Only customers of this type.",
    "window": "Only of this window.",
}
_TEXTS: Final = {"path": _PATH, "query": _QUERY}


def describe(parameter: dict[str, Any]) -> None:
    """Give the parameter its description, if neither it nor its schema has one."""
    if parameter.get("description") or parameter["schema"].get("description"):
        return
    text = _TEXTS.get(parameter["in"], {}).get(parameter["name"])
    if text is not None:
        parameter["description"] = text
