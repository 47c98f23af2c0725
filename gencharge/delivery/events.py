"""The events of this room."""

from __future__ import annotations

from dataclasses import dataclass, field

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeStuck(Event):
    """A recharge has been pending for too long and needs the staff's attention. `state` is the fulfilment's."""

    recharge_id: str
    phone_number: str
    plan_name: str
    operator: str
    channel: str
    state: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDisputed(Event):
    """An operator claims to have delivered a recharge that had failed and was refunded: a loss until it is settled."""

    recharge_id: str
    operator: str
    channel: str
    reference: str
    operator_reference: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackContradicted(Event):
    """An operator's callback contradicts the outcome that its own answer proved. Nothing was changed."""

    recharge_id: str
    channel: str
    reference: str
    outcome: str
    claimed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRejected(Event):
    """An operator refused a request because of its time stamp: our clock is off, or the operator's. `sent_at`: RFC 3339."""

    channel: str
    operator: str
    sent_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeResolutionRequested(Event):
    """An admin asked for a pending recharge to be ended as failed; its price takes a second admin."""

    recharge_id: str
    operator: str
    plan_name: str
    amount_paise: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeResolved(Event):
    """An admin ended a recharge without an answer from its operator."""

    recharge_id: str
    operator: str
    reason: str
    changes: dict[str, dict[str, object]] = field(default_factory=dict)
