"""The second set of books: what everybody's wallet and every number must show, kept by the simulation as it goes.

It knows nothing of the product's tables. What became of a recharge that went over an operator's API it asks the operators:
what they delivered is to be paid for, once, and what they did not is to be given back. Amounts in paise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sale:
    """A recharge that was sold: by whom, for which number, how it was paid, and when (seconds since 1970)."""

    person: int
    key: str
    phone_number: str
    price: int
    from_wallet: int
    over_api: bool
    sold_at: float


@dataclass(slots=True)
class Notebook:
    """What was agreed so far."""

    wallets: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    sales: list[Sale] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    refunded: set[str] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)

    def join(self, person: int) -> None:
        """Somebody has a wallet now, with nothing in it."""
        self.wallets[person] = 0
        self.counts["customers"] += 1

    def put_in(self, person: int, paise: int) -> None:
        """Money came into a wallet."""
        self.wallets[person] += paise

    def sell(self, sale: Sale) -> None:
        """A recharge was sold and paid. If it goes over an API, the operator has yet to say whether it came through."""
        self.wallets[sale.person] -= sale.from_wallet
        self.sales.append(sale)
        self.counts["recharges"] += 1

    def refund(self, sale: Sale, paise: int) -> None:
        """So much of a recharge was given back to the wallet."""
        self.wallets[sale.person] += paise
        self.refunded.add(sale.key)
        self.counts["refunds"] += 1

    def leave(self, person: int) -> None:
        """The account was closed, and what was in the wallet paid out."""
        self.wallets[person] = 0
        self.gone.add(person)
        self.counts["closed accounts"] += 1

    def certain(self, person: int) -> list[Sale]:
        """The sales of a person that were delivered at once and not taken back."""
        return [
            sale
            for sale in self.sales
            if sale.person == person and not sale.over_api and sale.key not in self.refunded
        ]

    def conclude(self, delivered: Iterable[tuple[str, int, float]]) -> list[str]:
        """Settle what went over an API with what the operators delivered: number, price and instant of each.

        A delivery is that of the last sale before it of this number and price. Returns what does not fit: a delivery that
        nobody had bought, or a second one.
        """
        waiting: dict[tuple[str, int], list[Sale]] = defaultdict(list)
        for sale in self.sales:
            if sale.over_api:
                waiting[sale.phone_number, sale.price].append(sale)
        done: Counter[str] = Counter()
        strange = []
        for number, price, at in delivered:
            before = [sale for sale in waiting[number, price] if sale.sold_at <= at]
            if not before or done[before[-1].key]:
                strange.append(f"an operator delivered {price / 100:.2f} to {number} once more than was sold")
            else:
                done[before[-1].key] += 1
        for sale in self.sales:
            if not sale.over_api or done[sale.key]:
                self.counts["delivered"] += 1
                continue
            self.counts["failed"] += 1
            # All that was paid goes back to the wallet, the gateway's part, too. Nobody leaves while a recharge is open, so
            # who has left since took it along.
            if sale.person not in self.gone:
                self.wallets[sale.person] += sale.price
        return strange
