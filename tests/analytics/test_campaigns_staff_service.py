"""Sums over campaigns: those without a control group have no extra revenue, and percentages of nobody are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gencharge.analytics import campaigns_staff_service as service
from gencharge.campaigns.crud import GroupFigures
from gencharge.campaigns.models import Campaign
from gencharge.campaigns.service import Outcome
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money, SignedMoney

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def outcome(reached: GroupFigures, control: GroupFigures) -> Outcome:
    campaign = Campaign(
        campaign_id=new_id(),
        name="Bring them back",
        offer_id=new_id(),
        starts_at=NOW,
        ends_at=NOW + timedelta(days=7),
    )
    return Outcome(campaign, "Fifty off", reached, control, NOW)


def test_campaigns_add_up_and_only_those_with_a_control_group_have_extra_revenue() -> None:
    compared = outcome(
        GroupFigures(customers=10, recharged=4, recharges=5, paise=50_000, uses=3, cost=9_000, shown=7),
        GroupFigures(customers=5, recharged=1, recharges=1, paise=10_000),
    )
    alone = outcome(GroupFigures(customers=2, recharged=1, recharges=1, paise=1_000, shown=1), GroupFigures())
    totals = service._totals([compared, alone])
    assert (totals.campaigns, totals.reached, totals.control, totals.shown, totals.used) == (2, 12, 5, 8, 3)
    assert (totals.cost, totals.revenue) == (Money(9_000), Money(51_000))
    assert totals.extra_revenue == SignedMoney(30_000)
    assert service._out(alone).extra_revenue is None


def test_a_percentage_of_nobody_is_none() -> None:
    shown = service._out(outcome(GroupFigures(customers=3, recharged=1), GroupFigures()))
    assert (shown.recharged_percent, shown.control_recharged_percent) == (33.33, None)
