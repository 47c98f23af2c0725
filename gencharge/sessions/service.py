"""Start, refresh, end and list sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import emit
from gencharge.core.http.paging import Order, PageParams, PageQuery, fetch_page
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.sessions import announcer, crud
from gencharge.sessions.errors import SessionEnded, SessionNotFound
from gencharge.sessions.events import RefreshTokenReused, SessionRevoked
from gencharge.sessions.models import Origin, Session, SessionBrief
from gencharge.sessions.refresh import Refresh, keys_of, new_seed
from gencharge.sessions.tokens import Kind

# For so long the same refresh token gives the very same successor: several tabs at once get one.
GRACE: Final = timedelta(seconds=10)
RETENTION: Final = timedelta(days=30)
# Why a session ended that its owner signed out of: its device stays one that is known.
SIGNED_OUT: Final = "signed_out"
_MAX_DEVICE: Final = 200
_BATCH: Final = 1_000
_ADDRESSES: Final = 5


@dataclass(frozen=True, slots=True)
class IssuedSession:
    """A session that was started or refreshed, and its new refresh token, which is not stored in clear."""

    user_id: UUID
    session_id: UUID
    kind: Kind
    refresh_token: str
    device: str = ""
    second_factor_at: datetime | None = None


async def start(
    db: AsyncSession,
    settings: Settings,
    *,
    user_id: UUID,
    kind: Kind,
    device: str = "",
    address: str = "",
    device_id: UUID | None = None,
) -> IssuedSession:
    """A new session of a user or an admin. `device` is what the client calls itself (cut to 200 characters), `device_id` what
    tells it from other devices, if the client says so."""
    now, key = clock.now(), (user_id, new_id())
    device = "".join(filter(str.isprintable, device))[:_MAX_DEVICE]
    vault = Vault.of(db)
    session = Session(
        user_id=user_id,
        session_id=key[1],
        kind=kind,
        device=await vault.seal(Session.device, key, device),
        address=await vault.seal(Session.address, key, address),
        device_id=device_id,
        created_at=now,
        last_used_at=now,
        expires_at=now + timedelta(days=settings.refresh_token_expire_days),
        absolute_expires_at=now + timedelta(days=settings.session_lifetime_days),
    )
    await crud.add_session(db, session)
    token = Refresh.new(user_id)
    await _keep(db, settings, token, session.session_id, now)
    return IssuedSession(user_id, session.session_id, kind, str(token), device)


async def rotate(db: AsyncSession, settings: Settings, refresh_token: str) -> IssuedSession | None:
    """Use up a refresh token and give its successor; None if it is not valid.

    The same token again gives the same successor within the grace time, and after it another one, as long as none was used: the
    answer was lost. A token that comes back once a successor of it was used, or a successor beside the one that was used,
    is in two hands: that ends the session, so the caller commits also when the answer is None.
    """
    token = Refresh.parse(refresh_token)
    if token is None:
        return None
    row = await crud.lock_token_with_session(db, user_id=token.user_id, token_hash=token.hash)
    if row is None or row.revoked_at is not None:
        return None
    now = clock.now()
    if row.rotated_at is not None and now - row.rotated_at <= GRACE:
        successor = await _successor_again(db, settings, token, row.successor_seed)
        if successor is None:
            return None
        return _continued(row, token.user_id, successor)
    if not _is_current(row, token):
        await emit(
            db,
            RefreshTokenReused(user_id=str(token.user_id), session_id=str(row.session_id), kind=row.kind),
        )
        await revoke(db, token.user_id, row.session_id, reason="refresh_token_reused")
        return None
    if now >= min(row.expires_at, row.session_expires_at, row.absolute_expires_at):
        return None
    seed = new_seed()
    successor = token.successor(keys_of(settings)[0], seed)
    await crud.set_rotated(
        db, user_id=token.user_id, token_hash=token.hash, rotated_at=now, successor_seed=seed
    )
    expires_at = await _keep(db, settings, successor, row.session_id, now, predecessor=token)
    await crud.set_used(
        db,
        user_id=token.user_id,
        session_id=row.session_id,
        token_hash=token.hash,
        used_at=now,
        expires_at=expires_at,
    )
    return _continued(row, token.user_id, successor)


def _is_current(row: Any, token: Refresh) -> bool:
    """True for the token that was used last, and for its successors until one of them is used."""
    if row.rotated_at is not None:
        return bool(row.last_used_hash == token.hash)
    return row.predecessor_hash is None or bool(row.predecessor_hash == row.last_used_hash)


def _continued(row: Any, user_id: UUID, successor: Refresh) -> IssuedSession:
    return IssuedSession(
        user_id, row.session_id, row.kind, str(successor), second_factor_at=row.second_factor_at
    )


async def _successor_again(
    db: AsyncSession, settings: Settings, token: Refresh, seed: bytes
) -> Refresh | None:
    for key in keys_of(settings):
        successor = token.successor(key, seed)
        if await crud.has_token(db, user_id=token.user_id, token_hash=successor.hash):
            return successor
    return None


async def _keep(
    db: AsyncSession,
    settings: Settings,
    token: Refresh,
    session_id: UUID,
    now: datetime,
    *,
    predecessor: Refresh | None = None,
) -> datetime:
    expires_at = now + timedelta(days=settings.refresh_token_expire_days)
    await crud.add_refresh_token(
        db,
        user_id=token.user_id,
        token_hash=token.hash,
        session_id=session_id,
        predecessor_hash=predecessor.hash if predecessor is not None else None,
        issued_at=now,
        expires_at=expires_at,
    )
    return expires_at


async def revoke(
    db: AsyncSession,
    user_id: UUID,
    session_id: UUID | None = None,
    *,
    reason: str,
    except_session_id: UUID | None = None,
) -> int:
    """End one session of an owner, or all (but `except_session_id`): how many had not ended yet.

    Their access tokens are refused in every process within a second of the commit.
    """
    return len(await _revoke(db, user_id, session_id, reason=reason, except_session_id=except_session_id))


async def revoke_all(db: AsyncSession, user_id: UUID, *, reason: str) -> list[UUID]:
    """End all sessions of an owner: those that had not ended yet."""
    return await _revoke(db, user_id, None, reason=reason, except_session_id=None)


async def _revoke(
    db: AsyncSession, user_id: UUID, session_id: UUID | None, *, reason: str, except_session_id: UUID | None
) -> list[UUID]:
    ended = await crud.set_revoked(
        db, user_id=user_id, session_id=session_id, except_session_id=except_session_id, reason=reason
    )
    await emit(
        db,
        *(
            SessionRevoked(user_id=str(user_id), session_id=str(row.session_id), kind=row.kind, reason=reason)
            for row in ended
        ),
    )
    session_ids = [row.session_id for row in ended]
    announcer.after_commit(db, session_ids)
    return session_ids


async def give_second_factor(db: AsyncSession, user_id: UUID, session_id: UUID, *, at: datetime) -> None:
    """Store that an admin verified a second factor in this session. Raises SessionEnded if it has ended."""
    if not await crud.set_second_factor(db, user_id=user_id, session_id=session_id, at=at):
        raise SessionEnded


async def end_one(db: AsyncSession, user_id: UUID, session_id: UUID, *, reason: str) -> None:
    """End one of an owner's sessions. Raises SessionNotFound, also for another owner's session or one that has ended."""
    if not await revoke(db, user_id, session_id, reason=reason):
        raise SessionNotFound


async def end_all_issued_before(db: AsyncSession, instant: datetime, *, reason: str) -> None:
    """End every session, and let no access token count that was issued before `instant` (UTC), whatever session it names.

    For a restored database: it does not know the sessions that began after the backup, nor which of its own ended since."""
    await crud.set_all_revoked(db, reason=reason)
    await crud.set_cutoff(db, instant)


async def list_live(
    db: AsyncSession, user_id: UUID, page: PageQuery | PageParams
) -> tuple[list[SessionBrief], str | None, int | None]:
    """A page of an owner's sessions that can still be used, the newest first."""
    columns = Session.__table__.c
    order = Order(columns.created_at, columns.session_id)
    rows, cursor, total = await fetch_page(db, crud.select_live(user_id, clock.now()), order, page)
    return [await _brief(db, row) for row in rows], cursor, total


async def list_all(
    db: AsyncSession, user_id: UUID, page: PageQuery
) -> tuple[list[SessionBrief], str | None, int | None]:
    """A page of an owner's sessions that are remembered, also those that ended, the newest first."""
    columns = Session.__table__.c
    order = Order(columns.created_at, columns.session_id)
    rows, cursor, total = await fetch_page(db, crud.select_all(user_id), order, page)
    return [await _brief(db, row) for row in rows], cursor, total


async def _brief(db: AsyncSession, row: Session) -> SessionBrief:
    vault = Vault.of(db)
    return SessionBrief(
        session_id=row.session_id,
        device=await vault.show(row, Session.device),
        address=await vault.show(row, Session.address),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=min(row.expires_at, row.absolute_expires_at),
        ended_at=row.revoked_at,
        ended_because=row.revoked_reason,
    )


async def session_of_token(db: AsyncSession, user_id: UUID, refresh_token: str) -> UUID | None:
    """The owner's session that this refresh token belongs or belonged to; None if it is none of the owner's.

    Shows that a client is one of the owner's devices, and nothing else: the token may have expired, been used up or signed
    out. None for a session that was ended for any other reason, because the device may be in other hands.
    """
    token = Refresh.parse(refresh_token)
    token_hash = token.hash if token is not None and token.user_id == user_id else b""
    return await crud.get_session_of_token(db, user_id=user_id, token_hash=token_hash, ended=SIGNED_OUT)


async def has_signed_in_from(db: AsyncSession, user_id: UUID, address: str) -> bool:
    """True if one of the owner's latest five sign-ins came from this address, and was not ended for them."""
    vault = Vault.of(db)
    rows = await crud.list_addresses(db, user_id=user_id, ended=SIGNED_OUT, limit=_ADDRESSES)
    known = [await vault.open(Session.address, (user_id, session_id), sealed) for session_id, sealed in rows]
    return address in known


async def latest_origins(db: AsyncSession, user_id: UUID) -> list[Origin]:
    """The device and the address of each of the owner's latest five sign-ins, the newest first, also of those that ended."""
    vault = Vault.of(db)
    rows = await crud.list_origins(db, user_id=user_id, limit=_ADDRESSES)
    return [
        Origin(
            await vault.open(Session.device, (user_id, session_id), device),
            await vault.open(Session.address, (user_id, session_id), address),
        )
        for session_id, device, address in rows
    ]


async def is_fresh(db: AsyncSession, user_id: UUID, session_id: UUID, *, minutes: float) -> bool:
    """Whether this session started, with a code, within so many minutes. One that has ended is not fresh."""
    started_at = await crud.get_started_at(db, user_id=user_id, session_id=session_id)
    return started_at is not None and clock.now() - started_at <= timedelta(minutes=minutes)


async def forget_old(db: AsyncSession) -> int:
    """Delete a batch of what ended more than thirty days ago, and return the number of rows. Reuse is detected for that long."""
    before = clock.now() - RETENTION
    sessions = await crud.delete_old(db, before=before, limit=_BATCH)
    return sessions + await crud.delete_used_up_tokens(db, before=before, limit=_BATCH)
