"""The sandbox's pages in a browser: its checkout, each way that a payment can end, and what was sent to people."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from sandbox.app import create_app
from sandbox.config import Config
from tests.make.browser import Visitor, check_look, tab_stops
from tests.make.listening import listening
from tests.make.pictures import check_picture
from tests.web.conftest import NewVisitor

_KEYS = ("rzp_test_browser", "secret-of-the-browser-tests")


async def _thank(_request: Request) -> HTMLResponse:
    return HTMLResponse(
        '<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Shop</title>Thank you'
    )


@pytest.fixture(scope="module")
async def shop(browser: Browser) -> AsyncIterator[str]:
    """The address that customers come back to."""
    del browser  # without one nothing needs to be served
    async with listening(Starlette(routes=[Route("/paid", _thank)])) as address:
        yield f"{address}/paid"


@pytest.fixture(scope="module")
async def sandbox(shop: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A sandbox and a client of its gateway. Its webhooks go where nobody listens."""
    nobody = "http://127.0.0.1:1"
    config = Config(
        folder=tmp_path_factory.mktemp("sandbox"),
        key_id=_KEYS[0],
        key_secret=_KEYS[1],
        webhook_secret="webhooks-of-the-browser-tests",
        operator_secret="operators-of-the-browser-tests",
        webhook_url=nobody,
        callback_url=f"{nobody}/{{channel}}",
        shop_url=shop,
    )
    async with (
        listening(create_app(config)) as address,
        httpx.AsyncClient(base_url=address, auth=_KEYS, trust_env=False) as client,
    ):
        yield client


@pytest.fixture
async def payer(new_visitor: NewVisitor, sandbox: httpx.AsyncClient) -> Visitor:
    """Somebody who pays at the sandbox."""
    visitor = await new_visitor()
    visitor.base = str(sandbox.base_url).rstrip("/")
    return visitor


@pytest.fixture
async def address(sandbox: httpx.AsyncClient, shop: str) -> str:
    """Where a new order over 299.00 rupees is paid."""
    body = {
        "amount": 29_900,
        "currency": "INR",
        "receipt": "r-1",
        "notes": {"description": "Jio, 2 GB a day, 28 days"},
    }
    answer = await sandbox.post("/v1/orders", json=body)
    assert answer.status_code == 200, answer.text
    return f"/checkout/{answer.json()['id']}?callback_url={shop}"


async def paid(sandbox: httpx.AsyncClient, address: str) -> list[str]:
    """The states of the order's payments."""
    number = address.split("/")[2].partition("?")[0]
    answer = await sandbox.get(f"/v1/orders/{number}/payments")
    return sorted(payment["status"] for payment in answer.json()["items"])


async def test_the_checkout_looks_right(payer: Visitor, address: str) -> None:
    await payer.go(address)
    await check_look(payer)
    await payer.page.emulate_media(color_scheme="light")
    await check_picture(payer.page, "checkout", width=600, height=820)


async def test_the_checkout_is_paid_by_keyboard(
    payer: Visitor, sandbox: httpx.AsyncClient, address: str
) -> None:
    await payer.go(address)
    stops = await tab_stops(payer.page)
    assert stops[:3] == ["UPI", "Succeed - pay ₹299.00", "Fail"]
    await payer.page.get_by_label("UPI").focus()
    await payer.page.keyboard.press("ArrowRight")
    assert await payer.page.get_by_label("Card").is_checked()
    await payer.page.keyboard.press("Tab")
    await payer.page.keyboard.press("Enter")
    await payer.page.wait_for_url("**/paid?*razorpay_signature=*")
    assert await paid(sandbox, address) == ["captured"]


async def test_a_double_click_pays_once(payer: Visitor, sandbox: httpx.AsyncClient, address: str) -> None:
    await payer.go(address)
    await payer.page.get_by_role("button", name="Succeed").dblclick(no_wait_after=True)
    await payer.page.wait_for_url("**/paid?*")
    assert await paid(sandbox, address) == ["captured"]


async def test_who_goes_back_after_paying_can_not_pay_again(
    payer: Visitor, sandbox: httpx.AsyncClient, address: str
) -> None:
    await payer.go(address)
    await payer.page.get_by_role("button", name="Succeed").click()
    await payer.page.wait_for_url("**/paid?*")
    await payer.page.go_back()
    await payer.page.get_by_role("heading", name="Paid already").wait_for()
    await check_look(payer)
    await payer.page.get_by_role("link", name="Back to GenCharge").click()
    await payer.page.wait_for_url("**/paid")
    assert await paid(sandbox, address) == ["captured"]


async def test_who_was_declined_goes_back_and_pays(
    payer: Visitor, sandbox: httpx.AsyncClient, address: str
) -> None:
    await payer.go(address)
    await payer.page.get_by_role("button", name="Fail").click()
    await payer.page.wait_for_url("**/paid?*error*")
    await payer.page.go_back()
    await payer.page.get_by_role("button", name="Succeed").click()
    await payer.page.wait_for_url("**/paid?*razorpay_signature=*")
    assert await paid(sandbox, address) == ["captured", "failed"]


async def test_a_late_success_leads_back_without_a_signature(
    payer: Visitor, sandbox: httpx.AsyncClient, address: str
) -> None:
    await payer.go(address)
    await payer.page.get_by_role("button", name="Late success").click()
    await payer.page.wait_for_url("**/paid?*error*")
    assert "razorpay_signature" not in payer.page.url
    assert await paid(sandbox, address) == ["created"]


@pytest.mark.parametrize("path", ["/", "/messages"])
async def test_the_other_pages_look_right(payer: Visitor, sandbox: httpx.AsyncClient, path: str) -> None:
    await sandbox.post("/sandbox/messages", json={"to": "+919000001001", "text": "123456 is your code."})
    await payer.go(path)
    await check_look(payer)


async def test_a_new_message_appears_and_what_is_typed_stays(
    payer: Visitor, sandbox: httpx.AsyncClient
) -> None:
    await payer.page.clock.install()
    await payer.go("/messages")
    await payer.page.get_by_label("Number or address").fill("+9198")
    await sandbox.post("/sandbox/messages", json={"to": "+919811111111", "text": "654321 is your code."})
    await payer.page.clock.run_for(10_000)
    await payer.page.get_by_text("654321", exact=True).wait_for()
    assert await payer.page.get_by_label("Number or address").input_value() == "+9198"
