"""Who customers are, as audiences ask for it: their type, and the operator, the circle and the campaigns of theirs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins.models import Admin, AdminStatus
from gencharge.campaigns.models import Campaign
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.users.models import User

# The operator and the circle of a customer's own number: what the customer said, or else a registry.
_CUSTOMERS: Final = text("""
    SELECT users.user_id, users.language, users.user_type, users.registered_at, users.phone_number, known.operator, known.circle,
           ARRAY(SELECT campaign_id FROM campaign_members AS members
                 WHERE members.user_id = users.user_id AND NOT members.is_control) AS campaign_ids
    FROM users
    LEFT JOIN LATERAL (
        SELECT operator, circle FROM connections
        WHERE connections.phone_number = users.phone_number AND connections.user_id IN (users.user_id, :registry)
        ORDER BY connections.user_id = :registry LIMIT 1
    ) AS known ON true
    WHERE users.user_id = ANY(:user_ids) AND users.registered_at IS NOT NULL
""")


_NEXT_CUSTOMERS: Final = text("""
    SELECT users.user_id, users.language, users.user_type, users.registered_at, users.phone_number, known.operator, known.circle,
           ARRAY(SELECT campaign_id FROM campaign_members AS members
                 WHERE members.user_id = users.user_id AND NOT members.is_control) AS campaign_ids
    FROM users
    LEFT JOIN LATERAL (
        SELECT operator, circle FROM connections
        WHERE connections.phone_number = users.phone_number AND connections.user_id IN (users.user_id, :registry)
        ORDER BY connections.user_id = :registry LIMIT 1
    ) AS known ON true
    WHERE users.user_id > :after AND users.status = 'active' AND users.registered_at <= :before
    ORDER BY users.user_id LIMIT :limit
""")


class CustomerRow(NamedTuple):
    """A customer, as audiences see them."""

    user_id: UUID
    language: str
    user_type: str
    registered_at: datetime
    phone_number: str
    operator: str | None
    circle: str | None
    campaign_ids: list[UUID]


async def list_customers(db: AsyncSession, user_ids: Collection[UUID]) -> list[CustomerRow]:
    """These customers; who is not registered is left out."""
    values = {"user_ids": list(user_ids), "registry": SYSTEM_USER_ID}
    return [CustomerRow(*row) for row in await db.execute(_CUSTOMERS, values)]


async def list_next_customers(
    db: AsyncSession, *, after: UUID, before: datetime, limit: int
) -> list[CustomerRow]:
    """The next active customers in the order of their ids who had signed up by an instant."""
    values = {"after": after, "before": before, "limit": limit, "registry": SYSTEM_USER_ID}
    return [CustomerRow(*row) for row in await db.execute(_NEXT_CUSTOMERS, values)]


async def list_active_admins(db: AsyncSession, *, before: datetime) -> list[tuple[UUID, datetime]]:
    """The active admins who were there at an instant, and since when."""
    query = select(Admin.admin_id, Admin.created_at)
    query = query.where(Admin.status == AdminStatus.ACTIVE, Admin.created_at <= before)
    return [(admin_id, since) for admin_id, since in await db.execute(query)]


async def list_admins(db: AsyncSession, admin_ids: Collection[UUID]) -> list[tuple[UUID, datetime, str]]:
    """Since when these admins are there, and their languages."""
    query = select(Admin.admin_id, Admin.created_at, Admin.language).where(Admin.admin_id.in_(admin_ids))
    return [(admin_id, since, language) for admin_id, since, language in await db.execute(query)]


async def is_campaign(db: AsyncSession, campaign_id: UUID) -> bool:
    """Whether there is such a campaign."""
    return bool(await db.scalar(select(exists().where(Campaign.campaign_id == campaign_id))))


async def is_customer(db: AsyncSession, user_id: UUID) -> bool:
    """Whether there is such a registered customer."""
    query = select(exists().where(User.user_id == user_id, User.registered_at.is_not(None)))
    return bool(await db.scalar(query))
