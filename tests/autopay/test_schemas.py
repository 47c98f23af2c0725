"""The bodies of commands about autopays."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.autopay.schemas import AutopayCreate, AutopayUpdate
from gencharge.core.values.ids import new_id

BODY: dict[str, Any] = {
    "phone_number": "9876543210",
    "plan_id": str(new_id()),
    "tag": "onetime",
    "next_due_at": "2027-01-31",
}


def test_a_onetime_autopay_has_no_interval() -> None:
    assert AutopayCreate.model_validate(BODY).every is None
    with pytest.raises(ValidationError, match="every is for a regular autopay"):
        AutopayCreate.model_validate(BODY | {"every": {"n": 1, "unit": "month"}})
    regular = AutopayCreate.model_validate(BODY | {"tag": "regular", "every": {"n": 1, "unit": "month"}})
    assert regular.every is not None


def test_a_onetime_autopay_names_its_date_and_a_regular_one_need_not() -> None:
    without = {name: value for name, value in BODY.items() if name != "next_due_at"}
    with pytest.raises(ValidationError, match="next_due_at is needed with onetime"):
        AutopayCreate.model_validate(without)
    assert AutopayCreate.model_validate(without | {"tag": "regular"}).next_due_at is None


@pytest.mark.parametrize("body", [{}, {"next_due_at": None}, {"max_amount": None}, {"every": None}])
def test_a_change_changes_something_and_takes_no_null(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AutopayUpdate.model_validate(body)
