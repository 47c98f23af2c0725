"""A recharge of the scale data, its rows, and a buffer of the rows of a period."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from gencharge.channels.models import FulfilmentState
from gencharge.recharge.models import PaymentState, PlanState
from scale.catalogue import Offered
from scale.people import instant, phone_of

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


@dataclass(frozen=True, slots=True)
class Purchase:
    """Who buys what, for whom, and when it runs. `payer` and `line` are numbers of customers."""

    id: UUID
    payer: int
    line: int
    plan: Offered
    at_ms: int
    method: str
    source: str
    from_ms: int
    until_ms: int
    replaces: Purchase | None = None

    @property
    def starts_at_once(self) -> bool:
        """False if it waits for the plan before it."""
        return self.from_ms == self.at_ms


def recharge_row(
    bought: Purchase, status: PaymentState, *, owner: UUID, key: str, digest: bytes, balance_after: int
) -> tuple[Any, ...]:
    """The row of `recharges`, with the terms of the plan as it was sold."""
    plan, at, wallet = bought.plan, instant(bought.at_ms), bought.method == "wallet"
    gone = bought.replaces
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
        0,
        plan.price if wallet else 0,
        0 if wallet else plan.price,
        status.value,
        "active" if bought.starts_at_once else "queued",
        bought.method,
        bought.source,
        "activate" if gone else "queue",
        at if bought.starts_at_once else None,
        instant(bought.until_ms) if bought.starts_at_once else None,
        gone.plan.name if gone else None,
        instant(gone.until_ms) if gone else None,
        balance_after,
        "operator_rejected" if status is PaymentState.FAILED else None,
        at,
        None if status in _UNDER_WAY else at,
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
    )


def fulfilment_row(bought: Purchase, status: PaymentState, *, owner: UUID) -> tuple[Any, ...]:
    """The row of `fulfilments`, by which the dispatcher finds what is under way."""
    plan, at = bought.plan, instant(bought.at_ms)
    state = FulfilmentState.UNKNOWN if status is PaymentState.UNKNOWN else FulfilmentState.DUE
    return (
        owner,
        bought.id,
        phone_of(bought.line),
        plan.operator,
        plan.plan_id,
        plan.price,
        state.value,
        at,
        at,
    )
