"""Lives a script: holds the clock at each step's instant, and lets the services, the operators and the relay do the rest.

Steps are lived one after the other, so that each finds what the one before left. Every step is safe to repeat: a life that
was cut off is lived again from its first step, and what is there already is found by its key. A step that is refused is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, Final

from gencharge.core import telemetry
from gencharge.core.errors import Problem, Unavailable
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.recharge.jobs import advance_lines
from life import customers, enquiries, mandates, publishing, staff
from life.beginning import Life
from life.steps import (
    Adjust,
    Announce,
    ApproveMandate,
    Ask,
    Block,
    ChangePrice,
    FillWalletUp,
    ForgedWebhook,
    Leave,
    Publish,
    ReadNotices,
    Recharge,
    Reconcile,
    RefundRecharge,
    SaveNumber,
    SetAutopay,
    SetAutoTopup,
    SignIn,
    StaffSignIn,
    Step,
    TakeReceipt,
    TopUp,
    Unblock,
    UseChannel,
    VisitorAsks,
)
from life.world import Outside, World

log = telemetry.get_logger(__name__)
Act = Callable[[World, Any], Awaitable[object]]
ACTS: Final[dict[type[Step], Act]] = {
    SignIn: customers.sign_in,
    SaveNumber: customers.save_number,
    TopUp: customers.top_up,
    Recharge: customers.recharge,
    SetAutopay: customers.set_autopay,
    ApproveMandate: mandates.approve_mandate,
    SetAutoTopup: mandates.set_auto_topup,
    FillWalletUp: mandates.fill_up,
    TakeReceipt: customers.take_receipt,
    RefundRecharge: staff.refund,
    Adjust: staff.adjust,
    Block: staff.block,
    Unblock: staff.unblock,
    Leave: staff.leave,
    ChangePrice: staff.change_price,
    UseChannel: staff.use_channel,
    ForgedWebhook: staff.refuse_webhook,
    Reconcile: staff.reconcile,
    StaffSignIn: staff.sign_in,
    Ask: enquiries.ask,
    VisitorAsks: enquiries.ask_as_visitor,
    Publish: publishing.publish,
    Announce: publishing.announce,
}


async def live(stores: Stores, life: Life, outside: Outside) -> Counter[str]:
    """Live a life to its end, or go on with one that was cut off; how many steps of each kind it has."""
    world = await World.open(stores, outside, life.ends_at)
    try:
        refused = await _live(world, life.steps)
    finally:
        await world.close()
    return Counter(type(step).__name__ for step in life.steps) + Counter(refused=refused)


async def _live(world: World, steps: Sequence[Step]) -> int:
    """Live the steps; returns how many were refused."""
    refused = 0
    day: date | None = None
    for step in steps:
        if step.at.date() != day:
            day = step.at.date()
            with clock.at(step.at):
                await advance_lines(world.stores)
        if not isinstance(step, ReadNotices):
            refused += not await _done(world, step)
    with clock.at(world.ends_at):
        await advance_lines(world.stores)
        await world.relay.drain()
    # Notices are there from now on, each dated when it was sent; reading one looks no further than its own instant.
    for step in steps:
        if isinstance(step, ReadNotices):
            with clock.at(step.at):
                await customers.read_notices(world, step)
    return refused


async def _done(world: World, step: Step) -> bool:
    """Live one step. False if it was refused, as a step may be that another version's script lived in another way."""
    try:
        with clock.at(step.at):
            await ACTS[type(step)](world, step)
    except Unavailable:
        raise
    except Problem as problem:
        log.info("step_refused", step=repr(step), error=problem.code())
        return False
    return True
