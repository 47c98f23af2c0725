"""The report of payments through the gateway."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from gencharge.core.wording import worded
from gencharge.payments.models import Payment
from gencharge.reports.definitions import Ask, Chart, Column, Kind, Report, Rows
from gencharge.reports.query_schemas import PaymentsQuery
from gencharge.sessions.guards import Resource


def _select_payments(ask: Ask) -> Rows:
    query: PaymentsQuery = ask.query
    filters = (
        (Payment.status, query.status),
        (Payment.purpose, query.purpose),
        (Payment.method, query.payment_method),
        (Payment.user_id, query.user_id),
        (Payment.reference_id, query.recharge_id),
        (Payment.caller_reference, query.reference),
    )
    return (
        select(
            Payment.payment_id,
            Payment.user_id,
            Payment.purpose,
            Payment.reference_id.label("recharge_id"),
            Payment.amount,
            Payment.refunded_amount.label("refunded"),
            Payment.method.label("payment_method"),
            Payment.source,
            Payment.status,
            Payment.failure_reason,
            Payment.operator,
            Payment.gateway,
            Payment.order_id,
            Payment.gateway_payment_id,
            Payment.bank_reference,
            Payment.caller_reference.label("reference"),
            Payment.created_at,
            Payment.captured_at,
        )
        .where(
            *(column == value for column, value in filters if value is not None),
            *query.within(Payment.amount.expression, Payment.created_at.expression),
        )
        .order_by(Payment.created_at, Payment.user_id, Payment.payment_id)
    )


REPORTS: Final = (
    Report(
        name="payments",
        title=worded("Payments through the gateway"),
        about="Every payment that customers were asked for, with what the gateway and the bank call it.",
        resource=Resource.PAYMENTS,
        columns=(
            Column("payment_id", Kind.ID, "The payment."),
            Column("user_id", Kind.ID, "The customer who paid."),
            Column("purpose", Kind.TEXT, "topup or recharge."),
            Column("recharge_id", Kind.ID, "The recharge that it pays; empty: it is for the wallet."),
            Column("amount", Kind.MONEY, "What was asked for, whatever became of it.", total=True),
            Column("refunded", Kind.MONEY, "What went back of it.", total=True),
            Column("payment_method", Kind.TEXT, "upi, card or netbanking."),
            Column("source", Kind.TEXT, "web, app, api."),
            Column("status", Kind.TEXT, "Where it stands."),
            Column("failure_reason", Kind.TEXT, "Why it failed."),
            Column("operator", Kind.TEXT, "Of the recharge."),
            Column("gateway", Kind.TEXT, "Through which it went."),
            Column("order_id", Kind.TEXT, "The gateway's order."),
            Column("gateway_payment_id", Kind.TEXT, "The gateway's number of it."),
            Column("bank_reference", Kind.TEXT, "The bank's number of it: the RRN of a UPI payment."),
            Column("reference", Kind.TEXT, "The customer's own name for it."),
            Column("created_at", Kind.INSTANT, "When it was begun."),
            Column("captured_at", Kind.INSTANT, "When the money came in."),
        ),
        brief=(
            "created_at",
            "purpose",
            "payment_method",
            "amount",
            "refunded",
            "status",
            "gateway_payment_id",
            "bank_reference",
            "captured_at",
        ),
        query=PaymentsQuery,
        select=_select_payments,
        chart=Chart(label="payment_method", value="amount"),
    ),
)
