"""A recharge of the scale data, its rows, and a buffer of the rows of a period."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from gencharge.recharge.models import PaymentState, PlanState
from scale.catalogue import Offered
from scale.people import instant, phone_of
from scale.rewards import Reward

# What is paid by wallet and delivered in the operator's own system is sold as its plan starts.
_SOLD_STATUS: Final = {"api": "processing"} | dict.fromkeys(("upi", "card", "netbanking"), "payment_pending")
_SENT: Final = frozenset({PaymentState.DELIVERED, PaymentState.REFUNDED})
_UNDER_WAY: Final = frozenset({PaymentState.PAYMENT_PENDING, PaymentState.PROCESSING, PaymentState.UNKNOWN})


@dataclass(slots=True)
class Chunk:
    """Rows of the same stretch of time."""

    transfers: list[tuple[Any, ...]] = field(default_factory=list)
    recharges: list[tuple[Any, ...]] = field(default_factory=list)
    active_plans: list[tuple[Any, ...]] = field(default_factory=list)
    fulfilments: list[tuple[Any, ...]] = field(default_factory=list)
    payments: list[tuple[Any, ...]] = field(default_factory=list)
    payment_orders: list[tuple[Any, ...]] = field(default_factory=list)
    adjustments: list[tuple[Any, ...]] = field(default_factory=list)
    operator_attempts: list[tuple[Any, ...]] = field(default_factory=list)
    operator_references: list[tuple[Any, ...]] = field(default_factory=list)
    offer_uses: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(slots=True)
class Purchase:
    """Who buys what, for whom, and when it runs. `payer` and `line` are numbers of customers, amounts in paise."""

    id: UUID
    payer: int
    line: int
    plan: Offered
    at_ms: int
    method: str
    source: str
    from_ms: int
    until_ms: int
    circle: str
    replaces: Purchase | None = None
    reward: Reward | None = None
    # Over an operator's API: the channel, and the operator's reference once it is delivered.
    channel: str | None = None
    operator_reference: str | None = None
    payment_id: UUID | None = None

    @property
    def starts_at_once(self) -> bool:
        """False if it waits for the plan before it."""
        return self.from_ms == self.at_ms

    @property
    def paid(self) -> int:
        """What the customer pays."""
        return self.plan.price - (self.reward.discount if self.reward else 0)


def recharge_row(
    bought: Purchase,
    status: PaymentState,
    *,
    owner: UUID,
    key: str,
    digest: bytes,
    balance_after: int,
    ended_ms: int,
    reason: str | None = None,
) -> tuple[Any, ...]:
    """The row of `recharges`, with the terms of the plan as it was sold. `ended_ms`: when it was delivered or had failed."""
    plan, at, wallet = bought.plan, instant(bought.at_ms), bought.method == "wallet"
    gone, reward, paid = bought.replaces, bought.reward, bought.paid
    sold = _SOLD_STATUS.get("api" if bought.channel else bought.method)
    if sold is None:
        sold = "active" if bought.starts_at_once else "queued"
    runs = sold == "active"
    return (
        owner,
        bought.id,
        key,
        digest,
        phone_of(bought.line),
        plan.plan_id,
        plan.version,
        plan.name,
        plan.operator,
        plan.plan_type,
        plan.category,
        plan.price,
        plan.price - paid,
        paid if wallet else 0,
        0 if wallet else paid,
        status.value,
        sold,
        bought.method,
        bought.source,
        "activate" if gone else "queue",
        at if runs else None,
        instant(bought.until_ms) if runs else None,
        gone.plan.name if gone else None,
        instant(gone.until_ms) if gone else None,
        balance_after,
        reason,
        at,
        None if status in _UNDER_WAY else instant(ended_ms),
        reward.offer_id if reward else None,
        reward.cashback if reward else 0,
        bought.channel if status in _SENT else None,
        bought.operator_reference if status in _SENT else None,
        bought.circle,
        bought.payment_id,
        paid if status is PaymentState.REFUNDED else 0,
    )


def plan_row(bought: Purchase, state: PlanState, *, owner: UUID, ended_ms: int | None) -> tuple[Any, ...]:
    """The row of `active_plans`."""
    plan = bought.plan
    ran = state is not PlanState.QUEUED and (state is not PlanState.CANCELLED or bought.starts_at_once)
    return (
        phone_of(bought.line),
        bought.id,
        owner,
        plan.plan_id,
        plan.version,
        plan.name,
        plan.operator,
        plan.plan_type,
        plan.category,
        plan.is_addon,
        state.value,
        plan.count,
        plan.unit,
        instant(bought.from_ms) if ran else None,
        instant(bought.until_ms) if ran else None,
        instant(bought.at_ms),
        instant(ended_ms) if ended_ms is not None else None,
        bought.circle,
    )
