"""The velocity rules: the bounds that the SQL functions take, and how a refusal reads.

What counts is counted where it lies, by the room that sells it: `recharge/sql/recharge_rule.sql` counts recharges,
`payments/sql/hold_topup_back.sql` top-ups, in the transaction and under the locks of the sale. There is no counter of its own
to go wrong: a replay adds nothing, and what fails no longer counts. The payers of an address and of a device alone
are noted (`sql/hold_payer_back.sql`). See docs/decisions/0021-velocity-rules.md.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.core.wording import Worded, worded
from gencharge.velocity import crud
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.velocity.models import CautionReason, HeldBack, HeldBackKind, VelocityRule
from gencharge.velocity.schemas import HeldBackOut


class Limits(NamedTuple):
    """The bounds of all rules in the order of VelocityRule (None: no such rule, sums in paise), and the sign-in that asks."""

    bounds: tuple[int | None, ...] | None
    session_id: UUID | None = None


NO_LIMITS: Final = Limits(None)


def limits_of(settings: Settings, session_id: UUID | None) -> Limits:
    """What the settings say, for one sign-in. `bounds` is None if every rule is off."""
    return Limits(
        _bounds(
            settings.velocity_recharges_per_ten_minutes,
            settings.velocity_recharges_per_day,
            settings.velocity_recharge_rupees_per_day * 100,
            settings.velocity_numbers_per_day,
            settings.velocity_recharges_of_number_per_day,
            settings.velocity_payers_of_number_per_day,
            settings.velocity_topups_per_hour,
            settings.velocity_topup_rupees_per_day * 100,
            settings.velocity_cautious_rupees_per_day * 100 if settings.velocity_cautious_hours else 0,
            settings.velocity_payers_of_address_per_day if settings.velocity_cautious_hours else 0,
            settings.velocity_payers_of_device_per_day if settings.velocity_cautious_hours else 0,
        ),
        session_id,
    )


@lru_cache(maxsize=16)
def _bounds(*values: int) -> tuple[int | None, ...] | None:
    assert len(values) == len(VelocityRule), "a rule has no bound"
    return tuple(value or None for value in values) if any(values) else None


_NUMBER_HELD_BACK: Final = worded("This number can't be recharged again just now.")
# Which rule, in plain words. A rule about a number says nothing of how often others recharged it.
_SENTENCES: Final[dict[VelocityRule, Callable[[int], Worded]]] = {
    VelocityRule.RECHARGES_IN_10_MINUTES: lambda bound: worded(
        "You can make {recharges} in 10 minutes.", recharges=_times(bound)
    ),
    VelocityRule.RECHARGES_IN_A_DAY: lambda bound: worded(
        "You can make {recharges} in 24 hours.", recharges=_times(bound)
    ),
    VelocityRule.RECHARGE_SUM_IN_A_DAY: lambda bound: worded(
        "Your recharges in 24 hours can add up to Rs {amount} at most.", amount=Money(bound)
    ),
    VelocityRule.NUMBERS_IN_A_DAY: lambda bound: (
        worded("You can recharge {count} different numbers in 24 hours.", count=bound)
        if bound > 1
        else worded("You can recharge one number in 24 hours.")
    ),
    VelocityRule.RECHARGES_OF_NUMBER_IN_A_DAY: lambda bound: _NUMBER_HELD_BACK,
    VelocityRule.PAYERS_OF_NUMBER_IN_A_DAY: lambda bound: _NUMBER_HELD_BACK,
    VelocityRule.TOPUPS_IN_AN_HOUR: lambda bound: (
        worded("You can start {count} top-ups in an hour.", count=bound)
        if bound > 1
        else worded("You can start one top-up in an hour.")
    ),
    VelocityRule.TOPUP_SUM_IN_A_DAY: lambda bound: worded(
        "You can add Rs {amount} at most to your wallet in 24 hours.", amount=Money(bound)
    ),
    VelocityRule.RECHARGE_SUM_WHILE_CAUTIOUS: lambda bound: worded(
        "For a while after a sign-in on a new device or a change of number, your recharges in 24 hours can add up to "
        "Rs {amount} at most.",
        amount=Money(bound),
    ),
    VelocityRule.PAYERS_OF_ADDRESS_IN_A_DAY: lambda bound: worded(
        "For a while after a sign-up, a sign-in on a new device or a change of number, you can't pay from the network that you "
        "use now: many others did so today. Another network may work."
    ),
    VelocityRule.PAYERS_OF_DEVICE_IN_A_DAY: lambda bound: worded(
        "For a while after a sign-up, a sign-in on a new device or a change of number, you can't pay on this device: others did so "
        "today. A device of your own works."
    ),
}
# The rules whose bound the caller may know: it is about nobody else.
_OWN: Final = frozenset(VelocityRule) - {
    VelocityRule.RECHARGES_OF_NUMBER_IN_A_DAY,
    VelocityRule.PAYERS_OF_NUMBER_IN_A_DAY,
    VelocityRule.PAYERS_OF_ADDRESS_IN_A_DAY,
    VelocityRule.PAYERS_OF_DEVICE_IN_A_DAY,
}
_ABOUT_NUMBERS: Final = frozenset(
    {VelocityRule.RECHARGES_OF_NUMBER_IN_A_DAY, VelocityRule.PAYERS_OF_NUMBER_IN_A_DAY}
)
_SUMS: Final = frozenset(
    {
        VelocityRule.RECHARGE_SUM_IN_A_DAY,
        VelocityRule.TOPUP_SUM_IN_A_DAY,
        VelocityRule.RECHARGE_SUM_WHILE_CAUTIOUS,
    }
)


async def be_cautious(db: AsyncSession, settings: Settings, user_id: UUID, reason: CautionReason) -> None:
    """Look more closely at a customer for as long as the settings say: who signed in may be somebody else, or have many accounts."""
    if settings.velocity_cautious_hours:
        ends_at = clock.now() + timedelta(hours=settings.velocity_cautious_hours)
        await crud.add_caution(db, user_id=user_id, reason=reason.value, ends_at=ends_at)


async def cautious_until(db: AsyncSession, user_id: UUID) -> datetime | None:
    """Until when the rules look more closely at a customer; None if they do not."""
    return await crud.find_caution_end(db, user_id=user_id, after=clock.now())


def _times(bound: int) -> Worded:
    return worded("one recharge") if bound == 1 else worded("{count} recharges", count=bound)


def refusal(held_back: str) -> VelocityLimitExceeded:
    """What a customer reads. `held_back` is what the SQL function `hold_back` returned, as JSON text."""
    facts = orjson.loads(held_back)
    rule, bound, free_at = VelocityRule(facts["rule"]), int(facts["bound"]), facts["free_at"]
    seconds = None if free_at is None else max(1, ceil(float(free_at) - clock.now().timestamp()))
    known: dict[str, Any] = {}
    if rule in _OWN:
        known["bound"] = Money(bound) if rule in _SUMS else bound
    # Both rules about a number are one to the caller.
    shown = VelocityRule.RECHARGES_OF_NUMBER_IN_A_DAY if rule in _ABOUT_NUMBERS else rule
    detail = worded("{sentence} Nothing was charged.", sentence=_SENTENCES[rule](bound))
    return VelocityLimitExceeded(detail, rule=shown.value, retry_after_seconds=seconds, **known)


def held_back_out(row: HeldBack) -> HeldBackOut:
    """A row of what was held back."""
    return HeldBackOut(
        held_back_id=row.held_back_id,
        rule=VelocityRule(row.rule),
        kind=HeldBackKind(row.kind),
        amount=Money(row.amount),
        phone_number=row.phone_number,
        session_id=row.session_id,
        address=row.address,
        attempts=row.attempts,
        first_at=row.first_at,
        last_at=row.last_at,
    )
