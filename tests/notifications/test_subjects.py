"""Each kind of notice says what it is about, and names its id wherever a notice of it is written."""

from __future__ import annotations

import pytest

from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.notifications.kinds import Draft
from gencharge.notifications.registry import KINDS
from gencharge.notifications.subjects import SUBJECTS, WITHOUT_SUBJECT, subject_of


def test_every_kind_has_a_subject_or_is_about_nothing_that_has_a_place() -> None:
    assert SUBJECTS.keys() | WITHOUT_SUBJECT == KINDS.keys()
    assert not SUBJECTS.keys() & WITHOUT_SUBJECT


def test_a_notice_that_does_not_name_the_id_of_its_subject_is_not_written() -> None:
    recipient = Recipient("user", new_id())
    with pytest.raises(AssertionError, match="plan_recharged names its recharge_id"):
        Draft(recipient, KINDS["plan_recharged"], {}, {"plan_id": "1"})
    Draft(recipient, KINDS["plan_recharged"], {}, {"recharge_id": "1"})


def test_the_id_of_a_subject_is_among_the_data_under_its_name() -> None:
    for kind, (type_, key) in SUBJECTS.items():
        assert key in (None, f"{type_}_id", type_), kind


def test_a_kind_says_what_it_is_about() -> None:
    assert [
        subject_of(kind) for kind in ("plan_recharged", "refund_failed", "balance_low", "backup_failed")
    ] == [
        "recharge",
        "payment",
        "wallet",
        "backup",
    ]
    assert subject_of("announcement") is None
    assert subject_of("webhook_refused") is None
