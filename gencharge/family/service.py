"""What is on all numbers of a customer, in a number of statements that does not grow with theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import service as autopays
from gencharge.autopay.models import Autopay
from gencharge.bills import service as bills
from gencharge.bills.service import BillOut
from gencharge.core.http.paging import PageQuery
from gencharge.core.values.money import Money
from gencharge.family.schemas import BoardAutopay, BoardBill, BoardPlan, FamilyBoard, FamilyNumber
from gencharge.operators import service as operators
from gencharge.recharge import service as recharges
from gencharge.recharge.models import ActivePlan, PlanState
from gencharge.recharge.service import days_left
from gencharge.users import service as users

# More than a customer can save.
_ALL: Final = PageQuery(limit=100)


async def board(db: AsyncSession, user_id: UUID) -> FamilyBoard:
    """The customer's own number and the saved ones, each with its plans, its bill and the next autopay. Raises UserNotFound."""
    own_number = (await users.get(db, user_id)).phone_number
    connection = await operators.lookup(db, own_number, user_id)
    saved, _, _ = await users.list_saved_numbers(db, user_id, _ALL)
    saved = [number for number in saved if number.phone_number != own_number]
    numbers = [number.phone_number for number in saved]
    plans = await recharges.list_lines(db, user_id, own_number=own_number, numbers=numbers)
    runs = await autopays.next_runs(db, user_id)
    due = await bills.due_bills(db, user_id)
    own = FamilyNumber(
        phone_number=own_number,
        nickname=None,
        is_own=True,
        number_id=None,
        operator=connection.operator,
        circle=connection.circle,
        bill=_bill(due.get(own_number)),
        **_on(own_number, plans, runs),
    )
    others = [
        FamilyNumber(
            phone_number=number.phone_number,
            nickname=number.nickname,
            is_own=False,
            number_id=number.number_id,
            operator=number.operator,
            circle=number.circle,
            bill=_bill(due.get(number.phone_number)),
            **_on(number.phone_number, plans, runs),
        )
        for number in saved
    ]
    return FamilyBoard(numbers=[own, *others])


def _on(
    phone_number: str, plans: Mapping[str, list[ActivePlan]], runs: Mapping[str, Autopay]
) -> dict[str, BoardPlan | BoardAutopay | None]:
    line = plans.get(phone_number, [])
    active = next((plan for plan in line if plan.status == PlanState.ACTIVE), None)
    queued = next((plan for plan in line if plan.status == PlanState.QUEUED), None)
    return {
        "plan": None if active is None else _plan(active),
        "queued_plan": None if queued is None else _plan(queued),
        "autopay": None if phone_number not in runs else _autopay(runs[phone_number]),
    }


def _plan(plan: ActivePlan) -> BoardPlan:
    return BoardPlan(
        recharge_id=plan.recharge_id,
        plan_id=plan.plan_id,
        plan_name=plan.plan_name,
        valid_until=plan.valid_until,
        days_left=days_left(plan),
    )


def _bill(bill: BillOut | None) -> BoardBill | None:
    if bill is None:
        return None
    return BoardBill(
        bill_id=bill.bill_id,
        amount=bill.amount,
        due_on=bill.due_on,
        is_overdue=bill.is_overdue,
        fetched_at=bill.fetched_at,
    )


def _autopay(row: Autopay) -> BoardAutopay:
    assert row.next_due is not None, "an active autopay is due"
    return BoardAutopay(
        autopay_id=row.autopay_id,
        plan_name=row.plan_name,
        next_due_at=row.next_due,
        amount=Money(row.price),
    )
