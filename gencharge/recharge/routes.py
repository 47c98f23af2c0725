"""`/recharge`: quotes, recharges, bought plans."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from fastapi.responses import Response
from starlette.status import HTTP_201_CREATED

from gencharge.core.errors import (
    DatabaseUnavailable,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    ReferenceAlreadyUsed,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.http.direct import DirectRoute
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict, get_database
from gencharge.core.settings import Settings
from gencharge.operators import service as operators
from gencharge.operators.errors import CircleInvalid, OperatorInvalid
from gencharge.payments.errors import GatewayDeclined, GatewayUnavailable
from gencharge.payments.service import PaymentContext
from gencharge.recharge import checkout_service as checkout
from gencharge.recharge import quote_service, repeat_service, service
from gencharge.recharge.choice_service import Market
from gencharge.recharge.errors import (
    OFFER_REFUSALS,
    REFUSALS,
    BillNotRepeatable,
    RechargeNotFound,
    WalletAmountInvalid,
)
from gencharge.recharge.schemas import (
    BoughtPlanPage,
    BoughtPlanQuery,
    Quote,
    QuoteOut,
    RechargeOut,
    RechargePage,
    RechargeQuery,
    RepeatRecharge,
    Subscribe,
    SubscriptionOut,
)
from gencharge.recharge.stated_schemas import Stated
from gencharge.sessions.guards import USER_ERRORS, Principal, SignedInUser
from gencharge.velocity import service as velocity
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.wallet.errors import InsufficientBalance, WalletNotFound
from gencharge.wallet.models import PaymentMethod

router = web.router("recharge")
direct = web.router("recharge", route_class=DirectRoute)
_ALWAYS = (*USER_ERRORS, DatabaseUnavailable)
_BODY = (MalformedJson, ValidationFailed)
_PAYING = (
    *REFUSALS.values(),
    *OFFER_REFUSALS,
    VelocityLimitExceeded,
    InsufficientBalance,
    WalletNotFound,
    WalletAmountInvalid,
    GatewayUnavailable,
    GatewayDeclined,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    ReferenceAlreadyUsed,
    OperatorInvalid,
    CircleInvalid,
    ResourceLocked,
    WriteConflict,
    *_BODY,
    *_ALWAYS,
)


@direct.post(
    "/subscribe",
    summary="Recharge a number",
    status_code=HTTP_201_CREATED,
    response_model=SubscriptionOut,
    responses=web.errors(*_PAYING),
    openapi_extra=idempotency.DOCUMENTED,
)
async def subscribe(user: SignedInUser, request: Request, body: Subscribe) -> Response:
    """Recharge a number with a plan, paid from my wallet, by UPI, card or net banking, or by the wallet and one of these.

    The same Idempotency-Key and body again: the same answer, with `Idempotent-Replayed: true`.
    """
    return await _sell(request, user, body)


@direct.post(
    "/quote",
    summary="What a recharge would cost",
    responses=web.errors(
        *REFUSALS.values(), *OFFER_REFUSALS, WalletNotFound, OperatorInvalid, CircleInvalid, *_BODY, *_ALWAYS
    ),
)
async def quote(user: SignedInUser, request: Request, body: Quote) -> QuoteOut:
    """What a recharge would cost, whether my wallet covers it, and when the plan would start."""
    await _check_stated(request, body)
    database = get_database(request)
    return await quote_service.quote(database, user.user_id, body, await Market.of(request.app, database))


@router.get("", responses=web.errors(CursorInvalid, ValidationFailed, *_ALWAYS))
async def list_recharges(
    user: SignedInUser, db: Db, query: Annotated[RechargeQuery, Query()]
) -> RechargePage:
    """My recharges, newest first."""
    return await service.list_recharges(db, user.user_id, query)


@router.get(
    "/plans", summary="Plans of my numbers", responses=web.errors(CursorInvalid, ValidationFailed, *_ALWAYS)
)
async def list_plans(
    user: SignedInUser, db: Db, query: Annotated[BoughtPlanQuery, Query()]
) -> BoughtPlanPage:
    """Active, queued and past plans of the numbers that I recharged, and of my own number."""
    return await service.list_plans(db, user.user_id, query)


@router.get("/by-key/{idempotency_key}", responses=web.errors(RechargeNotFound, ValidationFailed, *_ALWAYS))
async def get_by_key(
    user: SignedInUser, db: Db, idempotency_key: Annotated[str, Path(max_length=255)]
) -> RechargeOut:
    """The result of a request whose answer never reached me. 404: it changed nothing; send it again."""
    return await service.show_by_key(db, user.user_id, idempotency_key)


@router.get("/{recharge_id}", responses=web.errors(RechargeNotFound, ValidationFailed, *_ALWAYS))
async def get_recharge(user: SignedInUser, db: Db, recharge_id: UUID) -> RechargeOut:
    """One of my recharges, as it is now."""
    return await service.show(db, user.user_id, recharge_id)


@router.post(
    "/{recharge_id}/repeat",
    status_code=HTTP_201_CREATED,
    response_model=SubscriptionOut,
    responses=web.errors(RechargeNotFound, BillNotRepeatable, *_PAYING),
    openapi_extra=idempotency.DOCUMENTED,
)
async def repeat(user: SignedInUser, request: Request, recharge_id: UUID, body: RepeatRecharge) -> Response:
    """The same number and plan once more, at today's price."""
    database = get_database(request)
    market = await Market.of(request.app, database)
    command = await repeat_service.repeat(database, user.user_id, recharge_id, body, market)
    return await _sell(request, user, command)


async def _check_stated(request: Request, command: Stated) -> None:
    """Raises OperatorInvalid, CircleInvalid for a code that there is not. Looks at what the process holds in memory."""
    if command.operator is None and command.circle is None:
        return
    known = await operators.Operators.for_request(request)
    if command.operator is not None:
        known.check(command.operator, command.circle)
    known.check_circle(command.circle)


async def _sell(request: Request, user: Principal, command: Subscribe) -> Response:
    key = idempotency.key_of(request)
    await _check_stated(request, command)
    settings: Settings = request.app.state.settings
    window, limits = settings.duplicate_window_seconds, velocity.limits_of(settings, user.session_id)
    user_id, market = user.user_id, await Market.of(request.app, get_database(request))
    if command.payment_method is PaymentMethod.WALLET:
        database = get_database(request)
        sale = await checkout.pay_from_wallet(
            database, user_id, command, key=key, window_seconds=window, limits=limits, market=market
        )
    else:
        context = PaymentContext.of(request.app)
        sale = await checkout.pay_through_gateway(
            context, user_id, command, key=key, window_seconds=window, limits=limits, market=market
        )
    return idempotency.reply(sale, status=HTTP_201_CREATED)
