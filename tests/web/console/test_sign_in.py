"""Signing in to the console: what is refused is said at the field, and nothing is lost."""

from __future__ import annotations

import pytest

from gencharge.core.values import clock
from tests.make import factories
from tests.make.browser import Visitor, check_look
from tests.make.console import (
    ANNOUNCER,
    CODE,
    ask_code,
    give_code,
    make_admin,
    menu,
    new_number,
    sign_in_by_form,
)
from tests.make.live import Served

VERIFY = "/v1/auth/verify-otp-login"
UNREAD = "/v1/notifications/unread-count"


async def test_an_admin_signs_in_and_out(visitor: Visitor, served: Served) -> None:
    await sign_in_by_form(visitor, await make_admin(served.app))
    assert "Customers" in await menu(visitor)
    await visitor.page.get_by_role("button", name="Account").click()
    with visitor.expecting(401, UNREAD, always=False):  # asked for just before
        await visitor.page.get_by_role("menuitem", name="Sign out").click()
        await visitor.page.get_by_label("Mobile number").wait_for()
    # And nothing of the session is left behind.
    await visitor.page.reload()
    await visitor.page.get_by_label("Mobile number").wait_for()


async def test_a_wrong_code_is_said_and_the_right_one_still_works(visitor: Visitor, served: Served) -> None:
    admin = await make_admin(served.app)
    await ask_code(visitor, admin.phone_number)
    with visitor.expecting(401, VERIFY):
        await give_code(visitor, "000000")
        await visitor.page.get_by_role("alert").wait_for()
    assert "code" in (await visitor.page.get_by_role("alert").inner_text()).lower()
    await give_code(visitor)
    await visitor.page.get_by_role("navigation", name="Menu").wait_for()


async def test_a_code_that_is_too_late_is_refused(visitor: Visitor, served: Served) -> None:
    admin = await make_admin(served.app)
    await ask_code(visitor, admin.phone_number)
    with clock.later(minutes=11), visitor.expecting(401, VERIFY):
        await give_code(visitor)
        await visitor.page.get_by_role("alert").wait_for()
    assert await visitor.page.get_by_label("Code", exact=True).is_visible()


async def test_too_many_wrong_codes_lock_the_number(visitor: Visitor, served: Served) -> None:
    admin = await make_admin(served.app)
    await ask_code(visitor, admin.phone_number)
    alert = visitor.page.get_by_role("alert")
    with visitor.expecting(401, VERIFY), visitor.expecting(429, VERIFY):
        for attempt in range(served.settings.otp_attempts + 1):
            async with visitor.page.expect_response(f"**{VERIFY}"):
                await give_code(visitor, f"{attempt:06d}")
            await alert.wait_for()
        async with visitor.page.expect_response(f"**{VERIFY}") as refused:
            await give_code(visitor)
        assert (await refused.value).status == 429
    assert await alert.inner_text()


async def test_asking_for_too_many_codes_says_when_to_try_again(visitor: Visitor, served: Served) -> None:
    admin = await make_admin(served.app)
    await ask_code(visitor, admin.phone_number)
    again = visitor.page.get_by_role("button", name="Another number")
    await again.click()
    await visitor.page.get_by_label("Mobile number").fill(admin.phone_number)
    with visitor.expecting(429, "/v1/auth/login"):
        await visitor.page.get_by_role("button", name="Send code").click()
        await visitor.page.get_by_role("alert").wait_for()
    assert any(digit.isdigit() for digit in await visitor.page.get_by_role("alert").inner_text())


@pytest.mark.parametrize("typed", ["12345", "5876543210", "abc"])
async def test_what_is_no_number_is_said_before_anything_is_sent(visitor: Visitor, typed: str) -> None:
    await visitor.go("/console/")
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    await visitor.page.get_by_label("Mobile number").fill(typed)
    await visitor.page.get_by_role("button", name="Send code").click()
    await visitor.page.get_by_text("An Indian mobile number has ten digits").first.wait_for()
    assert asked == []


async def test_a_customer_is_told_that_this_is_for_the_staff(visitor: Visitor, served: Served) -> None:
    number = new_number()
    await served.stores.database.run(lambda db: factories.make_user(db, phone_number=number))
    await ask_code(visitor, number)
    with visitor.expecting(403, "/v1/admins/me", always=False):
        await give_code(visitor)
        await visitor.page.get_by_text("The console is for the staff").wait_for()


async def test_the_form_is_filled_in_by_keyboard_alone(visitor: Visitor, served: Served) -> None:
    admin = await make_admin(served.app)
    await visitor.go("/console/")
    await visitor.page.keyboard.type(admin.phone_number)
    await visitor.page.keyboard.press("Enter")
    await visitor.page.get_by_role("heading", name="Enter the code").wait_for()
    await visitor.page.keyboard.type(CODE)
    await visitor.page.keyboard.press("Enter")
    await visitor.page.get_by_role("navigation", name="Menu").wait_for()


async def test_both_steps_look_right(visitor: Visitor, served: Served) -> None:
    admin = await make_admin(served.app)
    await visitor.go("/console/")
    await check_look(visitor, without=ANNOUNCER)
    await ask_code(visitor, admin.phone_number)
    await check_look(visitor, without=ANNOUNCER)
