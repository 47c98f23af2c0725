"""A shop whose days can be reconciled: sales, statements, faults, and what the staff do about differences."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.channels.models import OperatorAttempt
from gencharge.core.events.relay import Relay
from gencharge.core.rooms import checks
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.delivery.loop import Dispatcher
from gencharge.payments import service as payments
from gencharge.payments.models import PaymentPurpose
from gencharge.payments.service import OpenPayment
from gencharge.recharge import service as recharge
from gencharge.recharge.models import Recharge
from gencharge.reconciliation import crud, runs_service
from gencharge.reconciliation import resolutions_service as resolutions
from gencharge.reconciliation.models import (
    ReconciliationDifference,
    ReconciliationRun,
)
from gencharge.reconciliation.staff_schemas import DifferenceOut, ResolveDifference
from gencharge.reconciliation.statements_service import Statement
from gencharge.sessions.guards import Principal
from gencharge.wallet.models import Transfer
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.outside import Outside

FIRST, SECOND = "jio-a", "jio-b"


@dataclass
class Sold:
    """A recharge of Jio's Rs 299 plan."""

    stores: Stores
    user_id: UUID
    id: UUID

    async def recharge(self) -> Recharge:
        async with self.stores.database.transaction() as db:
            return await db.get_one(Recharge, (self.user_id, self.id))

    async def attempt(self) -> OperatorAttempt:
        async with self.stores.database.transaction() as db:
            query = select(OperatorAttempt).where(OperatorAttempt.recharge_id == self.id)
            return (await db.scalars(query.order_by(OperatorAttempt.attempt.desc()).limit(1))).one()


@dataclass
class Shop:
    """A shop whose counterparties are the sandbox's, and whose days can be reconciled."""

    stores: Stores
    outside: Outside
    context: runs_service.CounterpartyContext
    dispatcher: Dispatcher
    sold: list[Sold] = field(default_factory=list)

    async def sell(self, count: int = 1, *, deliver: bool = True, rupees: int = 1_000) -> list[Sold]:
        plan = (await find_plan(self.stores)).plan_id
        sales = []
        for _ in range(count):
            user_id = await make_customer(self.stores, rupees)
            sale = await buy(self.stores, user_id, await make_number(self.stores), plan)
            sales.append(Sold(self.stores, user_id, sale.answer.subscription_id))
        if deliver:
            await self.dispatcher.drain()
        self.sold += sales
        return sales

    async def match(
        self, counterparty: str = FIRST, *, back: int = 0, file: Statement | None = None
    ) -> ReconciliationRun:
        day = runs_service.today() - timedelta(days=back)
        run_id = await self.stores.database.run(lambda db: runs_service.begin(db, counterparty, day))
        return await runs_service.execute(self.context, run_id, file)

    async def differences(self, run: ReconciliationRun) -> list[ReconciliationDifference]:
        return list(await self.stores.database.run(lambda db: crud.list_differences(db, run.run_id)))

    async def only(self, run: ReconciliationRun) -> ReconciliationDifference:
        [difference] = await self.differences(run)
        return difference

    async def balances(self) -> dict[str, int]:
        """The balance of each account, in paise."""
        async with self.stores.database.transaction() as db:
            rows = await db.execute(
                text(
                    "SELECT account, sum(paise) FROM (SELECT credit AS account, amount AS paise FROM transfers"
                    " UNION ALL SELECT debit, -amount FROM transfers) AS sides GROUP BY account"
                )
            )
            return {row[0]: int(row[1]) for row in rows}

    async def written_off(self, difference_id: UUID) -> list[Transfer]:
        async with self.stores.database.transaction() as db:
            return list(await db.scalars(select(Transfer).where(Transfer.key == str(difference_id))))

    async def clean(self) -> list[str]:
        """The checks that fail."""
        report = await checks.run(self.stores.database, wiring.CHECKS)
        return [line for line in report.lines if not line.startswith("ok")]

    async def entries(self, action: str, **match: Any) -> list[dict[str, Any]]:
        await Relay(self.stores, wiring.LISTENERS).drain()
        return await self.stores.documents["audit_entries"].find({"action": action, **match}).to_list()


ADMIN = Principal(user_id=new_id(), kind="admin", session_id=new_id())


async def resolve(
    shop: Shop, difference: ReconciliationDifference, resolution: str, *, note: str = "agreed by phone"
) -> DifferenceOut:
    """Resolve a difference as an admin does."""
    command = ResolveDifference.model_validate({"resolution": resolution, "note": note})
    return await shop.stores.database.run(
        lambda db: resolutions.resolve(db, ADMIN, difference.run_id, difference.difference_id, command)
    )


async def reload(shop: Shop, difference: ReconciliationDifference) -> ReconciliationDifference:
    """A difference as it is in the database now."""
    async with shop.stores.database.transaction() as db:
        return await db.get_one(ReconciliationDifference, (difference.run_id, difference.difference_id))


async def sell_unknown(shop: Shop) -> Sold:
    """A recharge that the operator delivered, but its answer was lost."""
    shop.outside.script(FIRST, "submit", "server_error_after", times=1)
    shop.outside.script(FIRST, "status", "server_error_before")
    [sold] = await shop.sell(1)
    shop.outside.control("DELETE", "/sandbox/scripts")
    return sold


async def sell_with_fault(shop: Shop, script: str = "missing_row") -> ReconciliationDifference:
    """The difference of a delivered recharge whose row in the operator's statement has a fault."""
    await shop.sell(1)
    shop.outside.script(FIRST, "statement", script)
    return await shop.only(await shop.match())


async def deferred_questions(shop: Shop) -> list[dict[str, Any]]:
    """The arguments of the jobs that ask a counterparty again, in order."""
    async with shop.stores.database.transaction() as db:
        await db.execute(text("SET LOCAL ROLE NONE"))
        rows = await db.execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'reconciliation.ask' ORDER BY id")
        )
        return [row.args for row in rows]


async def top_up(shop: Shop, paise: int = 50_000, *, learn: bool = True) -> tuple[UUID, OpenPayment, str]:
    """A top-up that was paid: (user, payment, the gateway's id). Without `learn` its webhook was lost."""
    shop.outside.aim(webhook_url="http://127.0.0.1:9/nobody")
    user_id = (await shop.stores.database.run(make_user)).user_id
    result = await payments.open_payment(
        shop.context.payments,
        user_id,
        payment_id=new_id(),
        purpose=PaymentPurpose.TOPUP,
        reference_id=None,
        amount=Money(paise),
        method="upi",
        source="web",
        key=str(uuid4()),
        request_hash=hashlib.sha256(b"").digest(),
    )
    opened = result.answer
    paid: dict[str, Any] = shop.outside.control(
        "POST", f"/sandbox/orders/{opened.order_id}/pay", {"outcome": "succeed"}
    )
    if learn:
        await payments.ask_gateway(shop.context.payments, user_id, opened.payment_id)
    return user_id, opened, str(paid["razorpay_payment_id"])


async def refund(shop: Shop, user_id: UUID, opened: OpenPayment, paise: int) -> None:
    """Refund part of a payment, to the end."""

    async def begin(db: AsyncSession) -> Any:
        return await payments.refund_to_source(
            db,
            user_id,
            opened.payment_id,
            amount=Money(paise),
            key=str(uuid4()),
            request_hash=b"x",
            reason="asked for",
            requested_by="tests",
        )

    started = (await shop.stores.database.run(begin)).answer
    sent = await shop.context.payments.gateway.refund(
        started.gateway_payment_id, receipt=str(started.refund_id), amount=paise
    )
    shop.outside.control("PUT", "/sandbox/clock", {"advance_seconds": 120})

    async def end(db: AsyncSession) -> None:
        values = {
            "user_id": user_id,
            "refund_id": started.refund_id,
            "gateway_refund_id": sent.gateway_refund_id,
        }
        call = """
            SELECT end_refund(
                p_user => :user_id, p_refund => :refund_id, p_paid => true, p_gateway_refund => :gateway_refund_id,
                p_reason => NULL, p_context => '{}', p_pinned => NULL)
        """
        assert await db.scalar(text(call), values) == "processed"

    await shop.stores.database.run(end)


ROW = {
    "reference": "r-1",
    "operator_reference": "JIO-1",
    "operator": "JIO",
    "phone_number": "9876543210",
    "amount_paise": "29900",
    "commission_paise": "897",
    "status": "success",
    "completed_at": "2026-11-19T10:00:00.000+05:30",
}


def csv_of(*rows: dict[str, Any]) -> bytes:
    """An operator's statement as a CSV file."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(ROW), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


class OpenContext:
    """A context that a job may close and a test uses on."""

    def __init__(self, context: runs_service.CounterpartyContext) -> None:
        self._context = context

    def __getattr__(self, name: str) -> object:
        return getattr(self._context, name)

    async def close(self) -> None:
        """Stay open."""


async def find_difference(shop: Shop, scenario: str) -> ReconciliationDifference:
    """One difference with an operator, of the scenario's kind."""
    if scenario == "commission_differs":
        shop.outside.control("PUT", f"/sandbox/operators/{FIRST}", {"commission_basis_points": 250})
    if scenario in {"unknown_delivered", "unknown_failed", "failed_delivered"}:
        sold = await sell_unknown(shop)
        if scenario == "failed_delivered":
            await shop.stores.database.run(
                lambda db: recharge.fail(db, sold.user_id, sold.id, reason="by_hand")
            )
    else:
        await shop.sell(1)
    if scenario in {"missing_row", "wrong_amount", "extra_row"}:
        shop.outside.script(FIRST, "statement", scenario)
    rows = (await shop.context.statement(FIRST, runs_service.today())).rows
    if scenario in {"unknown_failed", "delivered_failed"}:
        rows = tuple(replace(row, done=False) for row in rows)
    elif scenario == "duplicate":
        rows = (*rows, rows[0])
    return await shop.only(await shop.match(file=Statement(rows, (), "")))
