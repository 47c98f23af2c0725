"""The money of the scale data: two years of top-ups and recharges, played through in the order of time.

Every movement keeps the rules of the product: a balance is never below zero, a base plan queues behind the one that
runs, what was held is captured or released. So the cached balances, the ledger and the plans fit together.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from gencharge.payments.models import PaymentStatus
from gencharge.recharge.models import PaymentState, PlanState
from gencharge.wallet.models import Account, AdjustmentDirection, AdjustmentStatus, Code
from scale import deliveries
from scale.calendar import Calendar
from scale.catalogue import Offered
from scale.corrections import adjustment_row
from scale.ledger import METHODS, SOURCES
from scale.market import Market
from scale.people import DAY_MS, ID_BITS, People, id_at, phone_of
from scale.purchases import Chunk, Purchase
from scale.sales import Sales

_TOPUPS: Final = (20_000, 30_000, 50_000, 50_000, 100_000, 200_000)
_OPENINGS: Final = (10_000, 50_000, 100_000)
_REWARD: Final = 5_000
_CORRECTION: Final = 2_500
_DIRECTIONS: Final = tuple(AdjustmentDirection)
_OUTCOMES: Final = (AdjustmentStatus.APPROVED,) * 7 + (
    AdjustmentStatus.REJECTED,
    AdjustmentStatus.CANCELLED,
    AdjustmentStatus.EXPIRED,
)
# A wallet is topped up to no more than this (small PPI: 10,000 rupees).
_FULL: Final = 900_000
# So long after their purchase, recharges may still be under way.
_UNDER_WAY_MS: Final = 2 * DAY_MS
_MINUTE_MS: Final = 60_000


class Books(Sales):
    """Plays `people` through, in chunks: so many transfers, or so many recharges with whatever they need."""

    def __init__(
        self,
        people: People,
        market: Market,
        *,
        transactions: int,
        recharges: int | None,
        chance: random.Random,
    ) -> None:
        """`recharges`: how many; None: as many as there are among the transfers."""
        super().__init__(people, market, transactions=transactions, recharges=recharges, chance=chance)
        self._calendar = Calendar(people.started_ms, people.now_ms)
        size = bytes(8 * people.count)
        self._touched = bytearray(people.count)
        self._corrections = 0
        # Of each line: when the base plan that runs ends, and when the one queued behind it does.
        self._runs_until, self._taken_until = array("q", size), array("q", size)
        self._plans: dict[tuple[str, str], list[Offered]] = {}
        self._addons: dict[tuple[str, str], list[Offered]] = {}
        for plan in market.plans:
            pool = self._addons if plan.is_addon else self._plans
            # The cheaper, the more often.
            often = 1 if plan.is_addon else 8 if plan.price <= 40_000 else 3 if plan.price <= 70_000 else 1
            pool.setdefault((plan.operator, plan.plan_type), []).extend([plan] * often)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows, some `size` transfers at a time, in the order of time."""
        while not self._is_over():
            self._out = Chunk()
            while len(self._out.transfers) < size and not self._is_over():
                self._step()
            yield self._out

    def _is_over(self) -> bool:
        return self._done >= self._transactions or self._count >= self._recharges

    def lines(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `lines`, after all chunks: every number that was recharged."""
        return ((phone_of(number),) for number, was in enumerate(self._recharged) if was)

    def _step(self) -> None:
        """The next act of a customer."""
        share = max(self._done / self._transactions, self._count / self._recharges)
        at_ms = self._calendar.at(share)
        at_ms = min(at_ms + self._chance.randrange(1_000), self._people.now_ms - 1)
        # Some do much more than others.
        user = int(self._people.alive_at(at_ms) * self._chance.random() ** 1.5)
        if self._people.is_archived(user):
            return
        at_ms = max(at_ms, self._people.created_ms[user])
        dice = self._chance.random()
        if not self._touched[user]:
            self._touched[user] = 1
            self._begin(user, at_ms, dice)
        elif dice < 0.06 and self._posted[user] < _FULL:
            self._top_up(user, at_ms, self._pick(_TOPUPS))
        elif dice < 0.08:
            self._other(user, at_ms, dice)
        else:
            self._recharge(user, at_ms)

    def _begin(self, user: int, at_ms: int, dice: float) -> None:
        if dice < 0.2:
            amount = self._pick(_OPENINGS)
            self._move(user, at_ms, Account.OPENING, Account.MAIN, amount, Code.OPENING, "opening")
        else:
            self._top_up(user, at_ms, self._pick(_TOPUPS))

    def _top_up(self, user: int, at_ms: int, amount: int) -> None:
        if self._chance.random() < 0.03:
            self._order(user, at_ms, amount, PaymentStatus.FAILED)
        self._pay(user, at_ms, amount, Account.MAIN, Code.TOPUP)

    def _other(self, user: int, at_ms: int, dice: float) -> None:
        """A reward for a referral, or a correction by the staff."""
        if dice < 0.075:
            key = f"referral-{self._done}"
            self._move(user, at_ms, Account.REFERRAL, Account.MAIN, _REWARD, Code.REFERRAL, key)
            return
        covered = self._available(user) >= _CORRECTION
        direction = self._pick(_DIRECTIONS) if covered else AdjustmentDirection.CREDIT
        # In turn, not by chance: few corrections have each outcome, too.
        status = _OUTCOMES[self._corrections % len(_OUTCOMES)]
        self._corrections += 1
        if at_ms > self._people.now_ms - _UNDER_WAY_MS:
            status = AdjustmentStatus.PENDING
        own_id = id_at(at_ms, self._chance.getrandbits(ID_BITS))
        row = adjustment_row(
            self._people.ids[user],
            own_id,
            direction,
            _CORRECTION,
            status,
            at_ms=at_ms,
            staff=self._market.staff,
        )
        self._out.adjustments.append(row)
        if status is AdjustmentStatus.APPROVED:
            sides = Account.ADJUSTMENT, Account.MAIN
            debit, credit = sides if direction is AdjustmentDirection.CREDIT else reversed(sides)
            self._move(user, at_ms, debit, credit, _CORRECTION, Code.ADJUSTMENT, str(own_id))

    def _recharge(self, user: int, at_ms: int) -> None:
        """Somebody recharges their own number, or a friend's."""
        line = user
        if self._chance.random() < 0.25:
            line = self._chance.randrange(self._people.alive_at(at_ms))
        plan = self._choose(line, at_ms)
        dice = self._chance.random()
        if plan is None or dice < 0.72 or not self._has_room(transfers=4):
            self._from_wallet(user, line, plan, at_ms)
        elif dice < 0.9:
            self._through_gateway(user, line, plan, at_ms)
        else:
            self._by_operator(user, line, plan, at_ms, dice)

    def _choose(self, line: int, at_ms: int) -> Offered | None:
        """A plan that this line can have now."""
        people = self._people
        if at_ms >= self._runs_until[line]:
            self._runs_until[line] = self._taken_until[line]
        kind = people.operator(line), people.service_type(line)
        runs, queued = self._runs_until[line] > at_ms, self._taken_until[line] > self._runs_until[line]
        addons = self._addons.get(kind)
        if runs and addons and (queued or self._chance.random() < 0.5):
            return self._pick(addons)
        return None if queued else self._pick(self._plans[kind])

    def _purchase(self, user: int, line: int, plan: Offered, at_ms: int, method: str) -> Purchase:
        starts = at_ms if plan.is_addon else max(at_ms, self._taken_until[line])
        return Purchase(
            id_at(at_ms, self._chance.getrandbits(ID_BITS)),
            user,
            line,
            plan,
            at_ms,
            method,
            self._pick(SOURCES),
            starts,
            plan.ends_ms(starts, self._runs_until[line]),
            self._people.circle(line),
        )

    def _from_wallet(self, user: int, line: int, plan: Offered | None, at_ms: int) -> None:
        available = self._available(user)
        if plan is None or available < plan.price:
            # The line has all it can have, or the money isn't there: next time.
            missing = plan.price - available if plan else 10_000
            self._top_up(user, at_ms, -(-missing // 10_000) * 10_000)
            return
        bought = self._purchase(user, line, plan, at_ms, "wallet")
        dice, later_ms = self._chance.random(), at_ms + 60 * _MINUTE_MS
        refunded = dice < 0.02 and self._has_room(transfers=2)
        if not refunded and dice < 0.97:
            self._reward(bought)
        self._take(bought, at_ms, Account.MAIN, Code.RECHARGE)
        if refunded:
            self._give_back(bought)
        elif dice >= 0.97 and self._can_change_mind(bought, later_ms):
            self._change_mind(bought, later_ms)
        else:
            self._deliver(bought)
            self._settle(bought, at_ms)

    def _give_back(self, bought: Purchase) -> None:
        """A delivered recharge is refunded in full after an hour and a half."""
        back_ms = min(bought.at_ms + 90 * _MINUTE_MS, self._people.now_ms)
        self._sell(bought, PaymentState.REFUNDED)
        self._start(bought, PlanState.CANCELLED, ended_ms=back_ms)
        operator, key = f"operator:{bought.plan.operator.lower()}", str(bought.id)
        self._move(
            bought.payer, back_ms, operator, Account.MAIN, bought.paid, Code.REFUND, key, purchase=bought
        )

    def _can_change_mind(self, bought: Purchase, later_ms: int) -> bool:
        runs = bought.starts_at_once and not bought.plan.is_addon and later_ms < self._people.now_ms
        covered = self._available(bought.payer) >= bought.plan.price
        return runs and covered and self._has_room(transfers=1, recharges=2)

    def _change_mind(self, first: Purchase, at_ms: int) -> None:
        """The plan that was just bought is replaced by another one of the same kind."""
        self._sell(first, PaymentState.DELIVERED)
        self._start(first, PlanState.REPLACED, ended_ms=at_ms)
        plan = first.plan
        until_ms = plan.ends_ms(at_ms, at_ms)
        second_id = id_at(at_ms, self._chance.getrandbits(ID_BITS))
        second = replace(first, id=second_id, at_ms=at_ms, from_ms=at_ms, until_ms=until_ms, replaces=first)
        self._take(second, at_ms, Account.MAIN, Code.RECHARGE)
        self._deliver(second)

    def _through_gateway(self, user: int, line: int, plan: Offered, at_ms: int) -> None:
        bought = self._purchase(user, line, plan, at_ms, self._pick(METHODS))
        if at_ms > self._people.now_ms - _UNDER_WAY_MS and self._chance.random() < 0.1:
            self._sell(bought, PaymentState.PAYMENT_PENDING)
            self._order(user, at_ms, plan.price, PaymentStatus.CREATED, purchase=bought)
            return
        self._reward(bought)
        bought.payment_id = self._pay(user, at_ms, bought.paid, Account.HELD, Code.PAYMENT, purchase=bought)
        self._take(bought, at_ms, Account.HELD, Code.CAPTURE)
        self._deliver(bought)
        self._settle(bought, at_ms)

    def _by_operator(self, user: int, line: int, plan: Offered, at_ms: int, dice: float) -> None:
        """Money is held until the operator has answered over its API."""
        if self._available(user) < plan.price:
            self._top_up(user, at_ms, -(-plan.price // 10_000) * 10_000)
        bought = self._purchase(user, line, plan, at_ms, "wallet")
        channels = self._market.channels[plan.operator]
        channel = channels[0] if len(channels) == 1 or self._chance.random() < 0.8 else channels[1]
        bought.channel = channel.code
        key, price = str(bought.id), plan.price
        self._move(user, at_ms, Account.MAIN, Account.HELD, price, Code.HOLD, key, purchase=bought)
        status, reason = PaymentState.DELIVERED, None
        # Most answer within some seconds, some only after minutes.
        then_ms = min(at_ms + int(1_000 * self._chance.lognormvariate(0.9, 1.0)), self._people.now_ms)
        if at_ms > self._people.now_ms - _UNDER_WAY_MS and dice < 0.93:
            status = PaymentState.PROCESSING if dice < 0.92 else PaymentState.UNKNOWN
        elif dice > 0.98:
            self._move(user, then_ms, Account.HELD, Account.MAIN, price, Code.RELEASE, key, purchase=bought)
            status, reason = PaymentState.FAILED, self._pick(deliveries.REFUSALS)
        else:
            bought.operator_reference = deliveries.operator_reference(bought)
            self._take(bought, then_ms, Account.HELD, Code.CAPTURE)
            commission, operator = channel.commission(price), f"operator:{plan.operator.lower()}"
            sides = operator, Account.REVENUE
            self._move(user, then_ms, *sides, commission, Code.COMMISSION, key, purchase=bought)
        deliveries.add_rows(
            self._out,
            bought,
            status,
            owner=self._people.ids[user],
            channel=channel,
            reference=id_at(at_ms, self._chance.getrandbits(ID_BITS)),
            ended_ms=then_ms,
            reason=reason,
        )
        if status is PaymentState.DELIVERED:
            self._deliver(bought, then_ms)
        else:
            self._sell(bought, status, ended_ms=then_ms, reason=reason)

    def _deliver(self, bought: Purchase, then_ms: int | None = None) -> None:
        self._sell(bought, PaymentState.DELIVERED, ended_ms=then_ms)
        now_ms = self._people.now_ms
        if not bought.plan.is_addon:
            if self._taken_until[bought.line] <= bought.at_ms:
                self._runs_until[bought.line] = bought.until_ms
            self._taken_until[bought.line] = bought.until_ms
        if bought.until_ms <= now_ms:
            self._start(bought, PlanState.EXPIRED, ended_ms=bought.until_ms)
        elif bought.from_ms <= now_ms:
            self._start(bought, PlanState.ACTIVE)
        else:
            self._start(bought, PlanState.QUEUED)
