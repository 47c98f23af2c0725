"""Many recharges taken back at once, and the queue of a number, in a browser against the real API."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.async_api import Page

from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.plans.service import Catalogue
from tests.make import factories
from tests.make.browser import Visitor, violations
from tests.make.console import ANNOUNCER, CODE, make_admin, open_page, sign_in
from tests.make.live import Served
from tests.make.money import balance, buy, find_plan, fund, make_number, sell_sample_plans

BULK = "/v1/recharge/admin/bulk-refunds"
QUEUE = "/v1/recharge/admin/plans/queue"


@pytest.fixture(scope="module", autouse=True)
async def catalogue(served: Served) -> None:
    """Operators and the sample plans."""
    await sell_sample_plans(served.stores)
    await Catalogue.of(served.app).refresh(served.stores.database)


async def make_customer(stores: Stores) -> UUID:
    """A customer with Rs 5,000."""
    user = await stores.database.run(lambda db: factories.make_user(db, name="Kavya Menon"))
    await fund(stores, user.user_id, 5_000)
    return user.user_id


async def sell(stores: Stores, user_id: UUID, number: str, *prices: int) -> list[UUID]:
    """Recharges of one number: the first plan runs, the others wait."""
    plans = [await find_plan(stores, rupees=rupees) for rupees in prices]
    return [(await buy(stores, user_id, number, plan.plan_id, window=0)).answer.recharge_id for plan in plans]


async def give_factor(page: Page) -> None:
    """Answer the dialog before what is dangerous."""
    await page.get_by_label("Code by message").fill(CODE)
    await page.get_by_role("button", name="Verify").click()
    await page.get_by_label("Code by message").wait_for(state="detached")


async def test_many_recharges_are_tried_and_then_taken_back(visitor: Visitor, served: Served) -> None:
    customer = await make_customer(served.stores)
    for _ in range(2):
        await sell(served.stores, customer, await make_number(served.stores), 299)
    await sign_in(visitor, await make_admin(served.app), f"/console/recharges?user_id={customer}")
    page = visitor.page
    boxes = page.get_by_role("checkbox")
    for at in range(2):
        await boxes.nth(at).check()
    await page.get_by_role("button", name="Refund 2").click()
    await page.get_by_label("Reason").fill("sold at a wrong price")
    with visitor.expecting(403, BULK):
        await page.get_by_role("button", name="See what would happen").click()
        await give_factor(page)
    await page.get_by_text("This is what would happen").wait_for()
    assert await page.get_by_text("Would be refunded").count() == 2
    assert await balance(served.stores, customer) == Money.rupees(5_000 - 2 * 299)
    assert await violations(page, without=ANNOUNCER) == []
    await page.get_by_label("Type 2 to confirm").fill("2")
    await page.get_by_role("alertdialog").get_by_role("button", name="Refund", exact=True).click()
    await page.get_by_text("This is what was done:").wait_for()
    assert await balance(served.stores, customer) == Money.rupees(5_000)
    await page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    assert await page.get_by_role("cell", name="Refunded").count() == 2
    assert await page.get_by_role("button", name="Refund 2").count() == 0


async def test_the_queue_of_a_number_is_put_in_another_order_and_one_starts(
    visitor: Visitor, served: Served
) -> None:
    customer, number = await make_customer(served.stores), await make_number(served.stores)
    _, second, third = await sell(served.stores, customer, number, 299, 249, 189)
    await sign_in(
        visitor, await make_admin(served.app), f"/console/recharges/queue?phone_number=%2B{number[1:]}"
    )
    page = visitor.page
    links = page.get_by_role("main").locator("li a")
    await links.nth(1).wait_for()
    order = [(await links.nth(at).get_attribute("href") or "").rsplit("/", 1)[-1] for at in range(2)]
    assert order == [str(second), str(third)]
    await page.get_by_role("button", name="forward").last.click()
    await page.get_by_role("button", name="Save this order").click()
    form = page.get_by_role("dialog").filter(has=page.get_by_label("Reason"))
    await form.get_by_label("Reason").fill("asked for by phone")
    with visitor.expecting(403, QUEUE):
        await form.get_by_role("button", name="Save this order").click()
        await give_factor(page)
    await page.get_by_text("The order is changed.").wait_for()
    await open_page(page, page.url)
    await links.nth(1).wait_for()
    assert str(third) in (await links.first.get_attribute("href") or "")
    await page.get_by_role("button", name="Start now").first.click()
    form = page.get_by_role("alertdialog")
    await form.get_by_label("Reason").fill("travels today")
    await form.get_by_role("button", name="Start now").click()
    await page.get_by_text("The plan runs now.").wait_for()
    await links.nth(1).wait_for(state="detached")
    assert str(second) in (await links.first.get_attribute("href") or "")
