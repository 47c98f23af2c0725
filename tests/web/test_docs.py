"""`/docs` and `/redoc` in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page

from tests.make import factories
from tests.make.browser import WIDE, Visitor, check_look
from tests.make.live import Served

# Swagger UI's own: a row is a button with a link in it, and its description stands in no landmark.
_OF_SWAGGER_UI = ("nested-interactive", "region")
# The page holds every route, and takes half a minute to be gone through; each room is made by the same lines.
_LEAVE_TWO_ROOMS = """for (const rooms of ["main > section", ".read > nav > details"])
  [...document.querySelectorAll(rooms)].slice(2).forEach((room) => room.remove())"""


@pytest.fixture(scope="module")
async def phone_numbers(served: Served) -> list[str]:
    """The numbers of two customers with wallets, in the block of the fixed code."""
    numbers = ["+919000004321", "+919000004322"]
    for number in numbers:
        await served.stores.database.run(lambda db, own=number: factories.make_user(db, phone_number=own))
    return numbers


async def test_the_routes_look_right_a_wrong_code_is_said_and_a_request_takes_four_clicks(
    visitor: Visitor, phone_numbers: list[str]
) -> None:
    """In one visit: to show every route takes a browser seconds."""
    await visitor.go("/docs")
    await visitor.page.get_by_placeholder("Filter by tag or path").fill("wallet")
    await visitor.page.locator("#operations-tag-auth").wait_for(state="detached")
    await check_look(visitor, without_rules=_OF_SWAGGER_UI)
    await visitor.page.set_viewport_size({"width": WIDE, "height": 800})
    await _sign_in_with_a_wrong_code(visitor, phone_numbers[1])
    await _sign_in_and_send_a_request(visitor.page, phone_numbers[0])


async def _sign_in_with_a_wrong_code(visitor: Visitor, phone_number: str) -> None:
    await visitor.page.get_by_label("Phone number").fill(phone_number)
    right = await visitor.page.get_by_label("Code").input_value()
    await visitor.page.get_by_label("Code").fill("000000")
    with visitor.expecting(401, "/v1/auth/verify-otp-login"):
        await visitor.page.get_by_role("button", name="Sign in", exact=True).click()
        await visitor.page.locator("output.bad").wait_for()
    assert await visitor.page.locator("output.bad").inner_text()
    await visitor.page.get_by_label("Code").fill(right)


async def _sign_in_and_send_a_request(page: Page, phone_number: str) -> None:
    """The code stands in the form already."""
    await page.get_by_label("Phone number").fill(phone_number)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_text(f"Signed in as {phone_number}").wait_for()
    row = page.locator("#operations-wallet-wallet_get")
    await row.locator(".opblock-summary-control").click()
    await row.get_by_role("button", name="Execute").click()
    await row.locator(".live-responses-table .response-col_status", has_text="200").wait_for()
    assert '"balance"' in await row.locator(".live-responses-table .highlight-code").first.inner_text()


async def test_the_filter_of_all_on_one_page_shows_the_routes_that_fit_and_the_page_looks_right(
    visitor: Visitor,
) -> None:
    await visitor.go("/redoc")
    await visitor.page.keyboard.press("Tab")
    await visitor.page.get_by_label("Filter routes").fill("refund")
    links = visitor.page.locator(".read > nav details a:visible")
    shown = [f"{await one.inner_text()} {await one.get_attribute('title')}" for one in await links.all()]
    assert shown
    assert all(re.search("refund", text, re.IGNORECASE) for text in shown)
    await visitor.page.get_by_label("Filter routes").fill("")
    await visitor.page.evaluate(_LEAVE_TWO_ROOMS)
    await check_look(visitor)
    await visitor.page.get_by_label("Filter routes").fill("sign")
    await links.first.click()
    assert "#" in visitor.page.url
