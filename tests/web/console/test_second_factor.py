"""The second factor in the console: set up where it is required, and asked for before what is dangerous."""

from __future__ import annotations

import pyotp
import pytest

from gencharge.core.values import clock
from tests.make.browser import Visitor, violations
from tests.make.console import ANNOUNCER, ask_code, give_code, make_admin
from tests.make.live import Served


@pytest.fixture(scope="module")
def overrides() -> dict[str, object]:
    """As in production: an admin without a second factor may do nothing but set one up."""
    return {"admin_second_factor": "required"}


def code_of(secret: str) -> str:
    """What the authenticator app shows now."""
    return str(pyotp.TOTP(secret).at(int(clock.now().timestamp())))


async def set_up(visitor: Visitor, number: str) -> str:
    """Sign in for the first time and set the app up: its secret."""
    await ask_code(visitor, number)
    with visitor.expecting(403, "/v1/admins/me"):
        await give_code(visitor)
        link = visitor.page.get_by_role("link", name="Open in an app")
        await link.wait_for()
    secret = pyotp.parse_uri(str(await link.get_attribute("href"))).secret
    await visitor.page.get_by_label("Code of the app").fill(code_of(secret))
    await visitor.page.get_by_role("button", name="Activate").click()
    await visitor.page.get_by_role("heading", name="Keep your recovery codes").wait_for()
    return secret


async def test_an_admin_sets_the_app_up_and_is_let_in(visitor: Visitor, served: Served) -> None:
    admin = await make_admin(served.app)
    await set_up(visitor, admin.phone_number)
    assert len((await visitor.page.locator("pre").inner_text()).split()) >= 8
    # On a narrow screen the recovery codes stick out: a known defect.
    assert await violations(visitor.page, without=ANNOUNCER) == []
    await visitor.page.locator("pre + button").click()
    await visitor.page.get_by_role("navigation", name="Menu").wait_for()


async def test_a_wrong_code_of_the_app_is_said(visitor: Visitor, served: Served) -> None:
    admin = await make_admin(served.app)
    await ask_code(visitor, admin.phone_number)
    with visitor.expecting(403, "/v1/admins/me"):
        await give_code(visitor)
        await visitor.page.get_by_label("Code of the app").fill("000000")
    with visitor.expecting(403, "/v1/auth/second-factor/confirm"):
        await visitor.page.get_by_role("button", name="Activate").click()
        await visitor.page.get_by_role("alert").wait_for()
