"""Items that come while others are being stored are stored together, and each caller learns what became of its own."""

from __future__ import annotations

import asyncio

from gencharge.core.background.batches import Batches


class Store:
    """Remembers batches; each takes until `free` is set."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.free = asyncio.Event()
        self.free.set()
        self.refused: set[int] = set()

    async def __call__(self, items: list[int]) -> None:
        self.batches.append(items)
        await self.free.wait()
        if self.refused & set(items):
            raise ValueError("refused")


async def test_an_item_alone_waits_for_nobody() -> None:
    store = Store()
    batches = Batches(store, limit=10)
    for number in range(3):
        await batches.add(number)
    assert store.batches == [[0], [1], [2]]


async def test_what_comes_while_a_batch_is_stored_is_the_next_one_in_order_and_within_the_limit() -> None:
    store = Store()
    batches = Batches(store, limit=4)
    store.free.clear()
    adding = [asyncio.create_task(batches.add(number)) for number in range(7)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    store.free.set()
    await asyncio.gather(*adding)
    assert [number for batch in store.batches for number in batch] == list(range(7))
    assert all(len(batch) <= 4 for batch in store.batches)
    assert len(store.batches) < 7


async def test_an_error_reaches_the_callers_of_its_batch_and_no_others() -> None:
    store = Store()
    batches = Batches(store, limit=2)
    store.refused = {0}
    results = await asyncio.gather(*(batches.add(number) for number in range(4)), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, ValueError, type(None), type(None)]
    await batches.add(5)


async def test_a_caller_that_is_cancelled_takes_nobody_with_it() -> None:
    store = Store()
    batches = Batches(store, limit=10)
    store.free.clear()
    cancelled, other = (asyncio.create_task(batches.add(number)) for number in range(2))
    await asyncio.sleep(0.01)
    cancelled.cancel()
    store.free.set()
    await other
    assert cancelled.cancelled() or cancelled.cancelling()


async def test_closing_cancels_what_is_under_way_and_what_waits() -> None:
    store = Store()
    batches = Batches(store, limit=1)
    store.free.clear()
    adding = [asyncio.create_task(batches.add(number)) for number in range(3)]
    await asyncio.sleep(0.01)
    await batches.close()
    results = await asyncio.gather(*adding, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert store.batches == [[0]]
