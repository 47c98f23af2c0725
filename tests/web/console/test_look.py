"""The console's main pages in both themes and languages, on a wide screen and a narrow one. `test_rooms.py` has all the others."""

from __future__ import annotations

import pytest

from tests.make import factories
from tests.make.browser import check_look, count_bytes
from tests.make.console import ANNOUNCER, make_admin, open_page, sign_in, speak
from tests.make.live import Served
from tests.web.conftest import NewVisitor

# Of a visit with an empty cache: six seconds at 400 kbit/s take 300 kB, a sixth of which is left to the way there and back.
# No test looks at the clock.
FIRST_SCREEN_BYTES = 250_000
PAGES = ("/console/", "/console/customers", "/console/recharges")


@pytest.mark.parametrize("language", ["en", "hi"])
async def test_each_page_looks_right_in_each_language(
    new_visitor: NewVisitor, served: Served, language: str
) -> None:
    user = await served.stores.database.run(lambda db: factories.make_user(db, name="Asha Rao"))
    visitor = await new_visitor()
    loaded = await count_bytes(visitor.page)
    await sign_in(visitor, await make_admin(served.app))
    assert 100_000 < sum(loaded) < FIRST_SCREEN_BYTES
    await speak(visitor, language)
    for path in (*PAGES, f"/console/customers/{user.user_id}"):
        await open_page(visitor.page, visitor.base + path)
        assert await visitor.page.evaluate("document.documentElement.lang") == language
        await check_look(visitor, without=ANNOUNCER)
