"""Announcements, their readers, and the staff who write them."""

from __future__ import annotations

from typing import Any

from tests.make.staff_client import StaffClient

TEXTS = {
    "en": {
        "title": "Recharges pause tonight",
        "body": "From 01:00 to 02:00 no recharge goes through.",
        "sms": "",
        "dlt_template": "",
    },
    "hi": {
        "title": "आज रात रिचार्ज रुकेंगे",
        "body": "01:00 से 02:00 तक कोई रिचार्ज नहीं होगा।",
        "sms": "",
        "dlt_template": "",
    },
}


def draft(**overrides: Any) -> dict[str, Any]:
    """The body of a draft: news of the service to all customers."""
    return {"audience": {"kind": "customers"}, "purpose": "service", "texts": TEXTS} | overrides


async def write(staff: StaffClient, **overrides: Any) -> str:
    """Write a draft; its id."""
    answer = await staff.ask_json("POST", "/announcements", draft(**overrides))
    return str(answer["announcement_id"])


async def send(staff: StaffClient, announcement_id: str, **times: Any) -> dict[str, Any]:
    """Send a draft, now by default."""
    sent: dict[str, Any] = await staff.ask_json("POST", f"/announcements/{announcement_id}/send", times)
    return sent


async def announce(staff: StaffClient, **overrides: Any) -> str:
    """Write and send an announcement now; its id."""
    announcement_id = await write(staff, **overrides)
    await send(staff, announcement_id)
    return announcement_id
