"""A claimed fulfilment and the submission that is made of it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from gencharge.channels.answers import Submission
from gencharge.channels.fulfilment import Task
from gencharge.channels.models import FulfilmentState

TASK = Task(
    user_id=uuid4(),
    recharge_id=uuid4(),
    phone_number="+919876543210",
    operator="JIO",
    plan_id=uuid4(),
    amount=29_900,
    state=FulfilmentState.DUE,
    channel=None,
    reference=None,
    created_at=datetime(2026, 11, 20, tzinfo=UTC),
)


def test_a_submission_names_the_number_the_plan_and_the_amount_but_no_customer() -> None:
    submission = TASK.submission("r-1")
    assert submission == Submission("r-1", "JIO", "+919876543210", str(TASK.plan_id), 29_900)
    assert str(TASK.user_id) not in repr(submission)


def test_each_attempt_has_its_own_reference_for_the_same_recharge() -> None:
    first, second = TASK.submission("r-1"), TASK.submission("r-2")
    assert first.reference != second.reference
    assert (first.plan_id, first.amount_paise) == (second.plan_id, second.amount_paise)


def test_a_task_stays_as_it_was_claimed() -> None:
    with pytest.raises(FrozenInstanceError):
        TASK.state = FulfilmentState.SETTLED  # type: ignore[misc]
