"""The rooms of the console: each page looks right, and what their people do most works in a browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page

from gencharge.core.settings import Settings
from gencharge.operators import service as operators
from gencharge.plans import service as plans_service
from gencharge.plans.service import Catalogue
from tests.make import factories, plans
from tests.make.browser import (
    NARROW,
    THEMES,
    WATCH_SHIFTS,
    WIDE,
    Visitor,
    end_transitions,
    shift,
    sideways,
    violations,
)
from tests.make.console import ANNOUNCER, CODE, make_admin, open_page, sign_in, speak, turn_to
from tests.make.live import Served
from tests.make.pictures import check_picture
from tests.web.conftest import NewVisitor

# Of what is called good (web.dev/cls); a session's worst moment, of which a page's sum is never less.
MOST_SHIFT = 0.1
PAGES = (
    "notifications",
    "work",
    "enquiries/figures",
    "customers/closed",
    "recharges/plans",
    "recharges/queue",
    "bills",
    "mandates",
    "limits",
    "limits/allowances",
    "autopay/topups",
    "offers/types",
    "operators/JIO",
    "analytics/segments",
    "analytics/cohorts",
    "analytics/forecast",
    "analytics/campaigns",
    "messages",
    "messages/costs",
    "enquiries",
    "complaints",
    "customers/kyc",
    "referrals",
    "payments",
    "payouts",
    "autopay",
    "approvals",
    "adjustments",
    "reconciliation",
    "plans",
    "plans/groups",
    "plans/import",
    "offers",
    "campaigns",
    "operators",
    "analytics",
    "analytics?area=funnel",
    "reports",
    "announcements",
    "templates",
    "templates/recharge_failed/hi",
    "content",
    "content/images",
    "webhooks",
    "webhooks/deliveries",
    "backups",
    "backups?tab=runs",
    "admins",
    "roles",
    "audit",
)


@pytest.fixture(scope="module", autouse=True)
async def catalogue(served: Served) -> None:
    """Operators and the sample plans."""
    async with served.stores.database.transaction() as db:
        await operators.seed(db)
        await plans_service.seed(db)
    await Catalogue.of(served.app).refresh(served.stores.database)


@pytest.mark.parametrize("language", ["en", "hi"])
async def test_each_page_is_accessible_and_still_and_fits(
    new_visitor: NewVisitor, served: Served, language: str
) -> None:
    """Each page in both themes; the widths take turns, because the pages share their parts. `test_look.py` has all of both.

    The frame around the pages is looked at on each page in one language, and by `test_look.py` in the other. In the second theme only
    the colours can be wrong.
    """
    visitor = await new_visitor()
    page, wrong = visitor.page, list[str]()
    other = await make_admin(served.app, "Support")
    await page.context.add_init_script(WATCH_SHIFTS)
    await sign_in(visitor, await make_admin(served.app))
    await speak(visitor, language)
    for number, path in enumerate((*PAGES, f"admins/{other.admin_id}")):
        themes = THEMES if number % 2 else THEMES[::-1]
        await page.emulate_media(color_scheme=themes[0])
        await page.set_viewport_size({"width": (WIDE, NARROW)[number // 2 % 2], "height": 800})
        await shift(page)
        # What differs only behind the question mark is one page to the router.
        if "?" in path:
            await open_page(page, f"{visitor.base}/console/{path}")
        else:
            await turn_to(page, f"/console/{path}")
        moved = await shift(page)
        await end_transitions(page)
        assert await page.get_by_role("main").get_by_role("alert").count() == 0, path
        assert await page.evaluate("document.documentElement.lang") == language
        problems = [f"{moved:.2f} of it moved by itself"] if moved > MOST_SHIFT else []
        problems += await violations(page, within="html" if language == "en" else "main", without=ANNOUNCER)
        await page.emulate_media(color_scheme=themes[1])
        await end_transitions(page)
        problems += await violations(page, within="main", colours_only=True)
        await page.set_viewport_size({"width": NARROW, "height": 800})
        wrong += [f"{path} ({themes[0]} first): {each}" for each in (*problems, *await sideways(page))]
    assert not wrong, "\n".join(wrong)


async def give_factor(page: Page) -> None:
    """Answer the dialog before what is dangerous."""
    await page.get_by_label("Code by message").fill(CODE)
    await page.get_by_role("button", name="Verify").click()
    await page.get_by_label("Code by message").wait_for(state="detached")


def dialog_of(page: Page) -> Locator:
    """The form that is open; the dialog of the second factor may lie over it."""
    return page.get_by_role("dialog").filter(has=page.get_by_role("button", name="Save"))


async def test_the_second_of_two_admins_sees_the_change_of_the_first(
    new_visitor: NewVisitor, served: Served, settings: Settings
) -> None:
    async with factories.new_client(served.app) as client:
        plan = await plans.create(client, plans.staff(settings), name="Monsoon 299", price=299)
    asha, ravi = await new_visitor(), await new_visitor()
    for visitor in (asha, ravi):
        await sign_in(visitor, await make_admin(served.app), f"/console/plans/{plan['plan_id']}")
        await visitor.page.get_by_role("button", name="Edit").click()
    await dialog_of(asha.page).get_by_label("Price in rupees, GST included").fill("319")
    path = f"/v1/plans/{plan['plan_id']}"
    with asha.expecting(403, path):
        await dialog_of(asha.page).get_by_role("button", name="Save").click()
        await give_factor(asha.page)
    await asha.page.get_by_text("Saved.").wait_for()
    await dialog_of(ravi.page).get_by_label("Name", exact=True).fill("Monsoon 299 Plus")
    with ravi.expecting(403, path), ravi.expecting(412, path):
        await dialog_of(ravi.page).get_by_role("button", name="Save").click()
        await give_factor(ravi.page)
        await ravi.page.get_by_text("Another admin has changed this").wait_for()
    changes = dialog_of(ravi.page).locator(".diff")
    assert await changes.locator("del").all_inner_texts() == ["299"]
    assert await changes.locator("ins").all_inner_texts() == ["319"]
    await ravi.page.get_by_role("button", name="put mine on top").click()
    await dialog_of(ravi.page).get_by_role("button", name="Save").click()
    await ravi.page.get_by_role("heading", name="Monsoon 299 Plus").wait_for()
    assert await ravi.page.get_by_text("₹319.00").first.is_visible()


async def test_a_page_of_content_is_written_read_and_published(visitor: Visitor, served: Served) -> None:
    await sign_in(visitor, await make_admin(served.app), "/console/content")
    page = visitor.page
    await page.get_by_role("button", name="Create").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Name in the address").fill("how-long-does-it-take")
    await form.get_by_label("Title").first.fill("How long does it take?")
    await form.get_by_label("Text").first.fill("**Seconds**, most of the time.")
    await form.get_by_role("button", name="Create").click()
    await page.get_by_role("heading", name="How long does it take?", level=1).wait_for()
    assert await page.locator(".preview strong").inner_text() == "Seconds"
    await page.get_by_role("button", name="Publish").click()
    content_id = page.url.rsplit("/", 1)[-1]
    with visitor.expecting(403, f"/v1/content/admin/{content_id}/publish"):
        await page.get_by_role("dialog").get_by_role("button", name="Publish").click()
        await give_factor(page)
    await page.get_by_text("It is published.").wait_for()
    await page.get_by_role("button", name="Take it away").wait_for()
    assert await violations(page, without=ANNOUNCER) == []


async def test_an_adjustment_waits_for_a_second_admin_who_approves_it(
    new_visitor: NewVisitor, served: Served
) -> None:
    user = await served.stores.database.run(lambda db: factories.make_user(db, name="Meera Nair"))
    asha, ravi = await new_visitor(), await new_visitor()
    await sign_in(asha, await make_admin(served.app), "/console/adjustments")
    await asha.page.get_by_role("button", name="Ask for an adjustment").click()
    form = asha.page.get_by_role("dialog").filter(has=asha.page.get_by_label("Customer's number"))
    await form.get_by_label("Customer's number").fill(user.phone_number)
    await form.get_by_text("Meera Nair").wait_for()
    await form.get_by_label("Amount in rupees").fill("49.50")
    await form.get_by_label("Note").fill("Charged for nothing")
    with asha.expecting(403, "/v1/wallet/admin/adjustments"):
        await form.get_by_role("button", name="Ask for an adjustment").click()
        await give_factor(asha.page)
    await asha.page.get_by_text("A second admin has to approve this.").wait_for()
    await asha.page.get_by_role("button", name="Charged for nothing").click()
    await asha.page.get_by_role("button", name="Withdraw").wait_for()
    async with ravi.page.expect_response(
        "**/v1/wallet/admin/adjustments?*status=pending*limit=50*"
    ) as listed:
        await sign_in(ravi, await make_admin(served.app), "/console/adjustments")
    asked = (await (await listed.value).json())["items"][0]
    place = f"/v1/wallet/admin/adjustments/{user.user_id}/{asked['adjustment_id']}"
    await ravi.page.get_by_role("button", name="Charged for nothing").click()
    await ravi.page.get_by_label("Why you decide so").fill("seen in the ledger")
    with ravi.expecting(403, f"{place}/approve"):
        await ravi.page.get_by_role("button", name="Approve").click()
        await give_factor(ravi.page)
    await ravi.page.get_by_text("Approved: the wallet has changed.").wait_for()
    await open_page(ravi.page, f"{ravi.base}/console/customers/{user.user_id}")
    assert await ravi.page.get_by_text("₹49.50").first.is_visible()


async def test_the_console_is_in_the_documentation_as_it_is(visitor: Visitor, served: Served) -> None:
    await sign_in(visitor, await make_admin(served.app, name="Ravi Iyer"))
    shown = {"plans": "plans?operator=VI", "roles": "roles", "template": "templates/recharge_failed/en"}
    for name, path in shown.items():
        await open_page(visitor.page, f"{visitor.base}/console/{path}")
        await check_picture(visitor.page, f"console-{name}")
