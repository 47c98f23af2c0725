"""Each kind of notice says what it is about, and names its id wherever a notice of it is written."""

from __future__ import annotations

import pytest

from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.notifications.kinds import Draft
from gencharge.notifications.registry import KINDS
from gencharge.notifications.subjects import SUBJECTS, WITHOUT_SUBJECT, Subject, subject_of


def test_every_kind_has_a_subject_or_is_about_nothing_that_has_a_place() -> None:
    assert SUBJECTS.keys() | WITHOUT_SUBJECT == KINDS.keys()
    assert not SUBJECTS.keys() & WITHOUT_SUBJECT


def test_a_notice_that_does_not_name_the_id_of_its_subject_is_not_written() -> None:
    recipient = Recipient("user", new_id())
    with pytest.raises(AssertionError, match="plan_recharged names its recharge_id"):
        Draft(recipient, KINDS["plan_recharged"], {}, {"plan_id": "1"})
    Draft(recipient, KINDS["plan_recharged"], {}, {"recharge_id": "1"})


def test_a_subject_has_a_type_and_an_id_if_there_are_many() -> None:
    assert subject_of("plan_recharged", {"recharge_id": "r1", "plan_id": "p1"}) == Subject("recharge", "r1")
    assert subject_of("refund_failed", {"refund_id": "1", "payment_id": "2"}) == Subject("payment", "2")
    assert subject_of("balance_low", {}) == Subject("wallet", None)
    assert subject_of("backup_failed", {"backup": "20261122t2"}) == Subject("backup", "20261122t2")
    # A template that an admin has sent to themselves.
    assert subject_of("plan_recharged", {}) == Subject("recharge", None)
    assert subject_of("announcement", {"announcement_id": "1"}) is None
    assert subject_of("webhook_refused", {"sender": "gateway"}) is None
