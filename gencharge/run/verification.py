"""`gencharge ledger verify` and `gencharge audit verify`: the proofs, on the stores that the settings name."""

from __future__ import annotations

import asyncio

from gencharge import wiring
from gencharge.audit import verification_service as verification
from gencharge.audit.verification_service import Report as TrailReport
from gencharge.core.postgres.replica import open_for_reading
from gencharge.core.rooms import checks
from gencharge.core.rooms.checks import Report
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.run import replica


async def verify_audit(settings: Settings) -> TrailReport:
    """Check the chain of the audit trail."""
    stores = Stores.open(settings, name="gencharge-verify")
    try:
        return await verification.verify(stores)
    finally:
        await stores.close()


def ledger(settings: Settings, *, on_replica: bool) -> Report:
    """The same for a command. Raises ServerFailed with a clear line if the replica can't be used."""
    with replica.one_line():
        return asyncio.run(verify_ledger(settings, on_replica=on_replica))


async def verify_ledger(settings: Settings, *, on_replica: bool = False) -> Report:
    """Run the invariants of every room, on the replica if asked. Raises ReplicaNotUsed."""
    async with open_for_reading(settings, name="gencharge-verify", on_replica=on_replica) as database:
        return await checks.run(database, wiring.CHECKS)
