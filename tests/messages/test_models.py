"""What is queued: encrypted, in one line where a line is meant, and in the order of what it is for."""

from __future__ import annotations

import pytest

from gencharge.core.values.recipient import NotificationType
from gencharge.messages.models import PRIORITIES, plain_title


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("Done\r\nBcc: all@example.com", "Done Bcc: all@example.com"),
        ("Done\x00\u2028Cc: x", "Done Cc: x"),
        ("  two   words ", "two words"),
        ("रिचार्ज हो गया", "रिचार्ज हो गया"),
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_a_title_is_one_line(title: str, line: str) -> None:
    assert plain_title(title) == line


def test_every_type_has_a_priority_and_offers_come_last() -> None:
    assert set(PRIORITIES) == set(NotificationType)
    assert max(PRIORITIES, key=PRIORITIES.__getitem__) is NotificationType.PROMOTIONAL
