"""The drill: back up while recharges go on, lose everything, restore, and go on. And a process that is killed anywhere."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import httpx

from gencharge import wiring
from gencharge.audit import sealing_service as sealing
from gencharge.backups import crud, documents_crud, examine_service, manifest, names, restore_service, service
from gencharge.backups.create_service import contents_of, open_backups
from gencharge.backups.examine_service import Location
from gencharge.backups.restore_service import Target, restore
from gencharge.core.database_urls import with_database
from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.run import verification
from gencharge.wallet import service as wallet
from tests.make import factories, fork_server
from tests.make.auth import running
from tests.make.backups import databases_of, make_backup, silent
from tests.make.money import balance, buy, find_plan, fund, make_number

# Says that it begins, and makes a backup with the settings of the environment.
PROGRAM = """
import asyncio, sys
from gencharge.backups.create_service import Plan, create
from gencharge.core.settings import Settings
settings = Settings(_env_file=None)
print("ready", flush=True)
print(asyncio.run(create(settings, Plan()))["backup_id"], flush=True)
"""


async def sell_until(stopped: asyncio.Event, stores: Stores, user_id: UUID) -> int:
    """Sell one recharge after the other, as many as the wallet pays; how many."""
    plan, sold = await find_plan(stores), 0
    while not stopped.is_set() and sold < 150:
        await buy(stores, user_id, await make_number(stores), plan.plan_id)
        sold += 1
    return sold


async def test_everything_is_lost_and_comes_back(
    own: Settings, shop: Stores, relay: Relay, tmp_path: Path
) -> None:
    number = f"+9190000{random.randrange(3_000, 9_999):05d}"
    user = await shop.database.run(lambda db: factories.make_user(db, phone_number=number))
    await fund(shop, user.user_id, 50_000)
    plan = await find_plan(shop)
    for _ in range(5):
        await buy(shop, user.user_id, await make_number(shop), plan.plan_id)
    await relay.drain()
    await sealing.seal(shop, delay_seconds=0)
    stopped = asyncio.Event()
    selling = asyncio.create_task(sell_until(stopped, shop, user.user_id))
    backup_id = await make_backup(own)
    stopped.set()
    assert await selling > 0, "recharges went on while the backup was made"
    described = (await service.get_backup(own, backup_id)).description
    assert described["audit"]["sequence"] > 0
    archive = own.backup_dir / names.archive_key(backup_id, sealed=False)

    # All that is left is the file: other databases, another storage, no description beside it.
    empty = own.model_copy(update={"backup_dir": tmp_path / "none", "storage_dir": tmp_path / "new"})
    name = f"drill_{own.database_name}"
    with documents_crud.opened(own, name) as documents:
        documents_crud.drop(documents)
    target = Target(name, name)
    proofs = [_ledger, _trail]
    restored = await restore(
        empty, Location(open_backups(empty), path=archive), target, proofs=proofs, progress=silent
    )
    try:
        assert restored.problems == []
        assert {key: restored.manifest[key] for key in ("tables", "ledger_paise", "audit")} == {
            key: described[key] for key in ("tables", "ledger_paise", "audit")
        }
        async with running(restore_service.settings_of(empty, target)) as app:
            stores: Stores = app.state.stores
            before = await balance(stores, user.user_id)
            spent = 50_000 - before.paise // 100
            assert spent >= 5 * 299
            assert spent % 299 == 0, "each sale is there wholly or not at all"
            async with factories.new_client(app) as client:
                await _sign_in(client, number)
            await buy(stores, user.user_id, await make_number(stores), plan.plan_id)
            assert (await balance(stores, user.user_id)).paise == before.paise - 29_900
            assert await stores.database.run(lambda db: wallet.available(db, user.user_id))
            # What was in the outbox is delivered to the restored MongoDB, and nothing of it twice.
            await Relay(stores, wiring.LISTENERS).drain()
            await sealing.seal(stores, delay_seconds=0)
        assert (await _trail(restore_service.settings_of(empty, target)))[0]
        assert (await _ledger(restore_service.settings_of(empty, target)))[0]
    finally:
        await restore_service.drop(own, target)


async def test_a_process_that_is_killed_anywhere_lists_nothing_that_is_not_good(own: Settings) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")} | {
        "ENVIRONMENT": "test",
        "DATA_DIR": str(own.data_dir),
        "DATABASE_URL": own.database_url,
        "MONGO_URL": own.mongo_url,
        "MONGO_DATABASE": own.mongo_database,
        "STORAGE_DIR": str(own.storage_dir),
        "BACKUP_DIR": str(own.backup_dir),
    }
    killed = 0
    for delay_seconds in (0.02, 0.1, 0.25, 0.5, 30):
        process = fork_server.begin(PROGRAM, folder=own.data_dir, environment=environment)
        assert process.stdout.readline() == "ready\n"
        try:
            process.wait(delay_seconds)
        except subprocess.TimeoutExpired:
            killed += 1
        process.end()
    backups = await service.list_backups(own)
    assert killed > 0
    assert backups, "the one that was not killed"
    for backup in backups:
        await examine_service.examine(own, service.location_of(own, backup), silent)
        assert backup.summary["rows"] > 0


async def test_a_restore_that_is_killed_leaves_no_half_database_of_the_name(own: Settings) -> None:
    backup_id = await make_backup(own)
    name = f"killed_{own.database_name}"
    program = PROGRAM.replace(
        "create_service import Plan, create", "restore_service import Target, restore"
    ).replace(
        'print(asyncio.run(create(settings, Plan()))["backup_id"], flush=True)',
        f"""
from gencharge.backups import service
async def work():
    backup = await service.get_backup(settings, {backup_id!r})
    target = Target({name!r}, {name!r})
    await restore(settings, service.location_of(settings, backup), target, progress=lambda *_: None)
asyncio.run(work())""",
    )
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")} | {
        "ENVIRONMENT": "test",
        "DATA_DIR": str(own.data_dir),
        "DATABASE_URL": own.database_url,
        "MONGO_URL": own.mongo_url,
        "BACKUP_DIR": str(own.backup_dir),
        "STORAGE_DIR": str(own.storage_dir),
    }
    for delay_seconds in (0.1, 0.4):
        process = fork_server.begin(program, folder=own.data_dir, environment=environment)
        assert process.stdout.readline() == "ready\n"
        with suppress(subprocess.TimeoutExpired):
            process.wait(delay_seconds)
        process.end()
        if name in databases_of(own):
            # The name is there only when all of it is.
            with crud.connected(with_database(own.migration_url, name)) as snapshot:
                crud.begin_snapshot(snapshot)
                contents = contents_of(snapshot, crud.list_tables(snapshot))
            backup = await service.get_backup(own, backup_id)
            assert manifest.differences(backup.description, contents) == []
        await restore_service.drop(own, Target(name, name))
    for left_over in databases_of(own, f"incomplete_%{own.database_name}"):
        with crud.connected(own.migration_url, "postgres", autocommit=True) as connection:
            crud.drop_database(connection, left_over)


async def _sign_in(client: httpx.AsyncClient, number: str) -> None:
    asked = await client.post("/auth/login", json={"phone_number": number})
    assert asked.status_code == 200, asked.text
    body = {"phone_number": number, "challenge_id": asked.json()["challenge_id"], "otp": "111111"}
    answer = await client.post("/auth/verify-otp-login", json=body)
    assert answer.status_code == 200, answer.text


async def _ledger(settings: Settings) -> tuple[bool, list[str]]:
    report = await verification.verify_ledger(settings)
    return report.ok, report.lines


async def _trail(settings: Settings) -> tuple[bool, list[str]]:
    report = await verification.verify_audit(settings)
    return report.ok, report.lines
