"""The staff's commands and queries of customers on the wire."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.users.staff_schemas import (
    ChangeKycTier,
    PresentUserQuery,
    ReplaceUserEmail,
    ReplaceUserPhoneNumber,
    UserQuery,
    UserUpdate,
)


def problems(model: Any, value: dict[str, Any]) -> list[str]:
    """The fields that a model refuses."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(value)
    return [".".join(map(str, error["loc"])) for error in refused.value.errors()]


@pytest.mark.parametrize("value", [{}, {"name": None}])
def test_a_profile_is_changed_by_a_name(value: dict[str, Any]) -> None:
    assert problems(UserUpdate, value) == ["name"]


def test_the_profile_takes_no_address() -> None:
    assert problems(UserUpdate, {"name": "Asha Rao", "email": "asha@example.com"}) == ["email"]


@pytest.mark.parametrize(
    ("model", "value"),
    [
        (ReplaceUserEmail, {"email": "asha@example.com"}),
        (ReplaceUserPhoneNumber, {"phone_number": "9876543210"}),
    ],
)
def test_the_staff_say_why_they_change_how_a_customer_is_reached(model: Any, value: dict[str, Any]) -> None:
    assert problems(model, value) == ["reason"]


def test_an_unknown_field_is_refused() -> None:
    assert problems(UserUpdate, {"name": "Asha Rao", "status": "blocked"}) == ["status"]


@pytest.mark.parametrize("reason", ["", "no", "x" * 301, "two\nlines", "bell\x07bell"])
def test_a_reason_is_one_visible_line_of_3_to_300_characters(reason: str) -> None:
    assert problems(ChangeKycTier, {"tier": "full", "reason": reason}) == ["reason"]


@pytest.mark.parametrize("tier", ["FULL", "none", None])
def test_a_tier_is_one_of_two(tier: str | None) -> None:
    assert problems(ChangeKycTier, {"tier": tier, "reason": "Asked for"}) == ["tier"]


@pytest.mark.parametrize("search", ["", "x" * 51, "a\u200bb"])
def test_a_search_is_a_visible_beginning_of_a_name(search: str) -> None:
    assert problems(UserQuery, {"search": search}) == ["search"]


def test_archived_users_are_no_status_of_the_present_list() -> None:
    assert problems(PresentUserQuery, {"status": "archived"}) == ["status"]
    assert PresentUserQuery.model_validate({"status": "blocked"}).status == "blocked"


def test_an_exact_number_is_compared_in_one_form() -> None:
    query = UserQuery.model_validate({"phone_number": "98765 43210", "email": "Asha@Example.com"})
    assert (query.phone_number, query.email) == ("+919876543210", "asha@example.com")
