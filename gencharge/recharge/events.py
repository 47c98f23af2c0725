"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecharged(Event):
    """A recharge was paid and its plan started, or stands in the queue. Amounts in paise, instants RFC 3339."""

    recharge_id: str
    phone_number: str
    plan_id: str
    plan_name: str
    operator: str
    status: str  # active | queued
    total_paid_paise: int
    payment_method: str
    source: str
    valid_from: str | None = None
    valid_until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanActivated(Event):
    """A queued plan's turn came: it is active now."""

    recharge_id: str
    phone_number: str
    plan_name: str
    valid_until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanExpired(Event):
    """An active plan's validity ended."""

    recharge_id: str
    phone_number: str
    plan_name: str
