"""Wallets that fill themselves up: who lets their bank be charged for it, and how that ended."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import topups_service
from gencharge.autopay.loop import TopupRunner
from gencharge.autopay.topups_schemas import AutoTopupSet
from gencharge.mandates import service as mandates
from gencharge.mandates.loop import MandateChecks
from gencharge.mandates.models import MandateStatus
from gencharge.mandates.schemas import MandateCreate, MandateQuery
from life import customers
from life.world import World, acting
from simulation.notebook import Notebook
from simulation.people import Person

_MOST_RUPEES: Final = 500
# What the gateway takes for a mandate; it goes into the wallet.
_FIRST_PAISE: Final = 100
_CHARGES: Final = text(
    "SELECT user_id, outcome, amount FROM auto_topup_charges ORDER BY attempted_at, charge_id"
)


class Checks(MandateChecks):
    """One mandate at a time."""

    at_a_time = 1


class Refills(TopupRunner):
    """One wallet at a time."""

    at_a_time = 1


async def allow(world: World, notebook: Notebook, person: Person, key: str) -> None:
    """Ask for a mandate, and approve it at the gateway."""
    command = MandateCreate.model_validate(
        {"payment_method": "upi", "max_amount": _MOST_RUPEES, "source": "app"}
    )
    with acting("user", person.user_id, person.number):
        asked = (await mandates.create(world.payments, person.user_id, command, key=key)).answer
        if asked.status is MandateStatus.PENDING:
            await customers.pay_order(world, asked.order_id, "upi", "succeed")
    notebook.put_in(person.number, _FIRST_PAISE)
    notebook.counts["mandates"] += 1


async def set_up(world: World, notebook: Notebook, person: Person) -> None:
    """Let the wallet fill itself up by the mandate, once the gateway has said that it is active."""
    await world.checks.drain()
    await Checks(world.payments).drain()
    query = MandateQuery(status=MandateStatus.ACTIVE)
    database, chance = world.stores.database, person.chance
    page = await database.run(lambda db: mandates.list_mandates(db, person.user_id, query))
    if not page.items:
        return
    command = AutoTopupSet.model_validate(
        {
            "threshold": chance.choice((50, 100, 200)),
            "amount": chance.choice((200, 300, _MOST_RUPEES)),
            "monthly_max": chance.choice((500, 1_000)),
            "mandate_id": str(page.items[0].mandate_id),
            "source": "app",
        }
    )
    with acting("user", person.user_id, person.number):
        await database.run(lambda db: topups_service.put(db, person.user_id, command))
    notebook.counts["automatic top-ups set up"] += 1


async def list_charges(db: AsyncSession) -> list[tuple[UUID, str, int]]:
    """Whose bank was charged, how that ended, and for how many paise."""
    return [(user_id, outcome, paise) for user_id, outcome, paise in await db.execute(_CHARGES)]
