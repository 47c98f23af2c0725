"""Plain functions for the tests of the staff's side: who asks, and what they send."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

from gencharge.admins.models import Admin
from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from gencharge.plans import sample
from tests.factories import headers_for

UNLIMITED: UUID = sample.groups()[0]["group_id"]
ADDONS: UUID = sample.groups()[1]["group_id"]


def staff(
    settings: Settings, role: str = "Manager", *operators: str, admin_id: UUID | None = None
) -> dict[str, str]:
    """The headers of an admin of this role; with `operators`, limited to them."""
    admin = Admin(admin_id=admin_id or new_id(), operator_scope=list(operators))
    return headers_for(settings, admin, role=role)


def body(**but: Any) -> dict[str, Any]:
    """The body of a new plan: a draft of Jio with a name of its own."""
    values: dict[str, Any] = {
        "name": f"Test {uuid4().hex}",
        "operator": "JIO",
        "plan_type": "prepaid",
        "category": "unlimited",
        "price": 199,
        "validity": {"n": 28, "unit": "day"},
        "benefits": {"data_per_day_mb": 1536, "voice_unlimited": True, "sms_per_day": 100},
        "group_id": str(UNLIMITED),
    }
    return values | but


async def eventually(happens: Any, seconds: float = 1.0) -> None:
    """Wait until `happens()` is true; fail after `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await happens():
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.01)
