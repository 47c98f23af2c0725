"""What the commands print, and with which exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from gencharge.backups import commands, names, restore_service
from gencharge.backups.restore_service import Target
from gencharge.core.settings import Settings
from tests.make.backups import databases_of, silent


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
