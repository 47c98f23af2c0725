"""Our side of a reference: what the ledger booked, and what we know where it booked nothing. Decides nothing.

The lists of a day ask all customers on purpose: a statement is about all of them. The look-ups of references go by
directories (`operator_references`, `payment_orders`) to the customers concerned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.reconciliation.matching import OurEntry, TheirRow
from gencharge.wallet.models import Account, Code

BATCH: Final = 2_000

# The attempt by which a recharge was delivered: the one whose operator reference it bears. Where the staff settled it,
# no attempt says so: then the last one over its channel.
_WINNER: Final = """
    SELECT reference, channel, started_at FROM operator_attempts AS a
    WHERE a.user_id = r.user_id AND a.recharge_id = r.id AND a.channel = r.channel
    ORDER BY a.outcome = 'delivered' AND a.operator_reference IS NOT DISTINCT FROM r.operator_reference DESC NULLS LAST,
             a.outcome = 'delivered' DESC NULLS LAST, a.attempt DESC
    LIMIT 1
"""
_DELIVERED = text(f"""
    SELECT won.reference, won.started_at, t.user_id, r.id AS recharge_id, t.amount, t.created_at, c.amount AS commission
    FROM transfers AS t
    JOIN recharges AS r ON r.user_id = t.user_id AND r.id = t.reference_id AND r.channel = :channel
    JOIN LATERAL ({_WINNER}) AS won ON true
    LEFT JOIN transfers AS c ON c.user_id = t.user_id AND c.key = t.key AND c.code = {Code.COMMISSION:d}
    WHERE t.created_at >= :starts AND t.created_at < :ends AND t.code = {Code.CAPTURE:d}
""")  # noqa: S608 - composed of constants
_OF_REFERENCES = text(f"""
    SELECT o.reference, o.user_id, o.recharge_id, a.channel, a.outcome, a.started_at, r.status, won.reference AS won,
           t.amount, t.created_at, c.amount AS commission
    FROM operator_references AS o
    JOIN operator_attempts AS a
      ON a.user_id = o.user_id AND a.recharge_id = o.recharge_id AND a.attempt = o.attempt
    JOIN recharges AS r ON r.user_id = o.user_id AND r.id = o.recharge_id
    LEFT JOIN transfers AS t ON t.user_id = r.user_id AND t.key = r.id::text AND t.code = {Code.CAPTURE:d}
    LEFT JOIN transfers AS c ON c.user_id = r.user_id AND c.key = r.id::text AND c.code = {Code.COMMISSION:d}
    LEFT JOIN LATERAL ({_WINNER}) AS won ON t.id IS NOT NULL
    WHERE o.reference = ANY(:references)
""")  # noqa: S608 - composed of constants
# Whatever moved on the gateway's account but write-offs. A key that no payment has is shown as it is.
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
    SELECT asked.entity_id AS reference, p.user_id, p.payment_id, f.refund_id, p.created_at AS began_at,
           p.status, f.status AS refund_status, t.created_at,
           CASE WHEN t.debit = :account THEN t.amount ELSE -t.amount END AS amount
    FROM unnest(CAST(:orders AS text[]), CAST(:entities AS text[]), CAST(:refunds AS boolean[]))
        AS asked(order_id, entity_id, is_refund)
    JOIN payment_orders AS o ON o.order_id = asked.order_id
    JOIN payments AS p ON p.user_id = o.user_id AND p.payment_id = o.payment_id
    LEFT JOIN refunds AS f ON f.user_id = p.user_id AND f.payment_id = p.payment_id
      AND f.gateway_refund_id = asked.entity_id AND asked.is_refund
    LEFT JOIN transfers AS t ON t.user_id = p.user_id AND :account IN (t.debit, t.credit)
      AND t.code <> {Code.WRITE_OFF:d}
      AND t.key = CASE WHEN asked.is_refund THEN f.refund_id::text
                       WHEN p.gateway_payment_id = asked.entity_id THEN p.payment_id::text
                       ELSE asked.entity_id END
""")  # noqa: S608 - composed of constants
_REPORTED = text("""
    SELECT DISTINCT reference FROM reconciliation_differences
    WHERE counterparty = :counterparty AND reference = ANY(:references) AND theirs_paise IS NOT NULL
      AND day <> :day
""")


async def list_delivered(db: AsyncSession, channel: str, starts: datetime, ends: datetime) -> list[OurEntry]:
    """What our books have as delivered over a channel from `starts` to before `ends`."""
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
    """What we know of the references of an operator's rows, whenever it was booked."""
    found: dict[str, OurEntry] = {}
    for part in _parts([row.reference for row in rows]):
        for row in await db.execute(_OF_REFERENCES, {"references": part}):
            found[row.reference] = _attempt(row, channel)
    return found


def _attempt(row: Any, channel: str) -> OurEntry:
    booked = row.amount is not None and row.won == row.reference
    if row.channel != channel:
        state = "foreign"
    elif booked:
        state = "booked"
    elif row.amount is not None:
        state = "elsewhere"
    else:
        state = "failed" if row.status == "failed" else "under_way"
    return OurEntry(
        reference=row.reference,
        user_id=row.user_id,
        amount=row.amount if state == "booked" else None,
        charges=(row.commission or 0) if state == "booked" else None,
        booked_at=row.created_at if state == "booked" else None,
        began_at=row.started_at,
        recharge_id=row.recharge_id,
        state=state,
        refused=row.outcome == "refused",
    )


async def list_gateway(db: AsyncSession, account: str, starts: datetime, ends: datetime) -> list[OurEntry]:
    """What our books have on the gateway's account from `starts` to before `ends`, but write-offs."""
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
    """What we know of the orders of a gateway's rows, whenever it was booked."""
    found: dict[str, OurEntry] = {}
    for part in _parts([row for row in rows if row.order_id]):
        values = {
            "account": account,
            "orders": [row.order_id for row in part],
            "entities": [row.reference for row in part],
            "refunds": [row.amount < 0 for row in part],
        }
        for row in await db.execute(_OF_ORDERS, values):
            found[row.reference] = _order(row)
    return found


def _order(row: Any) -> OurEntry:
    booked = row.created_at is not None
    waits = row.refund_status in {"created", "processing"}
    return OurEntry(
        reference=row.reference,
        user_id=row.user_id,
        amount=row.amount if booked else None,
        booked_at=row.created_at,
        began_at=row.began_at,
        payment_id=row.payment_id,
        refund_id=row.refund_id,
        state="booked" if booked else "under_way" if waits else "failed",
    )


async def find_reported(
    db: AsyncSession, counterparty: str, day: date, references: Iterable[str]
) -> set[str]:
    """References that they had in another day's statement which was reconciled before, and did not fit then."""
    found: set[str] = set()
    for part in _parts(list(references)):
        values = {"counterparty": counterparty, "day": day, "references": part}
        found.update((await db.scalars(_REPORTED, values)).all())
    return found


def _parts(items: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), BATCH):
        yield list(items[start : start + BATCH])
