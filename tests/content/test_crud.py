"""A slug is unique among what is there, even if two ask at once."""

from __future__ import annotations

import asyncio

from tests.make.content import draft
from tests.make.staff_client import StaffClient


async def test_of_two_who_take_a_slug_at_once_one_gets_it(staff: StaffClient) -> None:
    body = draft()
    answers = await asyncio.gather(*(staff.ask("POST", "/content/admin", body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
