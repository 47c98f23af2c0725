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
    """A recharge that was sold: by whom, for which number, how it was paid, and when (seconds since 1970).

    `price` is the plan's, which the operator gets. The customer paid that less the `discount`, and gets the `cashback` with the delivery.
    """

    person: int
    key: str
    phone_number: str
    price: int
    from_wallet: int
    over_api: bool
    sold_at: float
    discount: int = 0
    cashback: int = 0
    offer: str = ""
    # The payment of a postpaid bill: no plan, no offer, and no first recharge.
    is_bill: bool = False

    @property
    def paid(self) -> int:
        """What the customer paid, from the wallet and through the gateway."""
        return self.price - self.discount


@dataclass(slots=True)
class Notebook:
    """What was agreed so far. A wallet may be below zero here: then its owner owes what they have spent already."""

    wallets: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    sales: list[Sale] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    # By the sale's key: how much was given back, and when a recharge over an API was delivered.
    refunded: Counter[str] = field(default_factory=Counter)
    delivered_at: dict[str, float] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    _of_person: dict[int, list[Sale]] = field(default_factory=lambda: defaultdict(list))
    _with_offer: dict[str, list[Sale]] = field(default_factory=lambda: defaultdict(list))

    def join(self, person: int) -> None:
        """Somebody has a wallet now, with nothing in it."""
        self.wallets[person] = 0
        self.counts["customers"] += 1

    def put_in(self, person: int, paise: int) -> None:
        """Money came into a wallet."""
        self.wallets[person] += paise

    def sell(self, sale: Sale) -> None:
        """A recharge was sold and paid. If it goes over an API, the operator has yet to say whether it came through."""
        self._book(sale.person, -sale.from_wallet)
        self.sales.append(sale)
        self._of_person[sale.person].append(sale)
        self.counts["recharges"] += 1
        if sale.offer:
            self._with_offer[sale.offer].append(sale)
            self.counts[f"recharges with the offer {sale.offer}"] += 1
        if not sale.over_api:
            self._deliver(sale, sale.sold_at)

    def _deliver(self, sale: Sale, at: float) -> None:
        self.counts["delivered"] += 1
        self.delivered_at[sale.key] = at
        self._book(sale.person, sale.cashback)

    def _book(self, person: int, paise: int) -> None:
        # Nobody leaves while a recharge is open, so who has left since took along what came then.
        if person not in self.gone:
            self.wallets[person] += paise

    def refund(self, sale: Sale, paise: int) -> None:
        """So much of a recharge was given back to the wallet, and the same part of the cashback taken."""
        due = sale.cashback if paise >= sale.paid else sale.cashback * paise // sale.paid
        self.wallets[sale.person] += paise - due
        self.refunded[sale.key] += paise
        self.counts["refunds"] += 1

    def receive(self, person: int, paise: int) -> None:
        """A reward of a referral came; who has left took it along."""
        self._book(person, paise)

    def is_taken_back(self, sale: Sale) -> bool:
        """Whether all that was paid for it was given back."""
        return self.refunded[sale.key] >= sale.paid

    def leave(self, person: int) -> None:
        """The account was closed, and what was in the wallet paid out."""
        self.wallets[person] = 0
        self.gone.add(person)
        self.counts["closed accounts"] += 1

    def certain(self, person: int) -> list[Sale]:
        """The sales of a person that were delivered at once and not taken back."""
        return [
            sale for sale in self._of_person[person] if not sale.over_api and sale.key not in self.refunded
        ]

    def sales_of(self, person: int) -> list[Sale]:
        """All that a person bought."""
        return self._of_person[person]

    def used(self, offer: str, person: int | None = None) -> int:
        """How often an offer is used, by one person or by all: recharges that failed over an API count until `conclude`."""
        sales = self._of_person[person] if person is not None else self._with_offer[offer]
        return sum(sale.offer == offer and not self.is_taken_back(sale) for sale in sales)

    def taken(self, offer: str, person: int | None = None) -> int:
        """How often an offer counts as used at the end: for recharges that were delivered and not taken back in full."""
        sales = self._of_person[person] if person is not None else self._with_offer[offer]
        return sum(
            sale.offer == offer and sale.key in self.delivered_at and not self.is_taken_back(sale)
            for sale in sales
        )

    def first_delivered(self, person: int) -> Sale | None:
        """The first plan of a person that was delivered. Call it after `conclude`."""
        sales = [sale for sale in self._of_person[person] if not sale.is_bill]
        delivered = [sale for sale in sales if sale.key in self.delivered_at]
        return min(delivered, key=lambda sale: self.delivered_at[sale.key], default=None)

    def conclude(self, delivered: Iterable[tuple[str, int, float]]) -> list[str]:
        """Settle what went over an API with what the operators delivered: number, price and instant of each.

        A delivery is that of the last sale before it of this number and price. Returns what does not fit: a delivery that
        nobody had bought, or a second one.
        """
        waiting: dict[tuple[str, int], list[Sale]] = defaultdict(list)
        for sale in sorted(self.sales, key=lambda sale: sale.sold_at):
            if sale.over_api:
                waiting[sale.phone_number, sale.price].append(sale)
        strange = []
        for number, price, at in delivered:
            before = [sale for sale in waiting[number, price] if sale.sold_at <= at]
            if not before or before[-1].key in self.delivered_at:
                strange.append(f"an operator delivered {price / 100:.2f} to {number} once more than was sold")
            else:
                self._deliver(before[-1], at)
        for sale in self.sales:
            if sale.key not in self.delivered_at:
                self.counts["failed"] += 1
                # All that was paid goes back to the wallet, the gateway's part, too.
                self._book(sale.person, sale.paid)
        return strange
