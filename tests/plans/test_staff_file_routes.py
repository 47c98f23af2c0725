"""Files of plans over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.make.plans import (
    IMPORT,
    give,
)


async def test_a_file_over_five_megabytes_is_too_large_and_one_over_a_megabyte_is_not(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    async def without_length() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield b"x" * 1_000_000

    for content in (b"x" * 5_000_001, without_length()):
        refused = await staff_client.post(IMPORT, content=content, headers=manager)
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    read = await give(staff_client, manager, b"name\n" + b"x" * 4_000_000)
    assert (read.status_code, read.json()["code"]) == (422, "plan_file_invalid")
    other = await staff_client.post("/v1/plans", content=b"x" * 1_000_001, headers=manager)
    assert other.status_code == 413


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"nothing", "multipart/form-data"),
        (b"nothing", "multipart/form-data; boundary=x"),
        (b"--x\r\nbad", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
async def test_a_form_without_one_file_is_refused(
    staff_client: httpx.AsyncClient, manager: dict[str, str], content: bytes, kind: str
) -> None:
    refused = await staff_client.post(IMPORT, content=content, headers={**manager, "Content-Type": kind})
    assert (refused.status_code, refused.json()["code"]) == (422, "plan_file_invalid")
