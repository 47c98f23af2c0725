"""What each role sees in the console: its menu, its pages, and why a page that it guessed is not shown."""

from __future__ import annotations

from collections.abc import Container

import pytest
from playwright.async_api import Locator

from tests.make.browser import Visitor
from tests.make.console import make_admin, menu, open_page, shown, sign_in
from tests.make.live import Served
from tests.web.console import test_look, test_rooms

# Of the rooms that the console began with: who sees customers and recharges.
SEES_CUSTOMERS = {
    "SuperAdmin": True,
    "Manager": True,
    "Support": True,
    "ContentEditor": False,
    "Viewer": True,
}
# Who opens all these pages in `test_rooms.py` and `test_look.py`.
EVERYTHING = "SuperAdmin"
LOOKED_AT = {*(f"/console/{path}" for path in test_rooms.PAGES), *test_look.PAGES}
GUESSED = {"/console/customers": "Users:read", "/console/recharges": "Recharge:read"}


@pytest.mark.parametrize("role", SEES_CUSTOMERS)
async def test_a_role_sees_its_pages_each_of_which_opens_without_a_fault_and_no_others(
    visitor: Visitor, served: Served, role: str
) -> None:
    await sign_in(visitor, await make_admin(served.app, role))
    names = await menu(visitor)
    assert names[0] == "Home"
    await _open_each(visitor, skipped=LOOKED_AT if role == EVERYTHING else ())
    for name, path in (("Customers", "/console/customers"), ("Recharges", "/console/recharges")):
        assert (name in names) is SEES_CUSTOMERS[role]
        if not SEES_CUSTOMERS[role]:
            await open_page(visitor.page, visitor.base + path)
            assert await _title(visitor).inner_text() == "Your role does not show this page"
            await visitor.page.get_by_text(f"It takes {GUESSED[path]}").wait_for()


async def _open_each(visitor: Visitor, *, skipped: Container[str | None] = ()) -> None:
    links = visitor.page.get_by_role("navigation", name="Menu").locator("li a")
    for number in range(await links.count()):
        if await links.nth(number).get_attribute("href") in skipped:
            continue
        await links.nth(number).click()
        await shown(visitor.page)
        assert await visitor.page.get_by_role("alert").count() == 0, visitor.page.url
        if (name := await links.nth(number).inner_text()) in {"Customers", "Recharges"}:
            await visitor.page.get_by_role("main").get_by_role("heading", level=1, name=name).wait_for()


def _title(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("main").get_by_role("heading", level=1)


async def test_the_operators_of_a_role_are_in_view_and_what_is_about_all_is_not(
    visitor: Visitor, served: Served
) -> None:
    admin = await make_admin(served.app, "Manager", operator_scope=["JIO"])
    await sign_in(visitor, admin)
    assert await visitor.page.get_by_text("Only JIO").is_visible()
    assert "Customers" not in await menu(visitor)
    assert "Recharges" in await menu(visitor)
    await open_page(visitor.page, f"{visitor.base}/console/customers")
    await visitor.page.get_by_text("It is about all operators, and your role covers only some.").wait_for()


async def test_a_page_that_is_not_there_is_said(visitor: Visitor, served: Served) -> None:
    await sign_in(visitor, await make_admin(served.app), "/console/no-such-page")
    await visitor.page.get_by_role("heading", name="There is no such page").wait_for()
    await visitor.page.get_by_role("link", name="Go to the start").click()
    await visitor.page.wait_for_url("**/console/")
