"""The last good backup is the newest one that holds everything and was verified."""

from __future__ import annotations

import shutil

from gencharge.backups import measuring_service, service
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from tests.make.backups import holds, make_backup, silent


async def test_the_newest_verified_backup_of_everything_is_the_last_good_one(own: Settings) -> None:
    shutil.rmtree(str(own.backup_dir), ignore_errors=True)
    await measuring_service.tell(own)
    assert measuring_service.LAST_GOOD._value.get() == 0
    good = await make_backup(own)
    await service.verify(own, good, proofs=[holds], progress=silent)
    newer = await make_backup(own)
    some = await make_backup(own, tables=["plans"])
    await service.verify(own, some, proofs=[holds], progress=silent)
    measures = await measuring_service.measure(own)
    assert measures.newest is not None
    assert measures.last_good is not None
    assert (measures.newest.backup_id, measures.last_good.backup_id) == (newer, good)
    age = measuring_service.age_seconds(measures, clock.now())
    assert age is not None
    assert 0 <= age < 600
    await measuring_service.tell(own)
    assert measuring_service.LAST_GOOD._value.get() == measures.last_good.made_at.timestamp()
    assert measuring_service.SIZE._value.get() == measures.newest.size_bytes
    assert measuring_service.DURATION._value.get() > 0
