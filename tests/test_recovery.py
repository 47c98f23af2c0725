"""The drill of a recovery to a point in time: recharges go on, an instant is noted, more recharges follow, and everything is as it was at the instant."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from pymongo import MongoClient
from sqlalchemy import text
from typer.testing import CliRunner

from gencharge import wiring
from gencharge.audit import sealing_service as sealing
from gencharge.backups import base_service, cipher, documents_service, wal_archive, wal_copies_service
from gencharge.backups.errors import (
    BackupInvalid,
    BackupKeyMismatch,
    BackupKeyRequired,
    BackupNotFound,
    WalArchiveRequired,
)
from gencharge.core.events.relay import Relay
from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.run import cli, recovery, terminal
from gencharge.run.embedded import EmbeddedServers, ServerFailed, point_in_time
from gencharge.run.embedded.errors import ArchiveDamaged, InstantNotReachable
from gencharge.run.processes import find_in_folder
from gencharge.run.recovery import Plan
from tests.make.backups import make_backup, silent
from tests.make.money import balance, buy, find_plan, make_customer, make_number, sell_sample_plans
from tests.make.prepared import prepare
from tests.make.storage import BUCKET, S3Server

SALE_PAISE = 29_900
FUNDS = 100_000
PROGRAMS = {"postgres", "mongod"}


@dataclass(slots=True)
class Installation:
    """An embedded installation that sells, and when each sale was acknowledged."""

    settings: Settings
    servers: EmbeddedServers
    user_id: UUID
    sold: list[datetime]
    begun: list[datetime]


@asynccontextmanager
async def stores_of(settings: Settings) -> AsyncIterator[Stores]:
    stores = Stores.open(settings, name="gencharge-test")
    try:
        yield stores
    finally:
        await stores.close()


async def sell(installation: Installation, count: int) -> None:
    """Sell so many recharges one after the other, deliver what they announce, and seal the trail."""
    async with stores_of(installation.settings) as stores:
        plan, relay = await find_plan(stores), Relay(stores, wiring.LISTENERS)
        for number in range(count):
            installation.begun.append(datetime.now(UTC))
            await buy(stores, installation.user_id, await make_number(stores), plan.plan_id)
            installation.sold.append(datetime.now(UTC))
            if number % 4 == 3:
                await relay.drain()
                await sealing.seal(stores, delay_seconds=0)


async def begin(settings: Settings) -> UUID:
    async with stores_of(settings) as stores:
        await sell_sample_plans(stores)
        return await make_customer(stores, FUNDS)


@pytest.fixture(scope="module")
def installation(settings: Settings) -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="gencharge-until-"))
    folder.chmod(0o755)
    changes: dict[str, Any] = {
        "data_dir": folder / "data",
        "backup_dir": folder / "backups",
        "backup_wal_dir": folder / "archive",
        "backup_key_file": folder / "backup.key",
        "database_url": "",
        "mongo_url": "",
        "mongo_database": "gencharge_test",
    }
    own = settings.model_copy(update=changes)
    (folder / "backup.key").write_text(cipher.new_key())
    prepare(own.data_dir, sample=False)
    servers = EmbeddedServers(own.data_dir, ["postgres", "mongo"])
    servers.archive_by(own)
    with servers:
        user_id = asyncio.run(begin(own))
        base_service.create(own, silent)
        yield Installation(own, servers, user_id, [], [])
    shutil.rmtree(folder, ignore_errors=True)


def plan_of(installation: Installation, until: datetime, name: str, **overrides: Any) -> Plan:
    folder = installation.settings.data_dir / name
    return Plan(
        until,
        folder,
        dated=wiring.DATED_DOCUMENTS,
        pending=wiring.PENDING_DOCUMENTS,
        listeners=wiring.LISTENERS,
        proofs=wiring.PROOFS,
        **overrides,
    )


def wallet_of(installation: Installation, folder: Path) -> int:
    """How many sales the wallet has paid in what was recovered."""
    with EmbeddedServers(folder, ["postgres", "mongo"]) as servers:
        changes = {"database_url": servers.postgres.url, "mongo_url": servers.mongo.url}
        own = installation.settings.model_copy(update=changes)

        async def look() -> int:
            async with stores_of(own) as stores:
                left = await balance(stores, installation.user_id)
                # What was in the outbox at the instant is delivered again, and the next sale works. A batch that the relay was at
                # then is leased for a while.
                await stores.database.run(
                    lambda db: db.execute(text("UPDATE events SET leased_until = now()"))
                )
                await Relay(stores, wiring.LISTENERS).drain()
                await sealing.seal(stores, delay_seconds=0)
                plan = await find_plan(stores)
                await buy(stores, installation.user_id, await make_number(stores), plan.plan_id)
                assert (await balance(stores, installation.user_id)).paise == left.paise - SALE_PAISE
            spent = FUNDS * 100 - left.paise
            assert spent % SALE_PAISE == 0
            return spent // SALE_PAISE

        sold = asyncio.run(look())
        for proof in wiring.PROOFS:
            holds, lines = asyncio.run(_prove(proof, own))
            assert holds, lines
        client: MongoClient[dict[str, Any]] = MongoClient(servers.mongo.url)
        with client:
            entries = client[own.mongo_database]["audit_entries"]
            assert entries.count_documents({"action": "recovered_to_instant"}) == 1
            assert entries.count_documents({"action": "plan_recharged"}) == sold
    return sold


async def _prove(proof: Any, settings: Settings) -> Any:
    return await proof(settings)


def test_every_sale_before_the_instant_is_there_and_none_after_it(installation: Installation) -> None:
    asyncio.run(sell(installation, 10))
    until = datetime.now(UTC)
    asyncio.run(sell(installation, 10))
    outcome = recovery.recover(installation.settings, plan_of(installation, until, "drill"), silent)
    assert outcome.problems == []
    assert outcome.copied.removed["audit_entries"] > 0
    sold = wallet_of(installation, installation.settings.data_dir / "drill")
    assert sum(1 for at in installation.sold if at < until) == 10
    assert sold == 10


def test_sales_that_go_on_while_it_is_recovered_are_there_by_the_instant_of_their_commit(
    installation: Installation,
) -> None:
    """The instant lies in the middle of sales, not in a pause between them."""

    async def sell_and_note() -> datetime:
        selling = asyncio.create_task(sell(installation, 30))
        await asyncio.sleep(0.4)
        until = datetime.now(UTC)
        await selling
        return until

    until = asyncio.run(sell_and_note())
    outcome = recovery.recover(installation.settings, plan_of(installation, until, "midway"), silent)
    assert outcome.problems == []
    sold = wallet_of(installation, installation.settings.data_dir / "midway")
    # The one that was under way may be there or not; the others have no choice.
    assert sum(1 for at in installation.sold if at < until) <= sold
    assert sold <= sum(1 for at in installation.begun if at < until)
    assert sold < len(installation.sold)


def test_nothing_in_the_archive_is_in_the_clear_and_without_the_key_nothing_is_recovered(
    installation: Installation,
) -> None:
    settings = installation.settings
    archive = settings.backup_wal_dir
    assert {path.name.partition(".")[2] for path in (archive / "wal").iterdir()} <= {
        "gz.aes",
        "history.gz.aes",
    } | {path.name.partition(".")[2] for path in (archive / "wal").glob("*.backup.gz.aes")}
    [base] = wal_archive.list_bases(archive)
    assert base.sealed
    assert [path.name for path in base.folder.iterdir() if path.name != "base.json"] == ["base.tar.zst.aes"]
    other = settings.data_dir / "other.key"
    other.write_text(cipher.new_key())
    asyncio.run(sell(installation, 1))
    for change, problem in (
        ({"backup_key_file": None}, BackupKeyRequired),
        ({"backup_key_file": other}, BackupKeyMismatch),
    ):
        with pytest.raises(problem):
            recovery.recover(
                settings.model_copy(update=change), plan_of(installation, datetime.now(UTC), "locked"), silent
            )
    assert not list(settings.data_dir.glob("locked*"))
    assert not list(settings.data_dir.rglob("wal.key"))


def test_what_can_not_be_reached_is_refused_with_what_can(installation: Installation, tmp_path: Path) -> None:
    settings = installation.settings
    [base] = wal_archive.list_bases(settings.backup_wal_dir)
    for until, reason in (
        (datetime.now(UTC) + timedelta(hours=1), "in the future"),
        (base.finished_at - timedelta(seconds=1), f"leads to: {base.finished_at:%Y-%m-%dT%H:%M}"),
    ):
        with pytest.raises(InstantNotReachable, match=reason):
            recovery.recover(settings, plan_of(installation, until, "never"), silent)
    for change, problem in (
        ({"backup_wal_dir": None}, WalArchiveRequired),
        ({"database_url": "postgresql://somewhere/gencharge"}, WalArchiveRequired),
        ({"mongo_url": "mongodb://somewhere"}, ServerFailed),
    ):
        with pytest.raises(problem):
            recovery.recover(
                settings.model_copy(update=change), plan_of(installation, base.finished_at, "never"), silent
            )
    with pytest.raises(ServerFailed, match="is there already"):
        recovery.recover(settings, Plan(base.finished_at, tmp_path), silent)
    assert not list(settings.data_dir.glob("never*"))


def test_a_gap_and_damage_in_the_archive_are_refused_and_leave_nothing(installation: Installation) -> None:
    settings = installation.settings
    asyncio.run(sell(installation, 1))
    with psycopg.connect(settings.postgres_url, autocommit=True) as connection:
        for _ in range(3):
            connection.execute("SELECT pg_logical_emit_message(true, 'test', 'a segment'), pg_switch_wal()")
    point_in_time._end_segment(settings, settings.backup_wal_dir)
    until = datetime.now(UTC)
    segments = wal_archive.list_segments(settings.backup_wal_dir)
    middle = segments[-3].path
    content = middle.read_bytes()

    try:
        middle.unlink()
        with pytest.raises(InstantNotReachable, match=f"then {middle.name.partition('.')[0]} is missing"):
            recovery.recover(settings, plan_of(installation, until, "gap"), silent)
        middle.write_bytes(content[: len(content) // 2])
        with pytest.raises(ArchiveDamaged, match="is damaged"):
            recovery.recover(settings, plan_of(installation, until, "cut"), silent)
    finally:
        middle.write_bytes(content)

    [base] = wal_archive.list_bases(settings.backup_wal_dir)
    whole = base.archive.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    base.archive.write_bytes(flipped)
    try:
        with pytest.raises(BackupInvalid, match="is damaged"):
            recovery.recover(settings, plan_of(installation, until, "flipped"), silent)
    finally:
        base.archive.write_bytes(whole)
    assert not [path for name in ("gap", "cut", "flipped") for path in settings.data_dir.glob(f"{name}*")]


def test_without_mongodb_the_documents_come_from_a_backup(installation: Installation) -> None:
    settings = installation.settings
    asyncio.run(sell(installation, 4))
    until = datetime.now(UTC)
    asyncio.run(sell(installation, 4))
    backup_id = asyncio.run(make_backup(settings))
    outcome = recovery.recover(
        settings, plan_of(installation, until, "from_backup", documents=backup_id), silent
    )
    assert outcome.problems == []
    assert outcome.documents_of is not None
    assert outcome.documents_of > until
    assert wallet_of(installation, settings.data_dir / "from_backup") == sum(
        1 for at in installation.sold if at < until
    )


def notices_before(url: str, database: str, until: datetime) -> set[UUID]:
    """The notices of events before an instant."""
    client: MongoClient[dict[str, Any]] = MongoClient(url, uuidRepresentation="standard")
    with client:
        ids = client[database]["notices"].find({}, {"event_id": 1})
        before = UUID(int=int(until.timestamp() * 1000) << 80)
        return {each["_id"] for each in ids if each["event_id"] < before}


def test_documents_of_an_older_backup_are_brought_up_to_the_instant(installation: Installation) -> None:
    """MongoDB is from a backup of before the last sales: their notices and audit entries are there all the same, once."""
    settings = installation.settings
    asyncio.run(sell(installation, 4))
    backup_id = asyncio.run(make_backup(settings))
    asyncio.run(sell(installation, 9))
    until = datetime.now(UTC)
    asyncio.run(sell(installation, 4))
    live = notices_before(installation.servers.mongo.url, settings.mongo_database, until)
    outcome = recovery.recover(settings, plan_of(installation, until, "older", documents=backup_id), silent)
    assert outcome.problems == []
    assert outcome.documents_of is not None
    assert outcome.documents_of < until
    assert outcome.replayed is not None
    assert outcome.replayed.is_complete, outcome.replayed
    assert outcome.replayed.reanchored is not None
    folder = settings.data_dir / "older"
    assert wallet_of(installation, folder) == sum(1 for at in installation.sold if at < until)
    with EmbeddedServers(folder, ["mongo"]) as servers:
        assert notices_before(servers.mongo.url, settings.mongo_database, until) == live


def test_documents_of_another_installation_are_refused(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(sell(installation, 4))
    until = datetime.now(UTC)
    backup_id = asyncio.run(make_backup(installation.settings))
    copied = documents_service.Copied(audit_head=(1, "ab" * 32))

    async def copy_archived(*_: object) -> tuple[documents_service.Copied, datetime]:
        return copied, until - timedelta(hours=1)

    monkeypatch.setattr(documents_service, "copy_archived", copy_archived)
    with pytest.raises(ServerFailed, match="is not the one of this installation"):
        recovery.recover(
            installation.settings, plan_of(installation, until, "stranger", documents=backup_id), silent
        )
    assert not list(installation.settings.data_dir.glob("stranger*"))


def test_of_two_recoveries_at_once_the_second_is_refused_and_the_first_is_whole(
    installation: Installation,
) -> None:
    """Each begins by deleting the draft of one that was killed: that of one at work it must not."""
    settings, refused = installation.settings, list[str]()
    asyncio.run(sell(installation, 4))
    until = datetime.now(UTC)

    def second(step: str, _done: int) -> None:
        if step not in seen:
            seen.add(step)
            with pytest.raises(ServerFailed, match="another recovery is at work") as problem:
                recovery.recover(settings, plan_of(installation, until, "twice"), silent)
            refused.append(str(problem.value))

    seen = set[str]()
    outcome = recovery.recover(settings, plan_of(installation, until, "twice"), second)
    assert outcome.problems == []
    assert len(refused) >= 2, seen
    assert not (settings.data_dir / "twice.draft").exists()
    with pytest.raises(ServerFailed, match="is there already"):
        recovery.recover(settings, plan_of(installation, until, "twice"), silent)


class Killed(BaseException):
    """In the place of kill -9."""


def test_one_that_was_killed_is_begun_again_though_its_servers_still_run(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = installation.settings
    asyncio.run(sell(installation, 4))
    until = datetime.now(UTC)
    monkeypatch.setattr(shutil, "rmtree", lambda *_arguments, **_options: None)
    left_running = list[EmbeddedServers]()
    monkeypatch.setattr(EmbeddedServers, "stop", lambda servers, **_options: left_running.append(servers))

    def kill(step: str, _done: int) -> None:
        if step == "documents":
            raise Killed

    with pytest.raises(Killed):
        recovery.recover(settings, plan_of(installation, until, "killed"), kill)
    monkeypatch.undo()
    draft = settings.data_dir / "killed.draft"
    left = [pid for name in ("postgres", "mongo") for pid in find_in_folder(draft / name, PROGRAMS)]
    assert left, "its servers run"
    outcome = recovery.recover(settings, plan_of(installation, until, "killed"), silent)
    for server in left_running[0].servers:
        assert server._process is not None
        server._process.wait(10)
    assert outcome.problems == []
    assert not set(left) & {
        pid for name in ("postgres", "mongo") for pid in find_in_folder(draft / name, PROGRAMS)
    }
    assert not draft.exists()


def test_one_that_is_asked_to_stop_leaves_nothing(installation: Installation) -> None:
    settings = installation.settings
    asyncio.run(sell(installation, 4))
    until = datetime.now(UTC)
    command = [sys.executable, "-m", "gencharge", "backup", "restore", "--until", until.isoformat()]
    into = settings.data_dir / "stopped"
    environment = {**os.environ, **environment_of(settings)}
    with subprocess.Popen(
        [*command, "--into", str(into)], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        lines = ""
        while "unpacking" not in lines:
            line = process.stderr.readline()
            assert line, lines
            lines += line
        process.terminate()
        lines += process.stderr.read()
    assert process.returncode != 0
    assert "Traceback" not in lines
    assert not list(settings.data_dir.glob("stopped*"))


def environment_of(settings: Settings) -> dict[str, str]:
    """What a command of the installation reads."""
    values = {
        "DATA_DIR": settings.data_dir,
        "BACKUP_WAL_DIR": settings.backup_wal_dir,
        "BACKUP_DIR": settings.backup_dir,
        "BACKUP_KEY_FILE": settings.backup_key_file,
        "MONGO_DATABASE": settings.mongo_database,
        "ENVIRONMENT": "test",
        "DATABASE_URL": "",
        "MONGO_URL": "",
    }
    return {name: str(value) for name, value in values.items()}


def test_what_a_newer_version_wrote_is_refused_in_a_line_and_leaves_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(sell(installation, 4))
    until = datetime.now(UTC)
    monkeypatch.setattr(migrations, "head", lambda: "0001")
    with pytest.raises(ServerFailed, match="of a newer version; this one's are at 0001"):
        recovery.recover(installation.settings, plan_of(installation, until, "newer"), silent)
    assert not list(installation.settings.data_dir.glob("newer*"))


def test_documents_that_are_named_wrong_are_said_before_anything_is_recovered(
    installation: Installation,
) -> None:
    until, steps = datetime.now(UTC), list[str]()
    for named, problem in (
        ("20261120t000000z-0a1b2c3d", BackupNotFound),
        ("/no/such/file", ServerFailed),
    ):
        with pytest.raises(problem):
            recovery.recover(
                installation.settings,
                plan_of(installation, until, "misnamed", documents=named),
                lambda step, _done: steps.append(step),
            )
    assert steps == []


def test_an_archive_that_is_lost_comes_back_from_the_bucket(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(sell(installation, 4))
    until = datetime.now(UTC)
    with S3Server() as server:
        bucket = server.settings()
        changes = {name: getattr(bucket, name) for name in bucket.model_fields_set - {"storage_bucket"}}
        own = installation.settings.model_copy(update=changes | {"backup_bucket": BUCKET})
        point_in_time._end_segment(own, own.backup_wal_dir)
        assert asyncio.run(wal_copies_service.copy(own)) > 0
        shutil.rmtree(own.backup_wal_dir)
        monkeypatch.setattr(terminal, "read_settings", lambda: own)
        answer = CliRunner().invoke(cli.app, ["backup", "fetch-log"])
        assert answer.exit_code == 0, answer.output
        assert "any instant from" in answer.output
    outcome = recovery.recover(own, plan_of(installation, until, "from_bucket"), silent)
    assert outcome.problems == []
    assert wallet_of(installation, own.data_dir / "from_bucket") == len(installation.sold)


def test_a_server_that_is_gone_gives_what_it_had_not_archived(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last test: the server is killed as by a power cut, its data are broken, and MongoDB's are gone: they come from an older backup."""
    settings, before = installation.settings, len(installation.sold)
    backup_id = asyncio.run(make_backup(settings))
    asyncio.run(sell(installation, 7))
    until = datetime.now(UTC)
    installation.servers.postgres.kill()
    installation.servers.mongo.stop()
    installation.servers.stop()
    (settings.data_dir / "postgres" / "global" / "pg_control").unlink()
    shutil.rmtree(settings.data_dir / "mongo")
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(terminal, "read_settings", lambda: settings)
    words = ["backup", "restore", "--until", until.isoformat()]
    without = CliRunner().invoke(cli.app, words)
    assert without.exit_code == 1
    assert "--documents" in without.output
    answer = CliRunner().invoke(cli.app, [*words, "--documents", backup_id])
    assert answer.exit_code == 0, answer.output
    assert "Nothing was sent to anybody." in answer.output
    assert "sealed again behind entry" in answer.output
    folder = recovery.folder_for(settings, until)
    assert f"mv {folder.parent / 'postgres'} {folder.parent / 'postgres'}.before" in answer.output.replace(
        "\n", ""
    )
    assert wallet_of(installation, folder) == before + 7


def test_an_instant_is_written_as_rfc_3339_says(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(terminal, "read_settings", lambda: settings)
    for written in ("yesterday", "2026-11-20", "2026-11-20T12:00:00", "1700000000"):
        answer = CliRunner().invoke(cli.app, ["backup", "restore", "--until", written])
        assert answer.exit_code == 2
        assert "RFC 3339" in answer.output
    both = CliRunner().invoke(cli.app, ["backup", "restore", "x", "--until", "2026-11-20T12:00:00Z"])
    assert both.exit_code == 2
    alone = CliRunner().invoke(cli.app, ["backup", "restore", "x", "--documents", "y"])
    assert alone.exit_code == 2
