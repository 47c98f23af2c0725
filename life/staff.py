"""What the staff do, by the services that the API calls. Each verb may be repeated: what was done stays done."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.approvals import staff_service as approvals
from gencharge.approvals.service import ApprovalOut
from gencharge.approvals.staff_service import Reviewer
from gencharge.auth.events import SignedIn
from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.operators import staff_service as operators
from gencharge.operators.models import ChannelKind
from gencharge.operators.staff_schemas import OperatorUpdate
from gencharge.payments.events import WebhookRefused
from gencharge.plans import staff_service as plans
from gencharge.plans.models import Plan
from gencharge.plans.staff_schemas import PlanUpdate
from gencharge.recharge import crud as recharge_crud
from gencharge.recharge import staff_service as recharges
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.models import Recharge
from gencharge.recharge.staff_schemas import RefundDestination
from gencharge.recharge.staff_schemas import RefundRecharge as RefundCommand
from gencharge.reconciliation import crud as reconciliation_crud
from gencharge.reconciliation import resolutions_service, runs_service
from gencharge.reconciliation.models import GATEWAY, DifferenceResolution
from gencharge.reconciliation.staff_schemas import ResolveDifference
from gencharge.seed import user_id_of
from gencharge.sessions import service as sessions
from gencharge.users import lifecycle_service as users
from gencharge.users.errors import UserAlreadyArchived, UserNotActive, UserNotBlocked
from gencharge.wallet import adjustments_service as adjustments
from gencharge.wallet.errors import AdjustmentAlreadyDecided
from gencharge.wallet.staff_schemas import AdjustmentCreate
from life.customers import has_session, plan_id_of, take_webhooks
from life.steps import (
    Adjust,
    Block,
    ChangePrice,
    ForgedWebhook,
    Leave,
    Reconcile,
    RefundRecharge,
    StaffSignIn,
    Unblock,
    UseChannel,
)
from life.world import MANAGER, SECOND_MANAGER, SUPER_ADMIN, SUPPORT, World, acting


async def sign_in(world: World, step: StaffSignIn) -> None:
    """A session of an admin."""
    admin = world.staff[step.admin]

    async def unit(db: AsyncSession) -> None:
        if await has_session(db, admin.user_id):
            return  # lived before
        session = await sessions.start(
            db, world.stores.settings, user_id=admin.user_id, kind="admin", device=step.device
        )
        await emit(
            db,
            SignedIn(
                user_id=str(admin.user_id),
                kind="admin",
                session_id=str(session.session_id),
                device=step.device,
            ),
        )

    with acting("admin", admin.user_id, step.admin):
        await world.stores.database.run(unit)


async def change_price(world: World, step: ChangePrice) -> None:
    """A plan's new price; what was sold keeps the old one."""
    admin, plan_id = world.staff[MANAGER], plan_id_of(step.plan)
    command = PlanUpdate.model_validate({"price": step.rupees})

    async def unit(db: AsyncSession) -> None:
        changed_at = await db.scalar(select(Plan.updated_at).where(Plan.plan_id == plan_id))
        if changed_at is not None and changed_at < clock.now():  # else it was lived before
            await plans.update(db, admin, plan_id, command)

    with acting("admin", admin.user_id, MANAGER):
        await world.stores.database.run(unit)


async def use_channel(world: World, step: UseChannel) -> None:
    """How an operator's recharges travel from now on."""
    admin = world.staff[SUPER_ADMIN]
    command = OperatorUpdate(channel=ChannelKind(step.channel))
    with acting("admin", admin.user_id, SUPER_ADMIN):
        await world.stores.database.run(lambda db: operators.update(db, admin, step.operator, command))
    (world.over_api.add if step.channel == "api" else world.over_api.discard)(step.operator)


async def refuse_webhook(world: World, step: ForgedWebhook) -> None:
    """The alert about a webhook that the gateway did not send; a second one if the life is lived again."""
    del step
    alert = WebhookRefused(
        user_id=str(SYSTEM_USER_ID),
        sender=f"gateway:{world.payments.gateway.name}",
        reason="signature_wrong",
    )
    await world.stores.database.run(lambda db: emit(db, alert))


async def refund(world: World, step: RefundRecharge) -> UUID | None:
    """Take a recharge back; money for its source is sent to the gateway at once.

    Returns the id of the request if the sum takes a second admin (`approve`); then nothing was moved yet.
    """
    admin, user_id, database = world.staff[MANAGER], user_id_of(step.customer), world.stores.database
    sold = await database.run(lambda db: recharge_crud.find_by_key(db, user_id, step.recharge))
    if sold is None:
        raise RechargeNotFound
    command = RefundCommand.model_validate(
        {
            "amount": step.rupees,
            "destination": RefundDestination.SOURCE if step.to_source else RefundDestination.WALLET,
            "reason": step.reason,
        }
    )
    limit = world.stores.settings.refund_alone_limit
    with acting("admin", admin.user_id, MANAGER):
        done = await database.run(
            lambda db: recharges.refund(
                db, admin, user_id, _id_of(sold), command, key=step.key, alone_limit=limit
            )
        )
        if isinstance(done.answer, ApprovalOut):
            return done.answer.approval_id
        if step.to_source:
            with clock.later(seconds=3):
                await world.refunds.drain()
                await take_webhooks(world)
    return None


async def approve(world: World, approval_id: UUID) -> None:
    """The second manager approves what another admin asked for; it is done at once."""
    admin = world.staff[SECOND_MANAGER]
    reviewer = Reviewer(admin, {act.permission for act in wiring.ACTS.values()}, wiring.ACTS)
    with acting("admin", admin.user_id, SECOND_MANAGER):
        await world.stores.database.run(
            lambda db: approvals.approve(db, reviewer, approval_id, "Agreed with the operator")
        )


def _id_of(recharge: Recharge) -> UUID:
    return recharge.id


async def adjust(world: World, step: Adjust) -> None:
    """A request by the support, and the decision of a second admin two hours later."""
    requester, decider = world.staff[SUPPORT], world.staff[SECOND_MANAGER]
    user_id, database = user_id_of(step.customer), world.stores.database
    command = AdjustmentCreate.model_validate(
        {
            "user_id": user_id,
            "direction": step.direction,
            "amount": step.rupees,
            "reason": step.reason,
            "note": step.note,
        }
    )
    with acting("admin", requester.user_id, SUPPORT):
        requested = await database.run(
            lambda db: adjustments.request(db, requester.user_id, command, key=step.key)
        )
    if step.decision == "open":
        return
    own = step.decision == "cancelled"
    admin = requester if own else decider

    async def decide(db: AsyncSession) -> None:
        adjustment_id = requested.answer.adjustment_id
        if step.decision == "approved":
            await adjustments.approve(
                db,
                admin.user_id,
                user_id,
                adjustment_id,
                note=step.decision_note,
                settings=world.stores.settings,
            )
        else:
            verb = adjustments.cancel if own else adjustments.reject
            await verb(db, admin.user_id, user_id, adjustment_id, note=step.decision_note)

    with clock.at(step.at + timedelta(hours=2)), acting("admin", admin.user_id, SECOND_MANAGER):
        try:
            await database.run(decide)
        except AdjustmentAlreadyDecided:
            return  # lived before


async def block(world: World, step: Block) -> None:
    """Block a customer."""
    admin = world.staff[MANAGER]
    with acting("admin", admin.user_id, MANAGER):
        try:
            await world.stores.database.run(
                lambda db: users.block(db, user_id_of(step.customer), by=admin.user_id, reason=step.reason)
            )
        except UserNotActive:
            return


async def unblock(world: World, step: Unblock) -> None:
    """Lift a block."""
    admin = world.staff[MANAGER]
    with acting("admin", admin.user_id, MANAGER):
        try:
            await world.stores.database.run(
                lambda db: users.unblock(db, user_id_of(step.customer), by=admin.user_id, reason=step.reason)
            )
        except UserNotBlocked:
            return


async def leave(world: World, step: Leave) -> None:
    """A customer closes the account; what is left is paid out."""
    user_id = user_id_of(step.customer)
    with acting("user", user_id, step.customer):
        try:
            await world.stores.database.run(
                lambda db: users.archive(
                    db,
                    wiring.PERSONAL_DATA,
                    user_id,
                    by=user_id,
                    reason=step.reason,
                    payout=True,
                    keep_days=world.stores.settings.erasure_after_days,
                )
            )
        except UserAlreadyArchived:
            return


async def reconcile(world: World, step: Reconcile) -> None:
    """The night's runs of a day. A difference is claimed from the gateway on the same morning."""
    context = runs_service.CounterpartyContext(
        world.stores, operators=world.operators, payments=world.payments
    )
    database = world.stores.database
    if step.distorted:
        await _distort(world)
    for party in await database.run(lambda db: runs_service.list_counterparties(db, step.day)):
        run_id = await database.run(partial(_begin_run, party=party, day=step.day))
        if run_id is not None:
            await runs_service.execute(context, run_id)
            if step.distorted and party == GATEWAY:
                await _claim(world, run_id)
    if step.distorted:
        (await world.control.delete("/sandbox/scripts", params={"operation": "statement"})).raise_for_status()


async def _begin_run(db: AsyncSession, *, party: str, day: date) -> UUID | None:
    """A new run; None if the day was reconciled when this life was lived before."""
    if await reconciliation_crud.find_finished(db, party, day) is not None:
        return None
    return await runs_service.begin(db, party, day)


async def _distort(world: World) -> None:
    script = {"target": "gateway", "operation": "statement", "script": "wrong_amount", "times": 1}
    (await world.control.put("/sandbox/scripts", json=script)).raise_for_status()


async def _claim(world: World, run_id: UUID) -> None:
    """Claim each difference of a run from the counterparty."""
    admin, database = world.staff[MANAGER], world.stores.database
    command = ResolveDifference(
        resolution=DifferenceResolution.CLAIM_FROM_COUNTERPARTY, note="Sent to the gateway's support"
    )
    differences = await database.run(lambda db: reconciliation_crud.list_differences(db, run_id))
    with clock.later(hours=6), acting("admin", admin.user_id, MANAGER):
        for difference in differences:
            await database.run(
                partial(
                    resolutions_service.resolve,
                    admin=admin,
                    run_id=run_id,
                    difference_id=difference.difference_id,
                    command=command,
                )
            )
