"""A refusal proves that nothing arrives only if no earlier attempt can have arrived."""

from __future__ import annotations

import pytest

from gencharge.payments.refusals import is_proof, refused_at


def test_the_refusal_of_the_first_attempt_is_proof() -> None:
    assert is_proof(1, None)


@pytest.mark.parametrize(
    ("attempt", "reason", "proves"),
    [
        (2, None, False),
        (2, "gateway_timeout", False),
        (2, refused_at(1), True),
        (3, refused_at(2), True),
        (3, refused_at(1), False),
        (3, refused_at(3), False),
    ],
)
def test_later_it_takes_two_in_a_row(attempt: int, reason: str | None, proves: bool) -> None:
    assert is_proof(attempt, reason) is proves
