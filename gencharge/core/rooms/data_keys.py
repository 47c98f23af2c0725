"""`gencharge secrets rotate`: a new data key, and everything encrypted again under it.

rotate    continues what is unfinished, or makes a new data key and encrypts everything under it
rewrap    wraps the data keys under a new DATA_KEY; what is encrypted stays as it is
resealing the nightly job: encrypts what is left, and deletes data keys that nothing is encrypted with
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import faultpoints, telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.rooms.resealing import Outcome, SealedDocuments, list_left, reseal
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.vault import crud
from gencharge.core.vault.crud import WrappedKey
from gencharge.core.vault.master import MasterKey
from gencharge.core.vault.vault import REFRESH_SECONDS, Vault, new_key, unwrapped

Print = Callable[[str], None]
# 03:20 in India.
NIGHTLY: Final = "50 21 * * *"
# By then every process that wrote under an older data key has written under the present one, or has died.
KEPT_FOR: Final = timedelta(hours=1)
# Twice the time after which a process takes the new data key, for what it has under way.
SETTLE_SECONDS: Final = 2 * REFRESH_SECONDS
_MOST_PASSES: Final = 20
_PAUSE_SECONDS: Final = 1.0
log = telemetry.get_logger(__name__)


async def rotate(
    stores: Stores,
    documents: Sequence[SealedDocuments],
    say: Print,
    *,
    settle_seconds: float = SETTLE_SECONDS,
) -> bool:
    """Encrypt everything under a new data key; or finish a rotation that was cut off. False if something is left.

    Any number may run at once. Raises what `reseal` does.
    """
    vault = Vault.of_database(stores.database)
    key_id = await vault.present_key_id()
    number, is_completed = await _state_of(stores, key_id)
    left = await list_left(stores, documents)
    if not is_completed and (number > 1 or left):
        begun = "the rotation to" if number > 1 else "encrypting what is in clear, under"
        say(f"Continuing {begun} data key {key_id}.")
        return await _finish(stores, documents, say, key_id, settle_seconds)
    await clean(stores, documents, say)
    successor = new_key(stores.settings)
    if await crud.add_key(stores.database, successor, number=number + 1):
        say(f"Made data key {successor.key_id}.")
    await faultpoints.point("data_key.committed")
    await vault.refresh()
    return await _finish(stores, documents, say, await vault.present_key_id(), settle_seconds)


async def _finish(
    stores: Stores, documents: Sequence[SealedDocuments], say: Print, key_id: str, settle_seconds: float
) -> bool:
    total = Outcome()
    left = list[str]()
    for attempt in range(_MOST_PASSES):
        outcome = await reseal(stores, documents)
        total.resealed += outcome.resealed
        total.unreadable = outcome.unreadable
        # What running processes write under the key before has to be there before the last look.
        if not attempt and (rest := settle_seconds - await _age_seconds(stores, key_id)) > 0:
            await asyncio.sleep(rest)
            continue
        left = await list_left(stores, documents)
        if not left or +outcome.unreadable:
            break
        await asyncio.sleep(_PAUSE_SECONDS)
    for name, count in sorted((+total.resealed).items()):
        say(f"  {name}: {count}")
    for name, count in sorted((+total.unreadable).items()):
        say(f"  {name}: {count} can't be read: their data key is missing, or they were changed")
    if left:
        say(
            f"Not all is encrypted under data key {key_id}: {', '.join(left)}. Older data keys are kept. Run it again."
        )
        return False
    await faultpoints.point("rotation.done")
    await stores.database.run(lambda db: crud.set_completed(db, key_id, clock.now()))
    say(f"Everything is encrypted under data key {key_id}.")
    older = len(await crud.read_keys(stores.database)) - 1
    if older:
        say("Older data keys are deleted by the nightly job, an hour from now at the earliest.")
    return True


async def clean(stores: Stores, documents: Sequence[SealedDocuments], say: Print) -> int:
    """Delete data keys that nothing is encrypted with, an hour after their rotation ended. Returns how many."""

    async def unit(db: AsyncSession) -> list[str]:
        *older, present = await crud.lock_keys(db)
        if present.completed_at is None or present.completed_at + KEPT_FOR > clock.now():
            return []
        for key in older:
            await crud.delete_key(db, key.key_id)
        return [key.key_id for key in older]

    if len(await crud.read_keys(stores.database)) < 2 or await list_left(stores, documents):
        return 0
    deleted = await stores.database.run(unit)
    for key_id in deleted:
        say(f"Deleted data key {key_id}, which nothing is encrypted with.")
    return len(deleted)


async def rewrap(stores: Stores, say: Print) -> bool:
    """Wrap every data key under DATA_KEY that PREVIOUS_DATA_KEY wrapped; False if one can't be unwrapped.

    Raises DatabaseUnavailable.
    """
    settings = stores.settings
    present, masters = MasterKey.all_of(settings)[0], MasterKey.all_of(settings)
    unfit = list[str]()

    async def unit(db: AsyncSession) -> int:
        unfit.clear()
        rewrapped = 0
        for key in await crud.lock_keys(db):
            if key.master == present.fingerprint:
                continue
            data_key = unwrapped(masters, WrappedKey(key.key_id, key.wrapped, key.master))
            if data_key is None:
                unfit.append(key.key_id)
                continue
            key.wrapped, key.master = present.wrap(key.key_id, data_key), present.fingerprint
            rewrapped += 1
        await db.flush()
        await faultpoints.point("rewrapping.written")
        return rewrapped

    rewrapped = await stores.database.run(unit)
    for key_id in unfit:
        say(f"Data key {key_id} was wrapped with neither DATA_KEY nor PREVIOUS_DATA_KEY, and stays as it is.")
    say(f"Wrapped {rewrapped} data {'key' if rewrapped == 1 else 'keys'} under DATA_KEY.")
    if settings.previous_data_key is not None and not unfit:
        say("PREVIOUS_DATA_KEY is not needed any more: empty it, and restart everything.")
    return not unfit


async def problem_with(stores: Stores, documents: Sequence[SealedDocuments]) -> tuple[str, str]:
    """What `gencharge doctor` says: the state, and what is wrong and what to do ("" if nothing is)."""
    masters = MasterKey.all_of(stores.settings)
    stored = await crud.read_keys(stores.database)
    if not stored:
        return "none yet; the first one is made when it is needed", ""
    unfit = [key.key_id for key in stored if unwrapped(masters, key) is None]
    state = f"{len(stored)}, the present one is {stored[-1].key_id}"
    if unfit:
        return state, (
            f"DATA_KEY: not the one that wrapped data key {', '.join(unfit)}; set that one, or put it into PREVIOUS_DATA_KEY"
        )
    if any(key.master != masters[0].fingerprint for key in stored):
        return state, "data keys are wrapped with PREVIOUS_DATA_KEY: run `gencharge secrets rotate --master`"
    if left := await list_left(stores, documents):
        return (
            state,
            f"in clear or under an older data key: {', '.join(left)}; run `gencharge secrets rotate`",
        )
    return state, ""


def refusal(settings: Settings, stored: Sequence[WrappedKey]) -> str | None:
    """Why no process may start with these settings; None if the data key that encrypts now can be used."""
    if not stored or unwrapped(MasterKey.all_of(settings), stored[-1]) is not None:
        return None
    return (
        f"DATA_KEY: not the one that wrapped data key {stored[-1].key_id} of this database; set that one, "
        "or put it into PREVIOUS_DATA_KEY"
    )


async def _state_of(stores: Stores, key_id: str) -> tuple[int, bool]:
    keys = await stores.database.run(crud.list_keys)
    key = next(key for key in keys if key.key_id == key_id)
    return key.number, key.completed_at is not None


async def _age_seconds(stores: Stores, key_id: str) -> float:
    return await stores.database.run(lambda db: crud.age_seconds(db, key_id))


def resealing(documents: Sequence[SealedDocuments]) -> Job:
    """The nightly job."""

    async def run(stores: Stores) -> None:
        outcome = await reseal(stores, documents)
        if unreadable := +outcome.unreadable:
            log.error("stored_data_unreadable", values=dict(unreadable))
        if not await list_left(stores, documents):
            key_id = await Vault.of_database(stores.database).present_key_id()
            await stores.database.run(lambda db: crud.set_completed(db, key_id, clock.now()))
        deleted = await clean(stores, documents, lambda line: log.info("data_key_deleted", message=line))
        log.info("stored_data_resealed", values=sum(outcome.resealed.values()), data_keys_deleted=deleted)

    return Job("data_keys.reseal", run, cron=NIGHTLY)
