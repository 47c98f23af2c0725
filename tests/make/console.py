"""The console in a browser: admins with numbers of their own, and signing in as one."""

from __future__ import annotations

import itertools
from typing import Any, Final

import httpx
from fastapi import FastAPI
from playwright.async_api import Page

from gencharge.admins.models import Admin
from gencharge.auth.browser import HEADER, BrowserClient
from gencharge.core.stores.stores import Stores
from tests.make import factories
from tests.make.browser import Visitor

# The library of controls reads out what changed by an image without a name, which nobody sees.
ANNOUNCER: Final = "[data-live-announcer]"
# Of development, for numbers in the block 9000000000 to 9000009999.
CODE: Final = "111111"
# A number each: five codes are sent to one in an hour. The tests of signing in take theirs from 9000002000 on.
_numbers = itertools.count(7_000)
# The router follows the history. The title of the page that is left is not taken for that of the next one.
_TURN: Final = """(path) => {
  document.querySelectorAll("h1").forEach((title) => { title.dataset.left = ""; });
  history.pushState({}, "", path);
}"""
# Once for each browser: who signs out has no session after that.
_NOTE: Final = """if (!localStorage.getItem("tests-signed-in")) {
  localStorage.setItem("tests-signed-in", "1");
  localStorage.setItem("gencharge-console", "1");
}"""


def new_number() -> str:
    """A number in the block of the fixed code that no other test of this process uses."""
    return f"+91900000{next(_numbers):04d}"


async def make_admin(app: FastAPI, role: str = "SuperAdmin", **overrides: Any) -> Admin:
    """An admin who can sign in with CODE. `overrides`: name, operator_scope, phone_number."""
    stores: Stores = app.state.stores
    number = {"phone_number": new_number()}
    return await stores.database.run(lambda db: factories.make_admin(db, role, **(number | overrides)))


async def ask_code(visitor: Visitor, number: str) -> None:
    """Open the console, and ask for a code."""
    await visitor.go("/console/")
    await visitor.page.get_by_label("Mobile number").fill(number.removeprefix("+91"))
    await visitor.page.get_by_role("button", name="Send code").click()
    await visitor.page.get_by_role("heading", name="Enter the code").wait_for()


async def give_code(visitor: Visitor, code: str = CODE) -> None:
    """Fill the code in, and sign in with it."""
    await visitor.page.get_by_label("Code", exact=True).fill(code)
    await visitor.page.get_by_role("button", name="Sign in").click()


async def sign_in_by_form(visitor: Visitor, admin: Admin) -> None:
    """Sign in as a person does."""
    await ask_code(visitor, admin.phone_number)
    await give_code(visitor)
    await visitor.page.get_by_role("navigation", name="Menu").wait_for()


async def sign_in(visitor: Visitor, admin: Admin, path: str = "/console/") -> None:
    """Be signed in as this admin, and open a page. The form is not shown: its page would be loaded once more for each visitor.

    The browser has what the form leaves in it: the cookies of the same two requests, and the note that there is a session.
    """
    context = visitor.page.context
    async with httpx.AsyncClient(
        base_url=visitor.base, headers={HEADER: BrowserClient.CONSOLE}, trust_env=False
    ) as client:
        body = {"phone_number": admin.phone_number}
        asked = await client.post("/v1/auth/login", json=body)
        assert asked.status_code == 200, asked.text
        body |= {"challenge_id": asked.json()["challenge_id"], "otp": CODE}
        verified = await client.post("/v1/auth/verify-otp-login", json=body)
        assert verified.status_code == 200, verified.text
        assert BrowserClient.CONSOLE.cookie in client.cookies
        await context.add_cookies(
            [
                {
                    "name": name,
                    "value": value,
                    # The browser takes 127.0.0.1 for safe without TLS, too, but not for a cookie that it is given.
                    "url": visitor.base.replace("http:", "https:", 1),
                    "secure": True,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
                for name, value in client.cookies.items()
            ]
        )
    await context.add_init_script(_NOTE)
    await open_page(visitor.page, visitor.base + path)
    await visitor.page.get_by_role("navigation", name="Menu").wait_for()


async def open_page(page: Page, address: str) -> None:
    """Open a page of the console, and wait until it has what it shows. (It is never quiet: what is live stays open.)"""
    await page.goto(address)
    await shown(page)


async def turn_to(page: Page, path: str) -> None:
    """Go to another page of the console from within, as by a link, and wait until it has what it shows: nothing is loaded again."""
    await page.evaluate(_TURN, path)
    await page.locator("main h1:not([data-left])").first.wait_for()
    await shown(page)


async def shown(page: Page) -> None:
    """Return when the page has a title, and nothing on it is on its way."""
    await page.locator("h1").first.wait_for()
    await page.locator("main [aria-busy=true], main .skeleton").first.wait_for(state="detached")


async def speak(visitor: Visitor, language: str) -> None:
    """Read the console in this language from now on: the page is loaded again in it."""
    await visitor.page.evaluate(f"localStorage.setItem('gencharge-language', '{language}')")
    await open_page(visitor.page, visitor.page.url)


async def menu(visitor: Visitor) -> list[str]:
    """The names of the pages in the menu."""
    return await visitor.page.get_by_role("navigation", name="Menu").locator("li").all_inner_texts()
