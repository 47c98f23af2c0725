"""Reports from the ledger: its transfers, what the operators are owed, a customer's statement."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from gencharge.core.wording import worded
from gencharge.reports.definitions import Ask, Chart, Column, Kind, Report, Rows
from gencharge.reports.query_schemas import OperatorPeriodQuery, PeriodQuery, StatementQuery
from gencharge.sessions.guards import Resource, within
from gencharge.wallet.models import Account, Code, Transfer

_OPERATOR_ACCOUNT: Final = "operator:"
_CODES: Final = {int(code): code.name.lower() for code in Code}
_SOLD: Final = (Code.RECHARGE, Code.CAPTURE)


def _whole(value: ColumnElement[Any]) -> ColumnElement[int]:
    """A sum as a whole number: PostgreSQL adds bigints up to a numeric."""
    return cast(func.coalesce(value, 0), BigInteger)


def _word_of(code: Any) -> ColumnElement[str]:
    return case(_CODES, value=code, else_="other")


def _select_ledger(ask: Ask) -> Rows:
    """Every transfer of a time."""
    query: PeriodQuery = ask.query
    return (
        select(
            Transfer.id.label("transfer_id"),
            Transfer.user_id,
            Transfer.debit,
            Transfer.credit,
            Transfer.amount,
            _word_of(Transfer.code).label("kind"),
            Transfer.reference_id,
            Transfer.phone_number,
            Transfer.operator,
            Transfer.payment_method,
            Transfer.source,
            Transfer.created_at,
        )
        .where(*query.between(Transfer.created_at.expression))
        .order_by(Transfer.created_at, Transfer.id)
    )


def _select_settlement(ask: Ask) -> Rows:
    """What moved on the operators' accounts, by day in India and operator. The parts of a row add up to what is payable."""
    query: OperatorPeriodQuery = ask.query
    into, out = Transfer.credit.startswith(_OPERATOR_ACCOUNT), Transfer.debit.startswith(_OPERATOR_ACCOUNT)
    account = case((into, Transfer.credit), else_=Transfer.debit)
    moved = select(
        cast(func.timezone("Asia/Kolkata", Transfer.created_at), Date).label("day"),
        func.upper(func.substr(account, len(_OPERATOR_ACCOUNT) + 1)).label("operator"),
        Transfer.code,
        case((into, Transfer.amount), else_=-Transfer.amount).label("amount"),
    )
    own = moved.where(or_(into, out), *query.between(Transfer.created_at.expression)).subquery()
    amount, code = own.c.amount, own.c.code

    def part(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return _whole(func.sum(amount).filter(*conditions))

    known = (*_SOLD, Code.DISCOUNT, Code.REFUND, Code.COMMISSION)
    where = [within(ask.principal, own.c.operator)]
    if query.operator is not None:
        where.append(own.c.operator == query.operator)
    return (
        select(
            own.c.day,
            own.c.operator,
            func.count().filter(code.in_(_SOLD)).label("recharges"),
            part(code.in_(_SOLD)).label("paid_by_customers"),
            part(code == Code.DISCOUNT, amount > 0).label("discounts"),
            part(code == Code.REFUND).label("refunds"),
            part(code == Code.DISCOUNT, amount < 0).label("discounts_back"),
            part(code == Code.COMMISSION, amount < 0).label("commission"),
            part(code == Code.COMMISSION, amount > 0).label("commission_back"),
            part(code.not_in(known)).label("other"),
            _whole(func.sum(amount)).label("payable"),
        )
        .where(*where)
        .group_by(own.c.day, own.c.operator)
        .order_by(own.c.day, own.c.operator)
    )


def _select_statement(ask: Ask) -> Rows:
    """Every movement of the customer's own balance in a time, each with the balance after it, between the balances before and after all."""
    query: StatementQuery = ask.query
    since, until = query.bounds
    main = Account.MAIN.value
    into = Transfer.credit == main
    change = case((into, Transfer.amount), else_=-Transfer.amount)
    # From the first movement on, so that each balance is the sum of all that came before.
    moved = (
        select(
            literal(1).label("place"),
            Transfer.id.label("transfer_id"),
            Transfer.created_at,
            _word_of(Transfer.code).label("kind"),
            Transfer.phone_number,
            Transfer.operator,
            Transfer.reference_id,
            case((into, Transfer.amount)).label("credit"),
            case((into, None), else_=Transfer.amount).label("debit"),
            _whole(func.sum(change).over(order_by=(Transfer.created_at, Transfer.id))).label("balance"),
        )
        .where(Transfer.user_id == ask.principal.user_id, or_(into, Transfer.debit == main))
        .cte("moved")
    )

    def balance(place: int, kind: str, at: datetime | None, *before: ColumnElement[bool]) -> Rows:
        credit, debit = func.sum(moved.c.credit).filter(*before), func.sum(moved.c.debit).filter(*before)
        empty: dict[str, ColumnElement[Any]] = {each.name: null().cast(each.type) for each in moved.c}
        values: dict[str, ColumnElement[Any]] = empty | {
            "place": literal(place),
            "created_at": literal(at, DateTime(timezone=True)),
            "kind": literal(kind),
            "balance": _whole(func.coalesce(credit, 0) - func.coalesce(debit, 0)),
        }
        return select(*(value.label(name) for name, value in values.items())).select_from(moved)

    inside = [
        *([] if since is None else [moved.c.created_at >= since]),
        *([] if until is None else [moved.c.created_at < until]),
    ]
    rows = union_all(
        balance(0, "opening_balance", since, false() if since is None else moved.c.created_at < since),
        select(*moved.c).where(*inside),
        balance(2, "closing_balance", until, true() if until is None else moved.c.created_at < until),
    ).subquery()
    return select(*rows.c).order_by(rows.c.place, rows.c.created_at, rows.c.transfer_id)


REPORTS: Final = (
    Report(
        name="ledger",
        title=worded("Ledger"),
        about="Every transfer: from which account to which, and why.",
        resource=Resource.WALLET,
        columns=(
            Column("transfer_id", Kind.ID, "The transfer."),
            Column("user_id", Kind.ID, "The customer whose ledger it is in."),
            Column("debit", Kind.TEXT, "The account that gives."),
            Column("credit", Kind.TEXT, "The account that gets."),
            Column("amount", Kind.MONEY, "What moves.", total=True),
            Column("kind", Kind.TEXT, "Why it moves."),
            Column("reference_id", Kind.ID, "The recharge, payment or refund that it belongs to."),
            Column("phone_number", Kind.TEXT, "The number that it concerns."),
            Column("operator", Kind.TEXT, "The operator that it concerns."),
            Column("payment_method", Kind.TEXT, "How it was paid."),
            Column("source", Kind.TEXT, "web, app, api."),
            Column("created_at", Kind.INSTANT, "When it was booked."),
        ),
        brief=("created_at", "debit", "credit", "amount", "kind", "phone_number", "operator"),
        query=PeriodQuery,
        select=_select_ledger,
        chart=Chart(label="kind", value="amount"),
    ),
    Report(
        name="settlement",
        title=worded("Commission and settlement"),
        about="What moved on each operator's account on each day in India, from the ledger. Amounts that the operator gets are positive;"
        " the parts add up to `payable`.",
        resource=Resource.PAYMENTS,
        columns=(
            Column("day", Kind.DATE, "A day in India."),
            Column("operator", Kind.TEXT, "The operator."),
            Column("recharges", Kind.INTEGER, "How many were delivered.", total=True),
            Column("paid_by_customers", Kind.MONEY, "For them.", total=True),
            Column("discounts", Kind.MONEY, "What offers carried of their prices.", total=True),
            Column("refunds", Kind.MONEY, "Taken back for customers.", total=True),
            Column("discounts_back", Kind.MONEY, "Taken back of what offers carried.", total=True),
            Column("commission", Kind.MONEY, "Our share.", total=True),
            Column("commission_back", Kind.MONEY, "Of our share, given back with refunds.", total=True),
            Column("other", Kind.MONEY, "Differences that were settled.", total=True),
            Column("payable", Kind.MONEY, "What the operator gets.", total=True),
        ),
        brief=(
            "day",
            "operator",
            "recharges",
            "paid_by_customers",
            "discounts",
            "refunds",
            "commission",
            "payable",
        ),
        query=OperatorPeriodQuery,
        select=_select_settlement,
        scoped=True,
        chart=Chart(label="operator", value="payable"),
    ),
)
STATEMENT: Final = Report(
    name="statement",
    title=worded("Statement of your wallet"),
    about="Every movement of your balance, with the balance after it, between the opening and the closing balance.",
    resource=None,
    columns=(
        Column("transfer_id", Kind.ID, "The movement; empty for the two balances."),
        Column("created_at", Kind.INSTANT, "When it was booked."),
        Column("kind", Kind.TEXT, "Why. The first row is `opening_balance`, the last one `closing_balance`."),
        Column("phone_number", Kind.TEXT, "The number that was recharged."),
        Column("operator", Kind.TEXT, "Its operator."),
        Column("reference_id", Kind.ID, "The recharge, payment or refund that it belongs to."),
        Column("credit", Kind.MONEY, "What came in.", total=True),
        Column("debit", Kind.MONEY, "What went out.", total=True),
        Column("balance", Kind.MONEY, "What could be spent afterwards."),
    ),
    brief=("created_at", "kind", "phone_number", "operator", "credit", "debit", "balance"),
    query=StatementQuery,
    select=_select_statement,
)
