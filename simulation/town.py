"""The order of it all: an agenda of what happens next, lived one act after the other with the clock held.

Each act may put others on the agenda. An act that gets a 503, or whose process stops, is tried again with the same key, as by a
careful client. Four times a day a worker does what is due, once a day all that it has to do, and each night the day before is reconciled.
"""

from __future__ import annotations

import heapq
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Final

from gencharge.core.errors import Problem, Unavailable
from gencharge.core.values import clock
from gencharge.core.values.clock import IST
from life import staff
from life.steps import Recharge, Reconcile, UseChannel
from life.world import World
from simulation import acts, habits, invitations, refills
from simulation.counter import Counter
from simulation.crashes import Crashes
from simulation.invitations import Invitation
from simulation.notebook import Notebook
from simulation.people import ADDONS, BASE, Offer, Person, top_up_of
from simulation.standing import StandingOrders
from simulation.workers import Workers

Act = Callable[[], Awaitable[object]]
# From which day on an operator's recharges go over its API.
_OVER_API: Final = {"VI": 0, "AIRTEL": 5}
_AGAIN: Final = timedelta(minutes=2)
_TRIES: Final = 5
# How often an act may be cut off by a crash before it counts as one that never ends.
_CRASHES: Final = 40
# An operator that did not answer is asked again after some seconds, and less and less often for two hours.
_ASK_AFTER: Final = (0.2, 1, 4, 15, 90)
_AT_ONCE: Final = timedelta(seconds=1)
_ROUND: Final = timedelta(hours=24)
_LOOK: Final = timedelta(hours=6)
_REVIEW: Final = timedelta(days=7)
# A process that stopped is up again by then, and does first what was left.
_RESTART: Final = timedelta(minutes=3)
_HABIT_SHARE: Final = 0.5
# Of what is bought beside a plan, how much is talktime for an amount of the customer's choice.
_ANY_AMOUNT_SHARE: Final = 0.25
_TOPUPS: Final = (200, 300, 500, 500, 1_000)
# Refusals that a customer's own doing brings about: the simulation goes on without the act.
EXPECTED: Final = frozenset(
    {"insufficient_balance", "wallet_limit_exceeded", "user_has_open_money", "base_plan_required"}
)


@dataclass(frozen=True, slots=True)
class Size:
    """How long, how many people, which life, and how often a process stops at a crash point that it passes (0 to 1)."""

    days: int
    customers: int
    seed: int
    crashes: float = 0.0


class Town:
    """One life from its first instant to its last."""

    def __init__(
        self, world: World, people: list[Person], starts_at: datetime, ends_at: datetime, size: Size
    ) -> None:
        self.world, self.people = world, people
        self.starts_at, self.ends_at = starts_at, ends_at
        self.notebook = Notebook()
        self.strange: list[str] = []  # refusals that nobody's own doing explains
        self.counter = Counter(self.notebook, self.strange)
        self.standing = StandingOrders()
        self.invitations: list[Invitation] = []
        self.crashes = Crashes(size.crashes, size.seed)
        self._workers: Workers
        self._joined: list[Person] = []
        self._staff_chance = Random(f"{size.seed}:staff")  # noqa: S311 - a story, not a secret
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._order = count()

    def plan(self, at: datetime, act: Act) -> None:
        """Put something on the agenda, unless it lies after the end."""
        if at < self.ends_at:
            heapq.heappush(self._agenda, (at, next(self._order), act))

    def goes_over_api(self, operator: str | None, at: datetime | None) -> bool:
        """Whether an operator's recharges went over its API then."""
        after = _OVER_API.get(operator or "")
        return after is not None and at is not None and at >= self.starts_at + timedelta(days=after)

    async def live(self, on_day: Callable[[date], None]) -> None:
        """Live it. `on_day` is called at the start of each day."""
        self._workers = Workers.start(self.world)
        for operator, after in _OVER_API.items():
            step = UseChannel(at=self.starts_at, operator=operator, channel="api")
            self.plan(self.starts_at + timedelta(days=after), partial(staff.use_channel, self.world, step))
        await self.counter.open(self.world, len(self.people))
        for person in self.people:
            join = partial(self._if_here, person, partial(self._join, person))
            self.plan(self.starts_at + person.joins_after, join)
        self.plan(self.starts_at + timedelta(hours=10), self._look)
        self.plan(self.starts_at + _REVIEW, self._review)
        # At four in the morning, when the gateway's and the operators' statements of the day before are there.
        self.plan(self.starts_at + timedelta(hours=28), self._round)
        day: date | None = None
        while self._agenda:
            at, _, act = heapq.heappop(self._agenda)
            if at.astimezone(IST).date() != day:
                day = at.astimezone(IST).date()
                on_day(day)
            await self._try(at, act, _TRIES)
        # What is still under way comes to its end: the last question to an operator is asked after an hour or so.
        self.crashes.end()
        for hours in range(1, 9):
            await self._try(self.ends_at + timedelta(hours=hours), self._workers_round, _TRIES)

    async def _try(self, at: datetime, act: Act, tries: int, crashes: int = 0) -> None:
        planned = next(self._order)
        try:
            with clock.at(at):
                survived = await self.crashes.survive(act)
            if not survived:
                self._forget(planned)
                self._workers = await Workers.restart(self.world)
                if crashes == 0:
                    self.plan(at + _RESTART, self._workers_round)
                if crashes < _CRASHES:
                    await self._try(at + _AGAIN, act, tries, crashes + 1)
                else:
                    self.strange.append(f"{at:%d %b %H:%M}: cut off {_CRASHES} times in a row")
        except Unavailable as problem:
            self._forget(planned)
            if tries > 1:
                await self._try(at + _AGAIN, act, tries - 1)
            else:
                self.strange.append(f"{at:%d %b %H:%M}: {problem.code()} {_TRIES} times in a row")
        except Problem as problem:
            self.notebook.refused[problem.code()] += 1
            if problem.code() not in EXPECTED:
                self.strange.append(f"{at:%d %b %H:%M}: {problem.code()} ({problem})")
        except Exception as error:
            # A defect. The life goes on, to show what else it leads to.
            self.strange.append(f"{at:%d %b %H:%M}: {type(error).__name__}: {error}".splitlines()[0])

    def _forget(self, planned: int) -> None:
        """Take off the agenda what an act had put on it: it plans the same once more."""
        self._agenda = [entry for entry in self._agenda if entry[1] < planned]
        heapq.heapify(self._agenda)

    async def _round(self) -> None:
        now = clock.now()
        self.plan(now + _ROUND, self._round)
        await self._workers.work()
        yesterday = now.astimezone(IST).date() - timedelta(days=1)
        await staff.reconcile(self.world, Reconcile(at=now, day=yesterday))

    async def _workers_round(self) -> None:
        await self._workers.work()

    async def _look(self) -> None:
        self.plan(clock.now() + _LOOK, self._look)
        await self._workers.recharge()

    async def _review(self) -> None:
        """The staff's weekly look at what the checks have held."""
        self.plan(clock.now() + _REVIEW, self._review)
        await invitations.decide(self.world, self._staff_chance, self.notebook.counts)
        await habits.settle_complaints(self.world, self._staff_chance)

    async def _join(self, person: Person) -> None:
        chance, now = person.chance, clock.now()
        here = [each for each in self._joined if not each.has_left]
        referrer = chance.choice(here) if here and chance.random() < 0.3 else None
        shares_device = chance.random() < 0.15
        await acts.sign_up(self.world, self.notebook, person, referrer, shares_device=shares_device)
        self._joined.append(person)
        if referrer is not None:
            self.invitations.append(
                Invitation(person.number, referrer.number, referrer.phone_number, shares_device)
            )
        if chance.random() < 0.25:
            standing = partial(self.standing.agree, self.world, person, self._usual(person))
            self.plan(now + person.between(24, 24 * 20), partial(self._if_here, person, standing))
        self._top_up(person, now + person.between(0.1, 2))
        self._buy(person, now + person.between(2, 30))
        if person.chance.random() < 0.3:
            trouble = partial(self._if_here, person, partial(self._trouble_with, person))
            self.plan(now + person.between(48, 24 * 30), trouble)
        if person.chance.random() < 0.15:
            allow = partial(self._allow, person, person.key("mandate"))
            self.plan(now + person.between(24, 24 * 15), partial(self._if_here, person, allow))
        if person.plan_type == "postpaid":
            self._bill(person, now + person.between(24 * 6, 24 * 12))
        if person.chance.random() < 0.03:
            self.plan(
                now + person.between(24 * 20, 24 * 80), partial(acts.leave, self.world, self.notebook, person)
            )

    def _top_up(self, person: Person, at: datetime) -> None:
        rupees = person.chance.choice(_TOPUPS)
        act = partial(acts.top_up, self.world, self.notebook, person, person.key("topup"), rupees)
        self.plan(at, partial(self._if_here, person, act))

    async def _allow(self, person: Person, key: str) -> None:
        """A mandate, and soon after it a wallet that fills itself up."""
        await refills.allow(self.world, self.notebook, person, key)
        set_up = partial(refills.set_up, self.world, self.notebook, person)
        self.plan(clock.now() + timedelta(minutes=5), partial(self._if_here, person, set_up))

    def _bill(self, person: Person, at: datetime) -> None:
        """A bill, perhaps an autopay of it and of those to come, or its payment by hand, and the next bill in a month."""
        self.plan(at, partial(self._if_here, person, partial(self._issue_bill, person)))

    async def _issue_bill(self, person: Person) -> None:
        chance, now = person.chance, clock.now()
        self._bill(person, now + timedelta(days=30))
        if person.operator not in self.world.over_api:
            return
        await habits.issue_bill(self.world, person)
        fate = chance.random()
        if fate < 0.4:
            agree = partial(self.standing.agree_bills, self.world, person)
            self.plan(now + person.between(1, 20), partial(self._if_here, person, agree))
        elif fate < 0.85:
            pay = partial(self._pay_bill, person, person.key("bill"))
            self.plan(now + person.between(2, 24 * 8), partial(self._if_here, person, pay))

    async def _pay_bill(self, person: Person, key: str) -> None:
        if await habits.pay_bill(self.world, self.notebook, person, key):
            self._follow(person, acts.Purchase(over_api=True))

    def _buy(self, person: Person, at: datetime) -> None:
        self.plan(at, partial(self._if_here, person, partial(self._renew, person)))

    async def _if_here(self, person: Person, act: Act) -> None:
        """Have the person do it, unless they have left. After a 503 they choose the same again, with the same keys."""
        if person.has_left:
            return
        choices = person.choices()
        try:
            await act()
        except (Unavailable, CancelledError):
            person.choose_again(choices)
            raise

    def _usual(self, person: Person) -> Offer:
        """A plan that somebody buys again and again."""
        return person.chance.choice(BASE[person.operator, person.plan_type])

    async def _renew(self, person: Person) -> None:
        """The plan again, an add-on beside it now and then, somebody else's number now and then; then the next time."""
        chance, now = person.chance, clock.now()
        offer = self._usual(person)
        self._next(person, now, offer)
        for_other = chance.random() < 0.15
        other = chance.choice(self.people) if for_other else person
        joined = other.number in self.notebook.wallets
        if joined and other.operator == person.operator and other.plan_type == person.plan_type:
            await self._recharge(person, offer, other.phone_number)
        else:
            await self._recharge(person, offer, person.phone_number)

    def _next(self, person: Person, now: datetime, offer: Offer) -> None:
        chance = person.chance
        days = max(1, offer.days - chance.choice((-4, -1, 0, 0, 1, 2, 3)))
        self._buy(person, now + timedelta(days=days) + person.between(-6, 6))
        if chance.random() < 0.9:
            self._top_up(person, now + timedelta(days=chance.uniform(0, days)))
        addons = ADDONS.get((person.operator, person.plan_type))
        habit = chance.random()
        if habit < _HABIT_SHARE:
            act = partial(self._habit, person, habit / _HABIT_SHARE, offer)
            self.plan(now + timedelta(days=chance.uniform(0.05, 1)), partial(self._if_here, person, act))
        if addons and chance.random() < 0.4:
            # Nobody has an add-on beside a postpaid number.
            addon = top_up_of(person) if chance.random() < _ANY_AMOUNT_SHARE else chance.choice(addons)
            act = partial(self._recharge, person, addon, person.phone_number)
            self.plan(now + timedelta(days=chance.uniform(1, 20)), partial(self._if_here, person, act))

    async def _habit(self, person: Person, which: float, offer: Offer) -> None:
        """Something beside buying. `which`, from 0 to 1, says what."""
        world, notebook = self.world, self.notebook
        if which < 0.35:
            await habits.give_back(world, notebook, person, person.key("give back"))
        elif which < 0.7:
            await habits.start_now(world, notebook, person)
        elif which < 0.85:
            await habits.complain(world, notebook, person)
        else:
            problem = await habits.misstate(world, notebook, person, offer, person.key("misstated"))
            self.strange += [problem] if problem is not None else []

    async def _recharge(self, person: Person, offer: Offer, phone_number: str) -> None:
        """Recharge; who has too little in the wallet tops up first, within a quarter of an hour."""
        now, balance = clock.now(), await acts.balance(self.world, person)
        missing = offer.plan.rupees - balance // 100
        if missing > 0 and person.chance.random() < 0.9:
            rupees = max(100, -(-missing // 100) * 100)
            topup = partial(acts.top_up, self.world, self.notebook, person, person.key("topup"), rupees)
            self.plan(now + person.between(0.02, 0.1), partial(self._if_here, person, topup))
            self._plan_payment(person, now + person.between(0.12, 0.25), offer, phone_number)
        else:
            self._plan_payment(person, now + _AT_ONCE, offer, phone_number)

    def _plan_payment(self, person: Person, at: datetime, offer: Offer, phone_number: str) -> None:
        # An act of its own: tried again after a crash, it must not choose by what it has bought already.
        pay = partial(self._pay, person, offer, phone_number)
        self.plan(at, partial(self._if_here, person, pay))

    async def _pay(self, person: Person, offer: Offer, phone_number: str) -> None:
        key = person.key("recharge")
        self._follow(person, await acts.recharge(self.world, self.counter, person, key, offer, phone_number))

    async def _pay_without_code(self, person: Person, step: Recharge) -> None:
        self._follow(person, await acts.recharge_without_code(self.world, self.counter, person, step))

    def _follow(self, person: Person, purchase: acts.Purchase) -> None:
        """Put on the agenda what comes next."""
        now = clock.now()
        if purchase.next is not None:
            pay = partial(self._pay_without_code, person, purchase.next)
            self.plan(now + _AT_ONCE, partial(self._if_here, person, pay))
        if purchase.over_api:
            for minutes in _ASK_AFTER:
                self.plan(now + timedelta(minutes=minutes), self._ask_operators)

    async def _ask_operators(self) -> None:
        await self._workers.ask_operators()

    async def _trouble_with(self, person: Person) -> None:
        """A complaint, and what the staff do about it: a refund, a credit, or a block for two days."""
        self.notebook.counts["complaints"] += 1
        kind = person.chance.choice(("refund", "refund", "goodwill", "block"))
        if kind == "refund":
            await acts.refund(self.world, self.notebook, person, person.key("refund"))
        elif kind == "goodwill":
            await acts.goodwill(self.world, self.notebook, person, person.key("goodwill"))
        else:
            await acts.block(self.world, self.notebook, person)
            back = clock.now() + timedelta(days=2)
            self.plan(back, partial(acts.unblock, self.world, person, back))
