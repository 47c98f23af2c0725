"""What the staff send is checked before anything is read."""

from __future__ import annotations

import pytest

from tests.make.contact import Customer, write_as_staff
from tests.make.staff_client import StaffClient


@pytest.mark.parametrize("part", ["notes", "replies", "resolution"])
async def test_a_text_is_needed_and_has_a_limit(customer: Customer, staff: StaffClient, part: str) -> None:
    enquiry_id = await customer.send()
    for text, code in (("", "text_required"), ("x" * 4_001, "string_too_long")):
        refused = await write_as_staff(staff, enquiry_id, part, text)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["code"] == code


async def test_an_unknown_filter_lists_nothing(staff: StaffClient) -> None:
    for path in ("/contact/admin", "/contact/admin/figures"):
        assert (await staff.ask("GET", path, params={"text": "hello"})).status_code == 422
