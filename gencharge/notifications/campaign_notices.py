"""Notices about campaigns: a customer of the target group is told of the offer and its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.campaigns.events import CampaignOffered
from gencharge.core.events.events import Event
from gencharge.core.values.recipient import NotificationType
from gencharge.notifications.kinds import NO_SMS, Draft, Kind, Values, label, last_day
from gencharge.notifications.models import owner_of

OFFERED: Final = Kind(
    "campaign_offer",
    NO_SMS,
    {
        "offer": label("Welcome back", required=True),
        "code": label("BACK50", required=True),
        "until": last_day(required=True),
    },
    NotificationType.PROMOTIONAL,
)


def offered(event: CampaignOffered) -> Draft:
    """To a customer of the target group who agreed to offers; the control group has no event."""
    values: Values = {"offer": event.offer_name, "code": event.offer_code, "until": event.ends_at}
    data: Values = {
        "campaign_id": event.campaign_id,
        "offer_id": event.offer_id,
        "offer_code": event.offer_code,
        "ends_at": event.ends_at,
    }
    return Draft(owner_of(event), OFFERED, values, data)


KINDS: Final = (OFFERED,)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {CampaignOffered: offered}
