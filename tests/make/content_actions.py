"""How the staff act on content."""

from __future__ import annotations

from typing import Any

import httpx

from tests.make.content import draft, picture, slug, texts
from tests.make.staff_client import StaffClient, does


async def _content(staff: StaffClient) -> str:
    created: dict[str, Any] = await staff.ask_json("POST", "/content/admin", draft())
    return f"/content/admin/{created['content_id']}"


async def _upload(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/content/admin/images", files={"file": ("red.jpg", picture())})


@does("POST /v1/content/admin")
async def create_content(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/content/admin", draft())


@does("PATCH /v1/content/admin/{content_id}")
async def move_content(staff: StaffClient) -> httpx.Response:
    return await staff.ask("PATCH", await _content(staff), {"slug": slug(), "position": 3})


@does("DELETE /v1/content/admin/{content_id}")
async def delete_content(staff: StaffClient) -> httpx.Response:
    return await staff.ask("DELETE", await _content(staff))


@does("POST /v1/content/admin/{content_id}/editions")
async def write_content(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _content(staff)}/editions", texts("Better"))


@does("POST /v1/content/admin/{content_id}/editions/{edition}/restore")
async def restore_content(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _content(staff)}/editions/1/restore")


@does("POST /v1/content/admin/{content_id}/publish")
async def publish_content(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _content(staff)}/publish", {})


@does("POST /v1/content/admin/{content_id}/unpublish")
async def unpublish_content(staff: StaffClient) -> httpx.Response:
    content = await _content(staff)
    await staff.ask_json("POST", f"{content}/publish", {})
    return await staff.ask("POST", f"{content}/unpublish")


@does("POST /v1/content/admin/images")
async def upload_image(staff: StaffClient) -> httpx.Response:
    return await _upload(staff)


@does("DELETE /v1/content/admin/images/{image_id}")
async def delete_image(staff: StaffClient) -> httpx.Response:
    image_id = (await _upload(staff)).json()["image_id"]
    return await staff.ask("DELETE", f"/content/admin/images/{image_id}")
