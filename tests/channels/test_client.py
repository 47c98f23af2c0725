"""What each answer of an operator proves."""

from __future__ import annotations

from typing import Any

import pytest

from gencharge.channels.answers import Answer, Verdict
from gencharge.channels.client import read


@pytest.mark.parametrize(
    ("status", "document", "verdict"),
    [
        (200, {"status": "success"}, Verdict.DELIVERED),
        (202, {"status": "accepted"}, Verdict.ACCEPTED),
        (200, {"status": "pending"}, Verdict.ACCEPTED),
        (200, {"status": "failed"}, Verdict.REFUSED),
        (200, {"status": "SUCCESS"}, Verdict.UNKNOWN),
        (200, {}, Verdict.UNKNOWN),
        (200, None, Verdict.UNKNOWN),
        (200, ["success"], Verdict.UNKNOWN),
        (201, {"status": "success"}, Verdict.UNKNOWN),
        (500, {"status": "failed"}, Verdict.UNKNOWN),
        (503, None, Verdict.UNKNOWN),
        (400, {"error": "bad_amount"}, Verdict.REFUSED),
        (422, {"error": "bad_amount"}, Verdict.REFUSED),
        (422, {}, Verdict.UNKNOWN),
        (401, None, Verdict.NOT_SENT),
        (403, None, Verdict.NOT_SENT),
        (429, None, Verdict.NOT_SENT),
        (404, {"status": "unknown_reference"}, Verdict.UNKNOWN),
    ],
)
def test_what_an_answer_to_a_submission_proves(status: int, document: Any, verdict: Verdict) -> None:
    assert read(status, document, submitting=True).verdict is verdict


@pytest.mark.parametrize(
    ("status", "document", "verdict"),
    [
        (200, {"status": "success"}, Verdict.DELIVERED),
        (404, {"status": "unknown_reference"}, Verdict.NOT_KNOWN),
        (404, {"error": "no such page"}, Verdict.UNKNOWN),
        (404, None, Verdict.UNKNOWN),
        (401, None, Verdict.UNKNOWN),
        (403, None, Verdict.UNKNOWN),
        (429, None, Verdict.UNKNOWN),
        (400, {"error": "bad_amount"}, Verdict.UNKNOWN),
    ],
)
def test_a_question_that_is_turned_away_proves_nothing(status: int, document: Any, verdict: Verdict) -> None:
    assert read(status, document, submitting=False).verdict is verdict


def test_the_operators_reference_and_reason_are_kept() -> None:
    answer = read(
        200, {"status": "failed", "operator_reference": "OP1", "reason": "blocked"}, submitting=True
    )
    assert answer == Answer(Verdict.REFUSED, "OP1", "blocked")


def test_what_is_not_text_is_dropped_and_a_long_reason_is_cut() -> None:
    odd = read(200, {"status": "success", "operator_reference": 7, "reason": ["x"]}, submitting=True)
    assert odd == Answer(Verdict.DELIVERED, None, "")
    assert len(read(200, {"status": "failed", "reason": "x" * 900}, submitting=True).reason) == 200
