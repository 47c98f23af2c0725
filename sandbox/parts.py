"""What every part of the sandbox works with."""

from __future__ import annotations

import sqlite3

from sandbox import signing
from sandbox.browsers import Browsers
from sandbox.clock import Clock
from sandbox.config import Config
from sandbox.courier import Courier
from sandbox.messages import Messages
from sandbox.store import Store


class Sandbox:
    """Configuration, state, clock and courier of one running sandbox."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = Store(config.folder)
        self.clock = Clock(self.store)
        self.courier = Courier(config, self.store, self.clock, self.operator_secret)
        self.messages = Messages()
        self.browsers = Browsers()

    @property
    def db(self) -> sqlite3.Connection:
        """For reading; what writes opens `store.transaction()`."""
        return self.store.db

    @property
    def now(self) -> float:
        """The sandbox's instant, in seconds since 1970."""
        return self.clock.now()

    def operator_secret(self, channel: str, direction: str) -> str:
        """The secret of a channel, of the version that `PUT /sandbox/operators/{channel}` set."""
        version = self.store.recall("secret_versions", {}).get(channel, 1)
        return signing.operator_secret(self.config.operator_secret, channel, direction, version)

    def delivered(self) -> list[tuple[str, int, float]]:
        """Each recharge that an operator delivered, in order, a second delivery once more: number (E.164), paise, instant."""
        query = (
            "SELECT phone_number, amount_paise, delivered_at FROM delivered JOIN recharges USING (channel, reference)"
            " ORDER BY id"
        )
        return [(f"+91{number[-10:]}", paise, at) for number, paise, at in self.db.execute(query)]

    def wipe(self) -> None:
        """Back to the first start: no state, no scripts, real time."""
        self.courier.drop()
        self.messages.clear()
        self.store.wipe()
        self.clock.reload()
        self.courier.wake()
