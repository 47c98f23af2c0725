"""`/guide` in a browser: its own scripts run under its own policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser

from gencharge.api import guide
from tests.make.browser import Visitor, check_look, violations
from tests.make.guide import built_once
from tests.make.listening import listening


@pytest.fixture(scope="module")
def built(browser: Browser, servers: Path) -> Path:
    """The site, built from a copy of the documentation."""
    del browser, servers  # without a browser nothing needs to be built; it lies beside the servers
    return built_once()


@pytest.fixture(scope="module")
async def address(built: Path) -> AsyncIterator[str]:
    """Where the site is served."""
    app = FastAPI()
    guide.install(app, built)
    async with listening(app) as address:
        yield address


async def test_a_guide_that_is_not_built_says_how_to_build_it(visitor: Visitor) -> None:
    if guide.SITE.exists():
        pytest.skip("the guide was built in this checkout, so the page that says how is not shown")
    await visitor.go("/guide/")
    assert await visitor.page.get_by_text("make docs-site").is_visible()
    await check_look(visitor)


async def test_the_search_finds_a_page_and_a_page_can_be_read(visitor: Visitor, address: str) -> None:
    await visitor.go(f"{address}/guide/tutorial/")
    # The theme's own: two navigations without a name, and links without a text beside the lines of code.
    assert await violations(visitor.page, without="pre", without_rules=["landmark-unique"]) == []
    await visitor.page.keyboard.press("Control+k")
    await visitor.page.keyboard.type("refund")
    await visitor.page.get_by_role("link", name="refund").first.wait_for()
