"""What a visitor notices: each kind of fault is planted once, and found. Without these no other test of a page says anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Route

from tests.make import browser as chromium
from tests.make.browser import Visitor, check_look, sideways, tab_stops, violations
from tests.web.conftest import NewVisitor

_SOUND = '<!doctype html><html lang="en"><title>Shop</title><body><main><h1>Shop</h1>{}</main>'


@pytest.fixture
async def shop(browser: Browser) -> Visitor:
    """A visitor of a page that no server has; `put` says what is on it."""
    context = await browser.new_context(viewport={"width": chromium.WIDE, "height": 800})
    visitor = Visitor(await context.new_page(), "http://shop.test")
    yield visitor
    await context.close()


async def put(visitor: Visitor, html: str, policy: str = "", status: int = 404) -> None:
    """Show a page with this in it. `status` answers for all else that it asks for."""

    async def answer(route: Route) -> None:
        if route.request.resource_type == "document":
            headers = {"Content-Type": "text/html"} | ({"Content-Security-Policy": policy} if policy else {})
            await route.fulfill(status=200, headers=headers, body=_SOUND.format(html))
        else:
            await route.fulfill(status=status)

    await visitor.page.route("http://shop.test/**", answer)
    await visitor.go("/")


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<script>console.error('all is lost')</script>", "console error: all is lost"),
        ("<script>console.warn('an old call')</script>", "console warning: an old call"),
        ("<script>throw new Error('no such thing')</script>", "uncaught: no such thing"),
        ("<script>Promise.reject(new Error('nobody waits'))</script>", "uncaught: nobody waits"),
        ('<img src="/away.png" alt="">', "404 for GET http://shop.test/away.png"),
        ('<img src="http://127.0.0.1:1/a.png" alt="">', "net::ERR_"),
    ],
)
async def test_a_fault_on_a_page_is_noticed(shop: Visitor, html: str, problem: str) -> None:
    await put(shop, html)
    with pytest.raises(AssertionError, match="on the page") as failed:
        shop.check()
    assert problem in str(failed.value)


async def test_a_breach_of_the_content_security_policy_is_noticed(shop: Visitor) -> None:
    await put(shop, "<script>1</script>", policy="default-src 'self'")
    assert any("Content Security Policy" in problem for problem in shop.problems)


async def test_a_fault_of_another_tab_is_noticed(shop: Visitor) -> None:
    await put(shop, "")
    tab = await shop.tab()
    await tab.evaluate("console.error('in the other tab')")
    assert "in the other tab" in shop.problems[0]


async def test_a_refusal_that_is_meant_is_no_fault_and_one_that_does_not_come_is(shop: Visitor) -> None:
    await put(shop, "", status=409)
    with shop.expecting(409, "/pay"):
        await shop.page.evaluate("fetch('/pay')")
    shop.check()
    with pytest.raises(AssertionError, match="no answer 409 of /pay"), shop.expecting(409, "/pay"):
        pass
    await shop.page.evaluate("fetch('/pay')")
    assert shop.problems == ["409 for GET http://shop.test/pay"]


async def test_a_server_that_is_away_is_no_fault_while_that_is_meant(shop: Visitor) -> None:
    await put(shop, "", status=503)
    with shop.server_away():
        await shop.page.evaluate("fetch('/health')")
        await shop.page.evaluate("fetch('http://127.0.0.1:1/').catch(() => {})")
    shop.check()
    await shop.page.evaluate("fetch('/health')")
    assert shop.problems == ["503 for GET http://shop.test/health"]


async def test_what_cannot_be_read_is_noticed_in_the_theme_where_it_is_so(shop: Visitor) -> None:
    await put(
        shop, "<style>@media (prefers-color-scheme: dark) { body { background: #333 } }</style><p>Pay</p>"
    )
    assert await violations(shop.page) == []
    with pytest.raises(AssertionError, match="dark, 1280 px: color-contrast") as failed:
        await check_look(shop)
    assert "light" not in str(failed.value)


async def test_what_is_wrong_in_one_theme_only_is_noticed_beside_its_colours(shop: Visitor) -> None:
    style = ".night { display: none } @media (prefers-color-scheme: dark) { .night { display: block } }"
    await put(shop, f'<style>{style}</style><button class="night"></button>')
    assert await violations(shop.page) == []
    with pytest.raises(AssertionError, match="dark, 1280 px: button-name") as failed:
        await check_look(shop)
    assert "light" not in str(failed.value)


async def test_the_rules_about_colours_are_some_of_all_rules(shop: Visitor) -> None:
    await put(shop, '<img src="/1"><p style="color: #999; background: #fff">Pay</p>', status=200)
    everything = await violations(shop.page)
    colours = await violations(shop.page, colours_only=True)
    assert {line.split()[0] for line in everything} == {"color-contrast", "image-alt"}
    assert [line for line in everything if line.startswith("color-contrast ")] == colours


async def test_what_sticks_out_of_a_narrow_screen_is_noticed(shop: Visitor) -> None:
    await put(shop, '<p style="width: 400px">Pay</p>')
    assert await sideways(shop.page) == []
    await shop.page.set_viewport_size({"width": chromium.NARROW, "height": 800})
    assert "the screen 320" in (await sideways(shop.page))[0]


async def test_a_focus_that_is_not_shown_is_noticed(shop: Visitor) -> None:
    await put(shop, "<a href='/1'>One</a> <a href='/2'>Two</a>")
    assert await tab_stops(shop.page) == ["One", "Two"]
    await shop.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<style>a{outline:none}</style>')"
    )
    with pytest.raises(AssertionError, match="One has the focus and does not show it"):
        await tab_stops(shop.page)


async def test_visitors_have_cookies_and_languages_of_their_own(new_visitor: NewVisitor) -> None:
    asha, ravi = await new_visitor(language="hi-IN"), await new_visitor()
    await asha.go("/")
    await ravi.go("/")
    await asha.page.evaluate("document.cookie = 'mine=1'")
    assert await ravi.page.evaluate("document.cookie") == ""
    assert await asha.page.evaluate("navigator.language") == "hi-IN"


def test_where_there_is_no_browser_the_reason_says_what_gets_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "AXE", tmp_path / "axe.min.js")
    assert "`make browser`" in chromium.why_missing()
    (tmp_path / "axe.min.js").touch()
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "chromium"))
    assert chromium.why_missing() == f"{tmp_path}/chromium is not there"
    (tmp_path / "chromium").touch()
    assert chromium.why_missing() == ""
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setattr(chromium, "FOLDER", tmp_path)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert "name one for aarch64 in CHROMIUM" in chromium.why_missing()
