"""Bodies take nothing for what it is not."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field, StringConstraints, ValidationError

from gencharge.core.http.web import Body


class Inner(Body):
    """A part of a body."""

    name: str = Field(min_length=1, max_length=5)


class Outer(Body):
    """A body with texts in every place."""

    plain: str | None = None
    limited: Annotated[str, StringConstraints(max_length=20)] = ""
    inner: Inner | None = None
    many: list[str] = Field(default_factory=list)
    by_name: dict[str, str] = Field(default_factory=dict)
    flag: bool = False
    count: int = 0


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"plain": "a\x00b"}, ("plain",)),
        ({"limited": "\x00"}, ("limited",)),
        ({"inner": {"name": "a\x00"}}, ("inner", "name")),
        ({"many": ["a", "\x00"]}, ("many", 1)),
        ({"by_name": {"a": "\x00"}}, ("by_name", "a")),
    ],
)
def test_a_nul_character_is_refused_in_every_text_and_the_place_is_named(
    body: dict[str, object], place: tuple[str | int, ...]
) -> None:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate(body)
    [problem] = refused.value.errors()
    assert (problem["type"], problem["loc"], problem["msg"]) == (
        "text",
        place,
        "Must be text without control characters",
    )


def test_limits_of_a_text_still_hold() -> None:
    assert Outer.model_validate({"inner": {"name": "  abc "}}).inner == Inner(name="abc")
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate({"inner": {"name": "abcdef"}, "limited": "x" * 21})
    assert [problem["type"] for problem in refused.value.errors()] == ["string_too_long"] * 2
    document = Outer.model_json_schema()
    assert document["properties"]["limited"]["maxLength"] == 20
    assert document["$defs"]["Inner"]["properties"]["name"]["minLength"] == 1


@pytest.mark.parametrize(
    "body", [{"flag": 1}, {"flag": "yes"}, {"count": "5"}, {"count": False}, {"other": 1}]
)
def test_nothing_is_taken_for_what_it_is_not(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Outer.model_validate(body)
