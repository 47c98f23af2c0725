"""A customer is told that there is an answer; what it says stays in the enquiry."""

from __future__ import annotations

import pytest

from gencharge.complaints.events import ComplaintResolved
from gencharge.contact.events import EnquiryAnswered, EnquiryResolved
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.notifications.enquiry_notices import NOTICES, answered, complaint_resolved, resolved
from tests.make.notifications import english

FACTS = {
    "user_id": str(new_id()),
    "enquiry_id": str(new_id()),
    "entry_id": str(new_id()),
    "category": "refund",
}


def test_the_notices_say_where_to_read_and_write() -> None:
    reply, ending = answered(EnquiryAnswered(**FACTS)), resolved(EnquiryResolved(**FACTS))
    assert reply is not None
    assert ending is not None
    assert english(reply).title == "We have answered your enquiry"
    assert "within 14 days" in english(ending).body
    assert reply.data == {"enquiry_id": FACTS["enquiry_id"], "category": "refund"}


@pytest.mark.parametrize("kind", [EnquiryAnswered, EnquiryResolved])
def test_a_visitor_has_no_inbox(kind: type[EnquiryAnswered] | type[EnquiryResolved]) -> None:
    assert NOTICES[kind](kind(**FACTS | {"user_id": str(SYSTEM_USER_ID)})) is None


@pytest.mark.parametrize(
    ("status", "words"), [("upheld", "you were right."), ("rejected", "we found no fault.")]
)
def test_a_settled_complaint_says_how_and_why(status: str, words: str) -> None:
    event = ComplaintResolved(
        user_id=str(new_id()),
        complaint_id=str(new_id()),
        recharge_id=str(new_id()),
        operator="JIO",
        plan_name="Jio 299",
        phone_number="+919876543210",
        status=status,
        reason="The plan runs now.",
        compensation_paise=0,
        changes={},
    )
    body = english(complaint_resolved(event)).body
    assert f"{words} The plan runs now." in body
    assert "Jio 299" in body
