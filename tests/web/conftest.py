"""A browser for each worker, the product on a port of its own for each file, and a visitor for each test."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

from gencharge.core.settings import Settings
from tests import one_document
from tests.make import browser as chromium
from tests.make.browser import Visitor
from tests.make.live import Served, serving

NewVisitor = Callable[..., Awaitable[Visitor]]
_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember which tests failed: their pages are photographed."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this worker."""
    missing = chromium.why_missing()
    if missing:
        pytest.skip(missing)
    chromium.use_our_node()
    async with async_playwright() as playwright:
        browser = await chromium.launch(playwright)
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def served(browser: Browser, settings: Settings) -> AsyncIterator[Served]:
    """The product as a browser meets it. All tests share one address, so codes are not limited by it."""
    del browser  # without one nothing needs to be served
    async with serving(
        settings,
        # Nobody listens there, but what is in development leads to its sandbox.
        payment_gateway_url="http://127.0.0.1:0",
        otp_sends_per_address_hour=100_000,
        otp_sends_per_prefix_hour=100_000,
    ) as served:
        one_document.share(served.app)
        yield served


@pytest.fixture
async def new_visitor(
    browser: Browser, served: Served, request: pytest.FixtureRequest
) -> AsyncIterator[NewVisitor]:
    """Makes visitors: `await new_visitor(language="hi-IN")`. Fails the test if a page of theirs went wrong."""
    visitors: list[Visitor] = []
    async with AsyncExitStack() as stack:

        async def visit(*, language: str = "en-IN", width: int = chromium.WIDE, **options: Any) -> Visitor:
            context = await browser.new_context(
                locale=language,
                timezone_id="Asia/Kolkata",
                viewport={"width": width, "height": 800},
                reduced_motion="reduce",
                **options,
            )
            stack.push_async_callback(context.close)
            visitors.append(Visitor(await context.new_page(), f"http://127.0.0.1:{served.port}"))
            return visitors[-1]

        yield visit
        if request.node.stash.get(_FAILED, False) or any(visitor.problems for visitor in visitors):
            await _photograph(visitors, request.node.nodeid)
    for visitor in visitors:
        visitor.check()


@pytest.fixture
async def visitor(new_visitor: NewVisitor) -> Visitor:
    """Somebody in India who reads English, at a wide screen."""
    return await new_visitor()


async def _photograph(visitors: list[Visitor], nodeid: str) -> None:
    """Leave a picture of each open page where a developer finds it."""
    name = re.sub(r"\W+", "-", nodeid.removeprefix("tests/web/"))
    pages = [page for visitor in visitors for page in visitor.page.context.pages]
    for number, page in enumerate(pages):
        await page.screenshot(path=chromium.FAILURES / f"{name}-{number}.png", full_page=True)
