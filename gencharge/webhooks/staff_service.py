"""What the staff do with endpoints and deliveries: create, change, test, rotate secrets, read, redeliver."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.http.addresses import Reach, check_url
from gencharge.core.http.paging import Order, Page, PageParams, column_of, fetch_bounded_page, slice_page
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.vault.vault import Vault
from gencharge.core.wording import worded
from gencharge.operators.errors import OperatorInvalid
from gencharge.webhooks import crud, service, signing
from gencharge.webhooks.errors import (
    EndpointDisabled,
    EndpointEventsInvalid,
    EndpointNotFound,
    EndpointUrlInvalid,
    WebhookDeliveryNotFound,
)
from gencharge.webhooks.events import (
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointUpdated,
    WebhookRedelivered,
    WebhookSecretRotated,
    WebhookTested,
)
from gencharge.webhooks.messages import PATTERNS, TEST, test_body
from gencharge.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookDeliveryStatus, WebhookEndpoint
from gencharge.webhooks.staff_schemas import (
    WebhookAttemptOut,
    WebhookDeliveryDetail,
    WebhookDeliveryOut,
    WebhookDeliveryQuery,
    WebhookEndpointCreate,
    WebhookEndpointOut,
    WebhookEndpointUpdate,
    WebhookEndpointWithSecret,
)

# How long the old secret also signs after a rotation: time to deploy the new one.
OVERLAP: Final = timedelta(hours=24)
# Rows of an index's order are neighbours in the table: they are written in that order.
_LOOK_THROUGH: Final = 10_000
_EDITABLE: Final = ("url", "description", "contact_email", "events", "operators", "is_active")


async def list_endpoints(db: AsyncSession, page: PageParams) -> Page[WebhookEndpointOut]:
    """A page of the endpoints, in the order of creation. Raises CursorInvalid."""
    rows, cursor, total = slice_page(await crud.list_endpoints(db), page, lambda row: (row.endpoint_id,))
    return Page(items=[_to_out(row) for row in rows], next_cursor=cursor, total=total)


async def show_endpoint(db: AsyncSession, endpoint_id: UUID) -> WebhookEndpointOut:
    """One endpoint. Raises EndpointNotFound."""
    endpoint = await crud.get_endpoint(db, endpoint_id)
    if endpoint is None:
        raise EndpointNotFound
    return _to_out(endpoint)


async def create_endpoint(
    db: AsyncSession, settings: Settings, command: WebhookEndpointCreate
) -> WebhookEndpointWithSecret:
    """A new endpoint and its secret. Raises EndpointUrlInvalid, EndpointEventsInvalid, OperatorInvalid."""
    values = await _checked(db, settings, command.model_dump())
    endpoint_id, secret, now = new_id(), signing.new_secret(), clock.now()
    endpoint = WebhookEndpoint(
        endpoint_id=endpoint_id,
        secret=await Vault.of(db).seal(WebhookEndpoint.secret, (endpoint_id,), secret),
        is_active=True,
        failures=0,
        created_at=now,
        updated_at=now,
        **values,
    )
    db.add(endpoint)
    await db.flush()
    state = changes({}, _state_of(endpoint))
    await emit(
        db, WebhookEndpointCreated(user_id=str(SYSTEM_USER_ID), endpoint_id=str(endpoint_id), changes=state)
    )
    return _with_secret(endpoint, secret)


async def update_endpoint(
    db: AsyncSession,
    settings: Settings,
    endpoint_id: UUID,
    command: WebhookEndpointUpdate,
    *,
    if_match: str | None = None,
) -> WebhookEndpointOut:
    """Change what the command names. Enabling an endpoint resets its failures and makes its pending messages due.

    Raises EndpointNotFound, ResourceChanged, EndpointUrlInvalid, EndpointEventsInvalid, OperatorInvalid.
    """
    values = await _checked(db, settings, command.model_dump(include=command.model_fields_set))
    endpoint = await _lock(db, endpoint_id)
    etags.check(if_match, endpoint)
    before = _state_of(endpoint)
    active = values.pop("is_active", endpoint.is_active)
    # What failures had disabled comes back by itself, unless an admin disables it.
    stops_probes = command.is_active is False and endpoint.disabled_reason == "failures"
    for name, value in values.items():
        setattr(endpoint, name, value)
    if active and not endpoint.is_active:
        endpoint.is_active, endpoint.failures = True, 0
        endpoint.failing_since, endpoint.paused_until = None, None
        endpoint.disabled_at, endpoint.disabled_reason = None, None
        await crud.wake(db, endpoint_id)
    elif not active and (endpoint.is_active or stops_probes):
        endpoint.is_active = False
        endpoint.disabled_at, endpoint.disabled_reason = clock.now(), "by_admin"
    changed = changes(before, _state_of(endpoint)) | changes(
        {"disabled_reason": "failures"} if stops_probes else {},
        {"disabled_reason": "by_admin"} if stops_probes else {},
    )
    if changed:
        endpoint.updated_at = clock.now()
        await emit(
            db,
            WebhookEndpointUpdated(
                user_id=str(SYSTEM_USER_ID), endpoint_id=str(endpoint_id), changes=changed
            ),
        )
    await db.flush()
    return _to_out(endpoint)


async def delete_endpoint(db: AsyncSession, endpoint_id: UUID) -> None:
    """Delete an endpoint and discard its pending messages; its log stays. Raises EndpointNotFound."""
    endpoint = await _lock(db, endpoint_id)
    state = _state_of(endpoint)
    await db.delete(endpoint)
    await db.flush()
    deleted = WebhookEndpointDeleted(
        user_id=str(SYSTEM_USER_ID),
        endpoint_id=str(endpoint_id),
        discarded=await crud.discard_all(db, endpoint_id),
        changes=changes(state, {}),
    )
    await emit(db, deleted)


async def rotate_secret(db: AsyncSession, endpoint_id: UUID) -> WebhookEndpointWithSecret:
    """A new secret; the present one also signs for 24 hours. Raises EndpointNotFound."""
    endpoint = await _lock(db, endpoint_id)
    secret, now = signing.new_secret(), clock.now()
    vault, key = Vault.of(db), (endpoint_id,)
    present = await vault.show(endpoint, WebhookEndpoint.secret)
    endpoint.previous_secret = await vault.seal(WebhookEndpoint.previous_secret, key, present)
    endpoint.previous_valid_until = now + OVERLAP
    endpoint.secret = await vault.seal(WebhookEndpoint.secret, key, secret)
    endpoint.updated_at = now
    await db.flush()
    rotated = WebhookSecretRotated(
        user_id=str(SYSTEM_USER_ID),
        endpoint_id=str(endpoint_id),
        previous_valid_until=endpoint.previous_valid_until.isoformat(),
    )
    await emit(db, rotated)
    return _with_secret(endpoint, secret)


async def send_test(db: AsyncSession, endpoint_id: UUID) -> WebhookDeliveryOut:
    """Queue a test event. Raises EndpointNotFound, EndpointDisabled."""
    endpoint = await _lock(db, endpoint_id)
    if not endpoint.is_active:
        raise EndpointDisabled
    row = await service.new_delivery(db, endpoint_id, new_id(), TEST, test_body(clock.now()))
    await crud.add_deliveries(db, [row])
    delivery_id = row["delivery_id"]
    tested = WebhookTested(
        user_id=str(SYSTEM_USER_ID), endpoint_id=str(endpoint_id), delivery_id=str(delivery_id)
    )
    await emit(db, tested)
    delivery = await crud.find_delivery(db, delivery_id)
    return WebhookDeliveryOut.model_validate(delivery)


async def list_deliveries(db: AsyncSession, query: WebhookDeliveryQuery) -> Page[WebhookDeliveryOut]:
    """A page of the messages that match. Raises CursorInvalid."""
    order = Order(
        column_of(WebhookDelivery.created_at),
        column_of(WebhookDelivery.delivery_id),
        descending=query.sort.startswith("-"),
    )
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_deliveries(query),
        lambda delivery: crud.match_deliveries(delivery, query),
        order,
        query,
        look_through=_LOOK_THROUGH,
    )
    return Page(items=[WebhookDeliveryOut.model_validate(row) for row in rows], next_cursor=cursor)


async def show_delivery(db: AsyncSession, delivery_id: UUID) -> WebhookDeliveryDetail:
    """One message with its attempts. Raises WebhookDeliveryNotFound."""
    delivery = await crud.find_delivery(db, delivery_id)
    if delivery is None:
        raise WebhookDeliveryNotFound
    attempts = [await _attempt_out(db, row) for row in await crud.list_attempts(db, delivery)]
    summary = WebhookDeliveryOut.model_validate(delivery)
    body = await Vault.of(db).show(delivery, WebhookDelivery.body)
    return WebhookDeliveryDetail(**summary.model_dump(), body=body, log=attempts)


async def _attempt_out(db: AsyncSession, row: WebhookAttempt) -> WebhookAttemptOut:
    return WebhookAttemptOut(
        attempt=row.attempt,
        url=row.url,
        started_at=row.started_at,
        duration_ms=row.duration_ms,
        response_status=row.response_status,
        response=await Vault.of(db).show(row, WebhookAttempt.response),
        error=row.error,
    )


async def redeliver(db: AsyncSession, delivery_id: UUID) -> WebhookDeliveryOut:
    """Send a message again, under the same id, for another three days. Raises WebhookDeliveryNotFound, EndpointDisabled."""
    unlocked = await crud.find_delivery(db, delivery_id)
    if unlocked is None:
        raise WebhookDeliveryNotFound
    # Lock order: the endpoint first.
    endpoint = await crud.lock_endpoint(db, unlocked.endpoint_id)
    if endpoint is None or not endpoint.is_active:
        raise EndpointDisabled
    delivery = await crud.find_delivery(db, delivery_id, lock=True)
    if delivery is None:
        raise WebhookDeliveryNotFound
    now, before = clock.now(), delivery.status
    if delivery.status != WebhookDeliveryStatus.PENDING:
        delivery.leased_until = None
    delivery.status, delivery.tries, delivery.completed_at = WebhookDeliveryStatus.PENDING.value, 0, None
    delivery.next_attempt_at, delivery.expires_at = now, now + service.RETRY_FOR
    await db.flush()
    redelivered = WebhookRedelivered(
        user_id=str(SYSTEM_USER_ID),
        delivery_id=str(delivery_id),
        endpoint_id=str(delivery.endpoint_id),
        type=delivery.type,
        changes=changes({"status": before}, {"status": delivery.status}),
    )
    await emit(db, redelivered)
    return WebhookDeliveryOut.model_validate(delivery)


async def _lock(db: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = await crud.lock_endpoint(db, endpoint_id)
    if endpoint is None:
        raise EndpointNotFound
    return endpoint


async def _checked(db: AsyncSession, settings: Settings, values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a command, in order and without repetitions."""
    if "url" in values:
        try:
            check_url(values["url"], Reach.of(settings, settings.webhook_allow_private))
        except ValueError as problem:
            raise EndpointUrlInvalid(
                errors=[field_problem("body.url", str(problem), "url_invalid")]
            ) from None
    if "events" in values:
        values["events"] = list(dict.fromkeys(values["events"]))
        if unknown := [pattern for pattern in values["events"] if pattern not in PATTERNS]:
            message = worded(
                "Must be any of: {choices}; not {unknown!r}", choices=list(PATTERNS), unknown=unknown[0]
            )
            raise EndpointEventsInvalid(errors=[field_problem("body.events", message, "event_type_invalid")])
    if values.get("operators"):
        values["operators"] = list(dict.fromkeys(code.upper() for code in values["operators"]))
        codes = await crud.list_operator_codes(db)
        if set(values["operators"]) - set(codes):
            message = worded("Must be any of: {choices}", choices=list(codes))
            raise OperatorInvalid(errors=[field_problem("body.operators", message, "operator_invalid")])
    return values


def _state_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in _EDITABLE}


def _to_out(endpoint: WebhookEndpoint) -> WebhookEndpointOut:
    return WebhookEndpointOut(**_fields_of(endpoint))


def _with_secret(endpoint: WebhookEndpoint, secret: str) -> WebhookEndpointWithSecret:
    return WebhookEndpointWithSecret(**_fields_of(endpoint), secret=secret)


def _fields_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
    until = endpoint.previous_valid_until
    return {
        **_state_of(endpoint),
        "etag": endpoint.etag,
        "endpoint_id": endpoint.endpoint_id,
        "failures": endpoint.failures,
        "disabled_at": endpoint.disabled_at,
        "disabled_reason": endpoint.disabled_reason,
        "previous_secret_until": until if until is not None and until > clock.now() else None,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }
