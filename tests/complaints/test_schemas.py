"""A compensation is only for a complaint that is upheld."""

from __future__ import annotations

import pytest

from gencharge.complaints.schemas import ResolveComplaint


def test_no_compensation_is_paid_for_a_complaint_that_is_rejected() -> None:
    fields = {"note": "Looked into", "compensation": 100}
    assert ResolveComplaint.model_validate(fields | {"outcome": "upheld"}).compensation is not None
    with pytest.raises(ValueError, match="only for a complaint that is upheld"):
        ResolveComplaint.model_validate(fields | {"outcome": "rejected"})
