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


async def test_a_note_is_written_once_whatever_happens_to_its_answer(
    visitor: Visitor, served: Served, customers: list[str]
) -> None:
    """A double click, an answer that is lost, no network, a reload, the button Back."""
    user = await served.stores.database.run(lambda db: factories.make_user(db, name="Asha Rao"))
    page, path = visitor.page, f"/v1/users/{user.user_id}/notes"
    await sign_in(visitor, await make_admin(served.app, name="Ravi Iyer"), "/console/customers")
    await open_page(page, f"{visitor.base}/console/customers/{user.user_id}")
    text, add = page.get_by_label("New note"), page.get_by_role("button", name="Add the note")
    notes = page.locator(".note-entry > p")
    lost = page.locator("form").get_by_text("The server did not answer.")
    await text.fill("Asked twice.")
    await add.dblclick()
    # After the note is in the list, the form is another one.
    await page.get_by_text("The note is there.").wait_for()
    await notes.nth(0).wait_for()
    with visitor.server_away():
        await text.fill("Prefers calls\nafter six.")
        await page.context.set_offline(True)
        await add.click()
        await lost.wait_for()
        await page.context.set_offline(False)

        dropped = list[Route]()

        async def drop(route: Route) -> None:
            if route.request.method == "POST" and not dropped:
                assert (await route.fetch()).status == 201
                dropped.append(route)
                await route.abort()
            else:
                await route.continue_()

        await page.route(f"**{path}", drop)
        async with page.expect_event("requestfailed", lambda request: request.method == "POST"):
            await add.click()
        await lost.wait_for()
    assert await text.input_value() == "Prefers calls\nafter six."
    async with page.expect_response(lambda response: response.request.method == "POST") as again:
        await add.click()
    assert (await again.value).headers["idempotent-replayed"] == "true"
    await notes.nth(1).wait_for()
    await page.reload()
    await notes.nth(1).wait_for()
    await page.go_back()
    await page.go_forward()
    await notes.nth(1).wait_for()
    assert await notes.all_inner_texts() == ["Prefers calls\nafter six.", "Asked twice."]
    await page.get_by_role("button", name="Take back").last.click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Take back").click()
    await notes.nth(1).wait_for(state="detached")
    assert await page.get_by_text("Ravi Iyer · ").count() == 1


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
