"""The segments of an SMS, as providers bill them."""

from __future__ import annotations

import pytest

from gencharge.messages.segments import count_segments


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("[" + "a" * 158, 1),
        ("[" + "a" * 159, 2),
        ("₹" + "a" * 69, 1),
        ("₹" + "a" * 70, 2),
        ("₹" + "a" * 133, 2),
        ("₹" + "a" * 134, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("रिचार्ज हो गया", 1),
    ],
)
def test_segments(text: str, segments: int) -> None:
    assert count_segments(text) == segments
