"""An archived admin's second factor is deleted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from tests.make import factories
from tests.make.auth import Staff, middle_of_a_step


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    with middle_of_a_step():
        yield


async def test_an_archived_admins_secret_is_forgotten(ravi: Staff, stores: Stores, relay: Relay) -> None:
    from gencharge.admins import staff_service as staff

    await ravi.enroll()
    boss = await stores.database.run(factories.make_admin)
    await stores.database.run(lambda db: staff.archive(db, boss.admin_id, ravi.admin.admin_id))
    await relay.drain()
    async with stores.database.transaction() as db:
        for table in ("admin_second_factors", "admin_recovery_codes"):
            left = await db.scalar(
                text(f"SELECT count(*) FROM {table} WHERE admin_id = :id"), {"id": ravi.admin.admin_id}
            )
            assert left == 0
