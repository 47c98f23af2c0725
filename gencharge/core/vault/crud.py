"""Statements about data keys. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.postgres.database import Database
from gencharge.core.vault.models import DataKey

# One row, for the fast pool: a request that holds a connection of the other pool must not wait for a second one.
_READ: Final = """
    SELECT array_agg(key_id ORDER BY number) AS ids, array_agg(wrapped ORDER BY number) AS wrapped,
           array_agg(master ORDER BY number) AS masters
    FROM data_keys
"""
_ADD: Final = """
    INSERT INTO data_keys (key_id, number, wrapped, master) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING RETURNING key_id
"""


class WrappedKey(NamedTuple):
    """A data key as it is stored."""

    key_id: str
    wrapped: bytes
    master: str


async def read_keys(database: Database) -> list[WrappedKey]:
    """All data keys, the one that encrypts last. In a transaction of its own."""
    row = await database.fetch_row(_READ)
    if row is None or row["ids"] is None:
        return []
    return [WrappedKey(*parts) for parts in zip(row["ids"], row["wrapped"], row["masters"], strict=True)]


async def add_key(database: Database, key: WrappedKey, *, number: int) -> bool:
    """Store a data key, in a transaction of its own; False if there is one of this number."""
    return await database.fetch_row(_ADD, key.key_id, number, key.wrapped, key.master) is not None


async def lock_keys(db: AsyncSession) -> Sequence[DataKey]:
    """All data keys, the oldest first, held to the end of the transaction."""
    return (await db.scalars(select(DataKey).order_by(DataKey.number).with_for_update())).all()


async def list_keys(db: AsyncSession) -> Sequence[DataKey]:
    """All data keys, the oldest first."""
    return (await db.scalars(select(DataKey).order_by(DataKey.number))).all()


async def set_completed(db: AsyncSession, key_id: str, at: datetime) -> None:
    """Store since when nothing is left under an older key; the first such instant stays."""
    query = update(DataKey).where(DataKey.key_id == key_id, DataKey.completed_at.is_(None))
    await db.execute(query.values(completed_at=at))


async def age_seconds(db: AsyncSession, key_id: str) -> float:
    """How long ago a data key was made, by the database's clock."""
    age = text(
        "SELECT extract(epoch FROM clock_timestamp() - created_at) FROM data_keys WHERE key_id = :key_id"
    )
    return float(await db.scalar(age, {"key_id": key_id}) or 0)


async def delete_key(db: AsyncSession, key_id: str) -> None:
    """Delete a data key that nothing is encrypted with."""
    await db.execute(delete(DataKey).where(DataKey.key_id == key_id))
