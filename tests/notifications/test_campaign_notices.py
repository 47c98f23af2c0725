"""What a customer of a target group is told."""

from __future__ import annotations

from gencharge.campaigns.events import CampaignOffered
from gencharge.core.values.recipient import NotificationType
from gencharge.notifications.campaign_notices import offered
from tests.make.notifications import USER, english, spoken


def test_an_offer_names_its_code_and_its_last_day_and_needs_consent() -> None:
    event = CampaignOffered(
        user_id=USER,
        campaign_id="c",
        offer_id="o",
        offer_name="Welcome back",
        offer_code="BACK50",
        ends_at="2026-08-14T18:30:00+00:00",
    )
    draft = offered(event)
    assert draft.kind.type is NotificationType.PROMOTIONAL
    assert english(draft).title == "An offer for you: Welcome back"
    assert english(draft).body == "Use the code BACK50 with your next recharge until 14 August 2026."
    assert "BACK50" in spoken(draft, "hi").body
    assert draft.data["offer_code"] == "BACK50"
