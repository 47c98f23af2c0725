"""What is forgotten about wrong codes, and when."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from gencharge.auth import crud, jobs
from gencharge.auth.models import ContactKind
from gencharge.auth.sources import NEWCOMERS, STRANGERS, Source
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault.columns import Sealed
from tests.make.factories import new_phone

SOURCES = {
    Source.of_address("a", known=False).text: 1,
    Source.of_address("b", known=True).text: 60,
    Source.of_session(new_id()).text: 60,
    STRANGERS: None,
    NEWCOMERS: None,
}


async def _left(stores: Stores, number: str) -> set[str]:
    async with stores.database.transaction() as db:
        rows = await db.scalars(
            text("SELECT source FROM sign_in_failures WHERE phone_number = :n"), {"n": number}
        )
        return set(rows)


async def test_counts_are_forgotten_when_their_source_is_and_the_ceiling_never(stores: Stores) -> None:
    number = new_phone()
    for source in SOURCES:
        async with stores.database.transaction() as db:
            await crud.add_failure(db, number, source, now=clock.now())
    for days in (0.9, 1.1, 59, 61, 1000):
        with clock.later(days=days):
            await jobs.forget_failures(stores)
        expected = {source for source, limit in SOURCES.items() if limit is None or limit > days}
        assert await _left(stores, number) == expected, days


async def test_what_nobody_proved_is_forgotten_after_a_day(stores: Stores) -> None:
    user_id, now = new_id(), clock.now()
    async with stores.database.transaction() as db:
        await crud.put_contact_change(
            db,
            user_id=user_id,
            kind=ContactKind.EMAIL,
            new_value=Sealed("asha@example.com"),
            sends=1,
            sends_since=now,
            expires_at=now + timedelta(minutes=5),
        )
    for days, left in ((0.9, True), (1.1, False)):
        with clock.later(days=days):
            await jobs.forget_contact_changes(stores)
        async with stores.database.transaction() as db:
            assert (await crud.lock_contact_change(db, user_id, ContactKind.EMAIL) is not None) is left
