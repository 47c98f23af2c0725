"""Notes about customers: written once, taken back by their author alone, gone with the account."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from gencharge import wiring
from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.http.idempotency import Answered
from gencharge.core.http.paging import PageQuery
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.notes import service as notes
from gencharge.notes.errors import NoteNotFound, NoteOfAnotherAdmin
from gencharge.notes.staff_schemas import NoteOut
from gencharge.users import erasure_service as erasure
from gencharge.users import export_service as exports
from gencharge.users import lifecycle_service as lifecycle
from gencharge.users.errors import UserAlreadyArchived, UserNotFound
from tests.make import factories
from tests.make.users import events_of

TEXT = "Quarrels with his brother\nabout the number."


@pytest.fixture
async def user_id(stores: Stores) -> UUID:
    return (await stores.database.run(factories.make_user)).user_id


async def write(
    stores: Stores, user_id: UUID, text: str = TEXT, *, by: UUID | None = None, key: str | None = None
) -> Answered[NoteOut]:
    return await stores.database.run(
        lambda db: notes.write(db, user_id, author_id=by or new_id(), text=text, key=key or str(new_id()))
    )


async def read(stores: Stores, user_id: UUID, **page: object) -> list[NoteOut]:
    query = PageQuery(**page)  # type: ignore[arg-type]
    return (await stores.database.run(lambda db: notes.list_notes(db, user_id, query))).items


async def test_notes_are_listed_the_newest_first_with_the_name_of_their_author(
    stores: Stores, user_id: UUID
) -> None:
    ravi = await stores.database.run(lambda db: factories.make_admin(db, name="Ravi Iyer"))
    older = (await write(stores, user_id, by=ravi.admin_id)).answer
    with clock.later(minutes=1):
        newer = (await write(stores, user_id, "Called back.")).answer
    assert await read(stores, user_id) == [newer, older]
    assert (older.text, older.author_name, newer.author_name) == (TEXT, "Ravi Iyer", "")
    [last] = (await stores.database.run(lambda db: notes.list_notes(db, user_id, PageQuery(limit=1)))).items
    assert last == newer


async def test_of_many_attempts_with_one_key_one_note_is_left(stores: Stores, user_id: UUID) -> None:
    author = new_id()
    answers = await asyncio.gather(*(write(stores, user_id, by=author, key="one") for _ in range(6)))
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 5
    assert {answer.answer for answer in answers} == set(await read(stores, user_id))
    assert len(await events_of(stores, user_id, "CustomerNoted")) == 1
    with pytest.raises(IdempotencyKeyReused):
        await write(stores, user_id, "Something else.", by=author, key="one")
    assert not (await write(stores, user_id, key="one")).replayed, "another author's key is another key"


async def test_only_its_author_takes_a_note_back_and_the_trail_has_no_word_of_it(
    stores: Stores, user_id: UUID
) -> None:
    author = new_id()
    note = (await write(stores, user_id, by=author)).answer

    async def take_back(by: UUID, owner: UUID = user_id) -> None:
        await stores.database.run(lambda db: notes.take_back(db, owner, note.note_id, by=by))

    with pytest.raises(NoteOfAnotherAdmin):
        await take_back(new_id())
    with pytest.raises(NoteNotFound):
        await take_back(author, owner=new_id())
    assert await read(stores, user_id) == [note]
    await take_back(author)
    assert await read(stores, user_id) == []
    with pytest.raises(NoteNotFound):
        await take_back(author)
    for topic in ("CustomerNoted", "CustomerNoteTakenBack"):
        assert await events_of(stores, user_id, topic) == [
            {"user_id": str(user_id), "note_id": str(note.note_id)}
        ]


async def test_the_customer_gets_the_text_and_not_the_author(stores: Stores, user_id: UUID) -> None:
    author = new_id()
    await write(stores, user_id, by=author)
    parts = [part for part in wiring.PERSONAL_DATA if part.name == "notes"]
    document = b"".join([chunk async for chunk in await exports.export(stores, parts, user_id)]).decode()
    assert "Quarrels with his brother\\nabout the number." in document
    assert str(author) not in document


async def test_a_closed_account_takes_no_note_keeps_its_own_and_loses_them_when_it_is_erased(
    stores: Stores, user_id: UUID
) -> None:
    await write(stores, user_id)
    await stores.database.run(
        lambda db: lifecycle.archive(
            db, wiring.PERSONAL_DATA, user_id, by=new_id(), reason="asked for", payout=False, keep_days=1
        )
    )
    with pytest.raises(UserAlreadyArchived):
        await write(stores, user_id)
    assert len(await read(stores, user_id)) == 1
    with clock.later(days=2):
        assert await erasure.erase_due(stores, wiring.PERSONAL_DATA) == 1
    assert await read(stores, user_id) == []


async def test_nobody_notes_anything_about_a_customer_who_is_not_there(stores: Stores) -> None:
    with pytest.raises(UserNotFound):
        await write(stores, new_id())
