"""What happens to campaigns."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCreated(Event):
    """An admin planned a campaign."""

    campaign_id: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignBudgetChanged(Event):
    """An admin let a campaign spend more or less."""

    campaign_id: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCancelled(Event):
    """An admin cancelled a campaign. Who has been told of the offer keeps it."""

    campaign_id: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStarted(Event):
    """The target group was chosen: `members`, of whom `control` were left out."""

    campaign_id: str
    members: int
    control: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOffered(Event):
    """A customer is to be told of a campaign's offer and its code. It is promotional: it needs the customer's consent."""

    campaign_id: str
    offer_id: str
    offer_name: str
    offer_code: str
    ends_at: str
