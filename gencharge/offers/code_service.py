"""One-time codes: made at random, looked up for a customer.

A code has at least ten of 31 characters: nearly fifty bits. Wrong ones are limited for each customer and address, so nobody finds a code
by guessing, and a customer may be told what is wrong with one. docs/decisions/0025 says more.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.offers import codes_crud
from gencharge.offers.errors import OfferCodeNotYours, OfferCodeUsed
from gencharge.offers.selection import OneTimeCode
from gencharge.users.service import CODE_ALPHABET

SHORTEST: Final = 10
LONGEST: Final = 20
USUAL: Final = 12
# Parameters of one statement are bounded.
_PER_STATEMENT: Final = 2_000
_ATTEMPTS: Final = 5


async def find(database: Database, user_id: UUID, code: str) -> OneTimeCode | None:
    """The one-time code `code` (capitals and digits only), and whether this customer may use it; None if there is none."""
    if len(code) < SHORTEST:
        return None
    row = await codes_crud.find_code(database, code)
    if row is None:
        return None
    if row.bound_to not in {None, user_id}:
        return OneTimeCode(code, row.offer_id, OfferCodeNotYours())
    return OneTimeCode(code, row.offer_id, OfferCodeUsed() if row.recharge_id is not None else None)


async def add_codes(
    db: AsyncSession, offer_id: UUID, batch_id: UUID, owners: Sequence[UUID | None], *, length: int = USUAL
) -> list[str]:
    """New codes in the order of `owners`: each for that customer only, or (None) for anybody who has it."""
    codes = list[str]()
    for first in range(0, len(owners), _PER_STATEMENT):
        codes += await _add(db, offer_id, batch_id, owners[first : first + _PER_STATEMENT], length)
    return codes


async def _add(
    db: AsyncSession, offer_id: UUID, batch_id: UUID, owners: Sequence[UUID | None], length: int
) -> list[str]:
    now, codes = clock.now(), dict[int, str]()
    for _ in range(_ATTEMPTS):
        drawn = {place: _draw(length) for place in range(len(owners)) if place not in codes}
        rows = [(code, owners[place]) for place, code in drawn.items()]
        stored = await codes_crud.add_codes(db, offer_id, batch_id, rows, created_at=now)
        codes |= {place: code for place, code in drawn.items() if code in stored}
        if len(codes) == len(owners):
            return [codes[place] for place in range(len(owners))]
    raise RuntimeError("codes that were drawn at random exist already")


def _draw(length: int) -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))
