"""A loop over due rows: each row's work belongs to the trace that its row came from, and it ends when it is cancelled."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from gencharge.core import telemetry
from gencharge.core.background.batches import Batches
from gencharge.core.background.loop import Loop
from gencharge.core.settings import Settings
from gencharge.core.tracing import spans
from gencharge.core.tracing.traceparent import Traceparent
from tests.make.collector import collector, tracing

STORED = str(Traceparent(7, 8, sampled=True))


class Bells(Loop[str, str]):
    """Rings rows, which are traceparents."""

    at_a_time = 4
    poll_seconds = 0.01

    def __init__(self, *rows: str) -> None:
        super().__init__()
        self.rows = list(rows)
        self.rung: list[str] = []
        self.stored = Batches(self._store, limit=10)

    async def claim(self, free: int, running: Counter[str]) -> Sequence[str]:
        claimed, self.rows = self.rows[:free], self.rows[free:]
        return claimed

    def party_of(self, task: str) -> str:
        return task

    def id_of(self, task: str) -> str:
        return task

    def traceparent_of(self, task: str) -> str:
        return task

    async def work(self, task: str) -> None:
        self.rung.append(telemetry.context().traceparent)
        if task == STORED:
            raise LookupError("canary")
        await self.stored.add(task)

    async def _store(self, items: list[str]) -> None:
        assert spans.current() is None, "what is stored for many belongs to none of them"

    async def close(self) -> None:
        await self.stored.close()


async def test_the_work_of_a_row_goes_on_with_its_trace(settings: Settings) -> None:
    bells = Bells(STORED, "")
    with collector() as there, tracing(settings, there):
        await bells.drain()
    continued, begun = sorted(there.named("loop Bells"), key=lambda one: not one.failed)
    assert (int(continued.trace_id, 16), int(continued.parent_id, 16)) == (7, 8)
    assert continued.attributes == {"error.type": "LookupError"}
    assert (begun.parent_id, begun.failed) == ("", False)
    # What it announces, and what it logs, belongs to the same trace.
    assert [traceparent[3:35] for traceparent in bells.rung] == [continued.trace_id, begun.trace_id]


async def test_a_drain_ends_with_a_claim_that_saw_nothing_under_way() -> None:
    seen: list[int] = []

    class Slow(Bells):
        async def claim(self, free: int, running: Counter[str]) -> Sequence[str]:
            seen.append(running.total())
            claimed = await super().claim(free, running)
            # What is under way ends while the claim is.
            await asyncio.sleep(0.02)
            return claimed

        async def work(self, task: str) -> None:
            await asyncio.sleep(0.01 * float(task))

    await Slow("1", "2").drain()
    assert seen[-1] == 0
    assert len(seen) > 2


class Crowd(Bells):
    """Eight places. Each row says how long its work takes, in hundredths of a second."""

    at_a_time = 8
    claim_from = 4

    def __init__(self, *rows: str) -> None:
        super().__init__(*rows)
        self.claimed: list[int] = []

    async def claim(self, free: int, running: Counter[str]) -> Sequence[str]:
        self.claimed.append(free)
        return await super().claim(free, running)

    async def work(self, task: str) -> None:
        await asyncio.sleep(0.01 * float(task))
        self.rung.append(task)


async def test_a_full_loop_claims_for_several_free_places_at_once() -> None:
    crowd = Crowd(*(str(number % 8) for number in range(40)))
    await crowd.drain()
    assert len(crowd.rung) == 40
    filled = crowd.claimed[: crowd.claimed.index(8, 1)]
    assert min(filled) >= 4, "no claim for a few places while there was work"
    assert len(filled) < 20, "forty rows, four at a time"


async def test_work_that_takes_long_does_not_keep_the_other_places_empty() -> None:
    crowd = Crowd(*["100"] * 7, *["1"] * 3)
    running = asyncio.create_task(crowd.run())
    async with asyncio.timeout(10):
        while crowd.rung.count("1") < 3:
            await asyncio.sleep(0.01)
    assert "100" not in crowd.rung, "they went past what takes a second"
    running.cancel()
    await asyncio.wait([running])


async def test_without_tracing_a_loop_is_as_it_was() -> None:
    bells = Bells("", STORED)
    await bells.drain()
    assert bells.rung == ["", ""]


class Deaf(Bells):
    """Its claim loses a cancellation, as a store's client may."""

    def __init__(self) -> None:
        super().__init__()
        self.claiming = asyncio.Event()

    async def claim(self, free: int, running: Counter[str]) -> Sequence[str]:
        try:
            self.claiming.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return []
        raise AssertionError("unreachable")


async def test_a_loop_ends_although_a_claim_loses_the_cancellation() -> None:
    deaf = Deaf()
    running = asyncio.create_task(deaf.run())
    await deaf.claiming.wait()
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=5)
    assert done == {running}
    assert running.cancelled()
