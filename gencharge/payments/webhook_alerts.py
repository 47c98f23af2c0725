"""Telling of webhooks without a genuine signature, and not so often that whoever sends them fills our tables."""

from __future__ import annotations

import time
from typing import Final
from weakref import WeakKeyDictionary

from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.postgres.database import Database
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.payments.events import WebhookRefused

# One event for each kind of sender and reason in so long; the log has every one.
QUIET_SECONDS: Final = 10.0
log = telemetry.get_logger(__name__)
# By database, which is to say by application: a test runs several in one process.
_last: WeakKeyDictionary[Database, dict[tuple[str, str], float]] = WeakKeyDictionary()


async def refused(database: Database, sender: str, reason: str) -> None:
    """Say that a message in the name of `sender` (`gateway:razorpay`, `operator:jio-direct`) was refused.

    In a transaction of its own: the refusal of the request must not take it back.
    """
    log.warning("webhook_refused", sender=sender, reason=reason)
    # Whoever forges a name can forge many: what counts is what stands before the colon.
    key = (sender.partition(":")[0], reason)
    told, now = _last.setdefault(database, {}), time.monotonic()
    if now - told.get(key, float("-inf")) < QUIET_SECONDS:
        return
    told[key] = now
    event = WebhookRefused(user_id=str(SYSTEM_USER_ID), sender=sender, reason=reason)
    await database.run(lambda db: emit(db, event))
