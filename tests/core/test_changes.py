"""The body of a PATCH."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import Field, ValidationError

from gencharge.core.http import web
from gencharge.core.http.changes import Changes, left_out


class ShelfUpdate(Changes):
    """What is to change of a shelf."""

    name: str = Field(default_factory=left_out)
    height: int | None = Field(default=None, description="null: as high as the room.")
    reason: str = ""


def test_it_knows_what_was_given_and_what_takes_null() -> None:
    assert ShelfUpdate.model_validate({"name": "Top"}).model_fields_set == {"name"}
    assert ShelfUpdate.model_validate({"height": None}).model_fields_set == {"height"}


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, (), "Value error, Give at least one of height, name"),
        ({"reason": "asked for"}, (), "Value error, Give at least one of height, name"),
        ({"name": None}, ("name",), "Input should be a valid string"),
        ({"width": 1}, ("width",), "Extra inputs are not permitted"),
    ],
)
def test_what_changes_nothing_or_makes_no_sense_is_refused(
    body: dict[str, Any], field: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        ShelfUpdate.model_validate(body)
    (error,) = refused.value.errors()
    assert (error["loc"], error["msg"]) == (field, message)


def test_the_document_says_where_null_is_taken_and_that_one_field_is_needed() -> None:
    app = FastAPI()
    router = web.router("shelves")

    @router.patch("")
    async def change(body: ShelfUpdate) -> None: ...

    app.router.routes.extend(router.routes)
    schema = app.openapi()["components"]["schemas"]["ShelfUpdate"]
    assert schema["minProperties"] == 1
    assert schema["properties"]["name"]["type"] == "string"
    assert {"type": "null"} in schema["properties"]["height"]["anyOf"]
