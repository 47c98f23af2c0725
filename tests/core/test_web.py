"""Bodies take nothing for what it is not."""

from __future__ import annotations

from typing import Annotated, Literal

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
    share: float = 0


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
    "body",
    [
        {"flag": 1},
        {"flag": "yes"},
        {"count": "5"},
        {"count": False},
        {"share": False},
        {"share": "5"},
        {"other": 1},
    ],
)
def test_nothing_is_taken_for_what_it_is_not(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Outer.model_validate(body)


class Oddly(Body):
    """A body whose fields are called like parts of a core schema."""

    type: Literal["str", "int"]
    function: str = ""
    fields: dict[str, int] = Field(default_factory=dict, examples=[{"type": 1}])
    default: dict[str, str] = Field(default={"type": "str"}, json_schema_extra={"example": {"type": "str"}})


def test_a_field_may_be_called_like_a_part_of_a_schema_and_is_as_strict() -> None:
    assert Oddly.model_validate({"type": "int", "fields": {"type": 1}}).default == {"type": "str"}
    for body, place in (
        ({"type": "float"}, ("type",)),
        ({"type": "str", "function": "a\x00"}, ("function",)),
        ({"type": "str", "fields": {"type": "5"}}, ("fields", "type")),
        ({"type": "str", "default": {"a": "\x00"}}, ("default", "a")),
    ):
        with pytest.raises(ValidationError) as refused:
            Oddly.model_validate(body)
        assert [problem["loc"] for problem in refused.value.errors()] == [place]
    document = Oddly.model_json_schema()
    assert document["properties"]["default"]["example"] == {"type": "str"}
    assert document["properties"]["default"]["default"] == {"type": "str"}


class Kinds(Body):
    """A body with a field called `type` that is a text."""

    type: str
    count: int


def test_a_field_called_type_is_a_text_like_others() -> None:
    assert Kinds.model_validate({"type": "abc", "count": 1}).type == "abc"
    with pytest.raises(ValidationError) as refused:
        Kinds.model_validate({"type": "a\x00", "count": "1"})
    assert [problem["loc"] for problem in refused.value.errors()] == [("type",), ("count",)]
