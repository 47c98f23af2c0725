"""The fields of users on the wire."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.users import Headers, saved_number

# Whose operators and circles are there to be named.
pytestmark = pytest.mark.usefixtures("shop")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"operator": "NOBODY"}, "body.operator"),
        ({"circle": "XX"}, "body.circle"),
        ({"nickname": ""}, "body.nickname"),
        ({"nickname": "a\x00b"}, "body.nickname"),
        ({"nickname": "x" * 41}, "body.nickname"),
        ({"phone_number": "12"}, "body.phone_number"),
        ({"service_type": "free"}, "body.service_type"),
        ({"user_id": str(new_id())}, "body.user_id"),
    ],
)
async def test_a_wrong_field_is_named(
    shop: Stores, http: httpx.AsyncClient, user_headers: Headers, wrong: dict[str, Any], field: str
) -> None:
    answer = await http.post("/users/me/numbers", headers=user_headers, json=saved_number(**wrong))
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"nickname": None}, {"operator": "NOBODY"}, {"circle": "XX"}, {"phone_number": "9876543210"}],
)
async def test_a_wrong_change_is_refused(
    shop: Stores, http: httpx.AsyncClient, user_headers: Headers, wrong: dict[str, Any]
) -> None:
    number = (await http.post("/users/me/numbers", headers=user_headers, json=saved_number())).json()
    answer = await http.patch(f"/users/me/numbers/{number['number_id']}", headers=user_headers, json=wrong)
    assert answer.status_code == 422
    assert (await http.get(f"/users/me/numbers/{number['number_id']}", headers=user_headers)).json() == number
