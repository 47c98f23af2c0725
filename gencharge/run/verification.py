"""`gencharge ledger verify` and `gencharge audit verify`: the proofs, on the stores that the settings name."""

from __future__ import annotations

from gencharge import wiring
from gencharge.audit import verification_service as verification
from gencharge.audit.verification_service import Report as TrailReport
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import checks
from gencharge.core.rooms.checks import Report
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores


async def verify_audit(settings: Settings) -> TrailReport:
    """Check the chain of the audit trail."""
    stores = Stores.open(settings, name="gencharge-verify")
    try:
        return await verification.verify(stores)
    finally:
        await stores.close()


async def verify_ledger(settings: Settings) -> Report:
    """Run the invariants of every room."""
    database = Database(settings, name="gencharge-verify")
    try:
        return await checks.run(database, wiring.CHECKS)
    finally:
        await database.close()
