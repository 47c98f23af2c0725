"""`/payments/webhooks`: what the gateway reports, taken once, in one round trip to the database."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from fastapi.responses import Response

from gencharge.core import faultpoints, telemetry
from gencharge.core.errors import DatabaseUnavailable, MalformedJson
from gencharge.core.http import web
from gencharge.core.http.direct import DirectRoute
from gencharge.core.http.web import Out
from gencharge.payments import queue_crud, webhook_alerts, webhook_message
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import WebhookSignatureInvalid
from gencharge.payments.outcomes import EXPECTED_EVENTS
from gencharge.payments.topups_service import limits_json

# A direct route reads the raw body and runs without FastAPI's dependencies, which cost more than the database here.
router = web.router("payments", route_class=DirectRoute)
SIGNATURE: Final = b"x-razorpay-signature"
EVENT_ID: Final = b"x-razorpay-event-id"
log = telemetry.get_logger(__name__)


class WebhookReceived(Out):
    """The webhook was taken."""

    outcome: str


_TAKEN: Final = web.to_json(WebhookReceived(outcome="taken"))


@router.post(
    "/webhooks/razorpay",
    summary="The gateway's webhook",
    response_model=WebhookReceived,
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
async def receive_webhook(request: Request) -> Response:
    """For the gateway. `X-Razorpay-Signature` is the HMAC-SHA256 of the raw body; an `X-Razorpay-Event-Id` counts once.

    A webhook that comes again, late or out of order is answered 200 like any other.
    """
    body = await request.body()
    headers = dict(request.scope["headers"])
    context = PaymentContext.of(request.app)
    signature = headers.get(SIGNATURE, b"")
    if problem := webhook_message.signature_problem(context.settings, signature, body):
        await webhook_alerts.refused(context.database, f"gateway:{context.gateway.name}", problem)
        raise WebhookSignatureInvalid
    message = webhook_message.read(body)
    event_id = webhook_message.event_id_of(headers.get(EVENT_ID, b""), body)
    await faultpoints.point("webhook.asked", message.kind)
    outcome = await queue_crud.take_event(
        context.database,
        event_id=event_id,
        gateway=context.gateway.name,
        message=message,
        limits=limits_json(context.settings),
    )
    await faultpoints.point("webhook.committed", message.kind)
    if outcome not in EXPECTED_EVENTS:
        log.info(
            "gateway_event",
            event_id=event_id,
            kind=message.kind,
            order_id=message.order_id,
            outcome=outcome.value,
        )
    return Response(_TAKEN, media_type="application/json")
