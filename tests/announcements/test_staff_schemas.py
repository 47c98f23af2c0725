"""What a draft must have."""

from __future__ import annotations

from typing import Any

import pytest

from gencharge.core.values.ids import new_id
from tests.make.announcements import TEXTS, draft
from tests.make.staff_client import StaffClient


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"texts": {"en": TEXTS["en"]}}, "body"),
        ({"texts": TEXTS | {"en": {"title": " ", "body": "x"}}}, "body.texts.en.title"),
        ({"texts": TEXTS | {"en": {"title": "x", "body": " "}}}, "body.texts.en.body"),
        ({"texts": TEXTS | {"en": {"title": "two\nlines", "body": "x"}}}, "body.texts.en.title"),
        ({"texts": TEXTS | {"fr": {"title": "x", "body": "x"}}}, "body.texts.fr"),
        ({"audience": {"kind": "customers", "operator": "NOKIA"}}, "body.audience.operator"),
        ({"audience": {"kind": "customers", "circle": "XX"}}, "body.audience.circle"),
        ({"audience": {"kind": "campaign", "campaign_id": str(new_id())}}, "body.audience.campaign_id"),
        ({"audience": {"kind": "customer", "user_id": str(new_id())}}, "body.audience.user_id"),
        ({"audience": {"kind": "campaign"}}, "body.audience"),
        ({"audience": {"kind": "admins", "operator": "JIO"}}, "body.audience"),
        ({"audience": {"kind": "admins"}, "purpose": "promotional"}, "body"),
        ({"purpose": "spam"}, "body.purpose"),
        ({"channels": ["fax"]}, "body.channels.0"),
        ({"channels": ["sms"]}, "body"),
        ({"audience": {"kind": "admins"}, "channels": ["push"]}, "body"),
    ],
)
async def test_a_draft_that_is_wrong_is_refused_with_its_field(
    staff: StaffClient, overrides: dict[str, Any], field: str
) -> None:
    answer = await staff.ask("POST", "/announcements", draft(**overrides))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"].startswith(field), answer.text
