"""`/console`: files that never change, one page with a strict policy, and what is said where it was not built."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api import console

SCRIPT = b"export const answer = 42;\n" * 40


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder as a build leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>GenCharge console</title>")
    (tmp_path / "assets/index-abc.js").write_bytes(SCRIPT)
    (tmp_path / "assets/index-abc.js.br").write_bytes(b"as brotli")
    (tmp_path / "assets/index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "assets/mark-abc.svg").write_text("<svg/>")
    return tmp_path


def serve(pages: Path) -> httpx.AsyncClient:
    """A client of an application with these pages."""
    app = FastAPI()
    console.install(app, pages)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


@pytest.mark.parametrize("path", ["/console/", "/console/customers", "/console/customers/0198?tab=sessions"])
async def test_every_address_of_the_console_is_its_one_page(pages: Path, path: str) -> None:
    async with serve(pages) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert "GenCharge console" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("text/html")


async def test_the_page_runs_nothing_but_its_own_scripts(pages: Path) -> None:
    async with serve(pages) as client:
        policy = (await client.get("/console/")).headers["content-security-policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy


async def test_a_file_with_a_hash_in_its_name_is_stored_for_good(pages: Path) -> None:
    async with serve(pages) as client:
        answer = await client.get("/console/assets/index-abc.js", headers={"Accept-Encoding": "identity"})
    assert answer.content == SCRIPT
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in answer.headers


async def test_a_file_is_sent_as_the_build_compressed_it(pages: Path) -> None:
    async with serve(pages) as client:
        packed = await client.get("/console/assets/index-abc.js", headers={"Accept-Encoding": "gzip"})
        request = client.build_request(
            "GET", "/console/assets/index-abc.js", headers={"Accept-Encoding": "gzip, br;q=1.0"}
        )
        best = await client.send(request, stream=True)
        raw = b"".join([part async for part in best.aiter_raw()])
    assert (packed.content, packed.headers["content-encoding"]) == (SCRIPT, "gzip")
    assert (raw, best.headers["content-encoding"]) == (b"as brotli", "br")
    for answer in (packed, best):
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["vary"] == "Accept-Encoding"


async def test_a_coding_that_a_client_refuses_is_not_sent(pages: Path) -> None:
    async with serve(pages) as client:
        answer = await client.get("/console/assets/index-abc.js", headers={"Accept-Encoding": "br;q=0, gzip"})
    assert answer.headers["content-encoding"] == "gzip"


async def test_a_file_of_another_build_is_not_found(pages: Path) -> None:
    """The page in its place would be a script that is no script."""
    async with serve(pages) as client:
        assert (await client.get("/console/assets/index-old.js")).status_code == 404
        assert (await client.get("/console/assets/../../main.py")).status_code in {200, 404}
        assert (await client.post("/console/assets/index-abc.js")).status_code == 405


async def test_no_path_leads_out_of_the_folder(pages: Path) -> None:
    (pages.parent / "secret.txt").write_text("secret")
    async with serve(pages) as client:
        for path in (
            "assets/../../secret.txt",
            "assets/%2e%2e/%2e%2e/secret.txt",
            "assets/..%2f..%2fsecret.txt",
        ):
            answer = await client.get(f"/console/{path}")
            assert "secret" not in answer.text, path


async def test_where_it_was_not_built_the_page_says_how(tmp_path: Path) -> None:
    async with serve(tmp_path / "none") as client:
        answer = await client.get("/console/")
    assert answer.status_code == 503
    assert "make web" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_application_serves_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/console")
    assert answer.status_code in {200, 307}
    page = await client.get("/console/")
    assert page.status_code in {200, 503}
    assert "content-security-policy" in page.headers
