"""What can go wrong with campaigns."""

from __future__ import annotations

from uuid import UUID

from gencharge.core.errors import Conflict, Invalid, NotFound, field_problem
from gencharge.core.values.money import Money
from gencharge.core.wording import worded


class CampaignNotFound(NotFound):
    """Campaign not found."""


class CampaignOver(Conflict):
    """This campaign has ended or was cancelled."""


class CampaignOfferInvalid(Invalid):
    """A campaign takes an active offer with a code: one without a code is for everybody, the control group too."""

    def __init__(self) -> None:
        """Names the field."""
        super().__init__(errors=[field_problem("body.offer_id", self.title(), "campaign_offer_invalid")])


class CampaignBudgetNotFound(NotFound):
    """This campaign has no budget of its own: change that of its offer."""


class CampaignBudgetInvalid(Invalid):
    """A campaign's budget covers what the campaign has spent already."""

    def __init__(self, spent: Money) -> None:
        """`spent`: so far."""
        wrong = worded("Must be at least {spent}: that has been spent", spent=spent)
        super().__init__(errors=[field_problem("body.budget", wrong, self.code())])


class CampaignBudgetAlreadyExists(Conflict):
    """Another campaign with a budget uses this offer's code at that time, and a use would not say whose it is. Take one-time codes."""

    def __init__(self, campaign_id: UUID) -> None:
        """Names the other campaign."""
        problem = field_problem("body.budget", self.title(), self.code())
        super().__init__(errors=[problem], campaign_id=campaign_id)
