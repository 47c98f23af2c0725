"""Reports about people: customers, the staff, what roles allow, who is signed in, and who referred whom."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select

from gencharge.admins.models import Admin, Role, RolePermission
from gencharge.core.values import clock
from gencharge.core.wording import worded
from gencharge.directory.models import EmailEntry, PhoneEntry
from gencharge.referrals.models import ReferralReward, RewardStatus
from gencharge.reports.definitions import Ask, Chart, Column, Kind, Report, Rows
from gencharge.reports.query_schemas import (
    AdminsQuery,
    PresentUsersQuery,
    ReferralsQuery,
    SessionsQuery,
    UsersQuery,
)
from gencharge.sessions.guards import Resource
from gencharge.sessions.models import Session
from gencharge.users import service as users
from gencharge.users.models import User, UserStatus

_USER_COLUMNS: Final = (
    Column("user_id", Kind.ID, "The customer."),
    Column("name", Kind.TEXT, "Empty until they gave it, and after erasure."),
    Column("phone_number", Kind.TEXT, "The number that they sign in with."),
    Column("email", Kind.TEXT, "Their address."),
    Column("user_type", Kind.TEXT, "prepaid or postpaid."),
    Column("kyc_tier", Kind.TEXT, "How far they are identified: small or full."),
    Column("language", Kind.TEXT, "Of what they read."),
    Column("status", Kind.TEXT, "active, blocked, deactivated or archived."),
    Column("status_since", Kind.INSTANT, "Since when; empty: since they signed up."),
    Column("status_reason", Kind.TEXT, "Why they were blocked, deactivated or archived."),
    Column("referral_code", Kind.TEXT, "With which they invite others."),
    Column("referred_by", Kind.ID, "The customer who invited them."),
    Column("registered_at", Kind.INSTANT, "When they gave name and address."),
    Column("created_at", Kind.INSTANT, "When they signed up."),
)
_USER_BRIEF: Final = ("name", "phone_number", "email", "user_type", "kyc_tier", "status", "created_at")


def _select_users(query: UsersQuery, *conditions: ColumnElement[bool]) -> Rows:
    filters = [
        (User.user_type == query.user_type, query.user_type),
        (User.kyc_tier == query.kyc_tier, query.kyc_tier),
    ]
    where = [*conditions, *query.between(User.created_at.expression)]
    where += [condition for condition, value in filters if value is not None]
    if query.registered is not None:
        where.append(User.registered_at.is_not(None) if query.registered else User.registered_at.is_(None))
    if query.search is not None:
        where.append(User.name_key.startswith(users.name_key(query.search), autoescape=True))
    return (
        select(
            User.user_id,
            User.name,
            User.phone_number,
            User.email,
            User.user_type,
            User.kyc_tier,
            User.language,
            User.status,
            User.status_since,
            User.status_reason,
            User.referral_code,
            User.referred_by,
            User.registered_at,
            User.created_at,
            User.erased_at,
        )
        .where(*where)
        .order_by(User.created_at, User.user_id)
    )


def _select_present_users(ask: Ask) -> Rows:
    query: PresentUsersQuery = ask.query
    where = [User.status == query.status if query.status is not None else User.status != UserStatus.ARCHIVED]
    # As the list finds them: by the directory, in which each number and each proved address has one owner.
    if query.phone_number is not None:
        owner = select(PhoneEntry.owner_id).where(PhoneEntry.phone_number == query.phone_number)
        where.append(User.user_id == owner.scalar_subquery())
    if query.email is not None:
        owner = select(EmailEntry.owner_id).where(EmailEntry.email == query.email)
        where.append(User.user_id == owner.scalar_subquery())
    return _select_users(query, *where)


def _select_archived_users(ask: Ask) -> Rows:
    query: UsersQuery = ask.query
    where = [User.status == UserStatus.ARCHIVED]
    if query.phone_number is not None:
        where.append(User.phone_number == query.phone_number)
    if query.email is not None:
        where.append(User.email == query.email)
    return _select_users(query, *where)


def _select_admins(ask: Ask) -> Rows:
    query: AdminsQuery = ask.query
    where: list[ColumnElement[bool]] = []
    if query.status is not None:
        where.append(Admin.status == query.status)
    if query.role is not None:
        where.append(Role.name == query.role)
    if query.operator is not None:
        where.append(Admin.operator_scope.contains([query.operator]))
    if query.search is not None:
        columns = (Admin.name, Admin.email, Admin.phone_number)
        where.append(or_(*(column.icontains(query.search, autoescape=True) for column in columns)))
    return (
        select(
            Admin.admin_id,
            Admin.name,
            Admin.phone_number,
            Admin.email,
            Role.name.label("role"),
            Admin.operator_scope,
            Admin.status,
            Admin.language,
            Admin.created_at,
            Admin.updated_at,
        )
        .select_from(Admin)
        .outerjoin(Role, Role.role_id == Admin.role_id)
        .where(*where)
        .order_by(Admin.created_at, Admin.admin_id)
    )


def _select_roles(_ask: Ask) -> Rows:
    holders = (
        select(func.count())
        .where(Admin.role_id == Role.role_id, Admin.status == "active")
        .correlate(Role)
        .scalar_subquery()
    )
    return (
        select(
            Role.role_id,
            Role.name.label("role"),
            Role.description,
            RolePermission.permission,
            holders.label("holders"),
            Role.updated_at,
        )
        .select_from(Role)
        .outerjoin(RolePermission, RolePermission.role_id == Role.role_id)
        .order_by(Role.name, RolePermission.permission)
    )


def _select_sessions(ask: Ask) -> Rows:
    query: SessionsQuery = ask.query
    now = clock.now()
    is_live = and_(Session.revoked_at.is_(None), Session.expires_at > now, Session.absolute_expires_at > now)
    where = query.between(Session.created_at.expression)
    if query.owner_id is not None:
        where.append(Session.user_id == query.owner_id)
    if query.kind is not None:
        where.append(Session.kind == query.kind)
    if query.live is not None:
        where.append(is_live if query.live else ~is_live)
    return (
        select(
            Session.session_id,
            Session.user_id.label("owner_id"),
            Session.kind,
            is_live.label("is_live"),
            Session.created_at,
            Session.last_used_at,
            Session.second_factor_at,
            Session.expires_at,
            Session.revoked_at,
            Session.revoked_reason,
        )
        .where(*where)
        .order_by(Session.created_at, Session.session_id)
    )


def _select_referrals(ask: Ask) -> Rows:
    query: ReferralsQuery = ask.query
    filters = [
        (ReferralReward.user_id == query.user_id, query.user_id),
        (ReferralReward.friend_id == query.friend_id, query.friend_id),
        (ReferralReward.state == query.state, query.state),
        (ReferralReward.side == query.side, query.side),
        (ReferralReward.hold_reasons.contains([query.reason]), query.reason),
    ]
    where = query.within(ReferralReward.amount.expression, ReferralReward.created_at.expression)
    if query.status is RewardStatus.HELD:
        where.append(ReferralReward.held_at.is_not(None))
    elif query.status is not None:
        where += [ReferralReward.state == query.status.value, ReferralReward.held_at.is_(None)]
    where += [condition for condition, value in filters if value is not None]
    return (
        select(
            ReferralReward.reward_id,
            ReferralReward.user_id,
            ReferralReward.side,
            ReferralReward.referrer_id,
            ReferralReward.friend_id,
            ReferralReward.amount,
            ReferralReward.state,
            ReferralReward.hold_reasons,
            ReferralReward.recharge_id,
            ReferralReward.netted,
            ReferralReward.taken_back,
            ReferralReward.created_at,
            ReferralReward.earned_at,
            ReferralReward.paid_at,
            ReferralReward.ended_at,
        )
        .where(*where)
        .order_by(ReferralReward.created_at, ReferralReward.user_id, ReferralReward.reward_id)
    )


REPORTS: Final = (
    Report(
        name="users",
        title=worded("Customers"),
        about="Customers who are not archived.",
        resource=Resource.USERS,
        columns=_USER_COLUMNS,
        brief=_USER_BRIEF,
        query=PresentUsersQuery,
        select=_select_present_users,
    ),
    Report(
        name="archived-users",
        title=worded("Archived customers"),
        about="Customers whose account is closed. Once erased, name, number and address are gone.",
        resource=Resource.USERS,
        columns=(*_USER_COLUMNS, Column("erased_at", Kind.INSTANT, "When their personal data was erased.")),
        brief=(*_USER_BRIEF[:-1], "status_since", "erased_at"),
        query=UsersQuery,
        select=_select_archived_users,
    ),
    Report(
        name="admins",
        title=worded("Staff"),
        about="The staff, with their role and the operators that they are limited to.",
        resource=Resource.ADMINS,
        columns=(
            Column("admin_id", Kind.ID, "The admin."),
            Column("name", Kind.TEXT, "Their name."),
            Column("phone_number", Kind.TEXT, "The number that they sign in with."),
            Column("email", Kind.TEXT, "Their address."),
            Column("role", Kind.TEXT, "Empty: none."),
            Column(
                "operator_scope",
                Kind.WORDS,
                "The operators that they are limited to; empty: none, they have all.",
            ),
            Column("status", Kind.TEXT, "active, blocked or archived."),
            Column("language", Kind.TEXT, "Of what they read."),
            Column("created_at", Kind.INSTANT, "When the account was made."),
            Column("updated_at", Kind.INSTANT, "When it was last changed."),
        ),
        brief=("name", "phone_number", "email", "role", "operator_scope", "status", "created_at"),
        query=AdminsQuery,
        select=_select_admins,
    ),
    Report(
        name="roles",
        title=worded("Roles and permissions"),
        about="A row for each permission of each role.",
        resource=Resource.ROLES,
        columns=(
            Column("role_id", Kind.ID, "The role."),
            Column("role", Kind.TEXT, "Its name."),
            Column("description", Kind.TEXT, "What it is for."),
            Column("permission", Kind.TEXT, "What it allows; empty: nothing."),
            Column("holders", Kind.INTEGER, "How many active admins have the role."),
            Column("updated_at", Kind.INSTANT, "When the role was last changed."),
        ),
        brief=("role", "description", "permission", "holders"),
        select=_select_roles,
    ),
    Report(
        name="sessions",
        title=worded("Sessions"),
        about="Who is or was signed in. Tokens are not kept, and device and address are encrypted: none of them is here.",
        resource=Resource.SESSIONS,
        columns=(
            Column("session_id", Kind.ID, "The session. It is no token, and signs nobody in."),
            Column("owner_id", Kind.ID, "The customer or the admin."),
            Column("kind", Kind.TEXT, "user or admin."),
            Column("is_live", Kind.BOOLEAN, "Neither ended nor expired when the report was made."),
            Column("created_at", Kind.INSTANT, "When they signed in."),
            Column("last_used_at", Kind.INSTANT, "When the session was last renewed."),
            Column("second_factor_at", Kind.INSTANT, "When a second factor was last given."),
            Column("expires_at", Kind.INSTANT, "When it ends unless it is renewed."),
            Column("revoked_at", Kind.INSTANT, "When it was ended."),
            Column("revoked_reason", Kind.TEXT, "Why it was ended."),
        ),
        brief=("owner_id", "kind", "is_live", "created_at", "last_used_at", "revoked_at", "revoked_reason"),
        query=SessionsQuery,
        select=_select_sessions,
    ),
    Report(
        name="referrals",
        title=worded("Referral rewards"),
        about="A row for each reward: the one who invited, and the new customer.",
        resource=Resource.REFERRALS,
        columns=(
            Column("reward_id", Kind.ID, "The reward."),
            Column("user_id", Kind.ID, "Who gets it."),
            Column("side", Kind.TEXT, "referrer or friend."),
            Column("referrer_id", Kind.ID, "Who invited."),
            Column("friend_id", Kind.ID, "The new customer."),
            Column("amount", Kind.MONEY, "Of the reward.", total=True),
            Column("state", Kind.TEXT, "What became of it."),
            Column("hold_reasons", Kind.WORDS, "Why it was held, also if it was released."),
            Column("recharge_id", Kind.ID, "The new customer's recharge that it was earned by."),
            Column("netted", Kind.MONEY, "What of it paid an earlier debt.", total=True),
            Column("taken_back", Kind.MONEY, "What of it went back.", total=True),
            Column("created_at", Kind.INSTANT, "When the new customer registered."),
            Column("earned_at", Kind.INSTANT, "When it was earned."),
            Column("paid_at", Kind.INSTANT, "When it was paid."),
            Column("ended_at", Kind.INSTANT, "When it ended without being paid, or went back."),
        ),
        brief=("user_id", "side", "amount", "state", "created_at", "paid_at"),
        query=ReferralsQuery,
        select=_select_referrals,
        chart=Chart(label="state", value="amount"),
    ),
)
