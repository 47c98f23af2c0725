"""The sealing job."""

from __future__ import annotations

from gencharge.audit import sealing_service as sealing
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.run.embedded import Mongo
from tests.make.audit import (
    LISTENERS,
    drained,
    recharge,
)


async def test_while_mongodb_is_away_the_sealing_job_waits_and_fails_nothing(
    own: Stores, mongo: Mongo
) -> None:
    from gencharge.audit import jobs

    mongo.stop()
    await jobs.seal(own)
    mongo.start()
    mongo.wait_ready()
    await recharge(own, 1)
    await drained(own, Relay(own, LISTENERS))
    assert await sealing.seal(own, delay_seconds=0) == 1
