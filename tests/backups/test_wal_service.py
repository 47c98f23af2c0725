"""An archive that takes nothing is noticed; one that has nothing to take is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gencharge.backups import base_service, wal_archive, wal_service
from gencharge.backups.errors import BaseBackupAlreadyRunning
from gencharge.backups.wal_archive import segment_name
from gencharge.backups.wal_crud import Archiving
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from tests.make.backups import silent

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(seconds=900)
STATE = Archiving(True, segment_name(1, 7), BEFORE, None, 0, segment_name(1, 8), NOW - timedelta(days=1), NOW)


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        (STATE, 0),
        (replace(STATE, is_on=False, failed_at=NOW), 0),
        (replace(STATE, current_name=segment_name(1, 9)), 900),
        (replace(STATE, failed_at=NOW - timedelta(seconds=5)), 900),
        (replace(STATE, failed_at=BEFORE - timedelta(seconds=5)), 0),
        (replace(STATE, last_name=None, last_at=None), 0),
        (replace(STATE, last_name=None, last_at=None, failed_at=NOW), 86_400),
        (
            replace(
                STATE, last_name=f"{segment_name(1, 3)}.00000028.backup", current_name=segment_name(1, 9)
            ),
            0,
        ),
        (replace(STATE, last_name=segment_name(1, 0xFF), current_name=segment_name(2, 0x100)), 0),
    ],
)
def test_a_segment_that_waits_is_a_lag(state: Archiving, seconds: float) -> None:
    assert wal_service.lag_seconds(state) == seconds


async def test_the_gauge_is_zero_for_a_server_that_archives_nothing_and_stays_for_one_that_is_away(
    own: Settings,
) -> None:
    wal_service.LAG.set(7)
    wal_service.tell(
        own.model_copy(update={"database_url": "postgresql://x@127.0.0.1:1/x?connect_timeout=1"})
    )
    assert wal_service.LAG._value.get() == 7
    wal_service.tell(own)
    assert wal_service.LAG._value.get() == 0
    assert not wal_service.read(own).is_on


def test_a_base_backup_is_due_when_the_last_one_is_a_day_old(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = settings.model_copy(update={"database_url": "", "backup_wal_dir": tmp_path})
    base = wal_archive.Base("x", tmp_path, NOW, NOW, 1, 1, 1, 1, "18.4")
    created, bases, pruned = list[Settings](), list[wal_archive.Base](), list[Settings]()

    def create(settings: Settings, _progress: object) -> wal_archive.Base:
        created.append(settings)
        return base

    monkeypatch.setattr(base_service, "create", create)
    monkeypatch.setattr(base_service, "prune", pruned.append)
    monkeypatch.setattr(wal_archive, "list_bases", lambda _folder: bases)
    assert wal_service.make_if_due(settings, silent) is None
    assert wal_service.make_if_due(own, silent) is base
    bases.append(base)
    with clock.at(NOW + timedelta(hours=23)):
        assert wal_service.make_if_due(own, silent) is None
    with clock.at(NOW + timedelta(hours=25)):
        assert wal_service.make_if_due(own, silent) is base
    assert len(created) == len(pruned) == 2

    def busy(_settings: Settings, _progress: object) -> wal_archive.Base:
        raise BaseBackupAlreadyRunning

    monkeypatch.setattr(base_service, "create", busy)
    with clock.at(NOW + timedelta(hours=25)):
        assert wal_service.make_if_due(own, silent) is None
