"""A whole archive is read before anything is touched, and what is wrong with it is refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gencharge.backups import cipher, names, service
from gencharge.backups.archive import ArchiveWriter
from gencharge.backups.create_service import open_backups
from gencharge.backups.errors import BackupInvalid, BackupKeyMismatch, BackupTooNew
from gencharge.backups.examine_service import Location
from gencharge.backups.restore_service import restore
from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from tests.make.backups import HEADER, archive_of, databases_of, make_backup, silent


@pytest.mark.parametrize("damage", ["flipped", "cut", "newer", "slip", "empty"])
async def test_what_is_wrong_is_refused_before_anything_is_touched(
    own: Settings, tmp_path: Path, damage: str
) -> None:
    backup_id = await make_backup(own)
    path = own.backup_dir / names.archive_key(backup_id, sealed=False)
    content = path.read_bytes()
    expected: type[Exception] = BackupInvalid
    if damage == "flipped":
        content = content[:5_000] + bytes([content[5_000] ^ 1]) + content[5_001:]
    elif damage == "cut":
        content = content[:-100]
    elif damage == "newer":
        header = {"format": 1, "revision": "9999", "gencharge": "9.0", "postgres_major": 18}
        content, expected = archive_of({"postgres.dump": b"x"}, header=header), BackupTooNew
    elif damage == "slip":
        file = io.BytesIO()
        writer = ArchiveWriter(file.write, key=None, header=HEADER | {"revision": migrations.head()})
        writer.add_segment("files/../../planted.pdf", 0, b"planted")
        writer.finish({})
        content = file.getvalue()
    else:
        content = b""
    path.write_bytes(content)
    before = databases_of(own)
    with pytest.raises(expected):
        await restore(
            own,
            Location(open_backups(own), path=path),
            service.scratch_target(own, "x" * 8, "restored"),
            progress=silent,
        )
    assert databases_of(own) == before
    assert list(tmp_path.rglob("planted*")) == []


async def test_a_wrong_key_is_refused(own: Settings, tmp_path: Path) -> None:
    for name in ("right", "wrong"):
        (tmp_path / name).write_text(cipher.new_key())
    sealed = own.model_copy(update={"backup_key_file": tmp_path / "right"})
    location = service.location_of(sealed, await service.get_backup(sealed, await make_backup(sealed)))
    with pytest.raises(BackupKeyMismatch):
        await restore(
            own.model_copy(update={"backup_key_file": tmp_path / "wrong"}),
            location,
            service.scratch_target(own, "x" * 8, "restored"),
            progress=silent,
        )
