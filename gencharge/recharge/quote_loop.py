"""Writes down now and then how many quotes were given."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.recharge import quote_crud, quote_tally

EVERY_SECONDS: Final = 30.0
log = telemetry.get_logger(__name__)


async def watch_quotes(app: FastAPI, stores: Stores) -> None:
    """Write the tally down for as long as the process runs, and when it ends. What a process that dies has not written is lost."""
    del app
    process_id = new_id()
    try:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await write_down(stores, process_id)
    finally:
        await write_down(stores, process_id)


async def write_down(stores: Stores, process_id: UUID) -> None:
    """Add what this process counted to its rows. If the database is away, it is kept for the next time."""
    operators, offers = quote_tally.OPERATORS.take(), quote_tally.OFFERS.take()
    if not operators:
        return

    async def add(db: AsyncSession) -> None:
        await quote_crud.add_counts(db, process_id, operators)
        if offers:
            await quote_crud.add_offer_counts(db, process_id, offers)

    try:
        await stores.database.run(add)
    except Exception as error:
        quote_tally.OPERATORS.put_back(operators)
        quote_tally.OFFERS.put_back(offers)
        raise_if_cancelled()
        log.warning("quotes_not_counted", error=type(error).__name__)
