"""The same recharge once more."""

from __future__ import annotations

from uuid import UUID

from gencharge.core.postgres.database import Database
from gencharge.core.values.money import PositiveMoney
from gencharge.recharge import crud
from gencharge.recharge.choice_service import Market
from gencharge.recharge.errors import BillNotRepeatable, RechargeNotFound
from gencharge.recharge.schemas import RepeatRecharge, Subscribe


async def repeat(
    database: Database, user_id: UUID, recharge_id: UUID, command: RepeatRecharge, market: Market
) -> Subscribe:
    """The command to buy the same plan for the same number once more; of a plan of any amount, for the same amount if none is named.

    Raises RechargeNotFound, also for another customer's, and BillNotRepeatable.
    """
    earlier = await database.run(lambda db: crud.get_recharge(db, user_id, recharge_id))
    if earlier is None:
        raise RechargeNotFound
    if earlier.plan_id is None:
        raise BillNotRepeatable
    values, plan = dict(command), market.catalogue.plans.get(earlier.plan_id)
    if command.amount is None and plan is not None and plan.amounts is not None:
        values["amount"] = PositiveMoney(earlier.price)
    return Subscribe(phone_number=earlier.phone_number, plan_id=earlier.plan_id, **values)
