"""The GST return, in the shape of GSTR-1: supplies to consumers, supplies by service, and the numbers of invoices."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)

from gencharge.core.company import STATES
from gencharge.core.settings import Settings
from gencharge.core.wording import worded
from gencharge.receipts import service as receipts
from gencharge.receipts.models import Receipt
from gencharge.recharge.models import PaymentState, Recharge, RechargeRefund
from gencharge.reports.definitions import Ask, Chart, Column, Kind, Report, Rows
from gencharge.reports.query_schemas import MonthQuery
from gencharge.sessions.guards import Resource

_SUMS: Final = (
    Column("value", Kind.MONEY, "What customers paid, tax included, less refunds.", total=True),
    Column("taxable_value", Kind.MONEY, "Of it, without the tax.", total=True),
    Column("igst", Kind.MONEY, "Integrated tax.", total=True),
    Column("cgst", Kind.MONEY, "Central tax.", total=True),
    Column("sgst", Kind.MONEY, "State or union territory tax.", total=True),
)


def _whole(value: ColumnElement[Any]) -> ColumnElement[int]:
    """A sum as a whole number: PostgreSQL adds bigints up to a numeric."""
    return cast(func.coalesce(value, 0), BigInteger)


def _supplies(query: MonthQuery, settings: Settings) -> Subquery:
    """What was supplied in the month, and what of it was taken back: amounts of both with their sign, and the parts of each.

    A price includes its tax, which is taken out of each amount by itself, as on the receipt (`receipts.tax`).
    The payment of a bill is not our supply.
    """
    places = receipts.places_of_supply(settings.company_state)
    home = func.coalesce(func.left(Receipt.seller_gstin, 2), settings.company_state)
    place = func.coalesce(
        Receipt.place_of_supply, case(places, value=Recharge.circle, else_=settings.company_state)
    )
    rate = func.coalesce(cast(Receipt.gst_percent, Integer), settings.gst_rate_percent)
    of_receipt = (Receipt.user_id == Recharge.user_id) & (Receipt.recharge_id == Recharge.id)
    delivered = (
        select(
            literal(1).label("sign"),
            (Recharge.wallet_amount + Recharge.gateway_amount).label("amount"),
            place.label("place"),
            rate.label("rate"),
            (place != home).label("between_states"),
        )
        .outerjoin(Receipt, of_receipt)
        .where(
            Recharge.status.in_([PaymentState.DELIVERED, PaymentState.REFUNDED]),
            Recharge.bill_id.is_(None),
            Recharge.completed_at >= query.since,
            Recharge.completed_at < query.until,
        )
    )
    back = (
        select(
            literal(-1).label("sign"),
            RechargeRefund.amount.label("amount"),
            place.label("place"),
            rate.label("rate"),
            (place != home).label("between_states"),
        )
        .select_from(RechargeRefund)
        .join(
            Recharge,
            (Recharge.user_id == RechargeRefund.user_id) & (Recharge.id == RechargeRefund.recharge_id),
        )
        .outerjoin(Receipt, of_receipt)
        .where(
            RechargeRefund.created_at >= query.since,
            RechargeRefund.created_at < query.until,
            Recharge.bill_id.is_(None),
        )
    )
    moved = union_all(delivered, back).subquery("moved")
    gross = moved.c.rate + 100
    # Halves up, to the paisa: as `receipts.tax.split`.
    taxable = (moved.c.amount * 200 + gross) // (gross * 2)
    return select(*moved.c, taxable.label("taxable"), (moved.c.amount - taxable).label("tax")).subquery(
        "supplies"
    )


def _sums(own: Subquery) -> list[ColumnElement[Any]]:
    sign, tax = own.c.sign, own.c.tax
    within_state = case((own.c.between_states, 0), else_=tax)
    return [
        _whole(func.sum(sign * own.c.amount)).label("value"),
        _whole(func.sum(sign * own.c.taxable)).label("taxable_value"),
        _whole(func.sum(sign * (tax - within_state))).label("igst"),
        # An odd paisa goes to the centre.
        _whole(func.sum(sign * (within_state - within_state // 2))).label("cgst"),
        _whole(func.sum(sign * (within_state // 2))).label("sgst"),
    ]


def _select_gst_b2c(ask: Ask) -> Rows:
    """Supplies to consumers by place of supply and rate, less what was taken back: table 7 of GSTR-1."""
    own = _supplies(ask.query, ask.settings)
    return (
        select(
            own.c.place.label("place_of_supply"),
            case(dict(STATES), value=own.c.place, else_="").label("state"),
            own.c.rate,
            func.count().filter(own.c.sign > 0).label("supplies"),
            func.count().filter(own.c.sign < 0).label("refunds"),
            *_sums(own),
        )
        .group_by(own.c.place, own.c.rate)
        .order_by(own.c.place, own.c.rate)
    )


def _select_gst_hsn(ask: Ask) -> Rows:
    """All supplies by service and rate: table 12 of GSTR-1."""
    own = _supplies(ask.query, ask.settings)
    return (
        select(
            literal(receipts.service_code(), Text).label("sac"),
            literal("Mobile telecommunications services", Text).label("description"),
            # Services have no unit.
            literal("NA", Text).label("uqc"),
            func.count().filter(own.c.sign > 0).label("quantity"),
            own.c.rate,
            *_sums(own),
        )
        .group_by(own.c.rate)
        .order_by(own.c.rate)
    )


def _select_gst_documents(ask: Ask) -> Rows:
    """The numbers that were given to invoices: table 13 of GSTR-1. A number is never given back, so none is cancelled."""
    query: MonthQuery = ask.query
    return (
        select(
            literal("Invoices for outward supply", Text).label("nature"),
            Receipt.financial_year,
            Receipt.series,
            func.min(Receipt.number).label("first_number"),
            func.max(Receipt.number).label("last_number"),
            func.count().label("total"),
            literal(0, Integer).label("cancelled"),
            func.count().label("net_issued"),
        )
        .where(
            Receipt.issued_at >= query.since,
            Receipt.issued_at < query.until,
            # A receipt for a bill is no invoice.
            Receipt.series.not_like(f"{receipts.BILLS_PREFIX}-%"),
        )
        .group_by(Receipt.financial_year, Receipt.series)
        .order_by(Receipt.financial_year, Receipt.series)
    )


REPORTS: Final = (
    Report(
        name="gst-supplies",
        title=worded("GST: supplies to consumers"),
        about="Table 7 of GSTR-1. Supplies by when they were delivered, refunds by when they were made.",
        resource=Resource.PAYMENTS,
        columns=(
            Column("place_of_supply", Kind.ID, "The state's number."),
            Column("state", Kind.TEXT, "Its name.", heading=worded("Name of the state")),
            Column("rate", Kind.INTEGER, "Percent."),
            Column("supplies", Kind.INTEGER, "How many recharges.", total=True),
            Column("refunds", Kind.INTEGER, "How many refunds, in part or in full.", total=True),
            *_SUMS,
        ),
        brief=("place_of_supply", "state", "rate", "supplies", *(column.name for column in _SUMS)),
        query=MonthQuery,
        select=_select_gst_b2c,
        chart=Chart(label="state", value="taxable_value"),
    ),
    Report(
        name="gst-services",
        title=worded("GST: supplies by service"),
        about="Table 12 of GSTR-1.",
        resource=Resource.PAYMENTS,
        columns=(
            Column("sac", Kind.ID, "The code of the service."),
            Column("description", Kind.TEXT, "What it is."),
            Column("uqc", Kind.TEXT, "NA: a service has no unit."),
            Column("quantity", Kind.INTEGER, "How many recharges.", total=True),
            Column("rate", Kind.INTEGER, "Percent."),
            *_SUMS,
        ),
        brief=("sac", "description", "uqc", "quantity", "rate", *(column.name for column in _SUMS)),
        query=MonthQuery,
        select=_select_gst_hsn,
    ),
    Report(
        name="gst-documents",
        title=worded("GST: invoices issued"),
        about="Table 13 of GSTR-1: from which number to which, in each series. An invoice gets its number when it is first asked for.",
        resource=Resource.PAYMENTS,
        columns=(
            Column("nature", Kind.TEXT, "What the documents are."),
            Column("financial_year", Kind.ID, "April to March."),
            Column("series", Kind.ID, "The series."),
            Column("first_number", Kind.ID, "The first number that was given in the month."),
            Column("last_number", Kind.ID, "The last one."),
            Column("total", Kind.INTEGER, "How many.", total=True),
            Column("cancelled", Kind.INTEGER, "How many of them were cancelled.", total=True),
            Column("net_issued", Kind.INTEGER, "The others.", total=True),
        ),
        brief=("nature", "series", "first_number", "last_number", "total", "cancelled", "net_issued"),
        query=MonthQuery,
        select=_select_gst_documents,
    ),
)
