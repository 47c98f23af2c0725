"""The lines of a run come in their order, a page at a time, and nobody else's among them."""

from __future__ import annotations

from gencharge.backups import logs_crud
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id


async def test_lines_come_in_their_order(stores: Stores) -> None:
    run_id, other = new_id(), new_id()
    for text in ("first", "second", "third"):
        await logs_crud.add_line(stores.documents, run_id, at=clock.now(), level="info", text=text)
    await logs_crud.add_line(stores.documents, other, at=clock.now(), level="info", text="another run's")
    page = await logs_crud.list_lines(stores.documents, run_id, after=None, limit=2)
    assert [line["text"] for line in page] == ["first", "second"]
    rest = await logs_crud.list_lines(stores.documents, run_id, after=page[-1]["_id"], limit=2)
    assert [line["text"] for line in rest] == ["third"]
    stored = (await stores.documents["backup_logs"].index_information())["old"]["expireAfterSeconds"]
    assert stored == logs_crud.KEEP_SECONDS
