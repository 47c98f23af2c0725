"""One of two changes of the same generation counts."""

from __future__ import annotations

import asyncio

from gencharge.core.events import document_events
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.notifications import template_crud as crud
from gencharge.notifications.events import NoticeTemplateTested


async def test_of_changes_that_saw_the_same_generation_one_counts(stores: Stores) -> None:
    kind = f"kind_{new_id().hex}"
    event = NoticeTemplateTested(user_id=str(SYSTEM_USER_ID), kind=kind, language="en", edition=0)

    async def change(generation: int, published: int) -> bool:
        values = {"published": published, "updated_at": None}
        carried = document_events.carry(event)
        return await crud.change_template(stores.documents, kind, "en", generation, values, carried)

    try:
        for generation in (0, 1):
            outcomes = await asyncio.gather(*(change(generation, number) for number in range(10)))
            assert outcomes.count(True) == 1
        document = await crud.get_template(stores.documents, kind, "en")
        assert document is not None
        assert (document["generation"], len(document["events"])) == (2, 2)
        assert await crud.get_template(stores.documents, kind, "hi") is None
    finally:
        await stores.documents[crud.TEMPLATES].delete_many({"kind": kind})
