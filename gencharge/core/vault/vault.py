"""Encrypts and decrypts for one process, with data keys that it keeps in memory.

vault = Vault.of(db)
session.device = await vault.seal(Session.device, (user_id, session_id), "Firefox")
device = await vault.show(session, Session.device)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final, Self
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Request
from sqlalchemy import Column
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.postgres.database import Database
from gencharge.core.sealer import Sealer
from gencharge.core.settings import Settings
from gencharge.core.vault import columns, crud, tokens
from gencharge.core.vault.columns import NOTHING, Attribute, Sealed, SealedBytes
from gencharge.core.vault.errors import DataKeyLost, DataKeyNotUsable, StoredDataChanged
from gencharge.core.vault.master import MasterKey, new_data_key
from gencharge.core.wording import worded

log = telemetry.get_logger(__name__)
# A process encrypts with a new data key after this time at the latest.
REFRESH_SECONDS: Final = 5.0
# An unknown key is looked for so often at most.
_LOOK_AGAIN_SECONDS: Final = 1.0


class Vault:
    """The data keys of one database."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._masters: list[MasterKey] = []
        self._keys: dict[str, AESGCM] = {}
        self._stored = frozenset[str]()
        self._looked_for: dict[str, float] = {}
        self._present = ""
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    @classmethod
    def of(cls, db: AsyncSession) -> Self:
        """The vault of the database that a session belongs to."""
        database: Database = db.info["database"]
        return cls.of_database(database)

    @classmethod
    def of_database(cls, database: Database) -> Self:
        """The process's vault for a database."""
        vault = database.companions.get(cls)
        if vault is None:
            vault = database.companions[cls] = cls(database, database.settings)
        assert isinstance(vault, cls), "kept under its class"
        return vault

    async def seal(self, attribute: Attribute, identity: Sequence[object], plain: str) -> Sealed:
        """Encrypt a text for a column of the row with this primary key. An empty text stays empty.

        Raises DataKeyNotUsable, DatabaseUnavailable.
        """
        if not plain:
            return NOTHING
        return Sealed(await self.seal_at(columns.place_of(columns.column_of(attribute), identity), plain))

    async def open(self, attribute: Attribute, identity: Sequence[object], sealed: Sealed) -> str:
        """The text of a column of the row with this primary key.

        Raises DataKeyLost, DataKeyNotUsable, StoredDataChanged, DatabaseUnavailable.
        """
        return await self.open_in(columns.column_of(attribute), identity, sealed.stored)

    async def show(self, row: Any, attribute: Attribute) -> str:
        """The text of a row's column; empty for null. Raises what `open` does."""
        column = columns.column_of(attribute)
        sealed: Sealed | None = getattr(row, attribute.key)
        identity = [getattr(row, key.name) for key in column.table.primary_key]
        return await self.open_in(column, identity, sealed.stored) if sealed else ""

    async def open_in(self, column: Column[Any], identity: Sequence[object], stored: str) -> str:
        """The text of a stored value. Raises what `open` does."""
        if isinstance(column.type, SealedBytes) and stored and tokens.key_id_of(stored) is None:
            return self._open_older(column.type.purpose, identity[0], stored)
        return await self.open_at(columns.place_of(column, identity), stored)

    async def seal_at(self, place: str, plain: str) -> str:
        """Encrypt a text for a place in any store (`columns.place`)."""
        key_id = await self.present_key_id()
        return tokens.seal(self._keys[key_id], key_id, place, plain)

    async def open_at(self, place: str, stored: str) -> str:
        """The text of a value of any store; a text that is in clear is returned as it is."""
        key_id = tokens.key_id_of(stored)
        if key_id is None:
            return stored
        plain = tokens.unseal(self._keys.get(key_id) or await self._find(key_id), place, stored)
        if plain is None:
            log.error("stored_data_changed", place=place.split("\x1f")[0], data_key=key_id)
            raise StoredDataChanged(data_key=key_id)
        return plain

    def _open_older(self, purpose: str, owner_id: object, stored: str) -> str:
        """A secret that a version before data keys sealed with a key of SECRET_KEY."""
        assert isinstance(owner_id, UUID), "secrets belong to an admin or an endpoint"
        opened = Sealer(self._settings, purpose).open(owner_id, stored.encode("latin-1"))
        if opened is None:
            raise DataKeyLost(
                "A stored secret can't be read: it was sealed with another SECRET_KEY. Set that as PREVIOUS_SECRET_KEY."
            )
        return opened[0]

    async def present_key_id(self) -> str:
        """The id of the data key that encrypts now. Makes the first one. Raises DataKeyNotUsable, DatabaseUnavailable."""
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            async with self._reading:
                if time.monotonic() - self._read_at > REFRESH_SECONDS:
                    await self._read()
        if self._present not in self._keys:
            raise _not_usable(self._present)
        return self._present

    async def refresh(self) -> None:
        """Read the data keys now, instead of within REFRESH_SECONDS. Raises DatabaseUnavailable."""
        async with self._reading:
            await self._read()

    async def _find(self, key_id: str) -> AESGCM:
        async with self._reading:
            if key_id not in self._keys and time.monotonic() >= self._looked_for.get(key_id, 0.0):
                await self._read()
                self._looked_for[key_id] = time.monotonic() + _LOOK_AGAIN_SECONDS
        key = self._keys.get(key_id)
        if key is not None:
            return key
        if key_id in self._stored:
            raise _not_usable(key_id)
        log.error("data_key_lost", data_key=key_id)
        raise DataKeyLost(
            worded(
                "Some of the stored data can't be read, because its key {key_id} is missing from the table data_keys.",
                key_id=key_id,
            ),
            data_key=key_id,
        )

    async def _read(self) -> None:
        stored = await crud.read_keys(self._database)
        if not stored:
            stored = await self._make_first()
        if not self._masters:
            self._masters = MasterKey.all_of(self._settings)
        for key in stored:
            if key.key_id not in self._keys and (data_key := unwrapped(self._masters, key)) is not None:
                self._keys[key.key_id] = AESGCM(data_key)
        self._stored = frozenset(key.key_id for key in stored)
        self._present = stored[-1].key_id
        self._read_at = time.monotonic()

    async def _make_first(self) -> list[crud.WrappedKey]:
        # Of several processes at once one makes it, and all use that.
        await crud.add_key(self._database, new_key(self._settings), number=1)
        return await crud.read_keys(self._database)


def new_key(settings: Settings) -> crud.WrappedKey:
    """A new data key, wrapped by the master key of DATA_KEY."""
    master, key_id = MasterKey.all_of(settings)[0], tokens.new_key_id()
    return crud.WrappedKey(key_id, master.wrap(key_id, new_data_key()), master.fingerprint)


def unwrapped(masters: Sequence[MasterKey], key: crud.WrappedKey) -> bytes | None:
    """The data key; None if none of the master keys wrapped it."""
    opened = (master.unwrap(key.key_id, key.wrapped) for master in masters)
    return next((data_key for data_key in opened if data_key is not None), None)


def _not_usable(key_id: str) -> DataKeyNotUsable:
    log.error("data_key_not_usable", data_key=key_id, setting="DATA_KEY")
    return DataKeyNotUsable(
        worded(
            "Stored data can't be read: data key {key_id} was wrapped with another DATA_KEY than the one that is set, and PREVIOUS_DATA_KEY does not fit it either.",
            key_id=key_id,
        ),
        data_key=key_id,
    )


async def get_vault(request: Request) -> Vault:
    """The process's vault, for `Depends`."""
    return Vault.of_database(request.app.state.stores.database)
