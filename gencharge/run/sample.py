"""The sample data of a development installation, with the three months that its customers have lived.

The life needs our own sandbox as the gateway and the operators. An installation with others, or without one, gets the
plain sample data.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections import Counter

    import httpx

    from gencharge.core.settings import Settings

# The kinds of steps that the summary counts.
_NAMES: Final = {
    "Recharge": "recharges",
    "TopUp": "top-ups",
    "RefundRecharge": "refunds",
    "Adjust": "adjustments",
    "Reconcile": "reconciled days",
}
# The sandbox listens on loopback only, because anybody who reaches it controls it.
SANDBOX_HOST: Final = "127.0.0.1"


def with_sandbox(settings: Settings) -> Settings:
    """The settings, with our own sandbox as the gateway and the operators unless others were given."""
    if (
        not settings.is_development
        or not settings.sandbox_port
        or "payment_gateway_url" in settings.model_fields_set
    ):
        return settings
    return settings.model_copy(update={"payment_gateway_url": sandbox_url(settings)})


def sandbox_url(settings: Settings) -> str:
    """Where the sandbox is reached."""
    return f"http://{SANDBOX_HOST}:{settings.sandbox_port}"


def has_life(settings: Settings) -> bool:
    """Whether the sample customers of a new installation with these settings have a past."""
    from gencharge.core.settings import Environment

    own_sandbox = settings.sandbox_port and "payment_gateway_url" not in settings.model_fields_set
    return settings.environment is Environment.DEVELOPMENT and bool(own_sandbox)


def seed(settings: Settings) -> str | None:
    """Add what is missing of the sample data. What was added, in one line; None if nothing was missing."""
    if has_life(settings):
        return asyncio.run(_seed(with_sandbox(settings)))
    from gencharge import seed as sample

    return "the sample data" if sample.seed(with_sandbox(settings)) else None


def in_words(lived: Counter[str]) -> str:
    """`50 customers with three months of history: 190 recharges, 60 top-ups and ...`."""
    *first, last = [f"{lived[kind]} {name}" for kind, name in _NAMES.items()]
    return f"50 customers with three months of history: {', '.join(first)} and {last}"


async def _seed(settings: Settings) -> str | None:
    from gencharge.core import telemetry
    from gencharge.core.stores.stores import Stores
    from life import beginning

    # What the customers' lives log would bury the lines that a person reads.
    telemetry.configure_logging(settings.model_copy(update={"log_level": "WARNING"}))
    stores = Stores.open(settings, name="gencharge-seed")
    try:
        begun = await beginning.begin(stores.database, settings)
        if begun.life is None:
            return "the sample data" if begun.added else None
        from life import driver

        with closing(SandboxInside(stores.settings)) as outside:
            return in_words(await driver.live(stores, begun.life, outside))
    finally:
        await stores.close()


class SandboxInside:
    """The sandbox in this process, over the state that `gencharge sandbox` goes on with later. Close it before."""

    def __init__(self, settings: Settings) -> None:
        import httpx

        from sandbox.app import create_app
        from sandbox.config import Config
        from sandbox.parts import Sandbox

        config = Config.of(settings)
        app = create_app(config)
        # Without its lifespan, so that no courier runs: the driver takes the webhooks.
        self._sandbox = app.state.sandbox = Sandbox(config)
        self.transport: httpx.AsyncBaseTransport = httpx.ASGITransport(app=app)

    def take_webhooks(self) -> list[tuple[str, bytes]]:
        """The gateway's webhooks that nobody has taken yet. Operators' callbacks are only hints, and dropped."""
        from sandbox.scripts import GATEWAY

        with self._sandbox.store.transaction() as db:
            queued = db.execute("SELECT * FROM notices WHERE state = 'queued' ORDER BY id").fetchall()
            db.execute(
                "UPDATE notices SET state = 'sent', attempts = 1, last_answer = '200' WHERE state = 'queued'"
            )
        return [(row["event_id"], row["body"]) for row in queued if row["target"] == GATEWAY]

    def delivered(self) -> list[tuple[str, int, float]]:
        """Each recharge that an operator delivered, a second delivery once more: number (E.164), paise, seconds since 1970."""
        return self._sandbox.delivered()

    def close(self) -> None:
        """Drop what is still queued, and close the file."""
        self.take_webhooks()
        self._sandbox.store.close()
