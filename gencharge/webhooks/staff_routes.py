"""`/webhooks`: integrators' endpoints, what was sent to them, sending it again (staff)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.status import HTTP_201_CREATED, HTTP_202_ACCEPTED

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid, Page, PageParams
from gencharge.core.postgres.database import Db
from gencharge.core.settings import Settings
from gencharge.operators.errors import OperatorInvalid
from gencharge.sessions.guards import ADMIN_ERRORS, STEP_UP_ERRORS, Action, Principal, Requires, Resource
from gencharge.webhooks import staff_service
from gencharge.webhooks.errors import (
    EndpointDisabled,
    EndpointEventsInvalid,
    EndpointNotFound,
    EndpointUrlInvalid,
    WebhookDeliveryNotFound,
)
from gencharge.webhooks.staff_schemas import (
    WebhookDeliveryDetail,
    WebhookDeliveryOut,
    WebhookDeliveryQuery,
    WebhookEndpointCreate,
    WebhookEndpointOut,
    WebhookEndpointUpdate,
    WebhookEndpointWithSecret,
)

router = web.router("webhooks")
Reader = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.READ))]
Creator = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.WRITE, step_up=True))]
# A new address receives every customer's payments, so editing payments is not enough.
Editor = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.WRITE, step_up=True))]
Sender = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.EDIT))]
Deleter = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.DELETE))]
_ALWAYS = (*ADMIN_ERRORS, ValidationFailed, DatabaseUnavailable)
_STEPPED_UP = (*STEP_UP_ERRORS, ValidationFailed, DatabaseUnavailable)
_WRONG = (MalformedJson, EndpointUrlInvalid, EndpointEventsInvalid, OperatorInvalid)


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


@router.get("/endpoints", summary="Endpoints (staff)", responses=web.errors(CursorInvalid, *_ALWAYS))
async def list_endpoints(
    admin: Reader, db: Db, query: Annotated[PageParams, Query()]
) -> Page[WebhookEndpointOut]:
    """The endpoints of integrators. Secrets are not shown."""
    del admin
    return await staff_service.list_endpoints(db, query)


@router.post(
    "/endpoints",
    summary="Add an endpoint (staff)",
    status_code=HTTP_201_CREATED,
    response_model=WebhookEndpointWithSecret,
    responses=web.errors(*_WRONG, *_STEPPED_UP),
)
async def create_endpoint(
    admin: Creator, request: Request, db: Db, command: WebhookEndpointCreate
) -> WebhookEndpointWithSecret:
    """A new endpoint. Its secret is in this answer only; messages are signed as standardwebhooks.com says.

    A message that is not answered with 2xx within 10 s is sent again, with growing pauses, for three days. An
    endpoint that fails gets one message at a time, until it answers. It is disabled after a day of nothing but failures, and
    comes back by itself with its first success; at a 410 it is disabled for good. Messages can come twice and in any order: tell them apart by `webhook-id`.
    """
    del admin
    return await staff_service.create_endpoint(db, _settings(request), command)


@router.get(
    "/endpoints/{endpoint_id}",
    summary="One endpoint (staff)",
    responses=web.errors(EndpointNotFound, *_ALWAYS),
)
async def get_endpoint(admin: Reader, db: Db, endpoint_id: UUID) -> WebhookEndpointOut:
    """An endpoint and its state."""
    del admin
    return await staff_service.show_endpoint(db, endpoint_id)


@router.patch(
    "/endpoints/{endpoint_id}",
    summary="Change an endpoint (staff)",
    responses=web.errors(EndpointNotFound, ResourceChanged, *_WRONG, *_STEPPED_UP),
)
async def update_endpoint(
    admin: Editor,
    request: Request,
    db: Db,
    endpoint_id: UUID,
    command: WebhookEndpointUpdate,
    if_match: IfMatch = None,
) -> WebhookEndpointOut:
    """Change its address, its subscriptions, or whether it is active. Pending messages go to the new address."""
    del admin
    return await staff_service.update_endpoint(
        db, _settings(request), endpoint_id, command, if_match=if_match
    )


@router.delete(
    "/endpoints/{endpoint_id}",
    summary="Delete an endpoint (staff)",
    status_code=204,
    responses=web.errors(EndpointNotFound, *_ALWAYS),
)
async def delete_endpoint(admin: Deleter, db: Db, endpoint_id: UUID) -> None:
    """Delete an endpoint. Pending messages are discarded; the log stays for 30 days."""
    del admin
    await staff_service.delete_endpoint(db, endpoint_id)


@router.post(
    "/endpoints/{endpoint_id}/rotate-secret",
    summary="Give an endpoint a new secret (staff)",
    response_model=WebhookEndpointWithSecret,
    responses=web.errors(EndpointNotFound, *_STEPPED_UP),
)
async def rotate_secret(admin: Editor, db: Db, endpoint_id: UUID) -> WebhookEndpointWithSecret:
    """The new secret is in this answer only. For 24 hours messages bear two signatures, by both secrets."""
    del admin
    return await staff_service.rotate_secret(db, endpoint_id)


@router.post(
    "/endpoints/{endpoint_id}/test",
    summary="Send a test event (staff)",
    status_code=HTTP_202_ACCEPTED,
    response_model=WebhookDeliveryOut,
    responses=web.errors(EndpointNotFound, EndpointDisabled, *_ALWAYS),
)
async def test_endpoint(admin: Sender, db: Db, endpoint_id: UUID) -> WebhookDeliveryOut:
    """A `webhook.test` message; the result is in the log a moment later."""
    del admin
    return await staff_service.send_test(db, endpoint_id)


@router.get(
    "/deliveries",
    summary="What was sent (staff)",
    responses=web.errors(CursorInvalid, *_ALWAYS),
)
async def list_deliveries(
    admin: Reader, db: Db, query: Annotated[WebhookDeliveryQuery, Query()]
) -> Page[WebhookDeliveryOut]:
    """Messages of the last 30 days, newest first. A page may hold fewer than `limit`, and `next_cursor` continues the search."""
    del admin
    return await staff_service.list_deliveries(db, query)


@router.get(
    "/deliveries/{delivery_id}",
    summary="One message and its attempts (staff)",
    responses=web.errors(WebhookDeliveryNotFound, *_ALWAYS),
)
async def get_delivery(admin: Reader, db: Db, delivery_id: UUID) -> WebhookDeliveryDetail:
    """The message and the endpoint's answer to each attempt."""
    del admin
    return await staff_service.show_delivery(db, delivery_id)


@router.post(
    "/deliveries/{delivery_id}/redeliver",
    summary="Send a message again (staff)",
    status_code=HTTP_202_ACCEPTED,
    response_model=WebhookDeliveryOut,
    responses=web.errors(WebhookDeliveryNotFound, EndpointDisabled, *_ALWAYS),
)
async def redeliver(admin: Sender, db: Db, delivery_id: UUID) -> WebhookDeliveryOut:
    """The same message under the same `webhook-id`, now, and with pauses for another three days."""
    del admin
    return await staff_service.redeliver(db, delivery_id)
