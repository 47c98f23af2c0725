"""Sample data for development: the catalogue, roles and admins, fifty customers with money in their wallets.

Idempotent, each part in a transaction of its own; what is there is left as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.channels import service as fulfilment
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.offers import service as offers
from gencharge.operators import service as operators
from gencharge.plans import service as plans
from gencharge.users import service as users
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code

USERS: Final = 50
OPENING_BALANCE: Final = Money.rupees(5_000)
_NAMESPACE: Final = UUID("6f9c1d2e-8a57-4b0c-9d3e-2f1a7b5c4e60")
_FIRST: Final = ("Aarav", "Diya", "Vihaan", "Ananya", "Arjun", "Meera", "Kabir", "Ishita", "Rohan", "Saanvi")
_LAST: Final = ("Sharma", "Iyer", "Patel", "Khan", "Das")
_CIRCLES: Final = ("MH", "DL", "KA", "TN", "GJ")


def phone_of(number: int) -> str:
    """The phone number of the sample user `number`, 1 to 50; above them are numbers of nobody."""
    return f"+91900000{1000 + number}"


def user_id_of(number: int) -> UUID:
    """The id of the sample user `number`: the same in every database."""
    return uuid5(_NAMESPACE, f"user-{number}")


def operator_of(number: int) -> str:
    """Users 1-20 are on Jio, 21-40 on Airtel, 41-50 on Vi."""
    return "JIO" if number <= 20 else "AIRTEL" if number <= 40 else "VI"


def circle_of(number: int) -> str:
    """The circle of the sample user's number."""
    return _CIRCLES[number % 5]


def seed(settings: Settings) -> bool:
    """Put the sample data into the database. True if anything was missing."""
    return asyncio.run(_seed(settings))


async def _seed(settings: Settings) -> bool:
    database = Database(settings, name="gencharge-seed")
    try:
        return await seed_all(database, settings)
    finally:
        await database.close()


async def seed_all(
    database: Database, settings: Settings, customers: Callable[[AsyncSession], Awaitable[bool]] | None = None
) -> bool:
    """The same, on an open database. A part that a later version brought is added to what was there before.

    `customers` adds the customers in its own way, in one transaction.
    """
    parts = (
        operators.seed,
        plans.seed,
        offers.seed,
        partial(fulfilment.seed, settings=settings),
        admins.seed,
        customers or _seed_users,
    )
    return any([await database.run(part) for part in parts])


async def _seed_users(db: AsyncSession) -> bool:
    """All in one transaction: if one of them exists, archived or not, all do."""
    last = user_id_of(USERS)
    if last in await users.briefs(db, [last]):
        return False
    for number in range(1, USERS + 1):
        await add_customer(db, number)
    return True


async def add_customer(db: AsyncSession, number: int) -> None:
    """The sample user `number` with a connection and a wallet, who must not be there yet."""
    service_type = "prepaid" if number <= 40 else "postpaid"
    phone_number = phone_of(number)
    user = await users.create(
        db,
        user_id=user_id_of(number),
        phone_number=phone_number,
        name=f"{_FIRST[number % len(_FIRST)]} {_LAST[number % len(_LAST)]}",
        email=f"user{number}@example.com",
        user_type=service_type,
    )
    # The sample registry knows as many numbers of nobody, so that its answer tells nothing about who is a customer.
    for listed in (phone_number, phone_of(USERS + number)):
        await operators.remember(
            db,
            listed,
            SYSTEM_USER_ID,
            operator=operator_of(number),
            circle=circle_of(number),
            service_type=service_type,
        )
    await wallet.open_wallet(db, user.user_id)
    await wallet.credit(
        db,
        user.user_id,
        OPENING_BALANCE,
        source_account=Account.OPENING,
        code=Code.OPENING,
        key="opening",
    )
