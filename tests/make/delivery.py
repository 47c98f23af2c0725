"""Recharges over an operator's API: a purchase, its attempts, and the callbacks that operators send."""

from __future__ import annotations

import hmac
import time
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gencharge.channels import service as channels
from gencharge.channels.models import Fulfilment, OperatorAttempt
from gencharge.channels.service import Answer, Verdict
from gencharge.core.http.idempotency import Answered
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.delivery import service as delivery
from gencharge.delivery.loop import Dispatcher
from gencharge.recharge.models import ActivePlan, Recharge
from gencharge.recharge.schemas import SubscriptionOut
from tests.make.money import balance, buy, find_plan, make_customer, make_number
from tests.make.outside import NOBODY, Outside, reach_over_api
from tests.make.recharge import get_recharge, list_transfers, run_sql

# The two channels of Jio, in the order in which they are tried.
FIRST, SECOND = "jio-a", "jio-b"
# The pauses between status questions, in seconds.
PAUSES = [5.0, 30.0, 600.0]


class Purchase:
    """A customer with Rs 1,000 who bought Jio's Rs 299 plan, and what became of it."""

    def __init__(
        self, stores: Stores, user_id: UUID, sale: Answered[SubscriptionOut], phone_number: str
    ) -> None:
        self.stores, self.user_id, self.sale, self.phone_number = stores, user_id, sale, phone_number
        self.id = sale.answer.recharge_id

    async def recharge(self) -> Recharge:
        """The row of the recharge."""
        return await get_recharge(self.stores, self.user_id, self.id)

    async def plan(self) -> ActivePlan:
        """The row of its plan."""
        async with self.stores.database.transaction() as db:
            return await db.get_one(ActivePlan, (self.phone_number, self.id))

    async def fulfilment(self) -> Fulfilment:
        """Its row in the dispatcher's queue."""
        async with self.stores.database.transaction() as db:
            return await db.get_one(Fulfilment, (self.user_id, self.id))

    async def attempts(self) -> list[OperatorAttempt]:
        """Its submissions, in order."""
        async with self.stores.database.transaction() as db:
            query = select(OperatorAttempt).where(OperatorAttempt.recharge_id == self.id)
            return list(await db.scalars(query.order_by(OperatorAttempt.attempt)))

    async def outcomes(self) -> list[str | None]:
        """How its submissions ended, in order."""
        return [attempt.outcome for attempt in await self.attempts()]

    async def transfers(self) -> dict[tuple[str, str], int]:
        """Paise by debit and credit."""
        return await list_transfers(self.stores, self.id)

    async def balance(self) -> int:
        """What the customer can spend, in paise."""
        return (await balance(self.stores, self.user_id)).paise

    async def statuses(self) -> tuple[str, str, str]:
        """Of the recharge, its plan and its fulfilment."""
        return (await self.recharge()).status, (await self.plan()).status, (await self.fulfilment()).state

    async def age(self, minutes: int = 15) -> None:
        """Let its submissions have begun so many minutes earlier."""
        await run_sql(
            self.stores,
            "UPDATE operator_attempts SET started_at = started_at - make_interval(mins => :minutes)"
            " WHERE recharge_id = :id",
            id=self.id,
            minutes=minutes,
        )

    async def submit(self, channel: str = FIRST) -> str:
        """Begin an attempt over a channel, as the dispatcher does before it calls: the reference."""
        reference = await self.stores.database.run(
            lambda db: channels.begin_attempt(db, self.user_id, self.id, channel=channel)
        )
        assert reference is not None
        return reference

    async def answer(self, reference: str, verdict: Verdict, **details: Any) -> bool:
        """Apply an operator's answer."""
        return await apply(self.stores, reference, verdict, **details)

    async def due_in(self) -> float | None:
        """Seconds until the dispatcher looks at it again, at a held clock; None once it has ended."""
        due: datetime | None = (await self.fulfilment()).next_attempt_at
        return None if due is None else (due - clock.now()).total_seconds()


async def purchase(stores: Stores, rupees: int = 299, **overrides: Any) -> Purchase:
    """A new customer's purchase for a new number. `overrides`: fields of Subscribe, or `key`."""
    user_id = await make_customer(stores, 1_000)
    number = await make_number(stores)
    plan = (await find_plan(stores, rupees=rupees)).plan_id
    return Purchase(stores, user_id, await buy(stores, user_id, number, plan, **overrides), number)


async def apply(stores: Stores, reference: str, verdict: Verdict, **details: Any) -> bool:
    """Apply an operator's answer about a reference, with the channels as they are now."""
    snapshot = await stores.database.run(channels.load_channels)
    return await stores.database.run(
        lambda db: delivery.apply(
            db, reference, Answer(verdict, **details), snapshot=snapshot, check_seconds=PAUSES
        )
    )


async def reach_jio(stores: Stores, outside: Outside | None = None) -> None:
    """Jio is reached over two channels: those of the sandbox, or two at which nobody listens."""
    base = outside.base if outside is not None else NOBODY
    await reach_over_api(
        stores,
        "JIO",
        (FIRST, f"{base}/operators/{FIRST}"),
        (SECOND, f"{base}/operators/{SECOND}"),
    )


async def ask_again(dispatcher: Dispatcher, *, rounds: int = 6) -> None:
    """Let the pauses between status questions pass."""
    await dispatcher.drain()
    for number in range(1, rounds + 1):
        with clock.later(hours=2 * number):
            await dispatcher.drain()


def deliveries(outside: Outside) -> list[str]:
    """The references that were delivered over both channels, one entry for each delivery."""
    return [
        reference
        for channel in (FIRST, SECOND)
        for reference, seen in outside.deliveries(channel).items()
        for _ in range(seen["delivered"])
    ]


def signed(
    stores: Stores,
    body: bytes,
    *,
    channel: str = FIRST,
    version: int = 1,
    direction: str = "callbacks",
    at: float | None = None,
) -> dict[str, str]:
    """The headers that an operator puts on a callback with this body, at this Unix time."""
    stamp = str(int(at if at is not None else time.time()))
    master = stores.settings.operator_api_secret.get_secret_value()
    secret = hmac.new(
        master.encode(), f"gencharge:{channel}:{direction}:{version}".encode(), sha256
    ).hexdigest()
    content = f"{stamp}.{channel}.POST /v1/recharge/callbacks/{channel}.".encode() + body
    mac = hmac.new(secret.encode(), content, sha256).hexdigest()
    return {"X-Timestamp": stamp, "X-Signature": mac, "Content-Type": "application/json"}
