"""Messages are summed by the channels that the staff chose."""

from __future__ import annotations

from gencharge.announcements.sums_service import sums_of
from gencharge.messages.models import MessageChannel, MessageState, Receipt


def test_both_ways_of_a_push_are_one_channel_and_each_state_has_its_figure() -> None:
    counts = {
        (MessageChannel.WEB_PUSH, MessageState.SENT): 3,
        (MessageChannel.MOBILE_PUSH, MessageState.SENT): 4,
        (MessageChannel.MOBILE_PUSH, MessageState.PARKED): 1,
        (MessageChannel.WEB_PUSH, MessageState.DROPPED): 2,
        (MessageChannel.WEB_PUSH, MessageState.SENDING): 1,
        (MessageChannel.WEB_PUSH, MessageState.WAITING): 5,
    }
    assert sums_of(["push", "sms"], counts, {}) == {
        "push": {"waiting": 6, "sent": 7, "failed": 3, "delivered": 0, "undelivered": 0},
        "sms": {"waiting": 0, "sent": 0, "failed": 0, "delivered": 0, "undelivered": 0},
    }


def test_what_the_providers_reported_is_counted_beside_what_was_sent() -> None:
    counts = {(MessageChannel.SMS, MessageState.SENT): 5, (MessageChannel.EMAIL, MessageState.SENT): 2}
    receipts = {
        (MessageChannel.SMS, Receipt.DELIVERED): 3,
        (MessageChannel.SMS, Receipt.FAILED): 1,
        (MessageChannel.EMAIL, Receipt.FAILED): 2,
    }
    assert sums_of(["sms", "email"], counts, receipts) == {
        "sms": {"waiting": 0, "sent": 5, "failed": 0, "delivered": 3, "undelivered": 1},
        "email": {"waiting": 0, "sent": 2, "failed": 0, "delivered": 0, "undelivered": 2},
    }
