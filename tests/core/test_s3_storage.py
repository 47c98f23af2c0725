"""The storage in a bucket: types, parts, links, and a service that is away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from gencharge.core.stores.s3_storage import S3Storage
from gencharge.core.stores.storage import StorageUnavailable
from tests.make.storage import BUCKET, S3Server

PDF = "application/pdf"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


ATTACHED = 'attachment; filename="May & June.pdf"'


async def test_an_object_has_its_type_and_stands_under_the_prefix(server: S3Server) -> None:
    storage = S3Storage.of(server.settings(prefix="a/b", storage_public_url=f"{server.url}/"))
    await storage.put("c/d.pdf", b"x", PDF)
    link = storage.link("c/d.pdf", 60, disposition=ATTACHED)
    assert link is not None
    assert f"/{BUCKET}/a/b/c/d.pdf?" in link
    answer = httpx.get(link)
    assert (answer.content, answer.headers["content-type"]) == (b"x", PDF)


async def test_a_large_file_goes_up_in_parts_and_comes_back_whole(server: S3Server) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(40):
            yield bytes([number]) * 500_000

    storage = S3Storage.of(server.settings())
    await storage.put("backups/1.zst", parts(), "application/zstd")
    sizes = [len(piece) async for piece in storage.read("backups/1.zst")]
    assert (sum(sizes), max(sizes) < 10_000_000) == (20_000_000, True)
    assert (await storage.list_files("backups/"))[0].size_bytes == 20_000_000


async def test_a_link_says_for_how_long_it_works_and_under_which_name_to_save(server: S3Server) -> None:
    storage = S3Storage.of(server.settings(storage_public_url=server.url))
    await storage.put("reports/1.csv", b"a,b", "text/csv")
    link = storage.link("reports/1.csv", 60, disposition=ATTACHED)
    assert link is not None
    assert "X-Amz-Expires=60" in link
    answer = httpx.get(link)
    assert (answer.content, answer.headers["content-disposition"]) == (b"a,b", ATTACHED)
    assert answer.headers["cache-control"] == "no-store"


async def test_no_link_is_made_if_browsers_do_not_reach_the_service(server: S3Server) -> None:
    assert S3Storage.of(server.settings()).link("reports/1.csv", 60, disposition=ATTACHED) is None


async def test_no_link_is_made_to_what_is_no_key(server: S3Server) -> None:
    storage = S3Storage.of(server.settings(storage_public_url=server.url))
    with pytest.raises(ValueError, match="is no key"):
        storage.link("../secrets.csv", 60, disposition=ATTACHED)


@pytest.mark.parametrize(
    "others", [{"storage_endpoint_url": "http://127.0.0.1:9"}, {"storage_bucket": "nobodys"}]
)
async def test_a_service_that_is_away_or_has_no_such_bucket_is_unavailable(
    server: S3Server, others: dict[str, str]
) -> None:
    storage = S3Storage.of(server.settings(**others))
    with pytest.raises(StorageUnavailable):
        await storage.put("a/b.pdf", b"x", PDF)
    with pytest.raises(StorageUnavailable):
        await storage.list_files()
