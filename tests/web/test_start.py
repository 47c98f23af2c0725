"""`/` in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from gencharge.api import home
from tests.make.browser import Visitor, check_look, tab_stops


@pytest.fixture(autouse=True)
def _without_console(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a checkout where the console is not built; tests/test_docs.py has the other case."""
    monkeypatch.setattr(home, "_BUILT", tmp_path / "index.html")


async def test_the_first_page_looks_right(visitor: Visitor) -> None:
    await visitor.go("/")
    await check_look(visitor)


async def test_the_keyboard_reaches_every_way_on(visitor: Visitor) -> None:
    await visitor.go("/")
    stops = await tab_stops(visitor.page)
    links = await visitor.page.locator("a").count()
    assert len(stops) == links
    assert stops[:2] == ["Try the API", "Read the guide"]
    assert {"Read the API", "Guide", "Errors"} <= set(stops)


async def test_the_state_of_the_stores_stands_beside_health(visitor: Visitor) -> None:
    await visitor.go("/")
    assert await visitor.page.locator("#health").inner_text() == "ready"


async def test_a_way_that_is_not_built_is_not_shown(visitor: Visitor) -> None:
    await visitor.go("/")
    for link in await visitor.page.locator("a[href^='/']").all():
        address = str(await link.get_attribute("href"))
        assert (await visitor.page.request.get(visitor.base + address)).ok, address
