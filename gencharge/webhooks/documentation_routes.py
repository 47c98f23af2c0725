"""The messages as OpenAPI describes them (`webhooks`): each type with an example that the sending code builds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, Body

from gencharge.core.events.events import Envelope, Event
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.webhooks.messages import MESSAGES, body_of
from gencharge.webhooks.schemas import PaymentMessage, RechargeMessage, RefundMessage

_SIGNED: Final = (
    "\n\nSigned as standardwebhooks.com says, with the endpoint's secret: `webhook-id` is the same at each attempt,"
    " `webhook-timestamp` is the attempt's, `webhook-signature` holds a `v1,` signature for each secret that is valid."
    " Answer 2xx within 10 s; 410 disables the endpoint."
)
_INSTANT: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
_EXAMPLE: Final[dict[str, Any]] = {
    "user_id": "0198c0de-0000-7000-8000-000000000001",
    "recharge_id": "0198c0de-0000-7000-8000-000000000002",
    "reference_id": "0198c0de-0000-7000-8000-000000000002",
    "plan_id": "0198c0de-0000-7000-8000-000000000003",
    "payment_id": "0198c0de-0000-7000-8000-000000000004",
    "refund_id": "0198c0de-0000-7000-8000-000000000005",
    "order_id": "order_IluGWxBm9U8zJ8",
    "phone_number": "+919876543210",
    "plan_name": "Unlimited 299",
    "operator": "JIO",
    "status": "active",
    "payment_method": "wallet",
    "method": "upi",
    "purpose": "recharge",
    "reason": "operator_unreachable",
    "in_full": True,
    "valid_from": "2026-11-20T10:00:00Z",
    "valid_until": "2026-12-18T10:00:00Z",
    "wallet_paise": 0,
}


def example_of(kind: type[Event]) -> Any:
    """The message of an event of this kind."""
    values = {
        field.name: _EXAMPLE.get(field.name, 29_900 if field.name.endswith("_paise") else "")
        for field in fields(kind)
    }
    from_event = Envelope(SYSTEM_USER_ID, _INSTANT, kind(**values), "", "", "", "")
    return json.loads(body_of(from_event))


def _describe(router: APIRouter, kind: type[Event], name: str) -> None:
    example = Body(openapi_examples={name: {"value": example_of(kind)}})

    async def of_recharge(message: RechargeMessage = example) -> None:
        del message

    async def of_payment(message: PaymentMessage = example) -> None:
        del message

    async def of_refund(message: RefundMessage = example) -> None:
        del message

    handlers: dict[str, Callable[..., Any]] = {
        "recharge": of_recharge,
        "payment": of_payment,
        "refund": of_refund,
    }
    # The first sentence: the next ones are about the event's own fields.
    summary = (kind.__doc__ or name).strip().partition(".")[0] + "."
    router.add_api_route(
        name,
        handlers[name.partition(".")[0]],
        methods=["POST"],
        operation_id=f"webhook_{name.replace('.', '_')}",
        summary=name,
        description=summary + _SIGNED,
        tags=["webhooks"],
        status_code=204,
        response_description="Any 2xx: delivered.",
        responses={"4XX": {"description": "Sent again later; 410 disables the endpoint."}},
    )


def describe() -> APIRouter:
    """A router of what is sent, not of what is answered: `FastAPI(webhooks=...)`."""
    router = APIRouter()
    for kind, (name, _) in MESSAGES.items():
        _describe(router, kind, name)
    return router
