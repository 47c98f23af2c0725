"""Sessions of the console: four tabs are one session, it ends in all of them, and a blocked admin is out at once."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from playwright.async_api import Page, Request

from tests.make import factories
from tests.make.browser import Visitor
from tests.make.console import make_admin, shown, sign_in
from tests.make.live import Served
from tests.make.processes import seconds_until

REFRESH = "/v1/auth/refresh"
UNREAD = "/v1/notifications/unread-count"


@pytest.fixture(scope="module")
def overrides() -> dict[str, object]:
    """A token that runs out while a test looks."""
    return {"access_token_expire_minutes": 0.5}


async def tabs_of(visitor: Visitor, count: int) -> list[Page]:
    """So many tabs of the console, signed in."""
    tabs = [visitor.page, *[await visitor.tab() for _ in range(count - 1)]]
    for tab in tabs[1:]:
        await tab.goto(f"{visitor.base}/console/customers")
        await signed_in(tab)
    return tabs


async def signed_in(tab: Page) -> None:
    await tab.get_by_role("navigation", name="Menu").wait_for()


async def test_after_the_token_ran_out_four_tabs_ask_for_one_new_and_signing_out_in_one_ends_all(
    visitor: Visitor, served: Served
) -> None:
    await sign_in(visitor, await make_admin(served.app))
    tabs = await tabs_of(visitor, 4)
    refreshes: list[Request] = []
    visitor.page.context.on(
        "request", lambda request: refreshes.append(request) if request.url.endswith(REFRESH) else None
    )
    # Ten seconds before its end a token counts as spent.
    await asyncio.sleep(21)
    await asyncio.gather(*(tab.get_by_role("link", name="Recharges").click() for tab in tabs))
    for tab in tabs:
        await tab.get_by_role("heading", name="Recharges").wait_for()
        await shown(tab)
    assert len(refreshes) == 1
    for tab in tabs:
        assert await tab.get_by_label("Mobile number").count() == 0
    await tabs[1].get_by_role("button", name="Account").click()
    with visitor.expecting(401, UNREAD, always=False):  # asked for just before
        await tabs[1].get_by_role("menuitem", name="Sign out").click()
        for tab in tabs:
            await tab.get_by_label("Mobile number").wait_for()


async def test_a_blocked_admin_is_out_in_every_tab_within_two_seconds(
    visitor: Visitor, served: Served
) -> None:
    admin = await make_admin(served.app)
    await sign_in(visitor, admin)
    tabs = await tabs_of(visitor, 2)
    chief = await factories.sign_in(served.app, await make_admin(served.app))
    async with httpx.AsyncClient(base_url=visitor.base, headers=chief, trust_env=False) as api:
        blocked = await api.post(f"/v1/admins/{admin.admin_id}/block", json={"reason": "Left us."})
        assert blocked.status_code == 200, blocked.text

    async def all_out() -> bool:
        return all([await tab.get_by_label("Mobile number").is_visible() for tab in tabs])

    with (
        visitor.expecting(401, "/v1/notifications/stream", always=False),
        visitor.expecting(401, REFRESH, always=False),
        visitor.expecting(403, REFRESH, always=False),
    ):
        await seconds_until(all_out, at_most=2)
    assert await tabs[0].get_by_role("status").inner_text()
