"""How the staff act on the texts of notices."""

from __future__ import annotations

from typing import Any, Final

import httpx

from tests.make.staff_client import StaffClient, does

# A notice that no other test reads in Hindi.
TEMPLATE: Final = "/notifications/admin/templates/webhook_messages_overdue/hi"
TEXTS: Final[dict[str, Any]] = {
    "title": "वेबहुक संदेश देर से",
    "body": "{url} का सबसे पुराना संदेश {minutes} मिनट से रुका है।",
}


@does("POST /v1/notifications/admin/templates/{kind}/{language}/editions")
async def write_template(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{TEMPLATE}/editions", TEXTS)


@does("POST /v1/notifications/admin/templates/{kind}/{language}/editions/{edition}/restore")
async def restore_template(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{TEMPLATE}/editions/0/restore")


@does("POST /v1/notifications/admin/templates/{kind}/{language}/editions/{edition}/test")
async def send_template_test(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{TEMPLATE}/editions/0/test")


@does("POST /v1/notifications/admin/templates/{kind}/{language}/publish")
async def publish_template(staff: StaffClient) -> httpx.Response:
    await staff.ask_json("POST", f"{TEMPLATE}/editions", TEXTS)
    return await staff.ask("POST", f"{TEMPLATE}/publish", {})
