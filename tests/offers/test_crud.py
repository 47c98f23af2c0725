"""What the database refuses."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from gencharge.core.stores.stores import Stores
from tests.make.offers import (
    make,
)
from tests.offers.conftest import Headers


async def test_the_app_cannot_change_or_remove_a_version(
    visitor: httpx.AsyncClient, manager: Headers, market_stores: Stores
) -> None:
    await make(visitor, manager, status="active")
    for statement in ("UPDATE offer_versions SET version = 9", "DELETE FROM offer_versions"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with market_stores.database.transaction() as db:
                await db.execute(text(statement))
