"""The list says what is there and what was verified; the last good backup can't be deleted."""

from __future__ import annotations

import asyncio

import pytest

from gencharge.backups import names, service
from gencharge.backups.create_service import open_backups, write_description
from gencharge.backups.errors import BackupInUse, BackupNotFound
from gencharge.core.errors import Problem
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from tests.make.backups import databases_of, make_backup, silent


async def holds(_settings: Settings) -> tuple[bool, list[str]]:
    return True, ["ok    all is well"]


async def fails(_settings: Settings) -> tuple[bool, list[str]]:
    return False, ["FAIL  a wallet is overdrawn"]


async def test_the_list_has_whole_archives_only_the_newest_first(own: Settings) -> None:
    first, second = await make_backup(own, description="first"), await make_backup(own)
    folder = own.backup_dir / "backups"
    (folder / "notes.txt").write_text("x")
    (folder / "20261122t000000z-00000000.json").write_text("{}")
    (folder / f"{second}.json").unlink()
    backups = await service.list_backups(own)
    assert sorted([first, second], reverse=True) == [each.backup_id for each in backups]
    by_id = {each.backup_id: each for each in backups}
    assert by_id[first].description["description"] == "first"
    assert by_id[first].verified_ok is None
    assert by_id[second].summary["rows"] == 0  # its description is lost; the archive is there
    with pytest.raises(BackupNotFound):
        await service.get_backup(own, "../../etc/passwd")


async def test_a_verified_backup_is_good_and_leaves_no_scratch_database(own: Settings) -> None:
    backup_id = await make_backup(own)
    before = databases_of(own)
    outcome = await service.verify(own, backup_id, proofs=[holds], progress=silent)
    assert not isinstance(outcome, Problem)
    assert (outcome.problems, outcome.lines) == ([], ["ok    all is well"])
    assert databases_of(own) == before
    backup = await service.get_backup(own, backup_id)
    assert backup.verified_ok is True
    assert backup.summary["rows"] > 0


async def test_a_proof_that_fails_and_a_damaged_file_are_seen_in_the_list(own: Settings) -> None:
    first, second = await make_backup(own), await make_backup(own)
    outcome = await service.verify(own, first, proofs=[fails], progress=silent)
    assert not isinstance(outcome, Problem)
    assert outcome.problems == ["FAIL  a wallet is overdrawn"]
    path = own.backup_dir / names.archive_key(second, sealed=False)
    path.write_bytes(path.read_bytes()[:-50])
    assert isinstance(await service.verify(own, second, proofs=[holds], progress=silent), Problem)
    for backup_id in (first, second):
        backup = await service.get_backup(own, backup_id)
        assert backup.verified_ok is False
        assert backup.verification["problems"]


async def test_one_that_is_deleted_while_it_is_verified_leaves_nothing(own: Settings) -> None:
    backup_id = await make_backup(own)

    async def delete(_settings: Settings) -> tuple[bool, list[str]]:
        await service.delete(own, backup_id)
        return True, []

    before = databases_of(own)
    with pytest.raises(BackupNotFound):
        await service.verify(own, backup_id, proofs=[delete], progress=silent)
    assert list((own.backup_dir / names.FOLDER).glob(f"*{backup_id}*")) == []
    assert databases_of(own) == before


async def test_the_last_good_backup_is_not_deleted(own: Settings) -> None:
    good, other = await make_backup(own), await make_backup(own)
    await service.verify(own, good, proofs=[holds], progress=silent)
    with pytest.raises(BackupInUse, match="last backup that is known to be good"):
        await service.delete(own, good)
    await service.delete(own, other)
    assert [each.backup_id for each in await service.list_backups(own)] == [good]
    second = await make_backup(own)
    await service.verify(own, second, proofs=[holds], progress=silent)
    await service.delete(own, good)
    with pytest.raises(BackupNotFound):
        await service.delete(own, good)


async def test_pruning_keeps_what_the_settings_say(own: Settings) -> None:
    keep = dict.fromkeys(
        ("backup_keep_hourly", "backup_keep_daily", "backup_keep_weekly", "backup_keep_monthly"), 0
    )
    backups = [await make_backup(own) for _ in range(3)]
    newest = max(backups)
    settings = own.model_copy(update=keep)
    gone = await service.prune(settings, dry_run=True)
    assert gone == sorted(set(backups) - {newest})
    assert len(await service.list_backups(own)) == 3
    await service.prune(settings)
    assert [each.backup_id for each in await service.list_backups(own)] == [newest]


async def test_of_two_who_delete_the_last_two_good_ones_at_once_one_is_refused_at_least(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = [await make_backup(own) for _ in range(2)]
    for backup_id in pair:
        await service.verify(own, backup_id, proofs=[holds], progress=silent)
    both = asyncio.Barrier(2)
    look = service.find_deletable

    async def look_together(settings: Settings, backup_id: str) -> service.Backup:
        try:
            return await look(settings, backup_id)
        finally:
            # Each has looked before the other goes on.
            await both.wait()

    monkeypatch.setattr(service, "find_deletable", look_together)
    ends = await asyncio.gather(*(service.delete(own, each) for each in pair), return_exceptions=True)
    assert any(isinstance(end, BackupInUse) for end in ends)
    monkeypatch.undo()
    left = [each for each in await service.list_backups(own) if each.backup_id in pair]
    assert [each.verified_ok for each in left] == [True] * len(left)
    assert left
    assert not any(each.is_going for each in left), "who was refused has taken it back"


async def test_one_whose_deletion_was_cut_off_does_not_count_for_a_while(own: Settings) -> None:
    cut_off, good = [await make_backup(own) for _ in range(2)]
    for backup_id in (cut_off, good):
        await service.verify(own, backup_id, proofs=[holds], progress=silent)
    backup = await service.get_backup(own, cut_off)
    going = backup.description | {"deleting_since": clock.now().isoformat()}
    await write_description(open_backups(own), cut_off, going)
    with pytest.raises(BackupInUse):
        await service.delete(own, good)
    with clock.later(minutes=11):
        await service.delete(own, good)


async def test_two_who_delete_the_same_one_leave_nothing_of_it(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_id, other = [await make_backup(own) for _ in range(2)]
    for each in (backup_id, other):
        await service.verify(own, each, proofs=[holds], progress=silent)
    known = await service.get_backup(own, backup_id)
    await service.delete(own, backup_id)

    async def as_it_was(_settings: Settings, _backup_id: str) -> service.Backup:
        monkeypatch.undo()
        return known

    monkeypatch.setattr(service, "find_deletable", as_it_was)
    with pytest.raises(BackupNotFound):
        await service.delete(own, backup_id)
    assert not list((own.backup_dir / "backups").glob(f"{backup_id}*"))
