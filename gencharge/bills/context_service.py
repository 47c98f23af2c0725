"""What a process needs to ask operators about bills, and how it asks."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from fastapi import FastAPI

from gencharge.channels import service as channels
from gencharge.channels.service import (
    BillAnswer,
    BillVerdict,
    Channel,
    Health,
    OperatorClient,
    Publisher,
    Verdict,
)
from gencharge.core import telemetry
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import process
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.operators import service as operators

# A customer waits for the answer: at most so long for each channel, and at most two channels are asked.
ASK_SECONDS: Final = 3.0
_CHANNELS_ASKED: Final = 2


@dataclass(slots=True)
class BillsContext(OnePerApp):
    """The settings, the database and the operators of an application."""

    settings: Settings
    database: Database
    client: OperatorClient
    operators: operators.Operators
    channels: channels.Channels = field(default_factory=channels.Channels)
    health: Health = field(default_factory=Health)
    breakers: Publisher = field(default_factory=Publisher)

    @classmethod
    def at(cls, stores: Stores, *, ask_seconds: float = ASK_SECONDS) -> BillsContext:
        """A context with a client of its own."""
        return cls.beside(stores.settings, stores.database, ask_seconds=ask_seconds)

    @classmethod
    def beside(
        cls, settings: Settings, database: Database, *, ask_seconds: float = ASK_SECONDS
    ) -> BillsContext:
        """The same on an open database."""
        client = OperatorClient(settings, timeout_seconds=ask_seconds)
        return cls(settings, database, client, operators.Operators())

    @classmethod
    def open(cls, app: FastAPI) -> BillsContext:
        """A context on the application's stores."""
        return cls.at(app.state.stores)

    async def ask(self, operator: str, phone_number: str) -> BillAnswer:
        """What the operator says about the number's bill now, over its first channel that answers. Call it outside a transaction."""
        known = (await self.channels.refresh(self.database)).channels.values()
        answer, tried = BillAnswer(BillVerdict.AWAY, reason="no_channel"), list[str]()
        for _ in range(_CHANNELS_ASKED):
            # A bill may be of any amount, so a channel's limits on amounts don't count yet.
            usable = [each for each in known if each.is_active and each.operator == operator]
            channel = min(
                (each for each in usable if each.code not in tried and not self.health.is_open(each.code)),
                key=lambda each: (each.priority, each.code),
                default=None,
            )
            if channel is None:
                break
            tried.append(channel.code)
            answer = await self._ask(channel, operator, phone_number)
            if answer.verdict is not BillVerdict.AWAY:
                break
        return answer

    async def _ask(self, channel: Channel, operator: str, phone_number: str) -> BillAnswer:
        self.health.begin(channel.code)
        started, verdict = time.monotonic(), Verdict.UNKNOWN
        try:
            answer = await self.client.fetch_bill(channel, operator, phone_number)
            if answer.verdict is not BillVerdict.AWAY:
                verdict = Verdict.DELIVERED  # an answer: the channel works
        finally:
            # A cancelled probe must not keep the channel closed for the life of the process.
            change = self.health.record(channel.code, verdict)
        telemetry.OPERATOR_CALLS.labels(channel.code, "bill", answer.verdict.value).observe(
            time.monotonic() - started
        )
        await self.breakers.publish(self.database, change)
        return answer


async def watch_operators(app: FastAPI, stores: Stores) -> None:
    """Close the connections to the operators when the process ends."""
    del stores
    await process.close_at_end(lambda: BillsContext.of(app).client.close())
