"""Endpoints: made, changed, tried, given new secrets. The staff's verbs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http.paging import Page
from gencharge.core.sealer import Sealer
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM, new_id
from gencharge.webhooks import crud, signing
from gencharge.webhooks import outgoing_service as outgoing
from gencharge.webhooks.addresses import Reach, check_url
from gencharge.webhooks.errors import (
    EndpointDisabled,
    EndpointEventsUnknown,
    EndpointNotFound,
    EndpointOperatorUnknown,
    EndpointUrlRefused,
)
from gencharge.webhooks.events import (
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointUpdated,
    WebhookSecretRotated,
    WebhookTested,
)
from gencharge.webhooks.messages import PATTERNS, TEST, test_body
from gencharge.webhooks.models import WebhookEndpoint
from gencharge.webhooks.schemas import (
    DeliveryOut,
    EndpointCreate,
    EndpointOut,
    EndpointUpdate,
    EndpointWithSecret,
)

# After a rotation the secret before signs, too, for so long: time to bring the new one everywhere.
OVERLAP: Final = timedelta(hours=24)
_EDITABLE: Final = ("url", "description", "events", "operators", "is_active")


def sealer_of(settings: Settings) -> Sealer:
    """Seals the endpoints' secrets."""
    return Sealer(settings, "gencharge webhook secret")


async def list_all(db: AsyncSession) -> Page[EndpointOut]:
    """The endpoints, in the order in which they were made."""
    items = [shown(row) for row in await crud.list_endpoints(db)]
    return Page(items=items, next_cursor=None, total=len(items))


async def show(db: AsyncSession, endpoint_id: UUID) -> EndpointOut:
    """One endpoint. Raises EndpointNotFound."""
    endpoint = await crud.get_endpoint(db, endpoint_id)
    if endpoint is None:
        raise EndpointNotFound
    return shown(endpoint)


async def create(db: AsyncSession, settings: Settings, command: EndpointCreate) -> EndpointWithSecret:
    """A new endpoint and its secret. Raises EndpointUrlRefused, EndpointEventsUnknown, EndpointOperatorUnknown."""
    values = await _checked(db, settings, command.model_dump())
    endpoint_id, secret, now = new_id(), signing.new_secret(), clock.now()
    endpoint = WebhookEndpoint(
        endpoint_id=endpoint_id,
        secret=sealer_of(settings).seal(endpoint_id, secret),
        is_active=True,
        failures=0,
        created_at=now,
        updated_at=now,
        **values,
    )
    db.add(endpoint)
    await db.flush()
    state = changes({}, _state_of(endpoint))
    await emit(db, WebhookEndpointCreated(user_id=str(SYSTEM), endpoint_id=str(endpoint_id), changes=state))
    return _with_secret(endpoint, secret)


async def update(
    db: AsyncSession, settings: Settings, endpoint_id: UUID, command: EndpointUpdate
) -> EndpointOut:
    """Change what the command names. Switched on again, an endpoint starts without failures and gets what waits for it.

    Raises EndpointNotFound, EndpointUrlRefused, EndpointEventsUnknown, EndpointOperatorUnknown.
    """
    values = await _checked(db, settings, command.model_dump(include=command.model_fields_set))
    endpoint = await _hold(db, endpoint_id)
    before = _state_of(endpoint)
    active = values.pop("is_active", endpoint.is_active)
    for name, value in values.items():
        setattr(endpoint, name, value)
    if active and not endpoint.is_active:
        endpoint.is_active, endpoint.failures = True, 0
        endpoint.disabled_at, endpoint.disabled_reason = None, None
        await crud.wake(db, endpoint_id)
    elif endpoint.is_active and not active:
        endpoint.is_active = False
        endpoint.disabled_at, endpoint.disabled_reason = clock.now(), "by_admin"
    changed = changes(before, _state_of(endpoint))
    if changed:
        endpoint.updated_at = clock.now()
        await emit(
            db, WebhookEndpointUpdated(user_id=str(SYSTEM), endpoint_id=str(endpoint_id), changes=changed)
        )
    await db.flush()
    return shown(endpoint)


async def delete(db: AsyncSession, endpoint_id: UUID) -> None:
    """Remove an endpoint; what waited for it is discarded, its log stays. Raises EndpointNotFound."""
    endpoint = await _hold(db, endpoint_id)
    state = _state_of(endpoint)
    await db.delete(endpoint)
    await db.flush()
    deleted = WebhookEndpointDeleted(
        user_id=str(SYSTEM),
        endpoint_id=str(endpoint_id),
        discarded=await crud.discard_all(db, endpoint_id),
        changes=changes(state, {}),
    )
    await emit(db, deleted)


async def rotate_secret(db: AsyncSession, settings: Settings, endpoint_id: UUID) -> EndpointWithSecret:
    """A new secret; the present one signs beside it for 24 hours. Raises EndpointNotFound."""
    endpoint = await _hold(db, endpoint_id)
    secret, now = signing.new_secret(), clock.now()
    endpoint.previous_secret, endpoint.previous_valid_until = endpoint.secret, now + OVERLAP
    endpoint.secret = sealer_of(settings).seal(endpoint_id, secret)
    endpoint.updated_at = now
    await db.flush()
    rotated = WebhookSecretRotated(
        user_id=str(SYSTEM),
        endpoint_id=str(endpoint_id),
        previous_valid_until=endpoint.previous_valid_until.isoformat(),
    )
    await emit(db, rotated)
    return _with_secret(endpoint, secret)


async def send_test(db: AsyncSession, endpoint_id: UUID) -> DeliveryOut:
    """Have a test event sent. Raises EndpointNotFound, EndpointDisabled."""
    endpoint = await _hold(db, endpoint_id)
    if not endpoint.is_active:
        raise EndpointDisabled
    row = outgoing.row_of(endpoint_id, new_id(), TEST, test_body(clock.now()))
    await crud.add_deliveries(db, [row])
    delivery_id = row["delivery_id"]
    tested = WebhookTested(user_id=str(SYSTEM), endpoint_id=str(endpoint_id), delivery_id=str(delivery_id))
    await emit(db, tested)
    delivery = await crud.find_delivery(db, delivery_id)
    return DeliveryOut.model_validate(delivery)


async def reseal(db: AsyncSession, settings: Settings) -> int:
    """Seal under the present key what an earlier one sealed; how many endpoints."""
    sealer, renewed = sealer_of(settings), 0
    for known in await crud.list_endpoints(db):
        found = [sealer.open(known.endpoint_id, part) for part in _secrets_of(known)]
        if not any(opened is not None and opened[1] for opened in found):
            continue
        endpoint = await crud.lock_endpoint(db, known.endpoint_id)
        if endpoint is None:
            continue
        endpoint.secret = _resealed(sealer, endpoint.endpoint_id, endpoint.secret)
        if endpoint.previous_secret is not None:
            endpoint.previous_secret = _resealed(sealer, endpoint.endpoint_id, endpoint.previous_secret)
        renewed += 1
    await db.flush()
    return renewed


def _secrets_of(endpoint: WebhookEndpoint) -> Sequence[bytes]:
    return [part for part in (endpoint.secret, endpoint.previous_secret) if part is not None]


def _resealed(sealer: Sealer, endpoint_id: UUID, sealed: bytes) -> bytes:
    opened = sealer.open(endpoint_id, sealed)
    return sealer.seal(endpoint_id, opened[0]) if opened is not None and opened[1] else sealed


async def _hold(db: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = await crud.lock_endpoint(db, endpoint_id)
    if endpoint is None:
        raise EndpointNotFound
    return endpoint


async def _checked(db: AsyncSession, settings: Settings, values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a command, in order and without repetitions."""
    if "url" in values:
        try:
            check_url(values["url"], Reach.of(settings))
        except ValueError as problem:
            raise EndpointUrlRefused(
                errors=[field_problem("body.url", str(problem), "url_refused")]
            ) from None
    if "events" in values:
        values["events"] = list(dict.fromkeys(values["events"]))
        if unknown := [pattern for pattern in values["events"] if pattern not in PATTERNS]:
            message = f"not {unknown[0]!r}; of: {', '.join(PATTERNS)}"
            raise EndpointEventsUnknown(errors=[field_problem("body.events", message, "unknown_event")])
    if values.get("operators"):
        values["operators"] = list(dict.fromkeys(code.upper() for code in values["operators"]))
        codes = await crud.list_operator_codes(db)
        if set(values["operators"]) - set(codes):
            message = f"of: {', '.join(codes)}"
            raise EndpointOperatorUnknown(
                errors=[field_problem("body.operators", message, "unknown_operator")]
            )
    return values


def _state_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in _EDITABLE}


def shown(endpoint: WebhookEndpoint) -> EndpointOut:
    """An endpoint as it goes over the wire."""
    return EndpointOut(**_fields_of(endpoint))


def _with_secret(endpoint: WebhookEndpoint, secret: str) -> EndpointWithSecret:
    return EndpointWithSecret(**_fields_of(endpoint), secret=secret)


def _fields_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
    until = endpoint.previous_valid_until
    return {
        **_state_of(endpoint),
        "endpoint_id": endpoint.endpoint_id,
        "failures": endpoint.failures,
        "disabled_at": endpoint.disabled_at,
        "disabled_reason": endpoint.disabled_reason,
        "previous_secret_until": until if until is not None and until > clock.now() else None,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }
