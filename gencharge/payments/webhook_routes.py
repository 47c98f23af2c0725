"""`/payments/webhooks`: what the gateway tells us, taken once, in one round trip to the database."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, Final

import orjson
from fastapi import Request
from fastapi.responses import Response
from pydantic import SecretStr

from gencharge.core import faultpoints, telemetry
from gencharge.core.errors import DatabaseUnavailable, MalformedJson
from gencharge.core.http import web
from gencharge.core.http.direct import DirectRoute
from gencharge.core.http.web import Out
from gencharge.payments import queue_crud, webhook_alerts
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import WebhookSignatureInvalid
from gencharge.payments.outcomes import EXPECTED_EVENTS

# A direct route reads the raw body and runs without FastAPI's dependencies, which cost more than the database here.
router = web.router("payments", route_class=DirectRoute)
SIGNATURE: Final = b"x-razorpay-signature"
EVENT_ID: Final = b"x-razorpay-event-id"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_MOST_PAISE: Final = 2**53
log = telemetry.get_logger(__name__)


class WebhookTaken(Out):
    """The webhook counts."""

    outcome: str


_TAKEN: Final = web.to_json(WebhookTaken(outcome="taken"))


@router.post(
    "/webhooks/razorpay",
    summary="The gateway's webhook",
    response_model=WebhookTaken,
    responses=web.errors(WebhookSignatureInvalid, MalformedJson, DatabaseUnavailable),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["event", "payload"],
                        "properties": {"event": {"type": "string"}, "payload": {"type": "object"}},
                    }
                }
            },
        }
    },
)
async def take_webhook(request: Request) -> Response:
    """For the gateway: `X-Razorpay-Signature` is the HMAC-SHA256 of the raw body, `X-Razorpay-Event-Id` counts once.

    An event that comes again, late or out of order is answered 200 like any other.
    """
    body = await request.body()
    headers = dict(request.scope["headers"])
    context = PaymentContext.of(request.app)
    if problem := problem_with(context, headers.get(SIGNATURE, b""), body):
        await webhook_alerts.refused(context.database, f"gateway:{context.gateway.name}", problem)
        raise WebhookSignatureInvalid
    kind, order_id, kept = read(body)
    given = headers.get(EVENT_ID, b"").decode("latin-1")
    # One without an id is known by its contents.
    event_id = given if _NAME.fullmatch(given) else hashlib.sha256(body).hexdigest()
    await faultpoints.point("webhook.asked", kind)
    outcome = await queue_crud.take_event(
        context.database,
        event_id=event_id,
        gateway=context.gateway.name,
        kind=kind,
        order_id=order_id,
        body=kept,
        limits=context.limits,
    )
    await faultpoints.point("webhook.committed", kind)
    if outcome not in EXPECTED_EVENTS:
        log.info("gateway_event", event_id=event_id, kind=kind, order_id=order_id, outcome=outcome.value)
    return Response(_TAKEN, media_type="application/json")


def problem_with(context: PaymentContext, given: bytes, body: bytes) -> str | None:
    """What is wrong with a webhook's signature; None where it is genuine, by the present or the previous secret."""
    if not given:
        return "signature_missing"
    settings = context.settings
    genuine = False
    for secret in (settings.payment_webhook_secret, settings.payment_previous_webhook_secret):
        # Both are always compared, so that the time tells nothing.
        genuine = (secret is not None and _is_signed(secret, given, body)) or genuine
    return None if genuine else "signature_wrong"


def _is_signed(secret: SecretStr, given: bytes, body: bytes) -> bool:
    expected = hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest().encode()
    return hmac.compare_digest(expected, given)


def read(body: bytes) -> tuple[str, str | None, dict[str, Any]]:
    """(kind, order id, what is kept of it): ids, amounts and states, no personal data. Raises MalformedJson.

    What can't be read leaves the order out: such an event waits, and ends before the staff's eyes.
    """
    try:
        said = orjson.loads(body)
        kind = said["event"]
        payload = said["payload"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise MalformedJson from None
    if not isinstance(kind, str) or not _NAME.fullmatch(kind) or not isinstance(payload, dict):
        raise MalformedJson
    payment, refund = _entity(payload, "payment"), _entity(payload, "refund")
    kept: dict[str, Any] = {}
    if payment is not None:
        kept["payment"] = _kept(payment, "id", "order_id", "currency", "status", "error_reason")
    if refund is not None:
        kept["refund"] = _kept(refund, "id", "payment_id", "currency", "status", "receipt")
    order_id = kept.get("payment", {}).get("order_id")
    needed = ("payment", "refund") if kind.startswith("refund.") else ("payment",)
    whole = all({"id", "amount", "currency"} <= kept.get(name, {}).keys() for name in needed)
    return kind, order_id if whole else None, kept


def _entity(payload: dict[str, Any], name: str) -> dict[str, Any] | None:
    part = payload.get(name)
    entity = part.get("entity") if isinstance(part, dict) else None
    return entity if isinstance(entity, dict) else None


def _kept(entity: dict[str, Any], *names: str) -> dict[str, Any]:
    kept: dict[str, Any] = {
        name: entity[name]
        for name in names
        if isinstance(entity.get(name), str) and _NAME.fullmatch(entity[name])
    }
    amount = entity.get("amount")
    if isinstance(amount, int) and not isinstance(amount, bool) and 0 <= amount < _MOST_PAISE:
        kept["amount"] = amount
    return kept
