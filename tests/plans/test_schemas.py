"""The schemas of plans."""

from __future__ import annotations

from gencharge.core.values.money import Money
from gencharge.plans.schemas import Benefits


def test_benefits_keep_talktime_in_paise_and_give_it_back_as_money() -> None:
    benefits = Benefits(talktime=Money.rupees("81.75"), sms_per_day=100, extras=("Music",))
    stored = benefits.stored()
    assert stored["talktime_paise"] == 8175
    assert Benefits.from_stored(stored) == benefits
    assert Benefits.from_stored({}) == Benefits()
