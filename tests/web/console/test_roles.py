"""What each role sees in the console: its menu, its pages, and why a page that it guessed is not shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Container

import pytest

from gencharge.admins.roles import SEEDED_ROLES
from tests.make.browser import Visitor
from tests.make.console import make_admin, menu, open_page, shown, sign_in, turn_to
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
REFUSED = "Your role does not show this page"
TOO_NARROW = "It is about all operators, and your role covers only some."
# What differs only behind the question mark is one page. This one is about an operator that is not there.
GUESSED = sorted(path for path in LOOKED_AT - {"/console/operators/JIO"} if "?" not in path)


@pytest.mark.parametrize("role", SEES_CUSTOMERS)
async def test_a_role_sees_its_pages_each_of_which_opens_without_a_fault_and_no_others(
    visitor: Visitor, served: Served, role: str
) -> None:
    await sign_in(visitor, await make_admin(served.app, role))
    names = await menu(visitor)
    assert names[0] == "Home"
    opened = await _open_each(visitor, skipped=LOOKED_AT if role == EVERYTHING else ())
    for name in ("Customers", "Recharges"):
        assert (name in names) is SEES_CUSTOMERS[role]
    if role != EVERYTHING:
        permissions = next(each.permissions for each in SEEDED_ROLES if each.name == role)
        reasons = await _guess_each(visitor, besides=opened)
        lacking = [re.fullmatch(r"It takes (\w+:\w+).*", reason) for reason in reasons.values()]
        assert reasons
        assert not {match[1] if match else "" for match in lacking} & {*permissions, ""}, reasons


async def _guess_each(visitor: Visitor, *, besides: Collection[str]) -> dict[str, str]:
    """Open each page by its address: it shows what it has, or says in one sentence why not, and asks for nothing that is refused.
    The addresses that were not shown, and why."""
    reasons, wrong = dict[str, str](), list[str]()
    main = visitor.page.get_by_role("main")
    for path in GUESSED:
        if path in besides:
            continue
        await turn_to(visitor.page, path)
        if await main.get_by_role("alert").count():
            wrong.append(path)
        title, *lines = (await main.inner_text()).split("\n")
        if title == REFUSED:
            reasons[path], home = filter(None, lines)
            assert home == "Go to the start", path
    assert not wrong
    return reasons


async def _open_each(visitor: Visitor, *, skipped: Container[str | None] = ()) -> set[str]:
    """Open the pages of the menu by their links; their addresses."""
    opened = set()
    links = visitor.page.get_by_role("navigation", name="Menu").locator("li a")
    for number in range(await links.count()):
        address = await links.nth(number).get_attribute("href")
        if address in skipped:
            continue
        opened.add(str(address))
        await links.nth(number).click()
        await shown(visitor.page)
        assert await visitor.page.get_by_role("alert").count() == 0, visitor.page.url
        if (name := await links.nth(number).inner_text()) in {"Customers", "Recharges"}:
            await visitor.page.get_by_role("main").get_by_role("heading", level=1, name=name).wait_for()
    return opened


async def test_the_operators_of_a_role_are_in_view_and_what_is_about_all_is_not(
    visitor: Visitor, served: Served
) -> None:
    admin = await make_admin(served.app, "Manager", operator_scope=["JIO"])
    await sign_in(visitor, admin)
    assert await visitor.page.get_by_text("Only JIO").is_visible()
    assert "Customers" not in await menu(visitor)
    assert "Recharges" in await menu(visitor)
    for path in ("customers", "autopay/topups", "analytics/campaigns"):
        await open_page(visitor.page, f"{visitor.base}/console/{path}")
        await visitor.page.get_by_text(TOO_NARROW).wait_for()


async def test_a_page_that_is_not_there_is_said(visitor: Visitor, served: Served) -> None:
    await sign_in(visitor, await make_admin(served.app), "/console/no-such-page")
    await visitor.page.get_by_role("heading", name="There is no such page").wait_for()
    await visitor.page.get_by_role("link", name="Go to the start").click()
    await visitor.page.wait_for_url("**/console/")
