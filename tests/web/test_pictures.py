"""The pictures of the documentation show the pages as they are. `make pictures` takes them again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from gencharge.api import home
from tests.make.browser import Visitor
from tests.make.pictures import ALLOWED_DIFFERENCE, FOLDER, check_picture, difference


@pytest.fixture(autouse=True)
def _without_console(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a checkout where the console is not built; tests/test_docs.py has the other case."""
    monkeypatch.setattr(home, "_BUILT", tmp_path / "index.html")


async def test_the_first_page_is_in_the_readme_as_it_is(visitor: Visitor) -> None:
    await visitor.go("/")
    await check_picture(visitor.page, "start", width=1200, height=820)


async def test_the_routes_are_in_the_documentation_as_they_are(visitor: Visitor) -> None:
    await visitor.go("/docs")
    await visitor.page.wait_for_selector(".opblock")
    await check_picture(visitor.page, "docs", width=1200, height=820)


async def test_a_page_that_looks_otherwise_is_noticed(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TAKE_PICTURES", raising=False)
    await visitor.go("/errors")
    with pytest.raises(AssertionError, match=r"start\.png shows the page as it was .*: run `make pictures`"):
        await check_picture(visitor.page, "start", width=1200, height=820)


def test_another_number_is_no_other_page_and_another_colour_is() -> None:
    stored = Image.open(FOLDER / "start.png").convert("RGB")
    other = stored.copy()
    ImageDraw.Draw(other).rectangle((100, 100, 400, 120), fill="#888888")
    assert 0 < difference(stored, other) < ALLOWED_DIFFERENCE
    ImageDraw.Draw(other).rectangle((0, 0, 1200, 200), fill="#888888")
    assert difference(stored, other) > ALLOWED_DIFFERENCE
