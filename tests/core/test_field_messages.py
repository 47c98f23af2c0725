"""The message of a field: pydantic's in our words, our own as it was raised."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from gencharge.core.http.field_messages import field_message
from gencharge.core.values.phone import MobileNumber
from gencharge.core.wording import in_language, worded


def _plain(_: str) -> str:
    raise ValueError("May be given only once")


def _with_values(_: str) -> str:
    raise ValueError(worded("Give at least one of {names}", names=["a", "b"]))


def _custom(_: str) -> str:
    raise PydanticCustomError("x", "{reason}", {"reason": worded("Must be at most {amount}", amount=5)})


_CASES: list[tuple[Any, Any, str, str]] = [
    (Annotated[int, Field(ge=3)], 1, "Input should be greater than or equal to 3", "कम से कम 3 होना चाहिए"),
    (
        Annotated[str, Field(max_length=2)],
        "abc",
        "String should have at most 2 characters",
        "ज़्यादा से ज़्यादा 2 अक्षर हो सकते हैं",
    ),
    (
        Literal["a", "b", "c"],
        "d",
        "Input should be 'a', 'b' or 'c'",
        "इनमें से एक होना चाहिए: 'a', 'b' या 'c'",
    ),
    (Literal["a"], "d", "Input should be 'a'", "इनमें से एक होना चाहिए: 'a'"),
    (Annotated[str, AfterValidator(_plain)], "", "May be given only once", "केवल एक बार दिया जा सकता है"),
    (
        Annotated[str, AfterValidator(_with_values)],
        "",
        "Give at least one of a, b",
        "इनमें से कम से कम एक दें: a, b",
    ),
    (Annotated[str, AfterValidator(_custom)], "", "Must be at most 5", "ज़्यादा से ज़्यादा 5 हो सकता है"),
    (
        Annotated[str, Field(pattern="^a{2}$")],
        "",
        "String should match pattern '^a{2}$'",
        "इस पैटर्न के अनुसार होना चाहिए: ^a{2}$",
    ),
]


@pytest.mark.parametrize(("type_", "value", "english", "hindi"), _CASES)
def test_each_kind_of_message_is_said_in_both_languages(
    type_: Any, value: Any, english: str, hindi: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(type_).validate_python(value)
    message = field_message(raised.value.errors()[0])
    assert (message, in_language(message, "hi")) == (english, hindi)


def test_a_phone_number_is_explained_in_hindi() -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(MobileNumber).validate_python("12")
    assert in_language(field_message(raised.value.errors()[0]), "hi").startswith("भारतीय मोबाइल नंबर")
