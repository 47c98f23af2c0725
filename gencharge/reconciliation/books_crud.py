"""Our side of a reference: what the ledger booked under it, or why it booked nothing. Decides nothing.

The lists of a day read the rows of all customers, because a statement covers all of them. Look-ups of references use the
directories (`operator_references`, `payment_orders`) to find the customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.models import AttemptOutcome
from gencharge.payments.models import RefundStatus
from gencharge.recharge.models import PaymentState
from gencharge.reconciliation.matching import OurEntry, TheirRow
from gencharge.reconciliation.models import EntryState
from gencharge.wallet.models import Account, Code

T = TypeVar("T")
BATCH: Final = 2_000

# The attempt that delivered a recharge: the one with the recharge's operator reference. If the staff settled the
# recharge, no attempt is marked as delivered: then it is the last one over its channel.
_WINNER: Final = """
    SELECT reference, channel, started_at FROM operator_attempts AS a
    WHERE a.user_id = r.user_id AND a.recharge_id = r.id AND a.channel = r.channel
    ORDER BY a.outcome = 'delivered' AND a.operator_reference IS NOT DISTINCT FROM r.operator_reference DESC NULLS LAST,
             a.outcome = 'delivered' DESC NULLS LAST, a.attempt DESC
    LIMIT 1
"""
# The operator's amount is the whole price: what the customer paid, and the discount, which we pay.
_DELIVERED = text(f"""
    SELECT won.reference, won.started_at, t.user_id, r.id AS recharge_id, t.amount + coalesce(d.amount, 0) AS amount,
           t.created_at, c.amount AS commission
    FROM transfers AS t
    JOIN recharges AS r ON r.user_id = t.user_id AND r.id = t.reference_id AND r.channel = :channel
    JOIN LATERAL ({_WINNER}) AS won ON true
    LEFT JOIN transfers AS d ON d.user_id = t.user_id AND d.key = t.key AND d.code = {Code.DISCOUNT:d}
    LEFT JOIN transfers AS c ON c.user_id = t.user_id AND c.key = t.key AND c.code = {Code.COMMISSION:d}
    WHERE t.created_at >= :starts AND t.created_at < :ends AND t.code = {Code.CAPTURE:d}
""")  # noqa: S608 - composed of constants
_OF_REFERENCES = text(f"""
    SELECT o.reference, o.user_id, o.recharge_id, a.channel, a.outcome, a.started_at, r.status, won.reference AS won,
           t.amount + coalesce(d.amount, 0) AS amount, t.created_at, c.amount AS commission
    FROM operator_references AS o
    JOIN operator_attempts AS a
      ON a.user_id = o.user_id AND a.recharge_id = o.recharge_id AND a.attempt = o.attempt
    JOIN recharges AS r ON r.user_id = o.user_id AND r.id = o.recharge_id
    LEFT JOIN transfers AS t ON t.user_id = r.user_id AND t.key = r.id::text AND t.code = {Code.CAPTURE:d}
    LEFT JOIN transfers AS d ON d.user_id = r.user_id AND d.key = r.id::text AND d.code = {Code.DISCOUNT:d}
    LEFT JOIN transfers AS c ON c.user_id = r.user_id AND c.key = r.id::text AND c.code = {Code.COMMISSION:d}
    LEFT JOIN LATERAL ({_WINNER}) AS won ON t.id IS NOT NULL
    WHERE o.reference = ANY(:references)
""")  # noqa: S608 - composed of constants
# All movements of the gateway's account except write-offs. A key without a payment becomes the reference.
_GATEWAY_DAY = text(f"""
    SELECT t.user_id, t.created_at, p.payment_id, f.refund_id, coalesce(p.created_at, f.created_at) AS began_at,
           CASE WHEN t.debit = :account THEN t.amount ELSE -t.amount END AS amount,
           CASE WHEN f.refund_id IS NOT NULL THEN coalesce(f.gateway_refund_id, t.key)
                WHEN t.key = p.payment_id::text THEN coalesce(p.gateway_payment_id, t.key)
                ELSE t.key END AS reference
    FROM transfers AS t
    LEFT JOIN payments AS p ON p.user_id = t.user_id AND t.debit = :account
      AND p.payment_id::text = CASE WHEN t.credit = '{Account.SUSPENSE}' THEN t.reference_id::text ELSE t.key END
    LEFT JOIN refunds AS f ON f.user_id = t.user_id AND f.refund_id::text = t.key AND t.credit = :account
    WHERE t.created_at >= :starts AND t.created_at < :ends AND :account IN (t.debit, t.credit)
      AND t.code <> {Code.WRITE_OFF:d}
""")  # noqa: S608 - composed of constants
_OF_ORDERS = text(f"""
    SELECT theirs.entity_id AS reference, p.user_id, p.payment_id, f.refund_id, p.created_at AS began_at,
           f.status AS refund_status, t.created_at,
           CASE WHEN t.debit = :account THEN t.amount ELSE -t.amount END AS amount
    FROM unnest(CAST(:orders AS text[]), CAST(:entities AS text[]), CAST(:refunds AS boolean[]))
        AS theirs(order_id, entity_id, is_refund)
    JOIN payment_orders AS o ON o.order_id = theirs.order_id
    JOIN payments AS p ON p.user_id = o.user_id AND p.payment_id = o.payment_id
    LEFT JOIN refunds AS f ON f.user_id = p.user_id AND f.payment_id = p.payment_id
      AND f.gateway_refund_id = theirs.entity_id AND theirs.is_refund
    LEFT JOIN transfers AS t ON t.user_id = p.user_id AND :account IN (t.debit, t.credit)
      AND t.code <> {Code.WRITE_OFF:d}
      AND t.key = CASE WHEN theirs.is_refund THEN f.refund_id::text
                       WHEN p.gateway_payment_id = theirs.entity_id THEN p.payment_id::text
                       ELSE theirs.entity_id END
""")  # noqa: S608 - composed of constants
_REPORTED = text("""
    SELECT DISTINCT reference FROM reconciliation_differences
    WHERE counterparty = :counterparty AND reference = ANY(:references) AND theirs_paise IS NOT NULL
      AND day <> :day
""")


async def list_delivered(db: AsyncSession, channel: str, starts: datetime, ends: datetime) -> list[OurEntry]:
    """The recharges booked as delivered over a channel from `starts` to before `ends`."""
    rows = await db.execute(_DELIVERED, {"channel": channel, "starts": starts, "ends": ends})
    return [
        OurEntry(
            reference=row.reference,
            user_id=row.user_id,
            amount=row.amount,
            charges=row.commission or 0,
            booked_at=row.created_at,
            began_at=row.started_at,
            recharge_id=row.recharge_id,
        )
        for row in rows
    ]


async def find_references(db: AsyncSession, channel: str, rows: Sequence[TheirRow]) -> dict[str, OurEntry]:
    """What we know of the references of an operator's rows, on whatever day it was booked."""
    entries: dict[str, OurEntry] = {}
    for part in _parts([row.reference for row in rows]):
        for row in await db.execute(_OF_REFERENCES, {"references": part}):
            entries[row.reference] = _AttemptRow(**row._mapping).entry(channel)
    return entries


@dataclass(frozen=True, slots=True)
class _AttemptRow:
    """A row of `_OF_REFERENCES`. `won`: the reference under which the recharge was delivered. Amounts in paise."""

    reference: str
    user_id: UUID
    recharge_id: UUID
    channel: str
    outcome: str | None
    started_at: datetime
    status: str
    won: str | None
    amount: int | None
    created_at: datetime | None
    commission: int | None

    def state(self, channel: str) -> EntryState:
        """What our books have under the reference, if `channel` reports it."""
        if self.channel != channel:
            return EntryState.FOREIGN
        if self.amount is not None:
            return EntryState.BOOKED if self.won == self.reference else EntryState.ELSEWHERE
        return EntryState.FAILED if self.status == PaymentState.FAILED else EntryState.UNDER_WAY

    def entry(self, channel: str) -> OurEntry:
        """The row as an entry of our books."""
        state = self.state(channel)
        booked = state is EntryState.BOOKED
        return OurEntry(
            reference=self.reference,
            user_id=self.user_id,
            amount=self.amount if booked else None,
            charges=(self.commission or 0) if booked else None,
            booked_at=self.created_at if booked else None,
            began_at=self.started_at,
            recharge_id=self.recharge_id,
            state=state,
            refused=self.outcome == AttemptOutcome.REFUSED,
        )


async def list_gateway(db: AsyncSession, account: str, starts: datetime, ends: datetime) -> list[OurEntry]:
    """The movements of the gateway's account from `starts` to before `ends`, except write-offs."""
    rows = await db.execute(_GATEWAY_DAY, {"account": account, "starts": starts, "ends": ends})
    return [
        OurEntry(
            reference=row.reference,
            user_id=row.user_id,
            amount=row.amount,
            booked_at=row.created_at,
            began_at=row.began_at,
            payment_id=row.payment_id,
            refund_id=row.refund_id,
        )
        for row in rows
    ]


async def find_orders(db: AsyncSession, account: str, rows: Sequence[TheirRow]) -> dict[str, OurEntry]:
    """What we know of the orders of a gateway's rows, on whatever day it was booked."""
    entries: dict[str, OurEntry] = {}
    for part in _parts([row for row in rows if row.order_id]):
        values = {
            "account": account,
            "orders": [row.order_id for row in part],
            "entities": [row.reference for row in part],
            "refunds": [row.amount < 0 for row in part],
        }
        for row in await db.execute(_OF_ORDERS, values):
            entries[row.reference] = _OrderRow(**row._mapping).entry()
    return entries


@dataclass(frozen=True, slots=True)
class _OrderRow:
    """A row of `_OF_ORDERS`. The amount is in paise, of a refund negative."""

    reference: str
    user_id: UUID
    payment_id: UUID
    refund_id: UUID | None
    began_at: datetime
    refund_status: str | None
    created_at: datetime | None
    amount: int | None

    def entry(self) -> OurEntry:
        """The row as an entry of our books."""
        booked = self.created_at is not None
        pending = self.refund_status in {RefundStatus.CREATED, RefundStatus.PROCESSING}
        return OurEntry(
            reference=self.reference,
            user_id=self.user_id,
            amount=self.amount if booked else None,
            booked_at=self.created_at,
            began_at=self.began_at,
            payment_id=self.payment_id,
            refund_id=self.refund_id,
            state=EntryState.BOOKED if booked else EntryState.UNDER_WAY if pending else EntryState.FAILED,
        )


async def find_reported(
    db: AsyncSession, counterparty: str, day: date, references: Iterable[str]
) -> set[str]:
    """References that another day's statement listed, with a difference, when it was reconciled."""
    reported: set[str] = set()
    for part in _parts(list(references)):
        values = {"counterparty": counterparty, "day": day, "references": part}
        reported.update((await db.scalars(_REPORTED, values)).all())
    return reported


def _parts(items: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), BATCH):
        yield list(items[start : start + BATCH])
