"""What happens in velocity."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentHeldBack(Event):
    """A velocity rule refused a recharge or a top-up, for the first time in this hour."""

    held_back_id: str
    rule: str
    kind: str
    amount_paise: int
    phone_number: str | None
    result: str = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyHeldBack(Event):
    """The velocity rules refused much in the last ten minutes."""

    count: int
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VelocityAllowanceGiven(Event):
    """An admin multiplied the velocity bounds of a customer, a number or an address for a time."""

    velocity_allowance_id: str
    phone_number: str | None
    reason: str
    changes: dict[str, dict[str, object]]
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VelocityAllowanceWithdrawn(Event):
    """An admin ended an allowance."""

    velocity_allowance_id: str
    phone_number: str | None
    changes: dict[str, dict[str, object]]
    address: str | None = None
