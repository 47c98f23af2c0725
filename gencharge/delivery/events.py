"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeStuck(Event):
    """A recharge has been under way for too long: the staff are to look at it. `state` is the fulfilment's."""

    recharge_id: str
    phone_number: str
    plan_name: str
    operator: str
    channel: str
    state: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDisputed(Event):
    """An operator says that it delivered what had failed and was paid back: a loss, until somebody settles it."""

    recharge_id: str
    operator: str
    channel: str
    reference: str
    operator_reference: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackContradicted(Event):
    """An operator's callback claims another end than the one that its own answer had proved; nothing was changed."""

    recharge_id: str
    channel: str
    reference: str
    outcome: str
    claimed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeResolved(Event):
    """An admin ended a recharge whose operator did not say how it ended."""

    recharge_id: str
    operator: str
    reason: str
    changes: dict[str, Any] = field(default_factory=dict)
