"""Backups and restores on a full disk, and killed at random moments: what is listed verifies, and what is live is whole, the old or the new.

The disk is a small tmpfs that everything of an installation is on: its databases, its log, and its backups. Rounds by SOAK_ROUNDS, the seed by SOAK_SEED (printed).
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from gencharge.backups import (
    crud,
    documents_crud,
    examine_service,
    running_service,
    service,
    staff_service,
)
from gencharge.backups.models import RunKind
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.run.embedded import EmbeddedServers
from tests.make import fork_server
from tests.make.backups import databases_of, holds, mark, marks, run_of, silent
from tests.make.prepared import prepare

SEED = int(os.environ.get("SOAK_SEED", random.randrange(10**6)))
ROUNDS = int(os.environ.get("SOAK_ROUNDS", "40"))
# Does what the API was asked for, as a worker does it.
JOB = """
import asyncio, sys
from uuid import UUID
from gencharge.backups import running_service
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
async def work():
    stores = Stores.open(Settings(_env_file=None), name="test-job")
    print("ready", flush=True)
    await running_service.run(stores, UUID(sys.argv[1]), [])
asyncio.run(work())
"""
COMMAND = "import runpy; runpy.run_module('gencharge', run_name='__main__')"
MB = 1_000_000


@dataclass
class Machine:
    """An installation whose disk is `folder`."""

    folder: Path
    settings: Settings
    servers: EmbeddedServers

    def environment(self) -> dict[str, str]:
        own = self.settings
        assert own.otp_secret is not None
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "ENVIRONMENT": "test",
            "DATA_DIR": str(own.data_dir),
            "DATABASE_URL": own.postgres_url,
            "MONGO_URL": own.mongodb_url,
            "MONGO_DATABASE": own.mongo_database,
            "REDIS_URL": own.redis_server_url,
            "BACKUP_DIR": str(own.backup_dir),
            "STORAGE_DIR": str(own.storage_dir),
            "BACKUP_DATABASES_AT_MOST": "100",
            "SECRET_KEY": own.secret_key.get_secret_value(),
            "OTP_SECRET": own.otp_secret.get_secret_value(),
        }

    def begin(self, code: str, *words: str) -> fork_server.Begun:
        """Begin a program, in a group of its own."""
        folder = Path(tempfile.gettempdir())
        return fork_server.begin(code, *words, folder=folder, environment=self.environment())

    def run(self, *words: str) -> tuple[int, str]:
        ended = fork_server.run(
            "backup", *words, folder=Path(tempfile.gettempdir()), environment=self.environment(), timeout=300
        )
        return ended.returncode, ended.stdout + ended.stderr

    @property
    def free(self) -> int:
        return shutil.disk_usage(self.folder).free

    def fill(self, leave: int) -> Path:
        """Fill the disk up to so many bytes."""
        ballast = self.folder / "ballast"
        with ballast.open("wb") as file:
            while (room := self.free - leave) > 0:
                file.write(bytes(min(room, MB)))
                file.flush()
        return ballast

    def start_again(self) -> None:
        """What a full disk has ended comes up again."""
        for server in self.servers.servers:
            if not server.running or not server._answers():
                server.stop()
                server.start()
                server.wait_ready(60)

    def check(self) -> None:
        """What is listed can be read to its end, and what is live is whole: either state, in both stores."""
        for backup in asyncio.run(service.list_backups(self.settings)):
            location = service.location_of(self.settings, backup)
            asyncio.run(examine_service.examine(self.settings, location, silent))
            assert backup.summary["rows"] > 0, "it is described"
        assert marks(self.settings) in {("old", "old"), ("new", "new")}

    def tidy(self) -> None:
        """Delete what was restored beside it."""
        for name in databases_of(self.settings, "%"):
            if name not in {
                "postgres",
                "template0",
                "template1",
                "gencharge_dev",
                self.settings.database_name,
            }:
                with crud.connected(self.settings.migration_url, "postgres", autocommit=True) as connection:
                    crud.drop_database(connection, name)
        with documents_crud.opened(self.settings) as documents:
            for name in documents.client.list_database_names():
                if name not in {"admin", "local", "config", self.settings.mongo_database}:
                    documents.client.drop_database(name)


@pytest.fixture(scope="module")
def machine(settings: Settings) -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="gencharge-disk-"))
    words = ["mount", "-t", "tmpfs", "-o", "size=700m,mode=0755", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("a small disk is a tmpfs, and this user may not mount one")
    prepare(folder / "data", sample=False)
    servers = EmbeddedServers(folder / "data", ["postgres", "mongo"])
    try:
        with servers:
            own = settings.model_copy(
                update={
                    "data_dir": folder / "data",
                    "database_url": servers.postgres.url.replace("gencharge_dev", "gencharge_disk_test"),
                    "mongo_url": servers.mongo.url,
                    "mongo_database": "gencharge_disk_test",
                    "backup_dir": folder / "backups",
                    "storage_dir": folder / "storage",
                    "backup_databases_at_most": 100,
                }
            )
            with crud.connected(servers.postgres.url, "postgres", autocommit=True) as connection:
                connection.execute("ALTER DATABASE gencharge_dev RENAME TO gencharge_disk_test")
            mark(own, "old")
            yield Machine(folder, own, servers)
    finally:
        servers.stop()
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
        folder.rmdir()


def backed_up(machine: Machine) -> str:
    """A backup of the state `old`, while the state `new` is live."""
    mark(machine.settings, "old")
    code, text = machine.run("create")
    assert code == 0, text
    mark(machine.settings, "new")
    return next(iter(asyncio.run(service.list_keys(machine.settings))))


async def asked(settings: Settings, kind: RunKind, backup_id: str) -> UUID:
    stores = Stores.open(settings, name="test-ask")
    try:
        run = await stores.database.run(
            lambda db: staff_service.add(db, kind, backup_id, {}, requested_by=new_id())
        )
        return run.run_id
    finally:
        await stores.close()


async def attempt_until_it_ends(settings: Settings, run_id: UUID) -> str:
    stores = Stores.open(settings, name="test-job")
    try:
        for minutes in range(10):
            with clock.later(minutes=minutes + 2):
                await running_service.run(stores, run_id, [holds])
            run = await run_of(stores, run_id)
            if run.status not in {"waiting", "running"}:
                break
        return f"{run.status} {run.failure or ''}".strip()
    finally:
        await stores.close()


def backup_id_of(number: int) -> str:
    return f"20261123t{number:06d}z-{number:08x}"


def test_a_full_disk_of_backups_lists_nothing_half_and_says_why(machine: Machine) -> None:
    before = asyncio.run(service.list_keys(machine.settings))
    for leave in (0, 40_000):
        ballast = machine.fill(leave)
        try:
            # Straight to the disk of the backups: the databases are on it, too, but write nothing for a backup.
            code, text = machine.run("create")
            assert code == 1, text
            assert "no space" in text.lower() or "could not be made" in text
        finally:
            ballast.unlink()
        machine.start_again()
        assert asyncio.run(service.list_keys(machine.settings)) == before
    machine.check()


def test_the_apis_job_on_a_full_disk_is_tried_again_then_failed_and_works_when_there_is_room(
    machine: Machine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    small = tmp_path_factory.mktemp("small")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(small)], check=True)
    own = machine.settings.model_copy(update={"backup_dir": small})
    try:
        run_id = asyncio.run(asked(own, RunKind.CREATE, backup_id_of(1)))
        assert asyncio.run(attempt_until_it_ends(own, run_id)) == "failed storage_full"
        assert asyncio.run(service.list_keys(own)) == {}
        assert [path for path in small.rglob("*") if path.is_file()] == []
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        run_id = asyncio.run(asked(own, RunKind.CREATE, backup_id_of(2)))
        assert asyncio.run(attempt_until_it_ends(own, run_id)) == "succeeded"
        assert list(asyncio.run(service.list_keys(own))) == [backup_id_of(2)]
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=False)


def restore_on_a_full_disk(machine: Machine, backup_id: str, leave: int) -> None:
    """Restore in place while the disk fills up: afterwards one of the two states is live, as a whole."""
    ballast = machine.fill(leave)
    try:
        code, text = machine.run("restore", backup_id, "--in-place", "--confirm", backup_id)
    finally:
        ballast.unlink()
    machine.start_again()
    resumed, reply = machine.run("restore", "--resume")
    assert resumed == 0, reply
    machine.check()
    if code == 0:
        assert marks(machine.settings) == ("old", "old"), text
    elif "was finished" not in reply:
        assert marks(machine.settings) == ("new", "new"), text
    machine.tidy()


def test_a_restore_in_place_on_a_full_disk_leaves_one_whole_state_live(machine: Machine) -> None:
    backup_id = backed_up(machine)
    restore_on_a_full_disk(machine, backup_id, leave=12 * MB)


def kill_at_random(machine: Machine, chance: random.Random, backup_id: str, number: int) -> None:
    kind = chance.choice(("create", "in place", "job create", "job verify", "restore"))
    if kind.startswith("job"):
        of_kind = RunKind.CREATE if kind == "job create" else RunKind.VERIFY
        about = backup_id_of(1000 + number) if of_kind is RunKind.CREATE else backup_id
        run_id = asyncio.run(asked(machine.settings, of_kind, about))
        words = [JOB, str(run_id)]
    else:
        run_id = None
        more = {
            "create": ["create"],
            "restore": ["restore", backup_id],
            "in place": ["restore", backup_id, "--in-place", "--confirm", backup_id],
        }
        words = [COMMAND, "backup", *more[kind]]
    process = machine.begin(*words)
    # It is loaded already. Some five seconds are its work, in place some ten more.
    delay = chance.uniform(0.0, 12.0 if kind == "in place" else 4.0)
    deadline = time.monotonic() + delay
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    print(f"round {number}: {kind}, {'killed' if process.poll() is None else 'ended'} after {delay:.2f} s")  # noqa: T201 - the run's record
    if process.poll() is None:
        # With the programs that it started.
        os.killpg(process.pid, signal.SIGKILL)
    process.end()
    assert not [
        each for each in psutil.process_iter(["cmdline"]) if backup_id in (each.info["cmdline"] or [])
    ]
    resumed, reply = machine.run("restore", "--resume")
    assert resumed == 0, reply
    machine.check()
    if run_id is not None:
        # Another worker does what the dead one left, or finds it done.
        assert asyncio.run(attempt_until_it_ends(machine.settings, run_id)) == "succeeded"
        machine.check()
    mark(machine.settings, "new")
    machine.tidy()


def test_killed_at_random_moments_all_that_is_listed_is_whole_and_so_is_what_is_live(
    machine: Machine,
) -> None:
    chance = random.Random(SEED)
    print(f"SOAK_SEED={SEED}")  # noqa: T201 - the run's record
    backup_id = backed_up(machine)
    for number in range(2):
        kill_at_random(machine, chance, backup_id, number)


@pytest.mark.soak
def test_killed_and_out_of_disk_again_and_again(machine: Machine) -> None:
    chance = random.Random(SEED)
    print(f"SOAK_SEED={SEED}")  # noqa: T201 - the run's record
    backup_id = backed_up(machine)
    for number in range(ROUNDS):
        if chance.random() < 0.3:
            mark(machine.settings, "new")
            leave, began = chance.randrange(1, 120) * MB, time.monotonic()
            restore_on_a_full_disk(machine, backup_id, leave=leave)
            print(f"round {number}: {leave // MB} MB left, {time.monotonic() - began:.0f} s")  # noqa: T201 - the run's record
        else:
            kill_at_random(machine, chance, backup_id, number)
