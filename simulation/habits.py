"""What people do beside buying: they give back or start what waits, state an operator, complain, and have bills.

Each act can be repeated after a crash: it finds what it did before.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from random import Random
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.bills import service as bills
from gencharge.bills.errors import NoBillDue
from gencharge.bills.service import BillsContext, FetchBill, PayBill
from gencharge.complaints import service as complaints
from gencharge.complaints import staff_service as complaints_staff
from gencharge.complaints.errors import ComplaintAlreadyOpen
from gencharge.complaints.models import ComplaintReason
from gencharge.complaints.schemas import Complain, ResolveComplaint
from gencharge.core.values import clock
from gencharge.core.values.money import PositiveMoney
from gencharge.operators.service import Operators
from gencharge.recharge import queue_service
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import BillPaymentPending, OperatorMismatch, RunningPlanEnds
from gencharge.recharge.models import RechargeStatus
from gencharge.recharge.queue_schemas import StartPlan
from gencharge.recharge.schemas import RechargeOut
from gencharge.velocity.service import NO_LIMITS
from life import customers
from life.steps import Recharge
from life.world import MANAGER, World, acting
from simulation.notebook import Notebook, Sale
from simulation.people import Offer, Person

_REASONS: Final = tuple(ComplaintReason)
_OPEN: Final = text(
    "SELECT user_id, complaint_id FROM complaints WHERE status = 'open' ORDER BY created_at, user_id"
)


async def give_back(world: World, notebook: Notebook, person: Person, key: str) -> None:
    """Cancel the last plan that was bought and still waits, if there is one: all of its price comes back."""
    for sale in reversed(notebook.certain(person.number)):
        bought = await _bought(world, person, sale)
        # One that is refunded, and not in the notebook as such, is what this act did before it was cut off.
        if bought.status not in {RechargeStatus.QUEUED, RechargeStatus.REFUNDED}:
            continue
        cancel = partial(
            queue_service.cancel, user_id=person.user_id, recharge_id=bought.recharge_id, key=key
        )
        with acting("user", person.user_id, person.number):
            done = await world.stores.database.run(cancel)
        notebook.counts["queued plans given back"] += 1
        notebook.refund(sale, done.answer.amount.paise)
        return


async def start_now(world: World, notebook: Notebook, person: Person) -> None:
    """Start the last plan that was bought and still waits, in place of the one that runs."""
    for sale in reversed(notebook.certain(person.number)):
        bought = await _bought(world, person, sale)
        if bought.status is not RechargeStatus.QUEUED:
            continue
        try:
            await _start(world, person, bought.recharge_id, StartPlan())
        except RunningPlanEnds as ends:
            running = StartPlan(replaced_recharge_id=ends.extra["running_plan"]["recharge_id"])
            await _start(world, person, bought.recharge_id, running)
        notebook.counts["queued plans started"] += 1
        return


async def _start(world: World, person: Person, recharge_id: UUID, command: StartPlan) -> None:
    with acting("user", person.user_id, person.number):
        await world.stores.database.run(
            lambda db: queue_service.start(db, person.user_id, recharge_id, command)
        )


async def _bought(world: World, person: Person, sale: Sale) -> RechargeOut:
    return await world.stores.database.run(lambda db: recharges.show_by_key(db, person.user_id, sale.key))


async def misstate(world: World, notebook: Notebook, person: Person, offer: Offer, key: str) -> str | None:
    """State a wrong operator for one's own number, which nothing may be sold for; what is wrong if something was."""
    step = Recharge(
        at=clock.now(),
        customer=person.number,
        key=key,
        phone_number=person.phone_number,
        plan=offer.plan,
        operator="AIRTEL" if offer.plan.operator != "AIRTEL" else "JIO",
    )
    try:
        await customers.recharge(world, step)
    except OperatorMismatch:
        notebook.counts["wrong operators refused"] += 1
        return None
    return f"{clock.now():%d %b %H:%M}: customer {person.number} stated {step.operator} and bought a plan of another operator"


async def complain(world: World, notebook: Notebook, person: Person) -> None:
    """Complain about the last recharge, if there is one."""
    sales = notebook.sales_of(person.number)
    if not sales:
        return
    bought, reason = await _bought(world, person, sales[-1]), person.chance.choice(_REASONS)
    command = Complain(recharge_id=bought.recharge_id, reason=reason)
    with acting("user", person.user_id, person.number):
        try:
            await world.stores.database.run(lambda db: complaints.complain(db, person.user_id, command))
        except ComplaintAlreadyOpen:
            return  # made before the process stopped
    notebook.counts["complaints about recharges"] += 1


async def settle_complaints(world: World, chance: Random) -> None:
    """The staff settle what is open: half of it in the customer's favour, without money."""
    admin, database = world.staff[MANAGER], world.stores.database

    async def list_open(db: AsyncSession) -> list[tuple[UUID, UUID]]:
        return [(user_id, complaint_id) for user_id, complaint_id in await db.execute(_OPEN)]

    for user_id, complaint_id in await database.run(list_open):
        outcome: Literal["upheld", "rejected"] = "upheld" if chance.random() < 0.5 else "rejected"
        command = ResolveComplaint(outcome=outcome, note="Looked into with the operator.")
        resolve = partial(
            complaints_staff.resolve, admin=admin, user_id=user_id, complaint_id=complaint_id, command=command
        )
        with acting("admin", admin.user_id, MANAGER):
            await database.run(resolve)


async def issue_bill(world: World, person: Person) -> None:
    """The operator makes a bill for a postpaid number, due in twelve days; of the bill before it nothing is asked any more."""
    today = clock.now().astimezone(clock.IST).date()
    bill = {
        "phone_number": person.phone_number.removeprefix("+91"),
        "operator": person.operator,
        "bill_reference": f"B{person.number}-{today:%Y%m%d}",
        # No plan has such a price, so that a delivery is that of a bill.
        "amount_paise": person.chance.randrange(150, 900) * 100 + 37,
        "part_payment": "any",
        "due_on": (today + timedelta(days=12)).isoformat(),
    }
    (await world.control.put("/sandbox/bills", json=bill)).raise_for_status()


async def pay_bill(world: World, notebook: Notebook, person: Person, key: str) -> bool:
    """Fetch one's bill and pay it, if one is due that no autopay is paying. False if not."""
    context = bills_of(world)
    command = FetchBill(phone_number=person.phone_number, operator=person.operator)
    with acting("user", person.user_id, person.number):
        try:
            bill = await bills.fetch(context, person.user_id, command)
            pay = PayBill(expected_amount=PositiveMoney(bill.amount.paise))
            paid = await bills.pay(context, person.user_id, bill.bill_id, pay, key=key, limits=NO_LIMITS)
        except (NoBillDue, BillPaymentPending):
            return False
    paise = paid.answer.amount.paise
    at = paid.answer.created_at.timestamp()
    notebook.sell(
        Sale(person.number, key, person.phone_number, paise, paise, over_api=True, sold_at=at, is_bill=True)
    )
    notebook.counts["bills paid by hand"] += 1
    return True


def bills_of(world: World) -> BillsContext:
    """What asks this life's operators about bills."""
    return BillsContext(world.stores.settings, world.stores.database, world.operators, Operators())
