"""All kinds of notices, and which event becomes a notice to a customer (cashbacks have a listener of their own)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from gencharge.core.events.events import Event
from gencharge.notifications import (
    account_notices,
    alerts,
    autopay_notices,
    campaign_notices,
    cashback_notices,
    channel_alerts,
    enquiry_notices,
    mandate_notices,
    payment_notices,
    payout_alerts,
    payout_notices,
    recharge_notices,
    referral_notices,
    reminder_notices,
    subscription_notices,
    topup_notices,
)
from gencharge.notifications.kinds import Draft, Kind

_GROUPS: Final = (
    recharge_notices,
    payment_notices,
    account_notices,
    referral_notices,
    autopay_notices,
    topup_notices,
    enquiry_notices,
    mandate_notices,
    reminder_notices,
    campaign_notices,
    payout_notices,
)
KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kinds in (
        *(group.KINDS for group in _GROUPS),
        cashback_notices.KINDS,
        alerts.KINDS,
        channel_alerts.KINDS,
        payout_alerts.KINDS,
        subscription_notices.KINDS,
    )
    for kind in kinds
}
NOTICES: Final[Mapping[type[Event], Callable[[Any], Draft | None]]] = {
    event: write for group in _GROUPS for event, write in group.NOTICES.items()
}
