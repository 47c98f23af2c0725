"""Referrals: who joins with whose code, what the staff do with rewards that are held, and what each reward must have come to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from random import Random
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.referrals import staff_service as referrals
from gencharge.referrals.crud import RewardKey
from gencharge.referrals.models import HoldReason
from life.world import MANAGER, World, acting
from simulation.notebook import Notebook

# Holds that a customer's doing explains: many friends. Friends who join on the device of their referrer are held for that.
_LIMITS = {HoldReason.MONTHLY_LIMIT, HoldReason.TOTAL_LIMIT}
_DEVICE = {HoldReason.SHARED_DEVICE, HoldReason.DEVICE_REUSED, HoldReason.ADDRESS_BURST}


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody joined with another one's code, perhaps on their device. `phone_number` is the referrer's."""

    friend: int
    referrer: int
    phone_number: str
    on_their_device: bool


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward as the product shows it. Amount in paise."""

    owner: UUID
    friend: UUID
    state: str
    is_held: bool
    reasons: frozenset[str]
    waits_for: str | None
    amount: int


async def decide(world: World, chance: Random, counts: Counter[str]) -> None:
    """The staff look at the rewards that are held: they release most, and leave the others for another time."""
    admin, database = world.staff[MANAGER], world.stores.database
    for key in await database.run(_list_held):
        if chance.random() < 0.4:
            continue
        with acting("admin", admin.user_id, MANAGER):
            await database.run(partial(referrals.release, key=key, reason="The family shares a phone"))
        counts["rewards released"] += 1


async def _list_held(db: AsyncSession) -> list[RewardKey]:
    rows = await db.execute(
        text(
            "SELECT user_id, reward_id FROM referral_rewards WHERE held_at IS NOT NULL ORDER BY created_at, friend_id, user_id"
        )
    )
    return [RewardKey(user_id, reward_id) for user_id, reward_id in rows]


async def list_rewards(db: AsyncSession) -> list[Reward]:
    """All rewards."""
    rows = await db.execute(
        text(
            "SELECT user_id, friend_id, state, held_at IS NOT NULL, hold_reasons, waits_for, amount FROM referral_rewards"
        )
    )
    return [
        Reward(owner, friend, state, is_held, frozenset(reasons), waits_for, amount)
        for owner, friend, state, is_held, reasons, waits_for, amount in rows
    ]


def judge(notebook: Notebook, invitation: Invitation, owner: int, reward: Reward) -> str | None:
    """What is wrong with a reward of `owner`, by what their friend bought; None if nothing is. Call it after `conclude`."""
    first = notebook.first_delivered(invitation.friend)
    if first is None:
        expected = {"pending"}
    elif notebook.is_taken_back(first):
        expected = {"reversed"}
    elif reward.is_held or reward.waits_for is not None:
        expected = {"earned"}
    else:
        expected = {"paid"}
    if owner in notebook.gone:
        # Paid before the account was closed, or not any more.
        expected |= {"cancelled", "paid"} if first is not None else set()
    explained = _LIMITS | _DEVICE if invitation.on_their_device else set(_LIMITS)
    if first is not None and first.phone_number == invitation.phone_number:
        explained.add(HoldReason.RECHARGED_REFERRER)
    if reward.reasons - explained:
        return f"is held for {', '.join(sorted(reward.reasons))}, which nothing explains"
    if invitation.on_their_device and not reward.reasons:
        return "was never held, though both use one device"
    if reward.state not in expected:
        return f"is {reward.state}, and should be {' or '.join(sorted(expected))}"
    return None
