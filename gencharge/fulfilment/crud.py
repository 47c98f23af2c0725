"""Queries of the channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.fulfilment.models import OperatorChannel
from gencharge.operators.models import Operator


async def list_channels(db: AsyncSession) -> Sequence[OperatorChannel]:
    """Every channel, in the order of operators and priorities."""
    order = (OperatorChannel.operator, OperatorChannel.priority, OperatorChannel.code)
    return (await db.scalars(select(OperatorChannel).order_by(*order))).all()


async def list_operator_codes(db: AsyncSession) -> Sequence[str]:
    """The operators that there are."""
    return (await db.scalars(select(Operator.code).order_by(Operator.code))).all()


async def add_missing(db: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the channels that are not there; how many."""
    added = insert(OperatorChannel).values(list(rows)).on_conflict_do_nothing()
    return len((await db.execute(added.returning(OperatorChannel.code))).all())
