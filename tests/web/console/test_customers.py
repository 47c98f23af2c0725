"""The list of customers: its filters and place stand in the address, so that reload, Previous and a shared link keep them."""

from __future__ import annotations

import pytest
from playwright.async_api import Route

from tests.make import factories
from tests.make.browser import Visitor
from tests.make.console import make_admin, open_page, shown, sign_in
from tests.make.live import Served
from tests.web.conftest import NewVisitor

# More than two pages of fifty.
CUSTOMERS = 120


@pytest.fixture(scope="module")
async def customers(served: Served) -> list[str]:
    """The names of all customers, the newest first."""
    names = [f"Customer {number:03d}" for number in range(CUSTOMERS)]

    async def unit(db: object) -> None:
        for name in names:
            await factories.make_user(db, name=name)

    await served.stores.database.run(unit)
    return names[::-1]


async def rows(visitor: Visitor) -> list[str]:
    """The names on the page."""
    await shown(visitor.page)
    return await visitor.page.locator("tbody tr td:first-child").all_inner_texts()


async def test_previous_and_next_survive_a_reload_and_a_link_shows_the_same_page(
    new_visitor: NewVisitor, served: Served, customers: list[str]
) -> None:
    asha, ravi = await new_visitor(), await new_visitor()
    await sign_in(asha, await make_admin(served.app), "/console/customers")
    first = await rows(asha)
    assert first == customers[: len(first)]
    await asha.page.get_by_role("button", name="Next").click()
    await asha.page.wait_for_url("**/customers?*cursor=*")
    second = await rows(asha)
    assert second == customers[len(first) : 2 * len(first)]
    await asha.page.reload()
    assert await rows(asha) == second
    await asha.page.get_by_role("button", name="Previous").click()
    await asha.page.get_by_text(first[0], exact=True).wait_for()
    assert await rows(asha) == first
    await asha.page.go_back()
    await asha.page.get_by_text(second[0], exact=True).wait_for()
    # Somebody else opens the same link.
    await sign_in(ravi, await make_admin(served.app))
    await open_page(ravi.page, asha.page.url)
    assert await rows(ravi) == second


async def test_a_row_is_opened_by_keyboard_and_back_leads_to_it(
    visitor: Visitor, served: Served, customers: list[str]
) -> None:
    await sign_in(visitor, await make_admin(served.app), "/console/customers")
    await rows(visitor)
    await visitor.page.keyboard.press("j")
    await visitor.page.keyboard.press("j")
    await visitor.page.keyboard.press("k")
    await visitor.page.keyboard.press("Enter")
    await visitor.page.get_by_role("heading", name=customers[0], level=1).wait_for()
    await visitor.page.go_back()
    assert customers[0] in await rows(visitor)


async def test_the_api_is_away_for_a_while_and_the_page_comes_back_by_itself(
    visitor: Visitor, served: Served, customers: list[str]
) -> None:
    await sign_in(visitor, await make_admin(served.app), "/console/customers")
    await rows(visitor)
    with visitor.server_away():
        await visitor.page.context.set_offline(True)
        await visitor.page.get_by_role("button", name="Next").click()
        await visitor.page.get_by_text("No connection.").wait_for()
        await visitor.page.context.set_offline(False)
        await visitor.page.get_by_text("No connection.").wait_for(state="detached")
        await (
            visitor.page.get_by_text(customers[-1 - len(customers) // 2], exact=True)
            .or_(visitor.page.locator("tbody tr").first)
            .first.wait_for()
        )
    assert await visitor.page.get_by_label("Mobile number").count() == 0


async def test_what_is_answered_503_says_so_and_ends(
    visitor: Visitor, served: Served, customers: list[str]
) -> None:
    await sign_in(visitor, await make_admin(served.app), "/console/customers")
    await rows(visitor)
    problem = {"title": "Unavailable", "status": 503, "code": "database_unavailable", "detail": "Try again."}

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, json=problem, headers={"Content-Type": "application/problem+json"})

    with visitor.server_away():
        await visitor.page.route("**/v1/users?*", refuse)
        await visitor.page.get_by_role("button", name="Next").click()
        await visitor.page.get_by_text("The service is not available just now.").wait_for()
        await visitor.page.unroute("**/v1/users?*")
        await visitor.page.get_by_text("The service is not available just now.").wait_for(state="detached")
        await (
            visitor.page.get_by_text(customers[-1], exact=True)
            .or_(visitor.page.locator("tbody tr").first)
            .first.wait_for()
        )
