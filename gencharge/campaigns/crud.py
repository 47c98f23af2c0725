"""SQL of campaigns. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.campaigns.models import Campaign, CampaignFigures, CampaignMember, CampaignState
from gencharge.campaigns.staff_schemas import CampaignQuery
from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page
from gencharge.core.postgres.connection import allow_long_statements
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.offers.models import Offer
from gencharge.operators.models import ConnectionRow
from gencharge.recharge.models import PaymentState, Recharge, quote_models
from gencharge.users.models import User, UserStatus

_DELIVERED: Final = (PaymentState.DELIVERED, PaymentState.REFUNDED)
_RESULT: Final = text("""
    SELECT members.is_control, count(*) AS customers,
           count(*) FILTER (WHERE sales.recharges > 0) AS recharged,
           coalesce(sum(sales.recharges), 0) AS recharges, coalesce(sum(sales.paise), 0) AS paise,
           coalesce(sum(uses.uses), 0) AS uses, coalesce(sum(uses.cost), 0) AS cost
    FROM campaign_members AS members
    LEFT JOIN LATERAL (
        SELECT count(*) AS recharges, sum(wallet_amount + gateway_amount - refunded_amount) AS paise FROM recharges
        WHERE recharges.user_id = members.user_id AND status IN ('delivered', 'refunded')
          AND created_at >= :since AND created_at < :until
    ) AS sales ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS uses, sum(cost) AS cost FROM offer_uses
        WHERE offer_uses.user_id = members.user_id AND offer_id = :offer_id AND status = 'taken'
          AND created_at >= :since AND created_at < :until
    ) AS uses ON true
    WHERE members.campaign_id = :campaign_id GROUP BY members.is_control
""")


class Sales(NamedTuple):
    """A customer's delivered recharges: the last one, what was paid since an instant, and how many there were in a year and for how
    much (before refunds). Amounts in paise."""

    last_at: datetime
    paise: int
    year_recharges: int
    year_paise: int


class GroupFigures(NamedTuple):
    """What one group of a campaign did. Amounts in paise."""

    customers: int = 0
    recharged: int = 0
    recharges: int = 0
    paise: int = 0
    uses: int = 0
    cost: int = 0
    # Quotes in which the offer was; of both groups together, and told with those who were told.
    shown: int = 0


async def get_offer(db: AsyncSession, offer_id: UUID) -> Offer | None:
    """The offer of a campaign."""
    return await db.get(Offer, offer_id)


async def get_campaign(db: AsyncSession, campaign_id: UUID) -> Campaign | None:
    """One campaign."""
    return await db.get(Campaign, campaign_id)


async def lock_campaign(db: AsyncSession, campaign_id: UUID) -> Campaign | None:
    """The same, held to the end of the transaction."""
    return await db.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)


def select_campaigns(query: CampaignQuery) -> Select[Campaign]:
    """All campaigns."""
    del query
    return select(Campaign)


def match_campaigns(entity: type[Campaign], query: CampaignQuery) -> list[ColumnElement[bool]]:
    """The conditions of the filters."""
    return [] if query.offer_id is None else [entity.offer_id == query.offer_id]


async def list_due(db: AsyncSession, *, now: datetime) -> list[UUID]:
    """The campaigns that have started and whose customers are not all chosen."""
    query = select(Campaign.campaign_id).where(
        Campaign.state == CampaignState.SCHEDULED, Campaign.starts_at <= now
    )
    return list(await db.scalars(query.order_by(Campaign.starts_at, Campaign.campaign_id)))


async def list_users(db: AsyncSession, *, after: UUID | None, limit: int) -> Sequence[User]:
    """The next customers in the order of their ids."""
    query = select(User)
    if after is not None:
        query = query.where(User.user_id > after)
    return (await db.scalars(query.order_by(User.user_id).limit(limit))).all()


def is_reachable(user: User) -> bool:
    """Whether a customer may be in a target group at all."""
    return user.status == UserStatus.ACTIVE and user.registered_at is not None


async def list_connections(db: AsyncSession, owners: dict[str, UUID]) -> dict[str, tuple[str, str | None]]:
    """Operator and circle of these customers' own numbers: what the customer said, or else a registry."""
    query = select(ConnectionRow).where(
        ConnectionRow.phone_number.in_(owners),
        ConnectionRow.user_id.in_([*owners.values(), SYSTEM_USER_ID]),
    )
    known = dict[str, tuple[str, str | None]]()
    for row in await db.scalars(query):
        is_own = row.user_id == owners[row.phone_number]
        if is_own or (row.user_id == SYSTEM_USER_ID and row.phone_number not in known):
            known[row.phone_number] = (row.operator, row.circle)
    return known


async def list_sales(
    db: AsyncSession, user_ids: Collection[UUID], *, since: datetime, year_ago: datetime
) -> dict[UUID, Sales]:
    """What these customers recharged; who never did is left out."""
    cost = Recharge.wallet_amount + Recharge.gateway_amount
    in_year = Recharge.created_at >= year_ago
    paid = Recharge.wallet_amount + Recharge.gateway_amount - Recharge.refunded_amount
    query = select(
        Recharge.user_id,
        func.max(Recharge.created_at),
        func.coalesce(func.sum(paid).filter(Recharge.created_at >= since), 0),
        func.count().filter(in_year),
        func.coalesce(func.sum(cost).filter(in_year), 0),
    ).where(Recharge.user_id.in_(user_ids), Recharge.status.in_(_DELIVERED))
    rows = await db.execute(query.group_by(Recharge.user_id))
    return {row[0]: Sales(row[1], *(int(value) for value in row[2:])) for row in rows}


async def add_members(db: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Store customers of a target group."""
    if rows:
        # One statement for all sizes, compiled once.
        await db.execute(insert(CampaignMember).on_conflict_do_nothing(), rows)


async def count_members(db: AsyncSession, campaign_id: UUID) -> tuple[int, int]:
    """How many customers a campaign has, and how many of them are left out."""
    statement = select(func.count(), func.count().filter(CampaignMember.is_control)).select_from(
        CampaignMember
    )
    row = (await db.execute(statement.where(CampaignMember.campaign_id == campaign_id))).one()
    return int(row[0]), int(row[1])


async def get_result(db: AsyncSession, campaign: Campaign, *, until: datetime) -> dict[bool, GroupFigures]:
    """What both groups did, by whether it is the control group."""
    values = {
        "campaign_id": campaign.campaign_id,
        "offer_id": campaign.offer_id,
        "since": campaign.starts_at,
        "until": until,
    }
    rows = await db.execute(_RESULT, values)
    groups = {row[0]: GroupFigures(*(int(value) for value in row[1:])) for row in rows}
    shown = await _count_shown(db, campaign, until)
    return groups | {False: groups.get(False, GroupFigures())._replace(shown=shown)}


async def _count_shown(db: AsyncSession, campaign: Campaign, until: datetime) -> int:
    """Quotes with the campaign's offer. They are counted by the day, so its first and its last day count whole."""
    first, last = (instant.astimezone(clock.IST).date() for instant in (campaign.starts_at, until))
    counts = quote_models.OfferQuoteCount
    query = select(func.coalesce(func.sum(counts.quotes), 0))
    shown = await db.scalar(
        query.where(counts.offer_id == campaign.offer_id, counts.day.between(first, last))
    )
    return int(shown or 0)


async def allow_time(db: AsyncSession) -> None:
    """Let a statement of this transaction read many customers."""
    await allow_long_statements(db)


async def list_counted(db: AsyncSession, *, now: datetime, ended_after: datetime) -> list[Campaign]:
    """The campaigns whose figures may change: they have started, and did not end before."""
    query = select(Campaign).where(
        Campaign.starts_at <= now, Campaign.ends_at >= ended_after, Campaign.selected_at.is_not(None)
    )
    return list(await db.scalars(query.order_by(Campaign.campaign_id)))


async def store_figures(
    db: AsyncSession, campaign_id: UUID, groups: dict[bool, GroupFigures], counted_at: datetime
) -> None:
    """Put what both groups did in the place of what was counted before."""
    rows = [
        {
            "campaign_id": campaign_id,
            "is_control": is_control,
            **groups.get(is_control, GroupFigures())._asdict(),
            "counted_at": counted_at,
        }
        for is_control in (False, True)
    ]
    statement = insert(CampaignFigures).values(rows)
    changed = {name: statement.excluded[name] for name in (*GroupFigures._fields, "counted_at")}
    await db.execute(
        statement.on_conflict_do_update(index_elements=["campaign_id", "is_control"], set_=changed)
    )


async def list_started(
    db: AsyncSession, since: datetime, until: datetime, *, limit: int
) -> list[tuple[Campaign, str]]:
    """The campaigns that start from one instant up to, not including, another one, with the names of their offers; the newest first."""
    query = select(Campaign, Offer.name).join(Offer, Offer.offer_id == Campaign.offer_id)
    query = query.where(Campaign.starts_at >= since, Campaign.starts_at < until)
    rows = await db.execute(query.order_by(Campaign.starts_at.desc(), Campaign.campaign_id).limit(limit))
    return [(campaign, name) for campaign, name in rows]


async def list_figures(db: AsyncSession, campaign_ids: Collection[UUID]) -> list[CampaignFigures]:
    """What was counted of these campaigns."""
    query = select(CampaignFigures).where(CampaignFigures.campaign_id.in_(campaign_ids))
    return list(await db.scalars(query))


async def list_of_user(
    db: AsyncSession, user_id: UUID, page: PageQuery
) -> tuple[list[CampaignMember], str | None, int | None]:
    """A page of the campaigns that a customer is in, the oldest first."""
    order = Order(
        column_of(CampaignMember.created_at), column_of(CampaignMember.campaign_id), descending=False
    )
    return await fetch_page(db, select(CampaignMember).where(CampaignMember.user_id == user_id), order, page)


async def delete_of_user(db: AsyncSession, user_id: UUID) -> None:
    """Take a customer out of all campaigns."""
    await db.execute(delete(CampaignMember).where(CampaignMember.user_id == user_id))
