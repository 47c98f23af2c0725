"""Content, and pictures to upload."""

from __future__ import annotations

import io
from collections.abc import Mapping
from itertools import count
from typing import Any

import httpx
from PIL import Image

from gencharge.content.service import Contents
from tests.make.staff_client import StaffClient

NUMBERS = count(1)


def slug() -> str:
    """A slug that no other content of this process has."""
    return f"page-{next(NUMBERS)}"


def draft(**others: Any) -> dict[str, Any]:
    """The body of `POST /content/admin`."""
    return {"slug": slug(), "kind": "faq", **texts("How do I recharge?", "Choose a plan, and pay."), **others}


def texts(title: str, body: str = "", *, hindi: str | None = None, **others: Any) -> dict[str, Any]:
    """The body of `POST /content/admin/{content_id}/editions`."""
    written: dict[str, Mapping[str, str]] = {"en": {"title": title, "body": body}}
    if hindi is not None:
        written["hi"] = {"title": hindi}
    return {"texts": written, **others}


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    Image.new(mode, size, "red").save(file, kind, **options)
    return file.getvalue()


def path_of(page: dict[str, Any]) -> str:
    """The staff's address of a piece of content."""
    return f"/content/admin/{page['content_id']}"


async def published(staff: StaffClient, **others: Any) -> dict[str, Any]:
    """New content that everybody sees, also in the process under test."""
    page = await staff.ask_json("POST", "/content/admin", draft(**others))
    detail: dict[str, Any] = await staff.ask_json("POST", f"{path_of(page)}/publish", {})
    await Contents.of(staff.app).refresh(staff.stores.database)
    return detail


async def read(staff: StaffClient, page: dict[str, Any], **query: str) -> httpx.Response:
    """Content as everybody reads it, in a process that has heard of every change."""
    await Contents.of(staff.app).refresh(staff.stores.database)
    return await staff.ask("GET", f"/content/{page['slug']}", params=query)


async def upload(staff: StaffClient, content: bytes, name: str = "red.jpg", **query: str) -> httpx.Response:
    """Send a picture as a browser does."""
    return await staff.ask("POST", "/content/admin/images", files={"file": (name, content)}, params=query)
