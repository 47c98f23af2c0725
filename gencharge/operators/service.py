"""Operators, circles and connections of numbers."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Page, PageQuery
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import snapshots
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.operators import crud
from gencharge.operators.directory import CircleSnapshot, OperatorSnapshot, OperatorsSnapshot
from gencharge.operators.models import ChannelKind, ConnectionRow, OperatorStatus, ServiceType
from gencharge.operators.prefixes import hint
from gencharge.operators.registry import NoRegistry, NumberRegistry, RegistryEntry
from gencharge.operators.schemas import ConnectionOut, KnownBy

__all__ = [
    "CircleSnapshot",
    "Connection",
    "CurrentOperators",
    "NoRegistry",
    "NumberRegistry",
    "OperatorSnapshot",
    "Operators",
    "OperatorsSnapshot",
    "RegistryEntry",
    "ask_registry",
    "guess",
    "hint",
    "load_operators",
    "lookup",
    "my_connections",
    "remember",
    "seed",
]

# Their common names, in display order: by subscribers.
_DISPLAY_NAMES: Final = {"JIO": "Jio", "AIRTEL": "Airtel", "VI": "Vi", "BSNL": "BSNL", "MTNL": "MTNL"}


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection of a number and its source; all None if unknown."""

    operator: str | None
    circle: str | None
    service_type: ServiceType | None
    known_by: KnownBy | None


async def lookup(db: AsyncSession, phone_number: str, user_id: UUID | None = None) -> Connection:
    """The connection of an E.164 number: this user's statement, or else what a registry says, or else a hint."""
    row = await crud.find_connection(db, phone_number, user_id or SYSTEM_USER_ID)
    if row is not None:
        known_by: KnownBy = "registry" if row.user_id == SYSTEM_USER_ID else "user"
        return Connection(row.operator, row.circle, ServiceType(row.service_type), known_by)
    return guess(phone_number)


def guess(phone_number: str) -> Connection:
    """What the block of an E.164 number says about it, to whom it was first given out."""
    operator = hint(phone_number)
    return Connection(operator, None, None, "hint" if operator is not None else None)


async def remember(
    db: AsyncSession,
    phone_number: str,
    user_id: UUID,
    operator: str,
    circle: str | None,
    service_type: ServiceType | str,
) -> None:
    """Store the connection of an E.164 number for `user_id`. The codes must exist.

    Only a registry's answer is stored for all users (`ids.SYSTEM_USER_ID`). What customers say counts for themselves, also
    about their own number: if others saw it, it would tell them who is a customer.
    """
    values = {"operator": operator, "circle": circle, "service_type": ServiceType(service_type).value}
    await crud.put_connection(db, phone_number, user_id, values)


async def correct(db: AsyncSession, phone_number: str, user_id: UUID, **values: Any) -> ConnectionOut:
    """`remember`, and return the row."""
    await remember(db, phone_number, user_id, **values)
    return ConnectionOut.model_validate(await crud.get_connection(db, phone_number, user_id))


async def my_connections(db: AsyncSession, user_id: UUID, page: PageQuery) -> Page[ConnectionOut]:
    """A page of the numbers that the user corrected."""
    rows, cursor, total = await crud.list_connections(db, user_id, page)
    return Page(items=[_to_out(row) for row in rows], next_cursor=cursor, total=total)


def _to_out(row: ConnectionRow) -> ConnectionOut:
    return ConnectionOut.model_validate(row)


async def ask_registry(
    database: Database, registry: NumberRegistry, phone_number: str
) -> RegistryEntry | None:
    """Ask a number-portability registry, outside any transaction, and store its answer for all users.

    Ask for whatever number is looked up, never for customers' numbers only: the answer shows to everybody.
    """
    entry = await registry.find(phone_number)
    if entry is not None:
        async with database.transaction() as db:
            await remember(db, phone_number, SYSTEM_USER_ID, entry.operator, entry.circle, entry.service_type)
    return entry


async def load_operators(db: AsyncSession, version: int | None = None) -> OperatorsSnapshot:
    """Operators and circles, read from PostgreSQL."""
    if version is None:
        version = await snapshots.version_of(db, snapshots.CATALOGUE)
    operators = [
        OperatorSnapshot(
            code=row.code,
            name=row.name,
            display_name=row.display_name,
            status=OperatorStatus(row.status),
            channel=ChannelKind(row.channel),
            is_active=row.is_active,
            sort_order=row.sort_order,
            maintenance=row.maintenance,
        )
        for row in await crud.list_operators(db)
    ]
    circles = [CircleSnapshot(row.code, row.name, row.category) for row in await crud.list_circles(db)]
    return OperatorsSnapshot(version, operators, circles)


class Operators(snapshots.Holder[OperatorsSnapshot]):
    """The operators and circles that a process holds in memory."""

    name = snapshots.CATALOGUE

    async def load(self, db: AsyncSession, version: int) -> OperatorsSnapshot:
        """Operators and circles, read from PostgreSQL."""
        return await load_operators(db, version)


CurrentOperators = Annotated[OperatorsSnapshot, Depends(Operators.for_request)]


async def seed(db: AsyncSession) -> bool:
    """Add missing operators and circles of India. False if nothing was missing."""
    operators = [
        {
            "code": row["code"],
            "name": row["name"],
            "display_name": _DISPLAY_NAMES[row["code"]],
            "sort_order": 10 * (list(_DISPLAY_NAMES).index(row["code"]) + 1),
        }
        for row in _rows("operators_in.csv")
        if row["status"] == "active"
    ]
    circles = list(_rows("circles_in.csv"))
    counts = await crud.count_rows(db)
    if counts[0] >= len(operators) and counts[1] >= len(circles):
        return False
    await crud.add_missing(db, operators, circles)
    await snapshots.bump(db, snapshots.CATALOGUE)
    return True


def _rows(name: str) -> list[dict[str, str]]:
    text = files("gencharge.operators").joinpath(f"data/{name}").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
