"""`/errors` and the page of each error in a browser."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.make.browser import NARROW, THEMES, Theme, Visitor, check_look, sideways, tab_stops
from tests.web.conftest import NewVisitor

# Each row is made by the same line, and to look at all four hundred takes twenty seconds.
_LEAVE_TWENTY_ROWS = "[...document.querySelectorAll('tr')].slice(20).forEach((row) => row.remove())"


# The colours are those of the theme, whatever the language: in Hindi one theme is looked at.
@pytest.mark.parametrize(
    ("language", "themes"), [("en-IN", THEMES), ("hi-IN", THEMES[1:])], ids=["en-IN", "hi-IN"]
)
@pytest.mark.parametrize("path", ["/errors", "/errors/insufficient-balance"])
async def test_a_page_of_errors_looks_right_in_each_language(
    new_visitor: NewVisitor, path: str, language: str, themes: Sequence[Theme]
) -> None:
    visitor = await new_visitor(language=language, width=NARROW)
    await visitor.go(path)
    assert await visitor.page.evaluate("document.documentElement.lang") == language[:2]
    assert await sideways(visitor.page) == []
    await visitor.page.evaluate(_LEAVE_TWENTY_ROWS)
    await check_look(visitor, themes=themes)


async def test_one_comes_from_an_error_to_all_of_them_by_keyboard(visitor: Visitor) -> None:
    await visitor.go("/errors/insufficient-balance")
    assert await tab_stops(visitor.page) == ["GenCharge", "All errors"]
    await visitor.page.get_by_text("All errors").press("Enter")
    await visitor.page.wait_for_url("**/errors")
