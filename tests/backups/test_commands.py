"""What the commands print, and with which exit code."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from gencharge.backups import commands, names, restore_service
from gencharge.backups.restore_service import Target
from gencharge.core import faultpoints
from gencharge.core.settings import Settings
from tests.make import fork_server
from tests.make.backups import databases_of, make_backup, mark, marks, silent


async def in_thread(command: Callable[..., int], *arguments: object, **options: object) -> tuple[int, str]:
    lines = list[str]()
    code = await asyncio.to_thread(command, arguments[0], lines.append, *arguments[1:], **options)
    return code, "\n".join(lines)


async def test_a_backup_is_made_listed_verified_restored_and_pruned(own: Settings, tmp_path: Path) -> None:
    assert await in_thread(commands.show, own) == (
        0,
        "There is no backup. `gencharge backup create` makes one.",
    )
    assert (await in_thread(commands.verify, own, silent, backup_id=None, proofs=[]))[0] == 1
    code, text = await in_thread(commands.make, own, silent, description="first")
    assert code == 0
    assert "not encrypted" in text
    backup_id = text.partition(":")[0]
    assert names.is_backup_id(backup_id)
    assert "not verified" in (await in_thread(commands.show, own))[1]
    code, text = await in_thread(commands.verify, own, silent, backup_id=None, proofs=[])
    assert (code, text) == (0, f"{backup_id} was restored and is good.")
    code, text = await in_thread(commands.show, own)
    assert f"{backup_id}  good" in text
    assert text.endswith("first")
    path = str(own.backup_dir / names.archive_key(backup_id, sealed=False))
    name = f"commands_{own.database_name}"
    code, text = await in_thread(commands.restore, own, silent, source=path, database=name, proofs=[])
    assert code == 0
    assert f"MONGO_DATABASE={name}" in text
    assert name in databases_of(own)
    await restore_service.drop(own, Target(name, name))
    assert await in_thread(commands.prune, own, dry_run=True) == (0, "Every backup is kept.")
    code, text = await in_thread(commands.delete, own, backup_id)
    assert code == 1
    assert "last backup" in text


def test_how_a_copy_is_taken_into_use_depends_on_whose_server_it_is(settings: Settings) -> None:
    target = Target("copy", "copy_documents")
    own = settings.model_copy(update={"database_url": "postgresql://owner@db.example/gencharge"})
    assert "/copy as its path" in "\n".join(commands.how_to_use(own, target))
    assert "MONGO_DATABASE=copy_documents" in "\n".join(commands.how_to_use(own, target))
    # A DATABASE_URL would keep the embedded server from being started.
    embedded = "\n".join(commands.how_to_use(settings.model_copy(update={"database_url": ""}), target))
    assert "DATABASE_URL" not in embedded
    assert "--in-place" in embedded


async def test_what_is_wrong_is_one_line_and_exit_code_1(own: Settings, tmp_path: Path) -> None:
    options = {"database": None, "proofs": []}
    for source in ("/nowhere", "20261122t000000z-00000000"):
        code, text = await in_thread(commands.restore, own, silent, source=source, **options)
        assert code == 1
        assert text.count("\n") == 0
    (tmp_path / "x").write_bytes(b"no archive")
    code, text = await in_thread(commands.restore, own, silent, source=str(tmp_path / "x"), **options)
    assert (code, text.startswith("The archive is damaged")) == (1, True)
    code, text = await in_thread(commands.make, own, silent, tables=["nix"])
    assert (code, text) == (1, "There is no table nix.")


async def test_a_restore_in_place_is_confirmed_done_and_tidied_up(live: Settings) -> None:
    backup_id = await make_backup(live)
    mark(live, "written since")
    code, text = await in_thread(
        commands.restore_in_place, live, silent, source=backup_id, confirm="", proofs=[]
    )
    assert code == 1
    assert f"--confirm {backup_id}" in text
    code, text = await in_thread(
        commands.restore_in_place, live, silent, source="/a/file", confirm="/a/file", proofs=[]
    )
    assert (code, "id" in text) == (1, True)
    assert marks(live) == ("written since", "written since")
    code, text = await in_thread(
        commands.restore_in_place, live, silent, source=backup_id, confirm=backup_id, proofs=[]
    )
    assert code == 0, text
    assert "All sessions have ended" in text
    assert marks(live) == ("backed up", "backed up")
    code, text = await in_thread(commands.show_databases, live)
    assert code == 0
    assert "live before" in text
    database = text.split()[0]
    assert (await in_thread(commands.drop_database, live, database))[0] == 0
    assert (await in_thread(commands.drop_database, live, live.database_name))[0] == 1
    assert await in_thread(commands.show_databases, live) == (0, "There is none.")
    assert await in_thread(commands.resume, live) == (
        0,
        "No restore was interrupted. Nothing was done.",
    )


async def test_a_process_that_is_killed_holds_no_lock_and_another_one_ends_it(
    live: Settings, tmp_path: Path
) -> None:
    backup_id = await make_backup(live)
    mark(live, "written since")
    for point, state in (("restore.closed", "written since"), ("restore.exchanged", "backed up")):
        killed = restore_in_a_process(live, tmp_path, backup_id, point)
        assert killed.returncode == -9, killed.stderr
        code, text = await in_thread(commands.resume, live)
        assert (code, backup_id in text) == (0, True)
        assert marks(live) == (state, state)


def restore_in_a_process(
    live: Settings, folder: Path, backup_id: str, point: str
) -> subprocess.CompletedProcess[str]:
    """`gencharge backup restore --in-place`, killed at a point."""
    secrets = {
        "SECRET_KEY": live.secret_key.get_secret_value(),
        "OTP_SECRET": live.otp_secret.get_secret_value() if live.otp_secret else "",
    }
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ENVIRONMENT": "test",
        "DATA_DIR": str(live.data_dir),
        "DATABASE_URL": live.postgres_url,
        "MONGO_URL": live.mongodb_url,
        "MONGO_DATABASE": live.mongo_database,
        "REDIS_URL": live.redis_server_url,
        "BACKUP_DIR": str(live.backup_dir),
        "STORAGE_DIR": str(live.storage_dir),
        faultpoints.VARIABLE: point,
        **secrets,
    }
    words = ("backup", "restore", backup_id, "--in-place", "--confirm", backup_id)
    return fork_server.run(*words, folder=folder, environment=environment, timeout=180)
