"""The documentation's site: it builds, holds every page, asks nobody outside, and is served with a strict policy."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api import guide
from tests.make.guide import CONFIGURATION, ROOT, SITE_DIR, build, built_once


@pytest.fixture(scope="module")
def built(servers: Path) -> Path:
    """The site, built from a copy of the documentation."""
    del servers  # it lies beside them
    return built_once()


@pytest.fixture
async def reader(built: Path) -> Iterator[httpx.AsyncClient]:
    """A client of an application that serves the site."""
    async with serve(built) as client:
        yield client


def serve(site: Path) -> httpx.AsyncClient:
    """A client of an application with the site of this folder."""
    app = FastAPI()
    guide.install(app, site)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


def test_the_site_goes_where_the_api_looks_for_it_and_git_does_not() -> None:
    assert guide.SITE == ROOT / SITE_DIR
    assert f"/{SITE_DIR}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_every_page_is_in_the_navigation() -> None:
    named = set(re.findall(r'"([\w/-]+\.md)"', CONFIGURATION.read_text(encoding="utf-8")))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert named == pages, "each page of docs/ has its line in `nav` of zensical.toml, and no other one"


def test_a_broken_link_stops_the_build_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Page\n\nSee [that](nowhere.md).\n")
    (tmp_path / "zensical.toml").write_text('[project]\nsite_name = "Try"\n')
    answer = build(tmp_path)
    assert answer.returncode != 0
    assert "page does not exist" in answer.stdout + answer.stderr


def test_no_page_takes_anything_from_another_server(built: Path) -> None:
    pages = list(built.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        text = page.read_text(encoding="utf-8")
        taken = re.findall(r'<(?:script|img|iframe|source)\b[^>]*\bsrc="([^"]+)"', text)
        taken += re.findall(r'<link\b(?![^>]*rel="(?:canonical|next|prev)")[^>]*\bhref="([^"]+)"', text)
        assert [address for address in taken if re.match(r"(?:https?:)?//", address)] == [], page
    for sheet in built.rglob("*.css"):
        assert re.findall(r"url\((?:https?:)?//", sheet.read_text(encoding="utf-8")) == [], sheet


async def test_each_page_may_run_its_own_inline_scripts_and_no_others(
    reader: httpx.AsyncClient, built: Path
) -> None:
    for page in ("", "tutorial/", "reference/errors/"):
        answer = await reader.get(f"/guide/{page}")
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        allowed = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert "unsafe" not in allowed
        scripts = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
        assert scripts
        for script in scripts:
            digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in allowed


async def test_the_address_without_a_slash_leads_on_and_what_is_missing_is_404(
    reader: httpx.AsyncClient,
) -> None:
    answer = await reader.get("/guide")
    assert (answer.status_code, answer.headers["location"]) == (307, "/guide/")
    assert (await reader.get("/guide/nothing-here/")).status_code == 404
    assert (await reader.get("/guide/../../../../etc/passwd")).status_code == 404
    search = await reader.get("/guide/search.json")
    assert "refund" in search.text


async def test_a_site_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    async with serve(tmp_path / "guide") as client:
        answer = await client.get("/guide/")
        assert answer.status_code == 200
        assert "make docs-site" in answer.text
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert (await client.get("/guide/tutorial/")).status_code == 404
        # Built while the process runs: the next request gets it.
        (tmp_path / "guide").mkdir()
        (tmp_path / "guide" / "index.html").write_text("<script>1</script>built")
        assert "built" in (await client.get("/guide/")).text


async def test_the_first_page_leads_to_the_guide(client: httpx.AsyncClient) -> None:
    assert 'href="/guide/"' in (await client.get("/")).text
    assert (await client.get("/guide/")).status_code == 200
