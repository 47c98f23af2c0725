"""What customers type finds the plans that they mean, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from gencharge.plans.models import PlanSnapshot
from gencharge.plans.search_words import mentions
from tests.make.plans import make_snapshot


def plan(name: str = "Jio ₹1,299 · 1.5 GB/day · 28 days", **benefits: Any) -> PlanSnapshot:
    return make_snapshot(
        name=name,
        description="Unlimited calls, 100 SMS/day",
        operator="JIO",
        group="Unlimited",
        benefits=benefits,
    )


@pytest.mark.parametrize(
    "search",
    [
        *(
            "1.5GB",
            "1.5 gb",
            "1.5Gb/day",
            "1.5 जीबी",
            "28 din",
            "28din",
            "28 दिन",
            "२८ दिन",
            "28 days",
            "28 Day",
        ),
        *("days", "din", "₹1,299", "1299", "299", "jio unlimited", "असीमित", "100 sms", "28", "1.5"),
    ],
)
def test_it_is_found(search: str) -> None:
    assert mentions(plan(), search)


@pytest.mark.parametrize(
    "search",
    ["5GB", "5 gb", "8 din", "128 days", "28 months", "2.5GB", "1.5 MB", "ott", "airtel", "28 दिन vi"],
)
def test_it_is_not_found(search: str) -> None:
    assert not mentions(plan(), search)


@pytest.mark.parametrize(
    "extra", ["Netflix (basic)", "JioHotstar for 3 months", "Amazon Prime", "Any OTT app"]
)
def test_a_plan_with_a_streaming_service_is_found_by_ott(extra: str) -> None:
    assert mentions(plan(extras=[extra]), "OTT")
    assert mentions(plan(extras=[extra]), extra.split()[0])


def test_months_are_found_in_hindi_and_a_changed_plan_is_looked_at_again() -> None:
    for search in ("2 mahine", "2 महीने", "2month"):
        assert mentions(plan("Two 2 months"), search)
        assert not mentions(plan("Three 3 months"), search)
