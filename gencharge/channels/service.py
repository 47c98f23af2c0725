"""The channels that a process knows, and the queue of recharges that go over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import crud, queue_crud
from gencharge.channels.answers import (
    Answer,
    BillAnswer,
    BillVerdict,
    OperatorBill,
    PartPayment,
    Submission,
    Verdict,
)
from gencharge.channels.breaker_service import Publisher
from gencharge.channels.client import OperatorClient, read, secrets_for
from gencharge.channels.fulfilment import Task
from gencharge.channels.models import (
    AttemptOutcome,
    Fulfilment,
    FulfilmentState,
    OperatorAttempt,
    OperatorChannel,
    OperatorReference,
)
from gencharge.channels.routing import Channel, Health, choose
from gencharge.channels.signing import SIGNATURE, TIMESTAMP, Direction, Message, problem_with
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id

__all__ = [
    "CHANNELS",
    "SIGNATURE",
    "TIMESTAMP",
    "Answer",
    "BillAnswer",
    "BillVerdict",
    "Channel",
    "Channels",
    "ChannelsSnapshot",
    "Health",
    "Message",
    "OperatorBill",
    "OperatorClient",
    "PartPayment",
    "Publisher",
    "Submission",
    "Task",
    "Verdict",
    "callback_secrets",
    "choose",
    "load_channels",
    "problem_with",
    "read",
    "secrets_for",
    "seed",
]

CHANNELS = "channels"
# Name, title, priority, commission in basis points. The sandbox's operators pay the same (sandbox/operator_network.py).
SAMPLE_CHANNELS: Final = (("direct", "direct", 10, 300), ("aggregator", "through an aggregator", 20, 220))


class ChannelsSnapshot:
    """Every channel of one version, active or not."""

    def __init__(self, version: int, channels: Iterable[Channel]) -> None:
        self.version = version
        self.channels: Mapping[str, Channel] = MappingProxyType({each.code: each for each in channels})

    def get(self, code: str | None) -> Channel | None:
        """The channel of this code."""
        return self.channels.get(code or "")


async def load_channels(db: AsyncSession, version: int | None = None) -> ChannelsSnapshot:
    """The channels that lead somewhere, read from PostgreSQL."""
    if version is None:
        version = await snapshots.version_of(db, CHANNELS)
    return ChannelsSnapshot(
        version, [_channel(row, row.url) for row in await crud.list_channels(db) if row.url]
    )


class Channels(snapshots.Holder[ChannelsSnapshot]):
    """The channels that a process holds in memory."""

    name = CHANNELS

    async def load(self, db: AsyncSession, version: int) -> ChannelsSnapshot:
        """The channels, read from PostgreSQL."""
        return await load_channels(db, version)


def _channel(row: OperatorChannel, url: str) -> Channel:
    return Channel(
        code=row.code,
        operator=row.operator,
        url=url.rstrip("/"),
        priority=row.priority,
        weight=row.weight,
        min_amount=row.min_amount,
        max_amount=row.max_amount,
        commission_bp=row.commission_bp,
        is_active=row.is_active,
        secret_version=row.secret_version,
        previous_secret_until=row.previous_secret_until,
    )


async def callback_secrets(db: AsyncSession, settings: Settings, code: str) -> list[str]:
    """The secrets that a callback of this channel may be signed with."""
    version, until = await crud.find_secret_version(db, code) or (1, None)
    return secrets_for(settings, code, Direction.CALLBACKS, version, until)


async def seed(db: AsyncSession, settings: Settings) -> bool:
    """Add the sandbox's channels that are missing: two for each operator. False if none was missing.

    In development they follow the sandbox to another port. Operators stay on channel `internal` until an admin sets them to `api`.
    """
    base = settings.payment_gateway_url.rstrip("/")
    rows = [
        crud.ChannelRow(
            code=f"{operator.lower()}-{name}",
            operator=operator,
            name=f"{operator} {title}",
            url=f"{base}/operators/{operator.lower()}-{name}",
            priority=priority,
            commission_bp=commission,
        )
        for operator in await crud.list_operator_codes(db)
        for name, title, priority, commission in SAMPLE_CHANNELS
    ]
    if not rows:
        return False
    added = await crud.add_missing(db, rows)
    moved = 0
    if settings.is_development and base.startswith("http://127.0.0.1:"):
        moved = await crud.move_sandbox(db, base, [row["code"] for row in rows])
    if not added + moved:
        return False
    await snapshots.bump(db, CHANNELS)
    return True


async def claim(db: AsyncSession, *, limit: int, lease_seconds: float, busy: list[str]) -> list[Task]:
    """Lease up to `limit` fulfilments that are due, none of the `busy` operators, for `lease_seconds`."""
    return await queue_crud.claim_due(db, limit=limit, lease_seconds=lease_seconds, busy=busy)


async def begin_attempt(db: AsyncSession, user_id: UUID, recharge_id: UUID, *, channel: str) -> str | None:
    """Record that a recharge is submitted over a channel; returns its new reference, None if it is no longer due."""
    reference = str(new_id())
    attempt = await queue_crud.set_submitting(db, user_id, recharge_id, channel=channel, reference=reference)
    if attempt is None:
        return None
    db.add(
        OperatorAttempt(
            user_id=user_id,
            recharge_id=recharge_id,
            attempt=attempt,
            channel=channel,
            reference=reference,
            started_at=clock.now(),
        )
    )
    await queue_crud.add_reference(db, reference, user_id, recharge_id, attempt)
    await db.flush()
    return reference


def end_attempt(attempt: OperatorAttempt, outcome: AttemptOutcome, answer: Answer) -> None:
    """Record how an attempt ended."""
    attempt.outcome = outcome.value
    attempt.operator_reference = answer.operator_reference or attempt.operator_reference
    attempt.reason = answer.reason or None
    attempt.ended_at = clock.now()


async def postpone(
    db: AsyncSession,
    user_id: UUID,
    recharge_id: UUID,
    *,
    seconds: float,
    state: FulfilmentState,
    error: str = "",
    asked: bool = False,
) -> None:
    """Return the lease: the fulfilment is due again in `seconds`. Changes nothing once it has ended.

    Without an `error` the last one stays.
    """
    await queue_crud.set_waiting(
        db, user_id, recharge_id, seconds=seconds, state=state, error=error, asked=asked
    )


async def ask_now(db: AsyncSession, user_id: UUID, recharge_id: UUID, *, reference: str) -> bool:
    """Make the fulfilment due now. False if the reference is not its current attempt, or if it has ended."""
    return await queue_crud.set_due_now(db, user_id, recharge_id, reference=reference)


async def find_reference(db: AsyncSession, reference: str) -> OperatorReference | None:
    """The recharge and attempt of a reference."""
    return await queue_crud.get_reference(db, reference)


async def find_by_operator_reference(db: AsyncSession, reference: str) -> OperatorAttempt | None:
    """The newest submission that its operator calls so."""
    return await queue_crud.find_by_operator_reference(db, reference)


async def list_attempts(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Sequence[OperatorAttempt]:
    """The submissions of a recharge, in order."""
    return await queue_crud.list_attempts(db, user_id, recharge_id)


async def get_attempt(db: AsyncSession, user_id: UUID, recharge_id: UUID, attempt: int) -> OperatorAttempt:
    """One submission of a recharge. Raises NoResultFound."""
    return await queue_crud.get_attempt(db, user_id, recharge_id, attempt)


async def lock_fulfilment(db: AsyncSession, user_id: UUID, recharge_id: UUID) -> Fulfilment:
    """A recharge's fulfilment, locked to the end of the transaction."""
    return await queue_crud.lock_fulfilment(db, user_id, recharge_id)


async def mark_stuck(db: AsyncSession, *, before: datetime, limit: int) -> Sequence[Fulfilment]:
    """Mark fulfilments queued before this instant that have not ended, once each; returns those it marked."""
    return await queue_crud.set_alerted(db, before=before, limit=limit)
