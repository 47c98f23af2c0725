"""Where a channel leads: one admin enters an address, and a second one approves it. Until then nothing is sent there."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import crud
from gencharge.channels.errors import (
    ChannelAddressChanged,
    ChannelAddressNotPending,
    ChannelNotFound,
    ChannelSecondAdminRequired,
    ChannelUrlInvalid,
)
from gencharge.channels.events import ChannelAddressApproved, ChannelAddressRejected, ChannelAddressRequested
from gencharge.channels.models import OperatorChannel
from gencharge.channels.service import CHANNELS
from gencharge.core.errors import field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http.addresses import Reach, check_url
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.sessions.guards import Principal, within

# How long an address waits for a second admin.
EXPIRES_AFTER: Final = timedelta(days=7)


def check(url: str, settings: Settings) -> None:
    """Raises ChannelUrlInvalid, with what would be right, for an address that recharges are never sent to."""
    try:
        check_url(url, Reach.of(settings, settings.operator_allow_private))
    except ValueError as problem:
        raise ChannelUrlInvalid(errors=[field_problem("body.url", str(problem), "url_invalid")]) from None


def propose(channel: OperatorChannel, admin: Principal, url: str) -> None:
    """Enter an address that is to be approved; the one in use is proposed by nobody."""
    is_new = url != channel.url
    channel.pending_url = url if is_new else None
    channel.pending_by = admin.user_id if is_new else None
    channel.pending_at = clock.now() if is_new else None


async def announce(db: AsyncSession, channel: OperatorChannel) -> None:
    """Let all SuperAdmins know of an address that waits for approval."""
    assert channel.pending_url is not None
    event = ChannelAddressRequested(
        user_id=str(SYSTEM_USER_ID),
        channel_id=channel.code,
        operator=channel.operator,
        url=channel.pending_url,
        changes={},
    )
    await emit(db, event)


async def approve(
    db: AsyncSession, admin: Principal, code: str, url: str, *, settings: Settings
) -> OperatorChannel:
    """Let a channel lead to the address that another admin has entered. Recharges go there within a second.

    Raises ChannelNotFound (also outside the scope), ChannelAddressNotPending, ChannelAddressChanged,
    ChannelSecondAdminRequired, ChannelUrlInvalid.
    """
    channel = await _lock_pending(db, admin, code)
    if channel.pending_url != url:
        raise ChannelAddressChanged
    if channel.pending_by == admin.user_id:
        raise ChannelSecondAdminRequired
    check(url, settings)
    before = {"url": channel.url, "pending_url": channel.pending_url}
    channel.url = url
    await _end(db, channel)
    changed = changes(before, {"url": url, "pending_url": None})
    event = ChannelAddressApproved(
        user_id=str(SYSTEM_USER_ID), channel_id=code, operator=channel.operator, url=url, changes=changed
    )
    await emit(db, event)
    return channel


async def reject(db: AsyncSession, admin: Principal, code: str) -> OperatorChannel:
    """Drop the address that waits for approval, one's own or another admin's. The one in use stays.

    Raises ChannelNotFound (also outside the scope), ChannelAddressNotPending.
    """
    channel = await _lock_pending(db, admin, code)
    url = channel.pending_url or ""
    await _end(db, channel)
    event = ChannelAddressRejected(
        user_id=str(SYSTEM_USER_ID),
        channel_id=code,
        operator=channel.operator,
        url=url,
        changes=changes({"pending_url": url}, {"pending_url": None}),
    )
    await emit(db, event)
    return channel


async def _lock_pending(db: AsyncSession, admin: Principal, code: str) -> OperatorChannel:
    channel = await crud.lock_channel(db, code, within(admin, OperatorChannel.operator.expression))
    if channel is None:
        raise ChannelNotFound
    if channel.pending_at is None or channel.pending_at <= clock.now() - EXPIRES_AFTER:
        raise ChannelAddressNotPending
    return channel


async def _end(db: AsyncSession, channel: OperatorChannel) -> None:
    channel.pending_url = channel.pending_by = channel.pending_at = None
    channel.updated_at = clock.now()
    await db.flush()
    await snapshots.bump(db, CHANNELS)
