"""A registered customer who recharged a number."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.payments.models import Payment
from gencharge.search.staff_schemas import Matched
from tests.make.factories import make_user
from tests.make.payments import fund
from tests.make.receipts import Ids, sell
from tests.make.recharge import run_sql


async def sell_to_somebody(stores: Stores) -> tuple[Ids, str]:
    """((customer, recharge), the customer's own number)."""
    user = await stores.database.run(make_user)
    user_id, own_number = user.user_id, user.phone_number
    await fund(stores, user_id, 100_000)
    return await sell(stores, user_id), own_number


async def add_payout(stores: Stores, user_id: UUID) -> dict[str, Any]:
    """What the references of a payout are that came back once and then arrived."""
    payout_id = new_id()
    names = {
        "payout_id": payout_id,
        "gateway_payout_id": f"pout_{payout_id.hex[-14:]}",
        "ended": f"pout_{payout_id.hex[-13:]}x",
        "utr": f"AXISCN{payout_id.int % 10**10:010d}",
    }
    await run_sql(
        stores,
        "INSERT INTO payouts (user_id, payout_id, amount, status, gateway_payout_id, ended_payout_ids, utr, paid_at)"
        " VALUES (:user_id, :payout_id, 100, 'paid', :gateway_payout_id, ARRAY[:ended], :utr, now())",
        user_id=user_id,
        **names,
    )
    return names


async def add_refund(stores: Stores, payment: Payment) -> tuple[UUID, str]:
    """The ids of a refund of the payment: ours, and the gateway's."""
    refund_id = new_id()
    outside = f"rfnd_{refund_id.hex[-14:]}"
    await run_sql(
        stores,
        "INSERT INTO refunds (user_id, refund_id, payment_id, gateway_payment_id, amount, status, from_account, reason,"
        " requested_by, idempotency_key, request_hash, gateway_refund_id)"
        " VALUES (:user_id, :refund_id, :payment_id, 'pay_1', 100, 'processed', 'user:held', 'test', 'system',"
        " :outside, '', :outside)",
        user_id=payment.user_id,
        refund_id=refund_id,
        payment_id=payment.payment_id,
        outside=outside,
    )
    return refund_id, outside


async def about(stores: Stores, user_id: UUID, recharge_id: UUID) -> list[tuple[object, Matched]]:
    """What a refund, a complaint and the payment of a bill are called that are about the recharge."""
    refund_id, complaint_id, bill = new_id(), new_id(), f"BILL-{new_id().hex[-10:]}"
    ids = {"user_id": user_id, "recharge_id": recharge_id}
    await run_sql(
        stores,
        "INSERT INTO recharge_refunds (user_id, refund_id, recharge_id, amount, destination, reason, requested_by,"
        " idempotency_key, request_hash) VALUES (:user_id, :refund_id, :recharge_id, 100, 'wallet', 'test', :user_id, 'k', '')",
        refund_id=refund_id,
        **ids,
    )
    await run_sql(
        stores,
        "INSERT INTO complaints (user_id, complaint_id, recharge_id, operator, reason, due_at)"
        " VALUES (:user_id, :complaint_id, :recharge_id, 'JIO', 'not_delivered', now())",
        complaint_id=complaint_id,
        **ids,
    )
    await run_sql(
        stores,
        "INSERT INTO bill_payments (phone_number, recharge_id, user_id, operator, bill_reference, amount, status, ended_at)"
        " VALUES ('+919876500001', :recharge_id, :user_id, 'JIO', :bill, 100, 'paid', now())",
        bill=bill,
        **ids,
    )
    return [
        (refund_id, Matched.REFUND_ID),
        (complaint_id, Matched.COMPLAINT_ID),
        (bill, Matched.BILL_REFERENCE),
    ]
