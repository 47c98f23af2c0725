"""The channels that a process knows, and the tools to use them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import crud
from gencharge.channels.answers import Answer, Submission, Verdict
from gencharge.channels.client import OperatorClient, read
from gencharge.channels.models import OperatorChannel
from gencharge.channels.routing import Channel, Health, choose
from gencharge.channels.signing import SIGNATURE, TIMESTAMP, problem_with
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings

__all__ = [
    "CHANNELS",
    "SIGNATURE",
    "TIMESTAMP",
    "Answer",
    "Channel",
    "Channels",
    "ChannelsSnapshot",
    "Health",
    "OperatorClient",
    "Submission",
    "Verdict",
    "choose",
    "load_channels",
    "problem_with",
    "read",
    "seed",
]

CHANNELS = "channels"


class ChannelsSnapshot:
    """Every channel of one version, active or not."""

    def __init__(self, version: int, channels: Iterable[Channel]) -> None:
        self.version = version
        self.channels: Mapping[str, Channel] = MappingProxyType({each.code: each for each in channels})

    def get(self, code: str | None) -> Channel | None:
        """The channel of this code."""
        return self.channels.get(code or "")


async def load_channels(db: AsyncSession, version: int | None = None) -> ChannelsSnapshot:
    """The channels, read from PostgreSQL."""
    if version is None:
        version = await snapshots.version_of(db, CHANNELS)
    return ChannelsSnapshot(version, [_channel(row) for row in await crud.list_channels(db)])


class Channels(snapshots.Holder[ChannelsSnapshot]):
    """The channels that a process holds in memory."""

    name = CHANNELS

    async def load(self, db: AsyncSession, version: int) -> ChannelsSnapshot:
        """The channels, read from PostgreSQL."""
        return await load_channels(db, version)


def _channel(row: OperatorChannel) -> Channel:
    return Channel(
        code=row.code,
        operator=row.operator,
        url=row.url.rstrip("/"),
        priority=row.priority,
        weight=row.weight,
        min_amount=row.min_amount,
        max_amount=row.max_amount,
        commission_bp=row.commission_bp,
        is_active=row.is_active,
    )


async def seed(db: AsyncSession, settings: Settings) -> bool:
    """Put in what is missing of the sandbox's channels: two for each operator. False if nothing was missing.

    Operators stay on channel `internal` until an admin sets them to `api`.
    """
    base = settings.payment_gateway_url.rstrip("/")
    rows = [
        {
            "code": f"{operator.lower()}-{name}",
            "operator": operator,
            "name": f"{operator} {title}",
            "url": f"{base}/operators/{operator.lower()}-{name}",
            "priority": priority,
            "commission_bp": commission,
        }
        for operator in await crud.list_operator_codes(db)
        for name, title, priority, commission in (
            ("direct", "direct", 10, 300),
            ("aggregator", "over an aggregator", 20, 220),
        )
    ]
    if not rows or not await crud.add_missing(db, rows):
        return False
    await snapshots.bump(db, CHANNELS)
    return True
