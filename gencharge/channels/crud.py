"""Queries of the channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Required, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.models import OperatorChannel
from gencharge.operators.models import Operator

_USED = text("SELECT EXISTS (SELECT FROM operator_attempts WHERE channel = :code)")


class ChannelRow(TypedDict, total=False):
    """The columns of a new channel; those left out take their defaults. Amounts in paise."""

    code: Required[str]
    operator: Required[str]
    name: Required[str]
    url: str
    pending_url: str
    pending_by: UUID
    pending_at: datetime
    priority: int
    weight: int
    min_amount: int
    max_amount: int
    commission_bp: int
    is_active: bool
    created_at: datetime
    updated_at: datetime


async def list_channels(db: AsyncSession, *conditions: ColumnElement[bool]) -> Sequence[OperatorChannel]:
    """The channels that match, in the order of operators and priorities."""
    order = (OperatorChannel.operator, OperatorChannel.priority, OperatorChannel.code)
    return (await db.scalars(select(OperatorChannel).where(*conditions).order_by(*order))).all()


async def lock_channel(
    db: AsyncSession, code: str, *conditions: ColumnElement[bool]
) -> OperatorChannel | None:
    """The channel, locked to the end of the transaction; None if no row matches."""
    query = select(OperatorChannel).where(OperatorChannel.code == code, *conditions).with_for_update()
    return (await db.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def find_secret_version(db: AsyncSession, code: str) -> tuple[int, datetime | None] | None:
    """The version of a channel's secrets, and until when the one before is accepted."""
    query = select(OperatorChannel.secret_version, OperatorChannel.previous_secret_until)
    row = (await db.execute(query.where(OperatorChannel.code == code))).one_or_none()
    return None if row is None else (row.secret_version, row.previous_secret_until)


async def is_used(db: AsyncSession, code: str) -> bool:
    """True if a recharge was ever sent over the channel."""
    return bool(await db.scalar(_USED, {"code": code}))


async def list_operator_codes(db: AsyncSession) -> Sequence[str]:
    """The codes of all operators, in order."""
    return (await db.scalars(select(Operator.code).order_by(Operator.code))).all()


async def move_sandbox(db: AsyncSession, base: str, codes: Sequence[str]) -> int:
    """Let the channels that point to a sandbox of this machine point to the one at `base`; returns how many moved.

    A channel that an admin gave another address stays as it is.
    """
    url = base + "/operators/" + OperatorChannel.code
    sandbox = OperatorChannel.url.regexp_match(r"^http://127\.0\.0\.1:[0-9]+/operators/[^/]+$")
    moved = update(OperatorChannel).where(
        OperatorChannel.code.in_(codes), sandbox, OperatorChannel.url != url
    )
    return len((await db.execute(moved.values(url=url).returning(OperatorChannel.code))).all())


async def add_missing(db: AsyncSession, rows: Sequence[ChannelRow]) -> int:
    """Insert the channels whose codes are not taken; returns how many."""
    added = insert(OperatorChannel).values(list(rows)).on_conflict_do_nothing()
    return len((await db.execute(added.returning(OperatorChannel.code))).all())
