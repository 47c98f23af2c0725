"""An allowance names one customer, one number or one address."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from gencharge.velocity.staff_schemas import AllowanceCreate

USER, NUMBER = {"user_id": str(uuid4())}, {"phone_number": "98765 43210"}
ADDRESS = {"address": "2001:DB8:0::1"}


def allowance(scope: str, **names: str) -> AllowanceCreate:
    ends_at = datetime(2027, 1, 1, tzinfo=UTC).isoformat()
    body = {"scope": scope, "factor": 2, "ends_at": ends_at, "reason": "a shop", **names}
    return AllowanceCreate.model_validate(body)


def test_a_customer_a_number_or_an_address_is_named() -> None:
    assert allowance("address", **ADDRESS).address == "2001:db8::1"
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
        ("address", {}),
        ("address", NUMBER),
        ("user", ADDRESS),
        ("address", {**ADDRESS, **USER}),
    ],
)
def test_no_subject_two_subjects_and_that_of_the_other_scope_are_refused(
    scope: str, names: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match="Scope user takes user_id only"):
        allowance(scope, **names)


@pytest.mark.parametrize("text", ["", "203.0.113", "203.0.113.0/24", "example.com", "fe80::1%eth0x" * 4])
def test_what_is_no_address_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValidationError, match=r"IPv4 or IPv6 address|at most 45"):
        allowance("address", address=text)
