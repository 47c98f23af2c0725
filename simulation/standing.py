"""Autopays: who sets one up, what a worker does with them, and what each must have bought by the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import bill_service
from gencharge.autopay import service as autopays
from gencharge.autopay.errors import AutopayAlreadyExists, AutopayAmountInvalid
from gencharge.autopay.models import AutopayTag, IntervalUnit
from gencharge.autopay.schemas import AutopayCreate, BillAutopayCreate, Interval
from gencharge.bills.errors import NumberIsPrepaid
from gencharge.core.values import clock
from gencharge.core.values.money import PositiveMoney
from life.customers import plan_id_of
from life.world import World, acting
from simulation.habits import bills_of
from simulation.notebook import Sale
from simulation.people import Offer, Person

# A due date that failed is tried for twenty hours, and the worker looks four times a day.
_SLACK: Final = timedelta(days=2)
# How long the workers go on after the end, so that what was under way ends.
_AFTER: Final = timedelta(hours=8)
_LEAST_DAYS: Final = 7
_BILL_DAYS: Final = 30
_FINAL: Final = frozenset({"succeeded", "abandoned", "skipped"})


@dataclass(slots=True)
class Standing:
    """An autopay as it was agreed: first due then, and every so many days after that (0: once)."""

    autopay_id: UUID
    person: int
    first_due: datetime
    every_days: int

    def dues(self, until: datetime) -> set[datetime]:
        """All due dates before `until`."""
        dues, due = set[datetime](), self.first_due
        while due < until:
            dues.add(due)
            if not self.every_days:
                break
            due += timedelta(days=self.every_days)
        return dues


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try to run an autopay, as its owner sees it in the history, and the recharge that it bought. `price` in paise."""

    person: UUID
    autopay_id: UUID
    due_at: datetime
    outcome: str
    recharge_id: UUID | None
    phone_number: str | None
    operator: str | None
    price: int | None
    sold_at: datetime | None
    # What an offer gave on it, in paise, and the offer's name.
    discount: int = 0
    cashback: int = 0
    offer: str = ""
    is_bill: bool = False

    def sale(self, person: int, *, over_api: bool) -> Sale | None:
        """What was bought; None if nothing was."""
        if (
            self.recharge_id is None
            or self.phone_number is None
            or self.price is None
            or self.sold_at is None
        ):
            return None
        return Sale(
            person,
            f"autopay {self.recharge_id}",
            self.phone_number,
            self.price,
            self.price - self.discount,
            over_api,
            self.sold_at.timestamp(),
            self.discount,
            self.cashback,
            self.offer,
            self.is_bill,
        )


@dataclass(slots=True)
class StandingOrders:
    """All autopays of a life."""

    agreed: dict[UUID, Standing] = field(default_factory=dict)

    async def agree(self, world: World, person: Person, offer: Offer) -> None:
        """Somebody lets a plan recharge their own number, again and again or once, from some days from now."""
        assert world.market is not None, "the simulation has offers"
        chance, plan_id = person.chance, plan_id_of(offer.plan)
        once = chance.random() < 0.3
        every = 0 if once else max(_LEAST_DAYS, offer.days)
        first_due = clock.now() + person.between(30, 24 * 10)
        command = AutopayCreate(
            phone_number=person.phone_number,
            plan_id=plan_id,
            tag=AutopayTag.ONETIME if once else AutopayTag.REGULAR,
            next_due_at=first_due,
            every=None if once else Interval(n=every, unit=IntervalUnit.DAY),
        )
        with acting("user", person.user_id, person.number):
            done = await autopays.create(
                world.stores.database, person.user_id, command, world.market.catalogue.get(plan_id)
            )
        person.has_autopay = True
        self.agreed[done.autopay_id] = Standing(done.autopay_id, person.number, first_due, every)

    async def agree_bills(self, world: World, person: Person) -> None:
        """Somebody lets the bills of their postpaid number be paid, up to an amount that some bills are above."""
        first_due = clock.now() + person.between(30, 24 * 6)
        command = BillAutopayCreate(
            phone_number=person.phone_number,
            operator=person.operator,
            tag=AutopayTag.REGULAR,
            next_due_at=first_due,
            max_amount=PositiveMoney(person.chance.choice((800, 900, 2_000)) * 100),
            every=Interval(n=_BILL_DAYS, unit=IntervalUnit.DAY),
        )
        with acting("user", person.user_id, person.number):
            try:
                done = await bill_service.create(bills_of(world), person.user_id, command)
            except (NumberIsPrepaid, AutopayAmountInvalid, AutopayAlreadyExists):
                return  # no bill was made yet, it is above the amount, or this was done before the process stopped
        person.has_autopay = True
        self.agreed[done.autopay_id] = Standing(done.autopay_id, person.number, first_due, _BILL_DAYS)

    def judge(self, attempts: list[Attempt], gone: set[int], ended_at: datetime) -> list[str]:
        """What is wrong with the due dates: one that nothing was done about, one that nobody agreed on, one with two ends."""
        problems = []
        by_autopay = defaultdict[UUID, list[Attempt]](list)
        for attempt in attempts:
            by_autopay[attempt.autopay_id].append(attempt)
        for standing in self.agreed.values():
            own = by_autopay.pop(standing.autopay_id, [])
            ends = Counter(attempt.due_at for attempt in own if attempt.outcome in _FINAL)
            paused = [attempt.due_at for attempt in own if attempt.outcome == "paused"]
            whole = standing.dues(ended_at + _AFTER)
            due = standing.dues(min([ended_at - _SLACK, *paused]))
            name = f"autopay {standing.autopay_id} of customer {standing.person}"
            if standing.person not in gone:
                problems += [f"{name} did nothing on {at:%d %b %H:%M}" for at in sorted(due - ends.keys())]
            problems += [f"{name} ran on {at:%d %b %H:%M}, when it was not due" for at in ends.keys() - whole]
            problems += [
                f"{name} ended twice for {at:%d %b %H:%M}" for at, ended in ends.items() if ended > 1
            ]
        problems += [f"autopay {autopay_id} ran, and nobody set it up" for autopay_id in by_autopay]
        return problems


async def list_uses(db: AsyncSession, user_id: UUID) -> Counter[str]:
    """How often somebody's autopays have used each offer, by its name."""
    rows = await db.execute(
        text(
            "SELECT o.name, count(*) FROM recharges AS r JOIN offers AS o ON o.offer_id = r.offer_id WHERE r.user_id = :user_id"
            " AND r.idempotency_key LIKE 'autopay:%' AND r.status NOT IN ('failed', 'refunded') GROUP BY o.name"
        ),
        {"user_id": user_id},
    )
    return Counter({name: uses for name, uses in rows})


async def list_attempts(db: AsyncSession) -> list[Attempt]:
    """The history of all autopays."""
    rows = await db.execute(
        text(
            "SELECT a.user_id, a.autopay_id, a.due_at, a.outcome, a.recharge_id, r.phone_number, r.operator, r.price, r.created_at,"
            " coalesce(r.discount, 0), coalesce(r.cashback, 0), coalesce(o.name, ''), r.bill_id IS NOT NULL FROM autopay_attempts AS a"
            " LEFT JOIN recharges AS r ON r.user_id = a.user_id AND r.id = a.recharge_id LEFT JOIN offers AS o ON o.offer_id = r.offer_id"
            " ORDER BY a.attempted_at, a.attempt_id"
        )
    )
    return [Attempt(*row) for row in rows]
