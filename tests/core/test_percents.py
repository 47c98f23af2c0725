"""Percentages: at most two decimals, and the same number of basis points there and back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from gencharge.core.values import percents

PERCENT = TypeAdapter(percents.Percent)


@pytest.mark.parametrize("points", [1, 50, 1_000, 1_250, 9_999, 10_000])
def test_a_percentage_is_as_many_basis_points_there_and_back(points: int) -> None:
    percent = percents.of_basis_points(points)
    assert percents.basis_points(percent) == points
    assert percents.basis_points(PERCENT.validate_python(str(percent))) == points


@pytest.mark.parametrize("raw", [0, 100.01, -1, "1e1", "12.345", "ten", True, Decimal("0.001")])
def test_what_is_no_percentage_is_refused(raw: object) -> None:
    with pytest.raises(ValidationError):
        PERCENT.validate_python(raw)
