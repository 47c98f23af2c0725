"""Queries of the channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.models import OperatorChannel
from gencharge.operators.models import Operator

# The attempts belong to the room of the recharges, on a higher floor; all that is asked is whether there is one.
_USED = text("SELECT EXISTS (SELECT FROM operator_attempts WHERE channel = :code)")


async def list_channels(db: AsyncSession, *conditions: ColumnElement[bool]) -> Sequence[OperatorChannel]:
    """The channels that match, in the order of operators and priorities."""
    order = (OperatorChannel.operator, OperatorChannel.priority, OperatorChannel.code)
    return (await db.scalars(select(OperatorChannel).where(*conditions).order_by(*order))).all()


async def lock_channel(
    db: AsyncSession, code: str, *conditions: ColumnElement[bool]
) -> OperatorChannel | None:
    """The channel, held to the end of the transaction."""
    query = select(OperatorChannel).where(OperatorChannel.code == code, *conditions).with_for_update()
    return (await db.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def is_used(db: AsyncSession, code: str) -> bool:
    """True where a recharge went over the channel."""
    return bool(await db.scalar(_USED, {"code": code}))


async def list_operator_codes(db: AsyncSession) -> Sequence[str]:
    """The operators that there are."""
    return (await db.scalars(select(Operator.code).order_by(Operator.code))).all()


async def add_missing(db: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the channels that are not there; how many."""
    added = insert(OperatorChannel).values(list(rows)).on_conflict_do_nothing()
    return len((await db.execute(added.returning(OperatorChannel.code))).all())
