"""Plain functions that make what money tests need: a funded customer, a number, a plan, a recharge."""

from __future__ import annotations

import random
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.idempotency import Answered
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.plans import service as plans
from gencharge.plans.models import Plan
from gencharge.recharge import checkout_service as checkout
from gencharge.recharge.choice_service import Market
from gencharge.recharge.schemas import Subscribe, SubscriptionOut
from gencharge.velocity.service import NO_LIMITS, Limits
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code

DATABASE_TABLES = ("wallets", "transfers", "recharges", "active_plans", "events")


async def sell_sample_plans(stores: Stores) -> None:
    """The sample catalogue is in the database."""
    await stores.database.run(operators.seed)
    await stores.database.run(plans.seed)


async def make_customer(stores: Stores, rupees: int = 5_000) -> UUID:
    """A customer id with this much in the wallet."""
    user_id = uuid4()

    async def unit(db: AsyncSession) -> None:
        await wallet.open_wallet(db, user_id)
        if rupees:
            await wallet.credit(
                db,
                user_id,
                Money.rupees(rupees),
                source_account=Account.OPENING,
                code=Code.OPENING,
                key="opening",
            )

    await stores.database.run(unit)
    return user_id


async def fund(stores: Stores, user_id: UUID, rupees: int) -> None:
    await stores.database.run(
        lambda db: wallet.credit(
            db,
            user_id,
            Money.rupees(rupees),
            source_account=Account.OPENING,
            code=Code.OPENING,
            key="opening",
        )
    )


async def make_number(
    stores: Stores, operator: str = "JIO", service_type: str = "prepaid", circle: str | None = None
) -> str:
    """A number that everybody knows to be this operator's."""
    phone_number = f"+91{random.choice('6789')}{random.randrange(10**9):09d}"

    async def unit(db: AsyncSession) -> None:
        await operators.remember(
            db, phone_number, SYSTEM_USER_ID, operator=operator, circle=circle, service_type=service_type
        )

    await stores.database.run(unit)
    return phone_number


async def find_plan(
    stores: Stores, operator: str = "JIO", rupees: int = 299, category: str | None = None
) -> Plan:
    """The sample plan of this operator at this price."""
    query = select(Plan).where(
        Plan.operator == operator, Plan.price_paise == rupees * 100, Plan.status == "active"
    )
    if category is not None:
        query = query.where(Plan.category == category)
    async with stores.database.transaction() as db:
        plan = (await db.scalars(query.limit(1))).one()
        db.expunge(plan)
        return plan


async def find_talktime(stores: Stores, operator: str = "JIO") -> Plan:
    """The sample plan of any amount of this operator: Rs 10 to Rs 2,000 in whole rupees."""
    query = select(Plan).where(Plan.operator == operator, Plan.max_price_paise.is_not(None))
    async with stores.database.transaction() as db:
        plan = (await db.scalars(query.where(Plan.status == "active").limit(1))).one()
        db.expunge(plan)
        return plan


async def buy(
    stores: Stores,
    user_id: UUID,
    phone_number: str,
    plan_id: UUID,
    *,
    key: str | None = None,
    window: int = 60,
    limits: Limits = NO_LIMITS,
    market: Market | None = None,
    **fields: object,
) -> Answered[SubscriptionOut]:
    """Recharge from the wallet; without velocity rules unless `limits` has some."""
    command = Subscribe.model_validate(
        {"phone_number": phone_number, "plan_id": plan_id, "payment_method": "wallet", **fields}
    )
    return await checkout.pay_from_wallet(
        stores.database,
        user_id,
        command,
        key=key or str(uuid4()),
        window_seconds=window,
        limits=limits,
        market=market,
    )


async def balance(stores: Stores, user_id: UUID) -> Money:
    """What the customer can spend."""
    return await stores.database.run(lambda db: wallet.available(db, user_id))


async def fingerprint(stores: Stores) -> dict[str, str]:
    """A hash of every row of the tables of money: equal before and after whatever must change nothing."""
    async with stores.database.transaction() as db:
        return {
            table: str(
                await db.scalar(
                    text(
                        f"SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {table} t"
                    )
                )
            )
            for table in DATABASE_TABLES
        }
