"""What can go wrong with campaigns."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, field_problem


class CampaignNotFound(NotFound):
    """Campaign not found."""


class CampaignOver(Conflict):
    """This campaign has ended or was cancelled."""


class CampaignOfferInvalid(Invalid):
    """A campaign takes an active offer with a code: one without a code is for everybody, the control group too."""

    def __init__(self) -> None:
        """Names the field."""
        super().__init__(errors=[field_problem("body.offer_id", self.title(), "campaign_offer_invalid")])
