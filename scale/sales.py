"""The sales of the scale data: what a recharge leaves behind in each table."""

from __future__ import annotations

import random
import sys
from typing import Final

from gencharge.recharge.models import PaymentState, PlanState
from gencharge.wallet.models import Account, Code
from scale.ledger import Ledger
from scale.market import Market
from scale.people import People, instant
from scale.purchases import Purchase, plan_row, recharge_row
from scale.rewards import Rewards

# So many of those for whom an offer holds take it.
_TAKES_OFFER: Final = 0.25


class Sales(Ledger):
    """Sells what the market has, until there is as much as was asked for."""

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
        super().__init__(people, chance)
        self._market = market
        self._transactions = transactions if recharges is None else sys.maxsize
        self._recharges = sys.maxsize if recharges is None else recharges
        self.rewards = Rewards(market.offers)
        self._recharged = bytearray(people.count)

    def _has_room(self, transfers: int = 1, recharges: int = 0) -> bool:
        """Whether so much more is part of what was asked for."""
        return self._done + transfers <= self._transactions and self._count + recharges <= self._recharges

    def _take(self, bought: Purchase, at_ms: int, debit: str, code: Code) -> None:
        """The operator gets what the customer pays."""
        operator, key = f"operator:{bought.plan.operator.lower()}", str(bought.id)
        self._move(bought.payer, at_ms, debit, operator, bought.paid, code, key, purchase=bought)

    def _reward(self, bought: Purchase) -> None:
        """Some take an offer that holds."""
        if self._chance.random() < _TAKES_OFFER and self._has_room(transfers=4):
            plan = bought.plan
            bought.reward = self.rewards.choose(
                bought.payer,
                plan.price,
                operator=plan.operator,
                service_type=self._people.service_type(bought.payer),
                source=bought.source,
                method=bought.method,
                at_ms=bought.at_ms,
            )

    def _settle(self, bought: Purchase, at_ms: int) -> None:
        """Once it is delivered, the operator gets the discount, and the customer the cashback."""
        reward = bought.reward
        if reward is None:
            return
        user, key, operator = bought.payer, str(bought.id), f"operator:{bought.plan.operator.lower()}"
        owner, at = self._people.ids[user], instant(bought.at_ms)
        self._out.offer_uses.append(self.rewards.use_row(reward, owner, bought.id, at))
        if reward.discount:
            self._move(
                user, at_ms, Account.DISCOUNT, operator, reward.discount, Code.DISCOUNT, key, purchase=bought
            )
        if reward.cashback:
            sides = Account.CASHBACK, Account.MAIN
            self._move(user, at_ms, *sides, reward.cashback, Code.CASHBACK, key, purchase=bought)

    def _sell(
        self,
        bought: Purchase,
        status: PaymentState,
        *,
        ended_ms: int | None = None,
        reason: str | None = None,
    ) -> None:
        self._count += 1
        self._recharged[bought.line] = 1
        cashback = bought.reward.cashback if bought.reward else 0
        self._out.recharges.append(
            recharge_row(
                bought,
                status,
                owner=self._people.ids[bought.payer],
                key=f"scale-{self._count}",
                digest=self._chance.randbytes(32),
                balance_after=self._available(bought.payer) + cashback,
                ended_ms=ended_ms or bought.at_ms,
                reason=reason,
            )
        )

    def _start(self, bought: Purchase, state: PlanState, *, ended_ms: int | None = None) -> None:
        row = plan_row(bought, state, owner=self._people.ids[bought.payer], ended_ms=ended_ms)
        self._out.active_plans.append(row)
