"""Encrypted values: bound to their place, named by their key, and told apart from clear ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlalchemy import text, update

from gencharge.core.http.paging import PageQuery
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from gencharge.core.vault import columns, crud, tokens
from gencharge.core.vault.columns import Sealed
from gencharge.core.vault.errors import DataKeyLost, DataKeyNotUsable, StoredDataChanged
from gencharge.core.vault.master import MasterKey
from gencharge.core.vault.vault import REFRESH_SECONDS, Vault, new_key
from gencharge.sessions import service as sessions
from gencharge.sessions.models import Session

OTHER = SecretStr("another-Data-key-of-more-than-32-characters-1618")


@asynccontextmanager
async def process(settings: Settings, **overrides: object) -> AsyncIterator[Vault]:
    """The vault of a process of its own."""
    database = Database(settings.model_copy(update=overrides))
    try:
        yield Vault.of_database(database)
    finally:
        await database.close()


@pytest.fixture(autouse=True)
def no_keys(settings: Settings) -> None:
    with psycopg.connect(settings.migration_url, autocommit=True) as connection:
        connection.execute("TRUNCATE data_keys")


def test_a_value_opens_in_its_place_only() -> None:
    key = AESGCM(bytes(32))
    stored = tokens.seal(key, "0123abcd", "sessions.device\x1f1", "Firefox")
    assert tokens.unseal(key, "sessions.device\x1f1", stored) == "Firefox"
    assert tokens.unseal(key, "sessions.device\x1f2", stored) is None
    assert tokens.unseal(key, "sessions.address\x1f1", stored) is None
    assert tokens.unseal(AESGCM(b"1" * 32), "sessions.device\x1f1", stored) is None
    assert tokens.seal(key, "0123abcd", "sessions.device\x1f1", "Firefox") != stored
    assert "Firefox" not in stored


@pytest.mark.parametrize("place", range(len("sealed:1:0123abcd:"), 60, 7))
def test_a_value_that_was_changed_by_one_character_does_not_open(place: int) -> None:
    key = AESGCM(bytes(32))
    stored = tokens.seal(key, "0123abcd", "p", "Firefox on a phone")
    changed = stored[:place] + ("A" if stored[place] != "A" else "B") + stored[place + 1 :]
    assert tokens.unseal(key, "p", changed) is None


@pytest.mark.parametrize(
    "clear",
    [
        "",
        "Mother",
        "sealed:1:",
        "sealed:1:0123abcd:",
        "sealed:1:0123abcd:short",
        "sealed:2:0123abcd:" + "A" * 50,
    ],
)
def test_a_text_of_an_earlier_version_is_no_value(clear: str) -> None:
    assert tokens.key_id_of(clear) is None


def test_a_master_key_opens_its_own_data_keys_for_their_ids_only() -> None:
    one, other = MasterKey("one-secret"), MasterKey("another-secret")
    wrapped = one.wrap("0123abcd", bytes(32))
    assert one.unwrap("0123abcd", wrapped) == bytes(32)
    assert one.unwrap("0123abce", wrapped) is None
    assert other.unwrap("0123abcd", wrapped) is None
    assert one.unwrap("0123abcd", b"") is None
    assert one.fingerprint != other.fingerprint == MasterKey("another-secret").fingerprint


def test_a_clear_text_is_never_stored_by_mistake() -> None:
    with pytest.raises(TypeError, match=r"Vault\.seal"):
        columns.SealedText().process_bind_param("Firefox", None)  # type: ignore[arg-type]
    assert "Firefox" not in repr(Sealed("Firefox"))


async def test_of_ten_processes_that_start_at_once_one_makes_the_key(settings: Settings) -> None:
    async def key_id() -> str:
        async with process(settings) as vault:
            return await vault.present_key_id()

    assert len({*await asyncio.gather(*(key_id() for _ in range(10)))}) == 1


async def test_a_value_that_was_moved_to_another_row_or_column_is_refused(settings: Settings) -> None:
    user_id = new_id()
    async with process(settings) as vault:
        database = vault._database
        issued = [
            await database.run(
                lambda db, device=device: sessions.start(
                    db, settings, user_id=user_id, kind="user", device=device, address="203.0.113.7"
                )
            )
            for device in ("Firefox", "Chrome")
        ]
        key = (user_id, issued[0].session_id)
        async with database.transaction() as db:
            first, second = [await db.get_one(Session, (user_id, session.session_id)) for session in issued]
        assert await vault.open(Session.device, key, first.device) == "Firefox"
        for moved in (second.device, first.address):
            with pytest.raises(StoredDataChanged):
                await vault.open(Session.device, key, moved)
            # As who can write into the database would do it.
            query = update(Session).where(Session.session_id == key[1]).values(device=moved)
            await database.run(lambda db, query=query: db.execute(query))
            with pytest.raises(StoredDataChanged):
                await database.run(lambda db: sessions.list_live(db, user_id, PageQuery(limit=20)))


async def test_a_row_of_an_earlier_version_is_read_in_clear(settings: Settings) -> None:
    async with process(settings) as vault:
        assert await vault.open(Session.device, (new_id(), new_id()), Sealed("Firefox")) == "Firefox"
        assert await vault.seal(Session.device, (new_id(), new_id()), "") == Sealed("")


async def test_another_data_key_setting_reads_nothing_and_is_named(settings: Settings) -> None:
    key = (new_id(), new_id())
    async with process(settings) as vault:
        sealed = await vault.seal(Session.device, key, "Firefox")
        key_id = await vault.present_key_id()
    async with process(settings, data_key=OTHER) as vault:
        with pytest.raises(DataKeyNotUsable, match=f"{key_id}.*DATA_KEY") as refused:
            await vault.open(Session.device, key, sealed)
        assert (refused.value.status, refused.value.extra) == (503, {"data_key": key_id})
        with pytest.raises(DataKeyNotUsable, match="DATA_KEY"):
            await vault.seal(Session.device, key, "Firefox")
    async with process(settings, data_key=OTHER, previous_data_key=settings.data_key) as vault:
        assert await vault.open(Session.device, key, sealed) == "Firefox"


async def test_a_lost_data_key_is_named(settings: Settings) -> None:
    key = (new_id(), new_id())
    async with process(settings) as vault:
        sealed = await vault.seal(Session.device, key, "Firefox")
        key_id = await vault.present_key_id()
        await vault._database.run(lambda db: db.execute(text("DELETE FROM data_keys")))
        # A process that has it in memory goes on.
        assert await vault.open(Session.device, key, sealed) == "Firefox"
    async with process(settings) as vault:
        with pytest.raises(DataKeyLost, match=key_id):
            await vault.open(Session.device, key, sealed)


async def test_a_new_data_key_is_read_when_it_is_met_and_used_within_seconds(settings: Settings) -> None:
    key = (new_id(), new_id())
    async with process(settings) as one, process(settings) as other:
        first = await one.present_key_id()
        assert await other.present_key_id() == first
        await crud.add_key(one._database, new_key(settings), number=2)
        await one.refresh()
        second = await one.present_key_id()
        sealed = await one.seal(Session.device, key, "Firefox")
        assert tokens.key_id_of(sealed.stored) == second != first
        assert await other.open(Session.device, key, sealed) == "Firefox"
        # To encrypt with it, the other process need not meet it.
        await crud.add_key(one._database, new_key(settings), number=3)
        assert await other.present_key_id() == second
        other._read_at -= REFRESH_SECONDS
        assert await other.present_key_id() not in {first, second}


async def test_a_known_key_needs_no_database(settings: Settings) -> None:
    key = (new_id(), new_id())
    async with process(settings) as vault:
        sealed = await vault.seal(Session.device, key, "Firefox")
        vault._database = None  # type: ignore[assignment]
        assert await vault.open(Session.device, key, sealed) == "Firefox"
