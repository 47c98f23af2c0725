"""Queries of the sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.postgres import leases
from gencharge.core.postgres.database import Database
from gencharge.core.vault.columns import NOTHING, Sealed
from gencharge.sessions.models import RefreshToken, Session, SessionCutoff


async def add_session(db: AsyncSession, session: Session) -> None:
    """Store a session."""
    db.add(session)
    await db.flush()


async def add_refresh_token(
    db: AsyncSession,
    *,
    user_id: UUID,
    token_hash: bytes,
    session_id: UUID,
    predecessor_hash: bytes | None,
    issued_at: datetime,
    expires_at: datetime,
) -> None:
    """Store a refresh token's hash."""
    db.add(
        RefreshToken(
            user_id=user_id,
            token_hash=token_hash,
            session_id=session_id,
            predecessor_hash=predecessor_hash,
            issued_at=issued_at,
            expires_at=expires_at,
        )
    )
    await db.flush()


async def lock_token_with_session(
    db: AsyncSession, *, user_id: UUID, token_hash: bytes
) -> Row[*tuple[Any, ...]] | None:
    """A refresh token and its session, both held to the end of the transaction."""
    statement = (
        select(
            RefreshToken.rotated_at,
            RefreshToken.successor_seed,
            RefreshToken.predecessor_hash,
            RefreshToken.expires_at,
            Session.session_id,
            Session.kind,
            Session.revoked_at,
            Session.last_used_hash,
            Session.second_factor_at,
            Session.expires_at.label("session_expires_at"),
            Session.absolute_expires_at,
        )
        .join(
            Session,
            (Session.user_id == RefreshToken.user_id) & (Session.session_id == RefreshToken.session_id),
        )
        .where(RefreshToken.user_id == user_id, RefreshToken.token_hash == token_hash)
        .with_for_update()
    )
    return (await db.execute(statement)).one_or_none()


async def has_token(db: AsyncSession, *, user_id: UUID, token_hash: bytes) -> bool:
    """True if this refresh token was issued and is not purged yet."""
    return (
        await db.scalar(
            select(RefreshToken.session_id).where(
                RefreshToken.user_id == user_id, RefreshToken.token_hash == token_hash
            )
        )
        is not None
    )


async def get_session_of_token(
    db: AsyncSession, *, user_id: UUID, token_hash: bytes, ended: str
) -> UUID | None:
    """The session of a refresh token, unless it was ended for another reason than `ended`."""
    session_id: UUID | None = await db.scalar(
        select(Session.session_id)
        .join(
            RefreshToken,
            (Session.user_id == RefreshToken.user_id) & (Session.session_id == RefreshToken.session_id),
        )
        .where(
            RefreshToken.user_id == user_id,
            RefreshToken.token_hash == token_hash,
            _not_ended_but(ended),
        )
    )
    return session_id


async def list_addresses(
    db: AsyncSession, *, user_id: UUID, ended: str, limit: int
) -> list[tuple[UUID, Sealed]]:
    """The ids and addresses of an owner's latest sessions, without those ended for another reason than `ended`."""
    statement = (
        select(Session.session_id, Session.address)
        .where(Session.user_id == user_id, _not_ended_but(ended), Session.address != NOTHING)
        .order_by(Session.created_at.desc())
        .limit(limit)
    )
    return [(session_id, address) for session_id, address in await db.execute(statement)]


async def list_origins(db: AsyncSession, *, user_id: UUID, limit: int) -> list[tuple[UUID, Sealed, Sealed]]:
    """The ids, devices and addresses of an owner's latest sessions, the newest first, also those that ended."""
    statement = (
        select(Session.session_id, Session.device, Session.address)
        .where(Session.user_id == user_id, Session.address != NOTHING)
        .order_by(Session.created_at.desc())
        .limit(limit)
    )
    return [(session_id, device, address) for session_id, device, address in await db.execute(statement)]


def _not_ended_but(reason: str) -> ColumnElement[bool]:
    return Session.revoked_at.is_(None) | (Session.revoked_reason == reason)


async def set_rotated(
    db: AsyncSession, *, user_id: UUID, token_hash: bytes, rotated_at: datetime, successor_seed: bytes
) -> None:
    """Mark a refresh token as used up."""
    await db.execute(
        update(RefreshToken)
        .where(RefreshToken.user_id == user_id, RefreshToken.token_hash == token_hash)
        .values(rotated_at=rotated_at, successor_seed=successor_seed)
    )


async def set_used(
    db: AsyncSession,
    *,
    user_id: UUID,
    session_id: UUID,
    token_hash: bytes,
    used_at: datetime,
    expires_at: datetime,
) -> None:
    """Extend a session, and store which refresh token was used for it."""
    await db.execute(
        update(Session)
        .where(Session.user_id == user_id, Session.session_id == session_id)
        .values(last_used_at=used_at, expires_at=expires_at, last_used_hash=token_hash)
    )


async def set_second_factor(db: AsyncSession, *, user_id: UUID, session_id: UUID, at: datetime) -> bool:
    """Store when a session's second factor was verified. False if the session has ended."""
    updated_row = await db.execute(
        update(Session)
        .where(Session.user_id == user_id, Session.session_id == session_id, Session.revoked_at.is_(None))
        .values(second_factor_at=at)
        .returning(Session.session_id)
    )
    return updated_row.first() is not None


async def set_revoked(
    db: AsyncSession,
    *,
    user_id: UUID,
    session_id: UUID | None,
    except_session_id: UUID | None,
    reason: str,
) -> Sequence[Row[UUID, str]]:
    """End one session or all of an owner's (but `except_session_id`): (id, kind) of those that had not ended yet."""
    statement = (
        update(Session)
        .where(Session.user_id == user_id, Session.revoked_at.is_(None))
        # The statement's instant and not the transaction's: pollers look for what ended lately.
        .values(revoked_at=leases.instant(), revoked_reason=reason)
        .returning(Session.session_id, Session.kind)
    )
    if session_id is not None:
        statement = statement.where(Session.session_id == session_id)
    if except_session_id is not None:
        statement = statement.where(Session.session_id != except_session_id)
    return (await db.execute(statement)).all()


def select_live(user_id: UUID, now: datetime) -> Select[Session]:
    """The sessions of an owner that can still be refreshed."""
    return select(Session).where(
        Session.user_id == user_id,
        Session.revoked_at.is_(None),
        Session.expires_at > now,
        Session.absolute_expires_at > now,
    )


def select_all(user_id: UUID) -> Select[Session]:
    """The sessions of an owner, ended or not."""
    return select(Session).where(Session.user_id == user_id)


async def get_started_at(db: AsyncSession, *, user_id: UUID, session_id: UUID) -> datetime | None:
    """When a session that has not ended began."""
    created_at: datetime | None = await db.scalar(
        select(Session.created_at).where(
            Session.user_id == user_id, Session.session_id == session_id, Session.revoked_at.is_(None)
        )
    )
    return created_at


async def delete_all(db: AsyncSession, user_id: UUID) -> None:
    """Delete all sessions of an owner, and their refresh tokens."""
    await db.execute(delete(Session).where(Session.user_id == user_id))


_ENDED_LATELY: Final = (
    "SELECT ARRAY(SELECT session_id FROM sessions WHERE revoked_at > now() - make_interval(secs => $1)) AS ended,"
    " (SELECT issued_from FROM session_cutoffs) AS issued_from"
)


async def read_ended_lately(database: Database, *, seconds: float) -> tuple[list[UUID], datetime | None]:
    """Sessions of all owners that ended within the last `seconds`, and the instant before which no access token counts.

    Every API process asks twice a second, so it is one statement. It is the one query here that asks every shard.
    """
    row = await database.fetch_row(_ENDED_LATELY, seconds)
    assert row is not None, "it has no condition"
    return row["ended"], row["issued_from"]


async def set_cutoff(db: AsyncSession, instant: datetime) -> None:
    """Let no access token count that was issued before then. An earlier instant changes nothing."""
    statement = insert(SessionCutoff).values(cutoff_id=1, issued_from=instant)
    later = func.greatest(SessionCutoff.issued_from, statement.excluded.issued_from)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=[SessionCutoff.cutoff_id], set_={SessionCutoff.issued_from: later}
        )
    )


async def set_all_revoked(db: AsyncSession, *, reason: str) -> None:
    """End the sessions of all owners: for a restored database, which nobody uses yet."""
    statement = update(Session).where(Session.revoked_at.is_(None))
    await db.execute(statement.values(revoked_at=leases.instant(), revoked_reason=reason))


async def delete_old(db: AsyncSession, *, before: datetime, limit: int) -> int:
    """Delete at most `limit` sessions (and their refresh tokens) that ended by themselves before `before`."""
    old = (
        select(Session.user_id, Session.session_id)
        .where(Session.absolute_expires_at < before)
        .limit(limit)
        .subquery()
    )
    deleted = await db.execute(
        delete(Session)
        .where(Session.user_id == old.c.user_id, Session.session_id == old.c.session_id)
        .returning(Session.session_id)
    )
    return len(deleted.all())


async def delete_used_up_tokens(db: AsyncSession, *, before: datetime, limit: int) -> int:
    """Delete at most `limit` refresh tokens that ran out before `before`."""
    deleted = await db.execute(
        text("""
            DELETE FROM refresh_tokens USING
                (SELECT user_id, token_hash FROM refresh_tokens WHERE expires_at < :before LIMIT :limit) AS old
            WHERE refresh_tokens.user_id = old.user_id AND refresh_tokens.token_hash = old.token_hash
            RETURNING 1
        """),
        {"before": before, "limit": limit},
    )
    return len(deleted.all())
