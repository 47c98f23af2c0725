"""Recharges of the scale data that go over an operator's API: the channels, and what is known of each submission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from gencharge.channels.models import AttemptOutcome, FulfilmentState
from gencharge.recharge.models import PaymentState
from scale.people import instant, phone_of
from scale.purchases import Chunk, Purchase

REFUSALS: Final = (
    *("declined_by_operator",) * 6,
    *("insufficient_float",) * 2,
    "operator_unreachable",
)
_CHANNELS: Final = """
    SELECT code, operator, commission_bp FROM operator_channels WHERE is_active ORDER BY operator, priority, code
"""
_STATES: Final = {
    PaymentState.PROCESSING: FulfilmentState.DUE,
    PaymentState.UNKNOWN: FulfilmentState.UNKNOWN,
    PaymentState.DELIVERED: FulfilmentState.SETTLED,
    PaymentState.FAILED: FulfilmentState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to an operator. The commission is in basis points of what the customer paid."""

    code: str
    operator: str
    commission_bp: int

    def commission(self, paid: int) -> int:
        """Our part of what a customer paid, in paise, rounded down."""
        return paid * self.commission_bp // 10_000


async def channels(connection: asyncpg.Connection) -> dict[str, list[Channel]]:
    """The channels of each operator, the one to be tried first at the head."""
    of_operator: dict[str, list[Channel]] = {}
    for row in await connection.fetch(_CHANNELS):
        of_operator.setdefault(row["operator"], []).append(Channel(**row))
    return of_operator


def add_rows(
    out: Chunk,
    bought: Purchase,
    status: PaymentState,
    *,
    owner: UUID,
    channel: Channel,
    reference: UUID,
    ended_ms: int,
    reason: str | None,
) -> None:
    """The row of `fulfilments`, by which the dispatcher finds what is under way; and the submission, if there was one."""
    at, ended_at = instant(bought.at_ms), instant(ended_ms)
    state = _STATES[status]
    is_over = status in {PaymentState.DELIVERED, PaymentState.FAILED}
    tried = status is not PaymentState.PROCESSING
    out.fulfilments.append(
        (
            owner,
            bought.id,
            phone_of(bought.line),
            bought.plan.operator,
            bought.plan.plan_id,
            bought.plan.price,
            state.value,
            None if is_over else at,
            at,
            int(tried),
            channel.code if tried else None,
            str(reference) if tried else None,
            reason or "",
        )
    )
    if not tried:
        return
    delivered = status is PaymentState.DELIVERED
    outcome = AttemptOutcome.DELIVERED if delivered else AttemptOutcome.REFUSED if is_over else None
    out.operator_attempts.append(
        (
            owner,
            bought.id,
            1,
            channel.code,
            str(reference),
            outcome.value if outcome else None,
            operator_reference(bought) if delivered else None,
            reason,
            at,
            ended_at if is_over else None,
        )
    )
    out.operator_references.append((str(reference), owner, bought.id, 1))


def operator_reference(bought: Purchase) -> str:
    """The operator's own reference of a delivery."""
    # When it was bought, to 49 days, and what else makes its id unique.
    return f"OP{bought.id.hex[4:12]}{bought.id.hex[16:]}".upper()
