"""Queries of the collection: what is due comes by its index."""

from __future__ import annotations

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.messages import crud
from tests.make.messages import enqueue, outgoing, park


async def test_the_queue_is_read_by_its_index_and_sorts_nothing(stores: Stores) -> None:
    await enqueue(stores, *(outgoing() for _ in range(5)))
    conditions = {"channel": "email", "due_at": {"$lte": clock.now()}}
    plan = await (
        stores.documents[crud.MESSAGES].find(conditions).sort([("priority", 1), ("due_at", 1)]).explain()
    )
    winner = str(plan["queryPlanner"]["winningPlan"])
    assert "'indexName': 'queue'" in winner
    assert "'stage': 'SORT'" not in winner


async def test_what_has_ended_is_in_no_index_of_the_queue(stores: Stores) -> None:
    await enqueue(stores, waiting := outgoing())
    await park(stores)
    due = stores.documents[crud.MESSAGES].find({"channel": "email", "due_at": {"$lte": clock.now()}})
    assert [document["_id"] for document in await due.hint("queue").to_list()] == [waiting.id]
