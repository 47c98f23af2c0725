"""What the staff may write."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gencharge.content.staff_schemas import ContentCreate, ContentPublish
from tests.make.content import draft

NOON = "2026-11-22T12:00:00Z"


def test_a_window_begins_before_it_ends() -> None:
    with pytest.raises(ValidationError, match="active_until is after active_from"):
        ContentPublish.model_validate({"active_from": NOON, "active_until": NOON})


@pytest.mark.parametrize("slug", ["images", "admin", "Refunds", "a--b", "-a", "a" * 81])
def test_a_slug_is_short_and_plain_and_no_address_of_another_route(slug: str) -> None:
    with pytest.raises(ValidationError, match="slug"):
        ContentCreate.model_validate(draft(slug=slug))
