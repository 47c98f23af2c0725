"""A customer's enquiries are in the export, without the staff's notes, and gone after the erasure."""

from __future__ import annotations

import pytest

from gencharge.contact import personal_data
from gencharge.core.stores.stores import Stores
from tests.make.contact import MESSAGE, Customer, write_as_staff
from tests.make.staff_client import StaffClient

PART = personal_data.PART


async def test_the_export_has_every_thread_and_no_note(
    customer: Customer, staff: StaffClient, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_data, "_PAGE", 1)
    first, second = await customer.send(), await customer.send()
    assert (await write_as_staff(staff, first, "notes", "Was rude")).status_code == 201
    assert PART.export is not None
    exported = [enquiry async for enquiry in await PART.export(stores, customer.user_id)]
    assert [str(enquiry.enquiry_id) for enquiry in exported] == [second, first]
    assert [[message.text for message in enquiry.messages] for enquiry in exported] == [[MESSAGE], [MESSAGE]]


async def test_the_erasure_leaves_nothing(customer: Customer, stores: Stores) -> None:
    await customer.send()
    assert PART.erase is not None
    for _ in range(2):
        await PART.erase(stores, customer.user_id)
        assert await stores.documents["enquiries"].count_documents({"user_id": customer.user_id}) == 0
