"""A loop of a worker over rows that are due: claim some, work on them side by side, look again.

The rows are the truth, and a claim is a lease on them: any number of workers is safe, and what a worker that died was
at comes due again when its lease has run out. So nothing is lost when work fails here or is cut off.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar, Final, Generic, TypeVar

from gencharge.core import telemetry
from gencharge.core.errors import Unavailable
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.tracing import spans

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
_TROUBLE_SECONDS: Final = 1.0
# A claim costs some statements: places that are freed within this time share one.
_GATHER_SECONDS: Final = 0.005
# How long a loop waits at most for `claim_from` free places: the rest of its work may take long.
_FULL_SECONDS: Final = 0.1
log = telemetry.get_logger(__name__)


class Loop(ABC, Generic[T, K]):
    """One per worker process. `run` until cancelled, or `drain` in a test."""

    at_a_time: ClassVar[int]
    poll_seconds: ClassVar[float]
    # A loop that works claims again when so many places are free.
    claim_from: ClassVar[int] = 1

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[None], K] = {}

    @abstractmethod
    async def claim(self, free: int, running: Counter[K]) -> Sequence[T]:
        """Lease up to `free` rows that are due; `running` says how many of each party are being worked on."""

    @abstractmethod
    def party_of(self, task: T) -> K:
        """Whom the task concerns: an operator, an endpoint. One that is slow must not take all the places."""

    @abstractmethod
    def id_of(self, task: T) -> str:
        """What the log calls it."""

    def traceparent_of(self, task: T) -> str:
        """The traceparent of what the row came from, if that is stored: its trace goes on. Otherwise the work begins one."""
        del task
        return ""

    @abstractmethod
    async def work(self, task: T) -> None:
        """Move one row on. What is raised is logged; the row comes due again when its lease has run out."""

    @abstractmethod
    async def close(self) -> None:
        """Close what the loop holds."""

    async def run(self) -> None:
        """Work on what is due, until cancelled; what is under way then is left to its lease."""
        try:
            while True:
                try:
                    taken = await self._take()
                except Exception as error:
                    raise_if_cancelled()
                    if not isinstance(error, Unavailable):
                        log.exception("loop_failed", loop=type(self).__name__)
                    await asyncio.sleep(_TROUBLE_SECONDS)
                else:
                    # A store's client may swallow the cancellation of a claim (pymongo does).
                    raise_if_cancelled()
                    if not taken:
                        await self._rest()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
            await self.close()

    async def drain(self) -> None:
        """Work until nothing is due now and nothing is under way. The last claim is made with nothing under way."""
        is_over = False
        while not is_over:
            was_idle = not self._running
            is_over = not await self._take() and was_idle
            if self._running:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _rest(self) -> None:
        """Wait until the next poll, or a little after a place was freed: what ends at the same time is replaced at once."""
        if not self._running:
            await asyncio.sleep(self.poll_seconds)
            return
        done, _ = await asyncio.wait(
            self._running, timeout=self.poll_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if done:
            await asyncio.sleep(min(_GATHER_SECONDS, self.poll_seconds))

    async def _take(self) -> int:
        if self._running and self._free < self.claim_from:
            await self._until_free()
        tasks = await self.claim(self._free, Counter(self._running.values()))
        for task in tasks:
            handle = asyncio.create_task(self._one(task))
            self._running[handle] = self.party_of(task)
            handle.add_done_callback(lambda done: self._running.pop(done, None))
        return len(tasks)

    @property
    def _free(self) -> int:
        return self.at_a_time - len(self._running)

    async def _until_free(self) -> None:
        """Wait until a place is free, and a little for as many as make a claim worth its statements."""
        if self._free <= 0:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        with suppress(TimeoutError):
            async with asyncio.timeout(_FULL_SECONDS):
                while self._running and self._free < self.claim_from:
                    await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _one(self, task: T) -> None:
        try:
            name, parent = f"loop {type(self).__name__}", self.traceparent_of(task)
            with spans.work(name, spans.Kind.CONSUMER, {}, parent=parent) as traceparent:
                if traceparent:
                    telemetry.set_context(replace(telemetry.context(), traceparent=traceparent))
                await self.work(task)
        except Unavailable as error:
            raise_if_cancelled()
            log.warning("work_postponed", loop=type(self).__name__, id=self.id_of(task), error=error.code())
        except Exception:
            raise_if_cancelled()
            log.exception("work_failed", loop=type(self).__name__, id=self.id_of(task))
