"""Alerts about webhooks without a genuine signature, limited so that a flood of them does not fill our tables."""

from __future__ import annotations

import time
from typing import Final
from weakref import WeakKeyDictionary

from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.postgres.database import Database
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.payments.events import WebhookRefused

# At most one event for each kind of sender and reason in this time; the log has every one.
QUIET_SECONDS: Final = 10.0
log = telemetry.get_logger(__name__)
# By database, and so by application: a test runs several in one process.
_last: WeakKeyDictionary[Database, dict[tuple[str, str], float]] = WeakKeyDictionary()


async def refused(database: Database, sender: str, reason: str) -> None:
    """Announce that a message in the name of `sender` (`gateway:razorpay`, `operator:jio-direct`) was refused.

    In a transaction of its own: the request fails, and must not roll this back.
    """
    log.warning("webhook_refused", sender=sender, reason=reason)
    # A forger can use many names: only the part before the colon counts.
    key = (sender.partition(":")[0], reason)
    announced, now = _last.setdefault(database, {}), time.monotonic()
    if now - announced.get(key, float("-inf")) < QUIET_SECONDS:
        return
    announced[key] = now
    event = WebhookRefused(user_id=str(SYSTEM_USER_ID), sender=sender, reason=reason)
    await database.run(lambda db: emit(db, event))
