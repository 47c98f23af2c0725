"""All that the scale data is sold from, as the database has it: plans, offers, channels, and the staff who correct balances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from scale import catalogue, corrections, deliveries, rewards
from scale.catalogue import Offered
from scale.deliveries import Channel
from scale.rewards import Offer


@dataclass(frozen=True, slots=True)
class Market:
    """The channels are by operator."""

    plans: Sequence[Offered]
    offers: Sequence[Offer]
    channels: Mapping[str, Sequence[Channel]]
    staff: Sequence[UUID]


async def of_database(connection: asyncpg.Connection) -> Market:
    """What the sample data put into the database."""
    return Market(
        plans=await catalogue.offered(connection),
        offers=await rewards.open_offers(connection),
        channels=await deliveries.channels(connection),
        staff=[row["admin_id"] for row in await connection.fetch(corrections.STAFF)],
    )
