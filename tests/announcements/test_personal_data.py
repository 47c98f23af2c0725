"""What a customer touched is in the export, and gone after the erasure, with what was announced to them alone."""

from __future__ import annotations

from uuid import UUID

from gencharge.announcements import personal_data
from gencharge.core.stores.stores import Stores
from gencharge.users.models import User
from tests.announcements.conftest import Inboxes
from tests.make.announcements import announce
from tests.make.staff_client import StaffClient

PART = personal_data.PART


async def test_views_are_exported_and_erased_and_what_is_for_all_stays(
    staff: StaffClient, customer: User, inbox: Inboxes, stores: Stores
) -> None:
    assert PART.export is not None
    assert PART.erase is not None
    for_all = await announce(staff)
    await announce(staff, audience={"kind": "customer", "user_id": str(customer.user_id)})
    await inbox(customer.user_id, "POST", f"/{for_all}/viewed")
    [exported] = await PART.export(stores, customer.user_id)
    assert exported["announcement_id"] == UUID(for_all)
    assert exported["viewed_at"] is not None
    for _ in range(2):
        await PART.erase(stores, customer.user_id)
    assert await PART.export(stores, customer.user_id) == []
    assert [row["_id"] for row in await stores.documents["announcements"].find().to_list()] == [UUID(for_all)]
