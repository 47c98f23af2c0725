"""The ledger of the scale data: balances, transfers, and the payments through the gateway."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from gencharge.payments.models import PaymentPurpose, PaymentStatus
from gencharge.wallet.models import Account, Code
from scale.people import ID_BITS, People, id_at, instant, phone_of
from scale.purchases import Chunk, Purchase

T = TypeVar("T")
SOURCES: Final = ("app", "app", "app", "app", "web", "web", "api")
METHODS: Final = ("upi", "upi", "upi", "card", "netbanking")
_GATEWAY: Final = "razorpay"
# The gateway is asked for the status of these.
_OPEN: Final = frozenset({PaymentStatus.CREATED, PaymentStatus.AUTHORIZED})


class Ledger:
    """Books transfers of `people`, and keeps what they add up to."""

    def __init__(self, people: People, chance: random.Random) -> None:
        self._people = people
        self._chance = chance
        self._done = 0
        self._count = 0
        self._out = Chunk()
        size = bytes(8 * people.count)
        self._posted, self._held = array("q", size), array("q", size)

    def wallets(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `wallets`, after all chunks: what the transfers add up to."""
        people = self._people
        for number, user_id in enumerate(people.ids):
            created = instant(people.created_ms[number])
            yield user_id, self._posted[number], self._held[number], created, created

    def _pick(self, options: Sequence[T]) -> T:
        """One of them; a third of the time that `choice` takes."""
        return options[int(self._chance.random() * len(options))]

    def _available(self, user: int) -> int:
        return self._posted[user] - self._held[user]

    def _move(
        self,
        user: int,
        at_ms: int,
        debit: str,
        credit: str,
        amount: int,
        code: Code,
        key: str,
        *,
        purchase: Purchase | None = None,
        source: str | None = None,
        payment_method: str | None = None,
    ) -> None:
        """One transfer, and what it does to the wallet."""
        main, held = credit == Account.MAIN, credit == Account.HELD
        self._posted[user] += amount * ((main or held) - (debit in {Account.MAIN, Account.HELD}))
        self._held[user] += amount * (held - (debit == Account.HELD))
        self._done += 1
        self._out.transfers.append(
            (
                self._people.ids[user],
                id_at(at_ms, self._chance.getrandbits(ID_BITS)),
                str(debit),
                str(credit),
                amount,
                int(code),
                key,
                purchase.id if purchase else None,
                phone_of(purchase.line) if purchase else None,
                purchase.plan.plan_type if purchase else None,
                purchase.plan.operator if purchase else None,
                purchase.source if purchase else source,
                purchase.method if purchase else payment_method,
                instant(at_ms),
            )
        )

    def _pay(
        self, user: int, at_ms: int, amount: int, into: str, code: Code, *, purchase: Purchase | None = None
    ) -> UUID:
        """Money that comes in through the gateway; the id of its payment."""
        payment_id, source, method = self._order(
            user, at_ms, amount, PaymentStatus.CAPTURED, purchase=purchase
        )
        key, debit = str(payment_id), f"gateway:{_GATEWAY}"
        self._move(
            user,
            at_ms,
            debit,
            into,
            amount,
            code,
            key,
            purchase=purchase,
            source=source,
            payment_method=method,
        )
        return payment_id

    def _order(
        self,
        user: int,
        at_ms: int,
        amount: int,
        status: PaymentStatus,
        *,
        purchase: Purchase | None = None,
    ) -> tuple[UUID, str, str]:
        """The rows of a payment; its id, if asked for, and how it is paid."""
        payment_id = id_at(at_ms, self._chance.getrandbits(ID_BITS))
        source = purchase.source if purchase else self._pick(SOURCES)
        method = purchase.method if purchase else self._pick(METHODS)
        captured, at = status is PaymentStatus.CAPTURED, instant(at_ms)
        owner, order_id = self._people.ids[user], f"order_{payment_id.hex}"
        self._out.payments.append(
            (
                owner,
                payment_id,
                (PaymentPurpose.RECHARGE if purchase else PaymentPurpose.TOPUP).value,
                purchase.id if purchase else None,
                amount,
                method,
                source,
                status.value,
                _GATEWAY,
                order_id,
                f"pay_{payment_id.hex}" if captured else None,
                f"scale-{payment_id.hex}",
                b"scale",
                "payment_declined" if status is PaymentStatus.FAILED else None,
                at,
                at,
                at if captured else None,
                at if status in _OPEN else None,
            )
        )
        self._out.payment_orders.append((order_id, _GATEWAY, owner, payment_id))
        return payment_id, source, method
