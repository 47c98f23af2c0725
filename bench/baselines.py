"""What the product is measured against.

`statement`: a bare Starlette handler that does the recharge as one prepared statement: no guard, no rules, no log.
`orm`: the recharge the usual way: FastAPI, a pydantic body, PyJWT in a dependency, rows read and locked and added
through an ORM session. `empty`: a FastAPI route that returns {}.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import jwt
import orjson
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import make_url, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from gencharge.core.events.events import EventRow
from gencharge.core.settings import Settings, get_settings
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.operators.models import ConnectionRow, Operator
from gencharge.plans.models import Plan
from gencharge.recharge.models import ActivePlan, Line, PaymentState, PlanState, Recharge
from gencharge.wallet.models import Account, Code, Transfer, Wallet

PATH = "/subscribe"

# The rows that `recharge_from_wallet` writes for an add-on, and the lock of the number. No rule is looked at.
STATEMENT = """
    WITH line AS (SELECT phone_number FROM lines WHERE phone_number = $4 FOR UPDATE),
    new_line AS (
        INSERT INTO lines (phone_number) SELECT $4 WHERE NOT EXISTS (SELECT FROM line) ON CONFLICT DO NOTHING
    ),
    plan AS (SELECT * FROM plans WHERE plan_id = $5),
    wallet AS (
        UPDATE wallets SET posted = posted - plan.price_paise, updated_at = now() FROM plan
        WHERE user_id = $1 AND posted - held >= plan.price_paise RETURNING posted - held AS available
    ),
    transfer AS (
        INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, phone_number, service_type,
                               source, payment_method, created_at)
        SELECT $1, $6, 'user:main', 'operator:' || lower(operator), price_paise, 3, $2::uuid::text, $2, $4, plan_type,
               'web', 'wallet', now() FROM plan, wallet
    ),
    recharge AS (
        INSERT INTO recharges (user_id, id, idempotency_key, request_hash, phone_number, plan_id, plan_version,
                               plan_name, operator, plan_type, category, price, discount, wallet_amount, gateway_amount,
                               status, sold_status, payment_method, source, activation_mode, sold_valid_from,
                               sold_valid_until, balance_after, created_at, completed_at)
        SELECT $1, $2, $3, ''::bytea, $4, $5, version, name, operator, plan_type, category, price_paise, 0, price_paise,
               0, 'delivered', 'active', 'wallet', 'web', 'queue', now(), now() + make_interval(days => validity_count),
               available, now(), now() FROM plan, wallet
        RETURNING *
    ),
    bought AS (
        INSERT INTO active_plans (phone_number, recharge_id, user_id, plan_id, plan_version, plan_name, operator,
                                  plan_type, category, is_addon, status, validity_count, validity_unit, valid_from,
                                  valid_until, created_at)
        SELECT $4, $2, $1, $5, version, name, operator, plan_type, category, is_addon, 'active', validity_count,
               validity_unit, now(), now() + make_interval(days => validity_count), now() FROM plan, wallet
    ),
    event AS (
        INSERT INTO events (user_id, id, topic, payload, context)
        SELECT $1, $7, 'PlanRecharged', jsonb_build_object(
            'user_id', $1, 'recharge_id', $2::uuid, 'phone_number', $4, 'plan_id', $5, 'plan_name', plan_name,
            'operator', operator, 'status', sold_status, 'total_paid_paise', price, 'payment_method', payment_method,
            'source', source, 'valid_from', sold_valid_from, 'valid_until', sold_valid_until), '{}' FROM recharge
    )
    SELECT id, plan_name, operator, price, sold_status, sold_valid_until, balance_after FROM recharge
"""


async def _by_statement(request: Request) -> Response:
    body = orjson.loads(await request.body())
    user_id, key = UUID(request.headers["x-user"]), request.headers["idempotency-key"]
    identifiers = (new_id(), new_id(), new_id())
    async with request.app.state.pool.acquire() as connection:
        row = await connection.fetchrow(
            STATEMENT,
            user_id,
            identifiers[0],
            key,
            body["phone_number"],
            UUID(body["plan_id"]),
            *identifiers[1:],
        )
    return Response(orjson.dumps(dict(row), default=str), status_code=201, media_type="application/json")


async def _nothing_to_reset(_connection: object) -> None:
    return None


def statement() -> Starlette:
    """One prepared statement on asyncpg's own pool, as large as the product's and as free of resets."""
    settings = get_settings()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        size = settings.database_fast_pool_size
        app.state.pool = await asyncpg.create_pool(
            settings.postgres_url, min_size=size, max_size=size, reset=_nothing_to_reset
        )
        yield
        app.state.pool.terminate()

    return Starlette(routes=[Route(PATH, _by_statement, methods=["POST"])], lifespan=lifespan)


def empty() -> FastAPI:
    """A route that does nothing."""
    app = FastAPI()

    @app.get("/")
    async def nothing() -> dict[str, str]:
        return {}

    return app


class SubscribeBody(BaseModel):
    """The body of a recharge."""

    phone_number: str
    plan_id: UUID
    payment_method: str
    confirm_duplicate: bool = False


class SubscribeAnswer(BaseModel):
    """The answer to it."""

    recharge_id: UUID
    subscription_id: UUID
    plan_name: str
    operator: str
    price: float
    status: str
    valid_until: datetime | None
    wallet_balance: float


async def _get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


async def _get_user(request: Request, authorization: Annotated[str, Header()]) -> UUID:
    settings: Settings = request.app.state.settings
    try:
        claims = jwt.decode(
            authorization.removeprefix("Bearer "),
            settings.secret_key.get_secret_value(),
            algorithms=["HS256"],
            audience=settings.token_audience,
        )
    except jwt.PyJWTError:
        raise HTTPException(401) from None
    return UUID(claims["sub"])


def orm() -> FastAPI:
    """The recharge through the ORM."""
    app = FastAPI()
    app.state.settings = settings = get_settings()
    url = make_url(settings.postgres_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, pool_size=settings.database_fast_pool_size)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)

    @app.post(PATH, status_code=201)
    async def subscribe(
        body: SubscribeBody,
        user_id: Annotated[UUID, Depends(_get_user)],
        db: Annotated[AsyncSession, Depends(_get_session)],
        idempotency_key: Annotated[str, Header()],
    ) -> SubscribeAnswer:
        plan, running = await _rules(db, user_id, idempotency_key, body)
        wallet = await db.scalar(select(Wallet).where(Wallet.user_id == user_id).with_for_update())
        if wallet is None or wallet.posted - wallet.held < plan.price_paise:
            raise HTTPException(402)
        wallet.posted -= plan.price_paise
        wallet.updated_at = datetime.now(UTC)
        recharge = _add_rows(db, user_id, idempotency_key, body, plan, wallet, running)
        await db.commit()
        return SubscribeAnswer(
            recharge_id=recharge.id,
            subscription_id=recharge.id,
            plan_name=recharge.plan_name,
            operator=recharge.operator,
            price=recharge.price / 100,
            status=recharge.sold_status,
            valid_until=recharge.sold_valid_until,
            wallet_balance=recharge.balance_after / 100,
        )

    return app


async def _rules(
    db: AsyncSession, user_id: UUID, key: str, body: SubscribeBody
) -> tuple[Plan, ActivePlan | None]:
    """The reads of `recharge_from_wallet`, each a query of its own, after the lock of the number."""
    line = await db.scalar(select(Line).where(Line.phone_number == body.phone_number).with_for_update())
    if line is None:
        db.add(Line(phone_number=body.phone_number))
        await db.flush()
    same_key = (Recharge.user_id == user_id, Recharge.idempotency_key == key)
    if await db.scalar(select(Recharge).where(*same_key)) is not None:
        raise HTTPException(409)
    plan = await db.get(Plan, body.plan_id)
    if plan is None or plan.status != "active":
        raise HTTPException(404)
    operator = await db.get(Operator, plan.operator)
    of_number = ConnectionRow.phone_number == body.phone_number
    known = select(ConnectionRow).where(of_number, ConnectionRow.user_id.in_([user_id, SYSTEM_USER_ID]))
    connection = (await db.scalars(known)).first()
    if operator is None or operator.status == "down" or connection is None:
        raise HTTPException(409)
    if (connection.operator, connection.service_type) != (plan.operator, plan.plan_type):
        raise HTTPException(409)
    base = (ActivePlan.status == PlanState.ACTIVE, ~ActivePlan.is_addon)
    running = await db.scalar(select(ActivePlan).where(ActivePlan.phone_number == body.phone_number, *base))
    return plan, running


def _add_rows(
    db: AsyncSession,
    user_id: UUID,
    key: str,
    body: SubscribeBody,
    plan: Plan,
    wallet: Wallet,
    running: ActivePlan | None,
) -> Recharge:
    now = datetime.now(UTC)
    starts = plan.is_addon or running is None
    until = now + timedelta(days=plan.validity_count or 0) if starts else None
    state = PlanState.ACTIVE if starts else PlanState.QUEUED
    terms: dict[str, Any] = {
        "plan_id": plan.plan_id,
        "plan_version": plan.version,
        "plan_name": plan.name,
        "operator": plan.operator,
        "plan_type": plan.plan_type,
        "category": plan.category,
    }
    recharge = Recharge(
        user_id=user_id,
        id=new_id(),
        idempotency_key=key,
        request_hash=b"",
        price=plan.price_paise,
        discount=0,
        wallet_amount=plan.price_paise,
        gateway_amount=0,
        status=PaymentState.DELIVERED,
        sold_status=state,
        activation_mode="queue",
        sold_valid_from=now if starts else None,
        sold_valid_until=until,
        balance_after=wallet.posted - wallet.held,
        created_at=now,
        completed_at=now,
        phone_number=body.phone_number,
        source="web",
        payment_method=body.payment_method,
        **terms,
    )
    bought = ActivePlan(
        phone_number=body.phone_number,
        recharge_id=recharge.id,
        user_id=user_id,
        is_addon=plan.is_addon,
        status=state,
        validity_count=plan.validity_count,
        validity_unit=plan.validity_unit,
        valid_from=now if starts else None,
        valid_until=until,
        created_at=now,
        **terms,
    )
    db.add_all([recharge, bought, _transfer(recharge), _event(recharge)])
    return recharge


def _transfer(recharge: Recharge) -> Transfer:
    return Transfer(
        user_id=recharge.user_id,
        id=new_id(),
        debit=Account.MAIN,
        credit=f"operator:{recharge.operator.lower()}",
        amount=recharge.price,
        code=Code.RECHARGE,
        key=str(recharge.id),
        reference_id=recharge.id,
        phone_number=recharge.phone_number,
        service_type=recharge.plan_type,
        source=recharge.source,
        payment_method=recharge.payment_method,
        created_at=recharge.created_at,
    )


def _event(recharge: Recharge) -> EventRow:
    until = recharge.sold_valid_until
    payload = {
        "user_id": str(recharge.user_id),
        "recharge_id": str(recharge.id),
        "phone_number": recharge.phone_number,
        "plan_id": str(recharge.plan_id),
        "plan_name": recharge.plan_name,
        "operator": recharge.operator,
        "status": recharge.sold_status,
        "total_paid_paise": recharge.price,
        "valid_until": until.isoformat() if until else None,
    }
    return EventRow(user_id=recharge.user_id, id=new_id(), topic="PlanRecharged", payload=payload, context={})
