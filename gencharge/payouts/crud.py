"""SQL of payees and payouts. Decides nothing. Amounts in paise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    case,
    delete,
    exists,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import column_of
from gencharge.core.postgres import leases
from gencharge.core.values import clock
from gencharge.payouts.models import Payee, Payout
from gencharge.payouts.staff_schemas import StaffPayoutQuery

# A check is counted also if it is refused, and an attempt however long it takes; no count goes beyond its column.
_MOST_COUNTED: Final = 30_000
_DUE = leases.LeasedQueue(
    Payout,
    Payout.next_attempt_at <= leases.NOW,
    order=Payout.next_attempt_at,
    lease=Payout.leased_until,
    changes={Payout.attempts: func.least(Payout.attempts, _MOST_COUNTED) + 1},
)
_WITHOUT_PAYOUT = text("""
    SELECT t.id, t.amount FROM transfers t
    WHERE t.user_id = :user_id AND t.code = ledger_code('payout')
      AND NOT EXISTS (SELECT FROM payouts p WHERE p.user_id = :user_id AND p.payout_id = t.id)
    ORDER BY t.id
""")
# The status of users that is an account's end; the index of few statuses answers it.
_CLOSED_WITH_BALANCE = text("""
    SELECT w.user_id FROM users u JOIN wallets w ON w.user_id = u.user_id
    WHERE u.status = 'archived' AND w.posted > w.held AND w.user_id > :after
    ORDER BY w.user_id LIMIT :limit
""")
# What of a payee is personal: gone after erasure.
_NOBODY: Mapping[str, None] = {"kind": None, "destination": None, "holder": None, "fund_account": None}


async def get_payee(db: AsyncSession, user_id: UUID) -> Payee | None:
    """Where the customer wants money; without `kind` it is not verified."""
    return await db.get(Payee, user_id, populate_existing=True)


async def count_check(db: AsyncSession, user_id: UUID, *, window: timedelta) -> int:
    """One more question to the bank: how many the customer has asked within the window, this one included."""
    now = clock.now()
    is_old = Payee.checks_since <= now - window
    statement = insert(Payee).values(user_id=user_id, checks=1, checks_since=now)
    counted = statement.on_conflict_do_update(
        index_elements=["user_id"],
        set_={
            "checks": case((is_old, 1), else_=func.least(Payee.checks, _MOST_COUNTED) + 1),
            "checks_since": case((is_old, now), else_=Payee.checks_since),
        },
    )
    return int(await db.scalar(counted.returning(Payee.checks)) or 0)


async def set_payee(db: AsyncSession, user_id: UUID, **values: Any) -> None:
    """Write down a payee that the bank knows."""
    await db.execute(update(Payee).where(Payee.user_id == user_id).values(**values))


async def clear_payee(db: AsyncSession, user_id: UUID) -> bool:
    """Take the payee away; how often the bank was asked stays. False if there was none."""
    own = (Payee.user_id == user_id, Payee.kind.is_not(None))
    cleared = update(Payee).where(*own).values(**_NOBODY, verified_at=None)
    return await db.scalar(cleared.returning(Payee.user_id)) is not None


async def list_without_payout(db: AsyncSession, user_id: UUID) -> list[tuple[UUID, int]]:
    """The transfers (id, amount) that took the rest of the balance out of the wallet and have no payout yet."""
    return [(row.id, row.amount) for row in await db.execute(_WITHOUT_PAYOUT, {"user_id": user_id})]


async def list_closed_with_balance(db: AsyncSession, *, after: UUID, limit: int) -> list[UUID]:
    """Owners of closed accounts whose wallet has something to spend, from the one after `after` on."""
    rows = await db.execute(_CLOSED_WITH_BALANCE, {"after": after, "limit": limit})
    return [row.user_id for row in rows]


async def lock_payout(db: AsyncSession, user_id: UUID, payout_id: UUID) -> Payout | None:
    """A payout, held to the end of the transaction."""
    query = select(Payout).where(Payout.user_id == user_id, Payout.payout_id == payout_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return (await db.scalars(locked)).one_or_none()


async def list_own(db: AsyncSession, user_id: UUID) -> Sequence[Payout]:
    """A customer's payouts, the oldest first."""
    query = select(Payout).where(Payout.user_id == user_id)
    return (await db.scalars(query.order_by(Payout.created_at, Payout.payout_id))).all()


async def list_by_id(db: AsyncSession, payout_id: UUID) -> Sequence[Payout]:
    """The payout with this id, of any customer."""
    return (await db.scalars(select(Payout).where(Payout.payout_id == payout_id))).all()


async def list_by_gateway(db: AsyncSession, reference: str) -> Sequence[Payout]:
    """The payouts that the gateway (also of an earlier round) or the bank calls so, each name by its own index."""
    named = (
        Payout.utr == reference,
        Payout.gateway_payout_id == reference,
        column_of(Payout.ended_payout_ids).op("@>")(literal([reference], ARRAY(Text))),
    )
    payouts = {
        row.payout_id: row for name in named for row in await db.scalars(select(Payout).where(name).limit(20))
    }
    return [payouts[payout_id] for payout_id in sorted(payouts, reverse=True)]


def select_all(query: StaffPayoutQuery) -> Select[Payout]:
    """All customers' payouts, or those of one."""
    statement = select(Payout)
    return statement if query.user_id is None else statement.where(Payout.user_id == query.user_id)


def match(entity: type[Payout], query: StaffPayoutQuery) -> list[ColumnElement[bool]]:
    """The conditions of the filters, on payouts or an alias of them."""
    return [] if query.status is None else [entity.status == query.status.value]


async def claim_due(db: AsyncSession, *, limit: int, lease_seconds: float) -> Sequence[Payout]:
    """Lease up to `limit` payouts that are due; each claim counts as an attempt."""
    rows = await _DUE.claim(db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned())
    return [payout for (payout,) in rows]


async def set_later(
    db: AsyncSession, payout: Payout, *, at: datetime, reason: str | None, gateway_payout_id: str | None
) -> None:
    """Return the lease: the payout is looked at again. Changes nothing if another worker has ended the round."""
    own = (Payout.user_id == payout.user_id, Payout.payout_id == payout.payout_id)
    same = (Payout.status == "due", Payout.round == payout.round)
    values = {"next_attempt_at": _following(payout, at), "leased_until": None, "reason": reason}
    await db.execute(update(Payout).where(*own, *same).values(**values, gateway_payout_id=gateway_payout_id))


def _following(claimed: Payout, at: datetime | None) -> ColumnElement[datetime | None]:
    """When a claimed payout is looked at next. What a webhook had asked since it was claimed stays due."""
    return case((Payout.next_attempt_at == claimed.next_attempt_at, at), else_=Payout.next_attempt_at)


async def look_again(db: AsyncSession, payout: Payout) -> None:
    """Have the gateway asked about it now."""
    own = (Payout.user_id == payout.user_id, Payout.payout_id == payout.payout_id)
    await db.execute(update(Payout).where(*own).values(next_attempt_at=clock.now()))


async def set_next_look(db: AsyncSession, payout: Payout, *, at: datetime | None) -> None:
    """Return the lease of a payout that is paid, and set when the gateway is asked next; None: no more."""
    own = (Payout.user_id == payout.user_id, Payout.payout_id == payout.payout_id)
    same = (Payout.status == "paid", Payout.round == payout.round)
    values = {"next_attempt_at": _following(payout, at), "leased_until": None}
    await db.execute(update(Payout).where(*own, *same).values(**values))


async def lock_proof(db: AsyncSession, utr: str) -> None:
    """Let no other transaction write the same bank reference down by hand until this one ends."""
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"payout by {utr}", 0))))


async def is_proof_of_others(db: AsyncSession, utr: str, *, besides: UUID) -> bool:
    """Whether this bank reference is the proof of a payout to another customer."""
    return bool(await db.scalar(select(exists().where(Payout.utr == utr, Payout.user_id != besides))))


async def erase(db: AsyncSession, user_id: UUID) -> None:
    """Forget where money goes or went. What was paid and its proof are the books, and stay."""
    await db.execute(delete(Payee).where(Payee.user_id == user_id))
    ended = (Payout.user_id == user_id, Payout.status != "due")
    await db.execute(update(Payout).where(*ended).values(**_NOBODY))
    # What is on its way needs the gateway's id until it has arrived.
    on_its_way = (Payout.user_id == user_id, Payout.status == "due")
    await db.execute(update(Payout).where(*on_its_way).values(destination=None, holder=None))
