"""The dispatcher: submits recharges that are due to their operators, as long as a worker runs.

It is a loop over rows and not a job for each recharge. Leases make any number of workers safe, and the leases of a worker
that dies run out. What such a worker was submitting counts as unknown: the operator is asked, and if it has never seen the
reference, the same submission is sent again.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as channels
from gencharge.channels.models import FulfilmentState
from gencharge.channels.service import (
    Answer,
    Channel,
    ChannelsSnapshot,
    Health,
    OperatorClient,
    Publisher,
    Task,
    Verdict,
)
from gencharge.core import faultpoints, telemetry
from gencharge.core.background.loop import Loop
from gencharge.core.stores.stores import Stores
from gencharge.delivery import service as delivery

log = telemetry.get_logger(__name__)
# Concurrent calls to one operator: a slow one must not use up all the capacity.
PER_OPERATOR: Final = 48
# How long the channels are used before they are read again.
CHANNELS_SECONDS: Final = 0.7


class Dispatcher(Loop[Task, str]):
    """One per worker process: `run` it until cancelled, or `drain` it in a test."""

    at_a_time = 160
    poll_seconds = 0.1

    def __init__(self, stores: Stores, client: OperatorClient | None = None) -> None:
        super().__init__()
        settings = stores.settings
        self._stores = stores
        self._client = client or OperatorClient(settings, timeout_seconds=settings.operator_timeout_seconds)
        self._check_seconds = settings.operator_check_seconds
        # Longer than a submission, a status question and a second submission can take together.
        self._lease_seconds = 3 * settings.operator_timeout_seconds + 10
        self.health = Health()
        self._breakers = Publisher()
        self._channels = channels.Channels()
        self._fresh_until = 0.0

    async def claim(self, free: int, running: Counter[str]) -> list[Task]:
        """Lease fulfilments that are due, except those of operators that are at their limit."""
        busy = [operator for operator, count in running.items() if count >= PER_OPERATOR]
        limit = min(free, PER_OPERATOR)
        tasks = await self._stores.database.run(
            lambda db: channels.claim(db, limit=limit, lease_seconds=self._lease_seconds, busy=busy)
        )
        if tasks:
            await faultpoints.point("claim.committed")
        return tasks

    def party_of(self, task: Task) -> str:
        """The operator."""
        return task.operator

    def id_of(self, task: Task) -> str:
        """The recharge's id."""
        return str(task.recharge_id)

    def traceparent_of(self, task: Task) -> str:
        """That of the sale."""
        return task.traceparent or ""

    async def work(self, task: Task) -> None:
        """Submit the recharge, or ask the operator about a submission."""
        snapshot = await self._snapshot()
        if task.state is FulfilmentState.DUE:
            await self._submit(task, snapshot)
        else:
            await self._ask(task, snapshot)

    async def close(self) -> None:
        """Close the connections to the operators."""
        await self._client.close()

    async def _snapshot(self) -> ChannelsSnapshot:
        if self._channels.snapshot is None or time.monotonic() >= self._fresh_until:
            await self._channels.refresh(self._stores.database)
            self._fresh_until = time.monotonic() + CHANNELS_SECONDS
        return await self._channels.current(self._stores.database)

    async def _submit(self, task: Task, snapshot: ChannelsSnapshot) -> None:
        database = self._stores.database
        tried = await database.run(lambda db: delivery.channels_tried(db, task))
        channel = channels.choose(
            snapshot.channels.values(),
            self.health,
            operator=task.operator,
            amount_paise=task.amount,
            tried=tried,
        )
        if channel is None:
            await database.run(lambda db: delivery.no_channel(db, task, snapshot))
            return
        chosen = channel

        async def begin(db: AsyncSession) -> str | None:
            reference = await channels.begin_attempt(db, task.user_id, task.recharge_id, channel=chosen.code)
            await faultpoints.point("submission.written")
            return reference

        reference = await database.run(begin)
        await faultpoints.point("submission.committed")
        if reference is not None:
            await self._send(task, channel, reference, snapshot, again=False)

    async def _send(
        self, task: Task, channel: Channel, reference: str, snapshot: ChannelsSnapshot, *, again: bool
    ) -> None:
        self.health.begin(channel.code)
        started = time.monotonic()
        try:
            answer = await self._client.submit(channel, task.submission(reference))
        except BaseException:
            # A cancelled probe must not keep the channel closed for the life of the process.
            self.health.record(channel.code, Verdict.UNKNOWN)
            raise
        await self._record("submit", channel, answer, started)
        if again and answer.verdict is Verdict.NOT_SENT:
            # This submission was not sent, but an earlier one under the same reference may have been.
            answer = Answer(Verdict.UNKNOWN, reason=answer.reason)
        await self._apply(reference, answer, snapshot)

    async def _ask(self, task: Task, snapshot: ChannelsSnapshot) -> None:
        """Ask about the current attempt; send it again if the operator never saw it."""
        channel = snapshot.get(task.channel)
        assert channel is not None, "a channel that was used is never deleted"
        assert task.reference is not None, "a fulfilment that is not due was submitted"
        started = time.monotonic()
        answer = await self._client.status(channel, task.reference)
        await self._record("status", channel, answer, started)
        if answer.verdict is Verdict.NOT_KNOWN:
            # The same reference: if the first submission is still on its way, the operator delivers only once.
            await self._send(task, channel, task.reference, snapshot, again=True)
        elif answer.verdict is Verdict.NOT_SENT:
            # Only the question was not sent. The submission is as unknown as before.
            await self._apply(task.reference, Answer(Verdict.UNKNOWN, reason=answer.reason), snapshot)
        else:
            await self._apply(task.reference, answer, snapshot)

    async def _record(self, call: str, channel: Channel, answer: Answer, started: float) -> None:
        change = self.health.record(channel.code, answer.verdict)
        telemetry.OPERATOR_CALLS.labels(channel.code, call, answer.verdict.value).observe(
            time.monotonic() - started
        )
        await self._breakers.publish(self._stores.database, change)

    async def _apply(self, reference: str, answer: Answer, snapshot: ChannelsSnapshot) -> None:
        async def apply(db: AsyncSession) -> None:
            await delivery.apply(db, reference, answer, snapshot=snapshot, check_seconds=self._check_seconds)
            await faultpoints.point("answer.written")

        await faultpoints.point("answer.come")
        await self._stores.database.run(apply)
        await faultpoints.point("answer.committed")


async def dispatch(stores: Stores) -> None:
    """Run the dispatcher in a worker."""
    await Dispatcher(stores).run()
