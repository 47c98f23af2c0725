"""Rotating data keys: everything is encrypted again, beside a running installation, however often it is cut off."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text, update

from gencharge import wiring
from gencharge.core import faultpoints
from gencharge.core.http.paging import PageQuery
from gencharge.core.rooms import data_keys
from gencharge.core.rooms.resealing import BATCH, list_left, reseal
from gencharge.core.sealer import Sealer
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault import crud, tokens
from gencharge.core.vault.columns import Sealed
from gencharge.core.vault.vault import Vault
from gencharge.notifications import notices_service as notifications
from gencharge.notifications.models import Recipient
from gencharge.sessions import service as sessions
from gencharge.sessions.models import Session
from gencharge.webhooks.models import WebhookEndpoint
from tests.make import fork_server

PARTS = wiring.SEALED_DOCUMENTS
OTHER = SecretStr("another-Data-key-of-more-than-32-characters-1618")


@pytest.fixture
async def clean(settings: Settings) -> AsyncIterator[Stores]:
    """Stores without data keys, and without anything that other files of tests left encrypted."""
    with psycopg.connect(settings.migration_url, autocommit=True) as connection:
        connection.execute("TRUNCATE data_keys, sessions, webhook_endpoints CASCADE")
    stores = Stores.open(settings)
    for part in PARTS:
        await stores.documents[part.collection].delete_many({})
    yield stores
    await stores.close()


async def sign_in(stores: Stores, device: str, user_id: UUID | None = None) -> UUID:
    owner = user_id or new_id()
    await stores.database.run(
        lambda db: sessions.start(
            db, stores.settings, user_id=owner, kind="user", device=device, address="203.0.113.7"
        )
    )
    return owner


async def devices_of(stores: Stores, user_id: UUID) -> list[str]:
    rows, _, _ = await stores.database.run(lambda db: sessions.list_live(db, user_id, PageQuery(limit=50)))
    return sorted(row.device for row in rows)


async def clear_session(stores: Stores, device: str) -> UUID:
    """A sign-in as an earlier version stored it."""
    user_id = await sign_in(stores, device)
    query = update(Session).where(Session.user_id == user_id)
    await stores.database.run(
        lambda db: db.execute(query.values(device=Sealed(device), address=Sealed("203.0.113.7")))
    )
    return user_id


async def many_clear_sessions(stores: Stores, count: int) -> UUID:
    """Sign-ins of one customer, as an earlier version stored them."""
    user_id = new_id()
    rows = text("""
        INSERT INTO sessions (user_id, session_id, kind, device, address, created_at, last_used_at, expires_at,
                              absolute_expires_at)
        SELECT :user_id, gen_random_uuid(), 'user', 'Clear ' || number, '203.0.113.7', now(), now(),
               now() + interval '1 day', now() + interval '1 day'
        FROM generate_series(1, :count) AS number
    """)
    await stores.database.run(lambda db: db.execute(rows, {"user_id": user_id, "count": count}))
    return user_id


async def clear_notice(stores: Stores, *, deleted: bool = False) -> UUID:
    """A notice as an earlier version stored it."""
    owner, now = new_id(), datetime.now(UTC)
    await stores.documents["notices"].insert_one(
        {
            "_id": new_id(), "recipient_kind": "user", "recipient_id": owner, "event_id": new_id(),
            "type": "transactional", "kind": "plan_recharged", "created_at": now, "viewed_at": None,
            "title": "" if deleted else "Recharge successful", "body": "" if deleted else "Asha's number",
            "data": {} if deleted else {"amount_paise": 100}, "deleted_at": now if deleted else None,
        }
    )  # fmt: skip
    return owner


async def keys_in_use(stores: Stores) -> set[str | None]:
    """The data keys that values are encrypted with; None for those in clear."""
    async with stores.database.transaction() as db:
        rows = await db.execute(text("SELECT device FROM sessions UNION ALL SELECT address FROM sessions"))
        stored = [value for (value,) in rows]
    stored += [
        document.get("content", "clear") for document in await stores.documents["notices"].find().to_list()
    ]
    return {tokens.key_id_of(value) for value in stored if value}


async def rotate(stores: Stores) -> list[str]:
    lines = list[str]()
    assert await data_keys.rotate(stores, PARTS, lines.append, settle_seconds=0), lines
    return lines


async def key_ids(stores: Stores) -> list[str]:
    return [key.key_id for key in await crud.read_keys(stores.database)]


async def test_what_an_earlier_version_left_in_clear_is_encrypted_under_the_first_key(clean: Stores) -> None:
    user_id, reader, deleted = (
        await clear_session(clean, "Firefox"), await clear_notice(clean), await clear_notice(clean, deleted=True)
    )  # fmt: skip
    assert None in await keys_in_use(clean)
    assert set(await list_left(clean, PARTS)) == {"sessions.device", "sessions.address", "notices.content"}
    lines = await rotate(clean)
    (key_id,) = await key_ids(clean)
    assert await keys_in_use(clean) == {key_id}
    assert lines[0] == f"Continuing encrypting what is in clear, under data key {key_id}."
    assert {"  sessions.device: 1", f"Everything is encrypted under data key {key_id}."} <= set(lines)
    assert await devices_of(clean, user_id) == ["Firefox"]
    vault = Vault.of_database(clean.database)
    (notice,), _ = await notifications.read(clean.documents, vault, Recipient("user", reader))
    assert (notice.body, notice.data) == ("Asha's number", {"amount_paise": 100})
    assert "Asha" not in str(await clean.documents["notices"].find().to_list())
    assert await notifications.read(clean.documents, vault, Recipient("user", deleted)) == ([], None)


async def test_a_rotation_encrypts_everything_under_a_new_key(clean: Stores) -> None:
    users = {await sign_in(clean, f"Device {number}"): number for number in range(5)}
    (first,) = await key_ids(clean)
    lines = await rotate(clean)
    _, second = await key_ids(clean)
    assert lines[0] == f"Made data key {second}."
    assert await keys_in_use(clean) == {second} != {first}
    for user_id, number in users.items():
        assert await devices_of(clean, user_id) == [f"Device {number}"]
    assert await list_left(clean, PARTS) == []


async def test_small_batches_reach_every_row(clean: Stores) -> None:
    for number in range(7):
        await clear_session(clean, f"Device {number}")
        await clear_notice(clean)
    outcome = await reseal(clean, PARTS, batch=2)
    assert +outcome.resealed == {"sessions.device": 7, "sessions.address": 7, "notices.content": 7}
    assert +(await reseal(clean, PARTS, batch=2)).resealed == {}


async def test_a_secret_of_an_earlier_version_comes_under_a_data_key(clean: Stores) -> None:
    endpoint_id = new_id()
    older = Sealer(clean.settings, "gencharge webhook secret").seal(endpoint_id, "whsec_of_ours")
    async with clean.database.transaction() as db:
        db.add(
            WebhookEndpoint(
                endpoint_id=endpoint_id, url="https://a.example", events=["*"],
                secret=Sealed(older.decode("latin-1")),
            )
        )  # fmt: skip
    assert await list_left(clean, PARTS) == ["webhook_endpoints.secret"]
    await rotate(clean)
    assert await list_left(clean, PARTS) == []
    new_secret = clean.settings.model_copy(update={"secret_key": OTHER})
    other = Stores.open(new_secret)
    async with other.database.transaction() as db:
        endpoint = await db.get_one(WebhookEndpoint, endpoint_id)
        assert await Vault.of(db).show(endpoint, WebhookEndpoint.secret) == "whsec_of_ours"
    await other.close()


async def test_customers_sign_in_and_read_while_it_runs(clean: Stores) -> None:
    other = Stores.open(clean.settings)
    users = [await sign_in(clean, "Before") for _ in range(20)]

    async def live() -> None:
        for user_id in users:
            assert await devices_of(other, user_id) == ["Before"]
            await sign_in(other, "While", user_id)

    await asyncio.gather(rotate(clean), live())
    assert {tuple(await devices_of(clean, user_id)) for user_id in users} == {("Before", "While")}
    # The other process may have written under the key before for some seconds: the nightly job takes that.
    await data_keys.resealing(PARTS).run(clean)
    assert await keys_in_use(clean) == {(await key_ids(clean))[-1]}
    await other.close()


async def test_an_old_key_goes_an_hour_later_and_only_if_nothing_needs_it(clean: Stores) -> None:
    user_id = await sign_in(clean, "Firefox")
    async with clean.database.transaction() as db:
        old = await db.scalar(text("SELECT device FROM sessions"))
    await rotate(clean)
    first, second = await key_ids(clean)
    job = data_keys.resealing(PARTS)
    await job.run(clean)
    assert await key_ids(clean) == [first, second], "not before the hour is over"
    with clock.later(hours=1, seconds=1):
        # A value that was changed outside can't be read under any key: nothing is deleted while it is there.
        query = text("UPDATE sessions SET device = overlay(:old PLACING 'AAAA' FROM 40)")
        await clean.database.run(lambda db: db.execute(query, {"old": old}))
        await job.run(clean)
        assert await key_ids(clean) == [first, second]
        await clean.database.run(
            lambda db: db.execute(text("UPDATE sessions SET device = :old"), {"old": old})
        )
        await job.run(clean)
    assert await key_ids(clean) == [second]
    assert await devices_of(clean, user_id) == ["Firefox"]


async def test_what_can_not_be_read_is_counted_and_keeps_the_old_key(clean: Stores) -> None:
    await sign_in(clean, "Firefox")
    await clean.database.run(
        lambda db: db.execute(text("UPDATE sessions SET device = overlay(device PLACING 'AAAA' FROM 40)"))
    )
    lines = list[str]()
    assert not await data_keys.rotate(clean, PARTS, lines.append, settle_seconds=0)
    assert "  sessions.device: 1 can't be read: their data key is missing, or they were changed" in lines
    assert lines[-1].startswith("Not all is encrypted under data key ")
    assert len(await key_ids(clean)) == 2


async def test_a_new_master_key_wraps_the_data_keys_again_and_changes_nothing_else(clean: Stores) -> None:
    user_id = await sign_in(clean, "Firefox")
    await rotate(clean)
    before = await keys_in_use(clean)
    changed = clean.settings.model_copy(
        update={"data_key": OTHER, "previous_data_key": clean.settings.data_key}
    )
    during = Stores.open(changed)
    assert "run `gencharge secrets rotate --master`" in (await data_keys.problem_with(during, PARTS))[1]
    lines = list[str]()
    assert await data_keys.rewrap(during, lines.append)
    assert lines[0] == "Wrapped 2 data keys under DATA_KEY."
    assert await data_keys.rewrap(during, lines.append), "a second time changes nothing"
    assert "Wrapped 0 data keys under DATA_KEY." in lines
    await during.close()
    after = Stores.open(clean.settings.model_copy(update={"data_key": OTHER}))
    assert await devices_of(after, user_id) == ["Firefox"]
    assert await keys_in_use(after) == before
    assert (await data_keys.problem_with(after, PARTS))[1] == ""
    await after.close()
    # The settings before can't read it any more, and say why.
    stored = await crud.read_keys(clean.database)
    assert (data_keys.refusal(clean.settings, stored) or "").startswith("DATA_KEY: not the one that wrapped")
    assert data_keys.refusal(after.settings, stored) is None


async def test_without_the_old_master_key_nothing_is_wrapped_again(clean: Stores) -> None:
    await sign_in(clean, "Firefox")
    stranger = Stores.open(clean.settings.model_copy(update={"data_key": OTHER}))
    lines = list[str]()
    assert not await data_keys.rewrap(stranger, lines.append)
    assert "neither DATA_KEY nor PREVIOUS_DATA_KEY" in lines[0]
    _, problem = await data_keys.problem_with(stranger, PARTS)
    assert problem.startswith("DATA_KEY: not the one that wrapped data key")
    await stranger.close()


async def test_doctor_says_what_is_left(clean: Stores) -> None:
    assert (await data_keys.problem_with(clean, PARTS))[0].startswith("none yet")
    await clear_session(clean, "Firefox")
    _, problem = await data_keys.problem_with(clean, PARTS)
    assert problem == (
        "in clear or under an older data key: sessions.device, sessions.address; run `gencharge secrets rotate`"
    )
    await rotate(clean)
    assert (await data_keys.problem_with(clean, PARTS))[1] == ""


PROGRAM = """
import asyncio, sys
from gencharge import wiring
from gencharge.core.rooms import data_keys
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores

async def main():
    stores = Stores.open(Settings(_env_file=None))
    if sys.argv[1] == "rewrap":
        await data_keys.rewrap(stores, print)
    else:
        await data_keys.rotate(stores, wiring.SEALED_DOCUMENTS, print, settle_seconds=0)

asyncio.run(main())
"""


def in_a_process(settings: Settings, command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the data keys in a process of its own."""
    names = ("environment", "data_dir", "database_url", "mongo_url", "mongo_database", "redis_url")
    values = {name.upper(): str(getattr(settings, name)) for name in names}
    values["ENVIRONMENT"] = settings.environment.value
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    with tempfile.TemporaryDirectory(prefix="gencharge-keys-") as own:
        Path(own, "keys_program.py").write_text(PROGRAM)
        return fork_server.run(
            command,
            folder=Path(own),
            environment=inherited | values | more,
            timeout=120,
            program="gencharge" if command == "worker" else "keys_program",
        )


@pytest.mark.parametrize(
    "point",
    [
        "data_key.committed",
        "resealing.written@sessions.device",
        "resealing.committed@sessions.device",
        "resealing.committed@notices.content",
        "rotation.done",
    ],
)
async def test_a_rotation_that_is_killed_anywhere_is_finished_by_the_next(clean: Stores, point: str) -> None:
    # More than a batch in clear, and some under the key before.
    older = [await many_clear_sessions(clean, BATCH // 5 + 1) for _ in range(5)]
    older += [await sign_in(clean, "Encrypted") for _ in range(2)]
    everything = {"Encrypted", *(f"Clear {number}" for number in range(1, BATCH // 5 + 2))}
    reader = await clear_notice(clean)
    await reseal(clean, PARTS)
    await clean.database.run(lambda db: db.execute(text("UPDATE data_keys SET completed_at = now()")))
    (first,) = await key_ids(clean)
    killed = in_a_process(clean.settings, "rotate", **{faultpoints.VARIABLE: point})
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    # Wherever it was cut off, a process reads everything.
    assert {device for user_id in older for device in await devices_of(clean, user_id)} == everything
    again = in_a_process(clean.settings, "rotate")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("Continuing the rotation to data key ")
    older_key, second = await key_ids(clean)
    assert (older_key, await keys_in_use(clean)) == (first, {second})
    assert {device for user_id in older for device in await devices_of(clean, user_id)} == everything
    (notice,), _ = await notifications.read(
        clean.documents, Vault.of_database(clean.database), Recipient("user", reader)
    )
    assert notice.title == "Recharge successful"


async def test_a_change_of_the_master_key_that_is_killed_leaves_the_keys_as_they_were(clean: Stores) -> None:
    user_id = await sign_in(clean, "Firefox")
    variables = {
        "DATA_KEY": OTHER.get_secret_value(),
        "PREVIOUS_DATA_KEY": clean.settings.data_key.get_secret_value(),
    }
    before = await crud.read_keys(clean.database)
    killed = in_a_process(
        clean.settings, "rewrap", **variables, **{faultpoints.VARIABLE: "rewrapping.written"}
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert await crud.read_keys(clean.database) == before
    again = in_a_process(clean.settings, "rewrap", **variables)
    assert again.stdout.splitlines() == [
        "Wrapped 1 data key under DATA_KEY.",
        "PREVIOUS_DATA_KEY is not needed any more: empty it, and restart everything.",
    ]
    after = Stores.open(clean.settings.model_copy(update={"data_key": OTHER}))
    assert await devices_of(after, user_id) == ["Firefox"]
    await after.close()


async def test_no_process_starts_with_another_data_key(clean: Stores) -> None:
    await sign_in(clean, "Firefox")
    (key_id,) = await key_ids(clean)
    refused = in_a_process(clean.settings, "worker", DATA_KEY=OTHER.get_secret_value())
    assert (refused.returncode, refused.stdout) == (78, ""), refused.stderr
    assert refused.stderr == (
        f"DATA_KEY: not the one that wrapped data key {key_id} of this database; set that one, or put it into "
        "PREVIOUS_DATA_KEY\n"
    )
