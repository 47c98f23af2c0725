"""What referral rewards do when a customer registers with a code, and when one who was referred recharges or gets a refund."""

from __future__ import annotations

from functools import partial
from typing import Final
from uuid import UUID

from gencharge.core import faultpoints
from gencharge.core.events.events import Envelope, Outside
from gencharge.core.stores.stores import Stores
from gencharge.recharge.events import PlanRecharged, RechargeRefunded
from gencharge.referrals import crud, lifecycle_service
from gencharge.users.events import UserRegistered


async def follow(stores: Stores, batch: list[Envelope]) -> None:
    """Bring the rewards of these customers to what has happened. Again: nothing changes."""
    registered = dict[UUID, UUID]()
    customers, refunded = set[UUID](), set[UUID]()
    for envelope in batch:
        event = envelope.event
        user_id = UUID(event.user_id)
        if isinstance(event, UserRegistered):
            if event.referred_by is not None:
                registered[user_id] = UUID(event.referred_by)
            continue
        customers.add(user_id)
        if isinstance(event, RechargeRefunded):
            refunded.add(UUID(event.recharge_id))
    for friend_id, referrer_id in registered.items():
        await stores.database.run(
            partial(
                lifecycle_service.promise,
                settings=stores.settings,
                friend_id=friend_id,
                referrer_id=referrer_id,
            )
        )
    # One who has just registered may have recharged since, and that event may have come first.
    referrers = registered | await stores.database.run(lambda db: crud.list_referrers(db, customers))
    if not referrers:
        return
    keys = await stores.database.run(
        lambda db: crud.list_keys(db, referrers, pending_of=referrers.keys(), earned_by=refunded)
    )
    for key in keys:
        await stores.database.run(partial(lifecycle_service.settle, settings=stores.settings, key=key))
        await faultpoints.point("reward.committed")


# Outside, although its effect is in PostgreSQL: an outside listener looks up a whole batch at once, and few customers were
# referred. What it does again changes nothing.
FOLLOW: Final = Outside("referrals", (UserRegistered, PlanRecharged, RechargeRefunded), follow)
