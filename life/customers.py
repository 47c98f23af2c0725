"""What customers do, by the services that the API calls. Each verb may be repeated: its key gets the first answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.auth.events import SignedIn
from gencharge.autopay import service as autopays
from gencharge.autopay.errors import AutopayAlreadyExists
from gencharge.autopay.models import AutopayTag
from gencharge.autopay.schemas import AutopayCreate
from gencharge.channels.service import load_channels
from gencharge.core import faultpoints
from gencharge.core.events.events import context_json, emit
from gencharge.core.values import clock
from gencharge.notifications import service as notifications
from gencharge.notifications.models import Recipient
from gencharge.operators import service as operators
from gencharge.payments import queue_crud, topups_service, webhook_message
from gencharge.payments.models import Payment, PaymentStatus
from gencharge.payments.schemas import TopUp as TopUpCommand
from gencharge.plans import sample
from gencharge.plans import service as plans
from gencharge.receipts import service as receipts
from gencharge.recharge import checkout_service as checkout
from gencharge.recharge import crud as recharge_crud
from gencharge.recharge import lifecycle_crud
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.schemas import ActivationMode, Subscribe, SubscriptionOut
from gencharge.seed import user_id_of
from gencharge.sessions import service as sessions
from gencharge.sessions.models import Session
from gencharge.users import numbers_service as numbers
from gencharge.users.errors import SavedNumberAlreadyExists
from gencharge.velocity.service import NO_LIMITS
from gencharge.wallet.models import RequestSource
from life.steps import ReadNotices, Recharge, SaveNumber, SetAutopay, SignIn, Sold, TakeReceipt, TopUp
from life.world import World, acting

# Longer than a payment may stay without an attempt to pay it.
_ABANDONED_AFTER: Final = timedelta(minutes=36)
_PLANS: Final = {
    Sold(plan["operator"], plan["plan_type"], plan["price_paise"] // 100): plan["plan_id"]
    for plan in sample.plans()
}
_ANY_AMOUNT: Final = {
    plan["operator"]: plan["plan_id"] for plan in sample.made_up() if plan["max_price_paise"] is not None
}


def plan_id_of(plan: Sold) -> UUID:
    """The id of a plan of the sample catalogue."""
    plan_id: UUID = _ANY_AMOUNT[plan.operator] if plan.is_any_amount else _PLANS[plan]
    return plan_id


async def sign_in(world: World, step: SignIn) -> None:
    """A session, and the notice of a new device."""
    user_id = user_id_of(step.customer)

    async def unit(db: AsyncSession) -> None:
        if await has_session(db, user_id):
            return  # lived before
        session = await sessions.start(
            db,
            world.stores.settings,
            user_id=user_id,
            kind="user",
            device=step.device,
            address=step.address,
        )
        await emit(
            db,
            SignedIn(
                user_id=str(user_id), kind="user", session_id=str(session.session_id), device=step.device
            ),
        )

    with acting("user", user_id, step.customer):
        await world.stores.database.run(unit)


async def has_session(db: AsyncSession, owner_id: UUID) -> bool:
    """Whether the owner has a session that was started at this very instant."""
    of_owner = select(Session.session_id).where(
        Session.user_id == owner_id, Session.created_at == clock.now()
    )
    return await db.scalar(of_owner) is not None


async def save_number(world: World, step: SaveNumber) -> None:
    """A number under a nickname, whose operator counts for this customer's recharges from now on."""
    user_id = user_id_of(step.customer)

    async def unit(db: AsyncSession) -> None:
        await numbers.save(
            db,
            user_id,
            phone_number=step.phone_number,
            nickname=step.nickname,
            operator=step.operator,
            circle=step.circle,
            service_type=step.service_type,
        )
        await operators.remember(
            db, step.phone_number, user_id, step.operator, step.circle, step.service_type
        )

    with acting("user", user_id, step.customer):
        try:
            await world.stores.database.run(unit)
        except SavedNumberAlreadyExists:
            return  # lived before


async def top_up(world: World, step: TopUp) -> None:
    """An order at the gateway, which the customer pays, fails to pay, or leaves open."""
    user_id = user_id_of(step.customer)
    command = TopUpCommand.model_validate(
        {"amount": step.rupees, "payment_method": step.method, "source": "app"}
    )
    with acting("user", user_id, step.customer):
        opened = (await topups_service.top_up(world.payments, user_id, command, key=step.key)).answer
        if opened.status is not PaymentStatus.CREATED:
            return  # lived before
        if step.ending == "abandoned":
            await _abandon(world, step)
        else:
            await pay_order(
                world, opened.order_id, step.method, "succeed" if step.ending == "paid" else "fail"
            )


async def set_autopay(world: World, step: SetAutopay) -> None:
    """The plan is bought when the one that runs ends. The worker of the installation does that, after this life."""
    user_id, plan_id, database = user_id_of(step.customer), plan_id_of(step.plan), world.stores.database
    command = AutopayCreate(
        phone_number=step.phone_number, plan_id=plan_id, tag=AutopayTag.REGULAR, source=RequestSource.APP
    )
    plan = (await database.run(plans.load_catalogue)).get(plan_id)
    with acting("user", user_id, step.customer):
        try:
            await autopays.create(database, user_id, command, plan, world.market)
        except AutopayAlreadyExists:
            return  # lived before


async def recharge(world: World, step: Recharge) -> SubscriptionOut:
    """A recharge, to its end: paid, carried to the operator, delivered or refused. Returns the answer to the sale."""
    user_id = user_id_of(step.customer)
    command = Subscribe.model_validate(
        {
            "phone_number": step.phone_number,
            "plan_id": plan_id_of(step.plan),
            "amount": step.plan.rupees if step.plan.is_any_amount else None,
            "payment_method": step.method,
            "wallet_amount": step.wallet_rupees,
            "source": step.source,
            "activation_mode": ActivationMode.ACTIVATE if step.replaces else ActivationMode.QUEUE,
            "offer_code": step.offer_code,
            "operator": step.operator,
        }
    )
    window_seconds = world.stores.settings.duplicate_window_seconds
    if step.refusals:
        await _refuse(world, step)
    with acting("user", user_id, step.customer):
        if step.method == "wallet":
            sold = await checkout.pay_from_wallet(
                world.stores.database,
                user_id,
                command,
                key=step.key,
                window_seconds=window_seconds,
                limits=NO_LIMITS,
                market=world.market,
            )
        else:
            sold = await checkout.pay_through_gateway(
                world.payments,
                user_id,
                command,
                key=step.key,
                window_seconds=window_seconds,
                limits=NO_LIMITS,
                market=world.market,
            )
            due = sold.answer.payment
            if due is not None and due.status == PaymentStatus.CREATED:
                await pay_order(world, due.order_id, step.method, "succeed")
            with clock.later(seconds=49):
                await _send_on(world, user_id, sold.answer.recharge_id)
    if step.plan.operator in world.over_api:
        with clock.later(seconds=2):
            await world.dispatcher.drain()
    return sold.answer


async def _send_on(world: World, user_id: UUID, recharge_id: UUID) -> None:
    """What the relay does a moment after the capture. Its event, handed out at the end of the life, finds it done.

    Nothing if the gateway's webhook was lost: then the check of open payments finds out that it was paid.
    """
    of_recharge = select(Payment.status).where(
        Payment.user_id == user_id, Payment.reference_id == recharge_id
    )

    async def unit(db: AsyncSession) -> None:
        if await db.scalar(of_recharge) == PaymentStatus.CAPTURED:
            await lifecycle_crud.pay(db, user_id, recharge_id, context=context_json())

    await world.stores.database.run(unit)


async def take_receipt(world: World, step: TakeReceipt) -> None:
    """The receipt of a recharge, which gets its number now."""
    user_id = user_id_of(step.customer)
    database, seller = world.stores.database, world.stores.settings
    sold = await database.run(lambda db: recharge_crud.find_by_key(db, user_id, step.recharge))
    if sold is None:
        raise RechargeNotFound
    with acting("user", user_id, step.customer):
        await receipts.get_receipt(database, seller, user_id, sold.id)


async def read_notices(world: World, step: ReadNotices) -> None:
    """All notices that are there are read."""
    owner = Recipient("user", user_id_of(step.customer))
    await notifications.view_all(world.stores, await notifications.open_inbox(world.stores, owner))


async def take_webhooks(world: World) -> None:
    """Apply what the gateway has to say, as the webhook's route does."""
    limits = topups_service.limits_json(world.stores.settings)
    for event_id, body in world.outside.take_webhooks():
        message = webhook_message.read(body)
        await faultpoints.point("webhook.asked", message.kind)
        await queue_crud.take_event(
            world.stores.database,
            event_id=event_id,
            gateway=world.payments.gateway.name,
            message=message,
            limits=limits,
        )
        await faultpoints.point("webhook.committed", message.kind)


async def pay_order(world: World, order_id: str, method: str, outcome: str) -> None:
    """What the customer does in the gateway's checkout, a minute after the order; then the gateway's webhooks."""
    with clock.later(seconds=48):
        # Refused if this life was cut off after the payment; its webhooks wait all the same.
        await world.control.post(
            f"/sandbox/orders/{order_id}/pay", json={"method": method, "outcome": outcome}
        )
        await take_webhooks(world)


async def _abandon(world: World, step: TopUp) -> None:
    """Nobody pays: the check of open payments gives it up, unless that is still to come."""
    if clock.now() + _ABANDONED_AFTER < world.ends_at:
        with clock.at(step.at + _ABANDONED_AFTER):
            await world.checks.drain()


async def _refuse(world: World, step: Recharge) -> None:
    """So many of the operator's channels refuse the next recharge of this number, in the order in which they are asked."""
    snapshot = await world.stores.database.run(load_channels)
    channels = sorted(
        (each for each in snapshot.channels.values() if each.operator == step.plan.operator),
        key=lambda each: each.priority,
    )
    for channel in channels[: step.refusals]:
        script = {
            "target": channel.code,
            "operation": "submit",
            "script": "decline",
            "times": 1,
            "match": {"phone_number": step.phone_number.removeprefix("+91")},
        }
        (await world.control.put("/sandbox/scripts", json=script)).raise_for_status()
