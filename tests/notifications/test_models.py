"""Notices as MongoDB keeps them."""

from __future__ import annotations

from uuid import UUID

from gencharge.core.values.ids import new_id
from gencharge.notifications.models import Recipient, notice_id, owner_of
from tests.make.notifications import USER, recharged


def test_the_id_of_a_notice_is_the_same_each_time_and_differs_by_event_recipient_and_kind() -> None:
    event, other, customer = new_id(), new_id(), owner_of(recharged())
    same = notice_id(event, customer, "plan_recharged")
    assert same == notice_id(event, customer, "plan_recharged")
    assert same.version == 7
    assert same.bytes[:6] == event.bytes[:6]
    others = {
        notice_id(other, customer, "plan_recharged"),
        notice_id(event, Recipient("admin", UUID(USER)), "plan_recharged"),
        notice_id(event, customer, "other"),
    }
    assert len({same} | others) == 4
