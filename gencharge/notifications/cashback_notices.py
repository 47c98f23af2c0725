"""Notices about cashbacks."""

from __future__ import annotations

from typing import Final

from gencharge.notifications.kinds import NO_SMS, Draft, Kind, Values, choice, label, money, phone
from gencharge.notifications.models import owner_of
from gencharge.recharge.events import PlanRecharged, RechargeRefunded

_ABOUT: Final = {"plan": label("Jio 199"), "number": phone()}
CASHBACK_PAID: Final = Kind(
    "cashback_paid",
    NO_SMS,
    _ABOUT
    | {
        "cashback": money(2_000, required=True),
        "added": money(2_000),
        "movement": choice("whole", "part", "none"),
    },
)
CASHBACK_REVERSED: Final = Kind(
    "cashback_reversed",
    NO_SMS,
    _ABOUT | {"taken": money(2_000), "owed": money(500), "movement": choice("taken", "owed", "both")},
)


def cashback_paid(event: PlanRecharged) -> Draft | None:
    """How much cashback a recharge earned, and how much of it is in the wallet. None if it earned none."""
    added, withheld = event.cashback_paid_paise, event.cashback_withheld_paise
    if not added + withheld:
        return None
    movement = "whole" if not withheld else "part" if added else "none"
    values: Values = {"cashback": added + withheld, "added": added, "movement": movement}
    return _draft(event, CASHBACK_PAID, values, added + withheld)


def cashback_reversed(event: RechargeRefunded) -> Draft | None:
    """What a refund took of the cashback, and what comes off the next ones. None if it took nothing."""
    taken, owed = event.cashback_taken_paise, event.cashback_owed_paise
    if not taken + owed:
        return None
    movement = "both" if taken and owed else "taken" if taken else "owed"
    return _draft(
        event, CASHBACK_REVERSED, {"taken": taken, "owed": owed, "movement": movement}, taken + owed
    )


def _draft(event: PlanRecharged | RechargeRefunded, kind: Kind, values: Values, paise: int) -> Draft:
    about: Values = {"plan": event.plan_name, "number": event.phone_number}
    data: Values = {"recharge_id": event.recharge_id, "amount_paise": paise}
    return Draft(owner_of(event), kind, {**about, **values}, data)


KINDS: Final = (CASHBACK_PAID, CASHBACK_REVERSED)
