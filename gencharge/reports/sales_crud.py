"""Reports about what was sold: recharges, the plans that run, autopays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, select

from gencharge.autopay.models import Autopay
from gencharge.core.values import clock
from gencharge.core.wording import worded
from gencharge.recharge.models import ActivePlan, PlanState, Recharge
from gencharge.reports.definitions import Ask, Chart, Column, Kind, Report, Rows
from gencharge.reports.query_schemas import ActivePlansQuery, AutopaysQuery, TransactionsQuery
from gencharge.sessions.guards import Resource, within


def _equal(*filters: tuple[Any, object | None]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in filters if value is not None]


def _select_transactions(ask: Ask) -> Rows:
    query: TransactionsQuery = ask.query
    paid = Recharge.wallet_amount + Recharge.gateway_amount
    where = _equal(
        (Recharge.status, query.status),
        (Recharge.user_id, query.user_id),
        (Recharge.phone_number, query.phone_number),
        (Recharge.operator, query.operator),
        (Recharge.circle, query.circle),
        (Recharge.plan_type, query.plan_type),
        (Recharge.category, query.category),
        (Recharge.payment_method, query.payment_method),
        (Recharge.source, query.source),
        (Recharge.plan_id, query.plan_id),
        (Recharge.caller_reference, query.reference),
    )
    return (
        select(
            Recharge.id.label("recharge_id"),
            Recharge.user_id,
            Recharge.phone_number,
            Recharge.operator,
            Recharge.circle,
            Recharge.plan_name,
            Recharge.plan_type,
            Recharge.category,
            Recharge.price,
            Recharge.discount,
            paid.label("paid"),
            Recharge.wallet_amount.label("paid_from_wallet"),
            Recharge.gateway_amount.label("paid_through_gateway"),
            Recharge.cashback,
            Recharge.talktime,
            Recharge.refunded_amount.label("refunded"),
            Recharge.status,
            Recharge.failure_reason,
            Recharge.payment_method,
            Recharge.source,
            Recharge.channel,
            Recharge.operator_reference,
            Recharge.caller_reference.label("reference"),
            Recharge.created_at,
            Recharge.completed_at,
        )
        .where(
            *where,
            *query.within(paid, Recharge.created_at.expression),
            within(ask.principal, Recharge.operator.expression),
        )
        .order_by(Recharge.created_at, Recharge.id)
    )


def _select_active_plans(ask: Ask) -> Rows:
    query: ActivePlansQuery = ask.query
    now = clock.now()
    where = _equal(
        (ActivePlan.phone_number, query.phone_number),
        (ActivePlan.user_id, query.user_id),
        (ActivePlan.operator, query.operator),
        (ActivePlan.plan_type, query.plan_type),
        (ActivePlan.category, query.category),
        (ActivePlan.plan_id, query.plan_id),
    )
    states = [query.status] if query.status is not None else [PlanState.ACTIVE, PlanState.QUEUED]
    # A plan whose end has come is over, even if its number was not brought up to date since.
    runs = (ActivePlan.status != PlanState.ACTIVE) | (ActivePlan.valid_until.is_(None))
    where += [ActivePlan.status.in_(states), runs | (ActivePlan.valid_until > now)]
    if query.expires_within_days is not None:
        where.append(ActivePlan.valid_until <= now + timedelta(days=query.expires_within_days))
    return (
        select(
            ActivePlan.phone_number,
            ActivePlan.recharge_id,
            ActivePlan.user_id,
            ActivePlan.operator,
            ActivePlan.circle,
            ActivePlan.plan_name,
            ActivePlan.plan_type,
            ActivePlan.category,
            ActivePlan.is_addon,
            ActivePlan.status,
            ActivePlan.valid_from,
            ActivePlan.valid_until,
            ActivePlan.created_at,
        )
        .where(
            *where,
            *query.between(ActivePlan.created_at.expression),
            within(ask.principal, ActivePlan.operator.expression),
        )
        .order_by(ActivePlan.created_at, ActivePlan.recharge_id)
    )


def _select_autopays(ask: Ask) -> Rows:
    query: AutopaysQuery = ask.query
    where = _equal(
        (Autopay.user_id, query.user_id),
        (Autopay.phone_number, query.phone_number),
        (Autopay.status, query.status),
        (Autopay.pause_reason, query.pause_reason),
        (Autopay.kind, query.kind),
        (Autopay.tag, query.tag),
        (Autopay.payment_method, query.payment_method),
        (Autopay.operator, query.operator),
        (Autopay.plan_id, query.plan_id),
    )
    return (
        select(
            Autopay.autopay_id,
            Autopay.user_id,
            Autopay.phone_number,
            Autopay.operator,
            Autopay.plan_name,
            Autopay.tag,
            Autopay.status,
            Autopay.pause_reason,
            Autopay.payment_method,
            Autopay.price,
            Autopay.max_amount,
            Autopay.interval_count,
            Autopay.interval_unit,
            Autopay.periods,
            Autopay.next_due,
            Autopay.created_at,
        )
        .where(
            *where,
            *query.between(Autopay.next_due.expression),
            within(ask.principal, Autopay.operator.expression),
        )
        .order_by(Autopay.created_at, Autopay.user_id, Autopay.autopay_id)
    )


REPORTS: Final = (
    Report(
        name="transactions",
        title=worded("Recharges"),
        about="Every recharge, whatever became of it, with what was paid for it.",
        resource=Resource.RECHARGE,
        columns=(
            Column("recharge_id", Kind.ID, "The recharge."),
            Column("user_id", Kind.ID, "The customer who paid."),
            Column("phone_number", Kind.TEXT, "The number that was recharged."),
            Column("operator", Kind.TEXT, "Its operator."),
            Column("circle", Kind.TEXT, "Its circle, if that was known."),
            Column("plan_name", Kind.TEXT, "What was bought."),
            Column("plan_type", Kind.TEXT, "prepaid or postpaid."),
            Column("category", Kind.TEXT, "Of the plan."),
            Column("price", Kind.MONEY, "Of the plan.", total=True),
            Column("discount", Kind.MONEY, "What an offer took off the price.", total=True),
            Column("paid", Kind.MONEY, "Price less discount, whatever became of it later.", total=True),
            Column("paid_from_wallet", Kind.MONEY, "Part of `paid`.", total=True),
            Column("paid_through_gateway", Kind.MONEY, "Part of `paid`.", total=True),
            Column("cashback", Kind.MONEY, "That an offer promised.", total=True),
            Column("talktime", Kind.MONEY, "Of an amount that the customer chose, credited by the operator."),
            Column("refunded", Kind.MONEY, "What was taken back after it was delivered.", total=True),
            Column("status", Kind.TEXT, "delivered, failed, refunded, or on the way."),
            Column("failure_reason", Kind.TEXT, "Why it failed."),
            Column("payment_method", Kind.TEXT, "How it was paid."),
            Column("source", Kind.TEXT, "web, app, api."),
            Column("channel", Kind.TEXT, "Over which it was delivered; empty: directly."),
            Column("operator_reference", Kind.TEXT, "The operator's number of it."),
            Column("reference", Kind.TEXT, "The customer's own name for it."),
            Column("created_at", Kind.INSTANT, "When it was made."),
            Column("completed_at", Kind.INSTANT, "When it was delivered or failed."),
        ),
        brief=(
            "created_at",
            "phone_number",
            "operator",
            "plan_name",
            "price",
            "discount",
            "paid",
            "refunded",
            "status",
        ),
        query=TransactionsQuery,
        select=_select_transactions,
        scoped=True,
        chart=Chart(label="operator", value="paid"),
    ),
    Report(
        name="active-plans",
        title=worded("Plans that run or wait"),
        about="Plans of all numbers that run now, or wait for their turn.",
        resource=Resource.RECHARGE,
        columns=(
            Column("phone_number", Kind.TEXT, "The number."),
            Column("recharge_id", Kind.ID, "The recharge that it was bought with."),
            Column("user_id", Kind.ID, "The customer who paid."),
            Column("operator", Kind.TEXT, "The number's operator."),
            Column("circle", Kind.TEXT, "The number's circle, if that was known."),
            Column("plan_name", Kind.TEXT, "What was bought."),
            Column("plan_type", Kind.TEXT, "prepaid or postpaid."),
            Column("category", Kind.TEXT, "Of the plan."),
            Column("is_addon", Kind.BOOLEAN, "Beside a base plan."),
            Column("status", Kind.TEXT, "active or queued."),
            Column("valid_from", Kind.INSTANT, "Since when it runs."),
            Column("valid_until", Kind.INSTANT, "When it ends."),
            Column("created_at", Kind.INSTANT, "When it was bought."),
        ),
        brief=("phone_number", "operator", "plan_name", "category", "status", "valid_from", "valid_until"),
        query=ActivePlansQuery,
        select=_select_active_plans,
        scoped=True,
    ),
    Report(
        name="autopay",
        title=worded("Autopay"),
        about="Recharges that happen by themselves.",
        resource=Resource.AUTOPAY,
        columns=(
            Column("autopay_id", Kind.ID, "The autopay."),
            Column("user_id", Kind.ID, "The customer who pays."),
            Column("phone_number", Kind.TEXT, "The number that is recharged."),
            Column("operator", Kind.TEXT, "Its operator."),
            Column("plan_name", Kind.TEXT, "What is bought."),
            Column("tag", Kind.TEXT, "Whether it happens once or again and again."),
            Column("status", Kind.TEXT, "Whether it runs."),
            Column("pause_reason", Kind.TEXT, "Why it does not."),
            Column("payment_method", Kind.TEXT, "From what it is paid."),
            Column("price", Kind.MONEY, "Of the plan when the autopay was last changed."),
            Column("max_amount", Kind.MONEY, "The highest price that the customer allows."),
            Column("interval_count", Kind.INTEGER, "Every so many ..."),
            Column("interval_unit", Kind.TEXT, "... days or months; empty: when the plan ends."),
            Column("periods", Kind.INTEGER, "How many due dates have passed."),
            Column("next_due", Kind.INSTANT, "When it is due next."),
            Column("created_at", Kind.INSTANT, "When it was set up."),
        ),
        brief=("phone_number", "operator", "plan_name", "status", "price", "payment_method", "next_due"),
        query=AutopaysQuery,
        select=_select_autopays,
        scoped=True,
    ),
)
