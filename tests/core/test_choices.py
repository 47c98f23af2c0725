"""A filter whose values are data takes those that there are now, and says which they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Query

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.http import web
from gencharge.core.http.choices import Choices
from gencharge.core.http.paging import PageParams
from gencharge.core.values.codes import Choice, OperatorCode


class Filters(PageParams):
    group: Annotated[str, Choice("group")] | None = None
    operator: OperatorCode | None = None


@dataclass
class Groups:
    """The groups of a process, and those of the database."""

    held: tuple[str, ...] = ("Fast", "Slow")
    stored: tuple[str, ...] = ("Fast", "Slow")
    is_down: bool = False

    async def known(self, app: FastAPI, fresh: bool) -> Choices:
        """What a snapshot answers."""
        assert app.state.choices
        if self.is_down:
            raise DatabaseUnavailable
        return Choices.of(self.stored if fresh else self.held, (7,))


def client(groups: Groups) -> httpx.AsyncClient:
    app = FastAPI()
    web.install(app)
    router = web.router("things")

    @router.get("/model")
    async def by_model(query: Annotated[Filters, Query()]) -> dict[str, object]:
        return {"group": query.group}

    @router.get("/single")
    async def by_parameter(group: Annotated[str, Choice("group"), Query()] = "") -> dict[str, object]:
        return {"group": group}

    app.router.routes.extend(router.routes)
    app.state.choices = {"group": groups.known}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test/v1/things")


@pytest.mark.parametrize("path", ["/model", "/single"])
async def test_an_unknown_value_is_refused_with_those_that_there_are(path: str) -> None:
    async with client(Groups()) as http:
        answer = await http.get(f"{path}?group=Fats")
        assert answer.status_code == 422
        [problem] = answer.json()["errors"]
        assert (problem["field"], problem["code"]) == ("query.group", "group_invalid")
        assert problem["message"] == "Must be one of: Fast, Slow"
        # In capitals or not, by its id, with blanks around it.
        for right in ("Fast", "fast", "7", "%20Slow%20"):
            assert (await http.get(f"{path}?group={right}")).status_code == 200, right
        assert (await http.post(f"{path}?group=Fats")).status_code == 405


async def test_what_another_process_has_just_added_is_taken() -> None:
    async with client(Groups(stored=("Fast", "Slow", "New"))) as http:
        assert (await http.get("/model?group=new")).status_code == 200


async def test_while_the_values_are_not_known_none_is_refused() -> None:
    for groups in (Groups(is_down=True), Groups(held=(), stored=())):
        async with client(groups) as http:
            assert (await http.get("/model?group=any")).status_code == 200
    # No room says which operators there are here.
    async with client(Groups()) as http:
        assert (await http.get("/model?operator=any")).status_code == 200
