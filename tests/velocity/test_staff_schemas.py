"""An allowance names one customer or one number."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from gencharge.velocity.staff_schemas import AllowanceCreate

USER, NUMBER = {"user_id": str(uuid4())}, {"phone_number": "98765 43210"}


def allowance(scope: str, **names: str) -> AllowanceCreate:
    ends_at = datetime(2027, 1, 1, tzinfo=UTC).isoformat()
    body = {"scope": scope, "factor": 2, "ends_at": ends_at, "reason": "a shop", **names}
    return AllowanceCreate.model_validate(body)


def test_a_customer_or_a_number_is_named() -> None:
    assert str(allowance("user", **USER).user_id) == USER["user_id"]
    assert allowance("number", **NUMBER).phone_number == "+919876543210"


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("user", {}),
        ("number", {}),
        ("user", NUMBER),
        ("number", USER),
        ("user", {**USER, **NUMBER}),
        ("number", {**USER, **NUMBER}),
    ],
)
def test_no_subject_two_subjects_and_that_of_the_other_scope_are_refused(
    scope: str, names: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match="Scope user takes user_id only"):
        allowance(scope, **names)
