"""Codes of operators and circles: small letters are taken, anything else is refused in a sentence."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from gencharge.core.values.codes import CIRCLE_RIGHT, OPERATOR_RIGHT, CircleCode, OperatorCode


class Named(BaseModel):
    operator: OperatorCode = "JIO"
    circle: CircleCode | None = None


def test_small_letters_and_blanks_around_are_taken() -> None:
    named = Named(operator=" jio ", circle="ka")
    assert (named.operator, named.circle) == ("JIO", "KA")


@pytest.mark.parametrize(
    ("field", "value", "right"),
    [
        *(("operator", value, OPERATOR_RIGHT) for value in ("", "J", "1JIO", "JI O", "JIO\n;", "जियो", "ßß")),
        *(("circle", value, CIRCLE_RIGHT) for value in ("", "K", "KARNA", "K1", "K A", "ß")),
    ],
)
def test_anything_else_is_refused_in_a_sentence(field: str, value: str, right: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Named.model_validate({field: value})
    assert [problem["msg"] for problem in refused.value.errors()] == [right]


def test_the_document_shows_the_pattern() -> None:
    fields = Named.model_json_schema()["properties"]
    assert fields["operator"]["pattern"].startswith("^[A-Za-z]")
    assert "pattern" in str(fields["circle"])
