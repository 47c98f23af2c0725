"""The events of this room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gencharge.core.events.events import Event

# The reason of a refund whose plan the customer cancelled before it started.
QUEUED_PLAN_CANCELLED: Final = "queued_plan_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecharged(Event):
    """A recharge was delivered; its plan started or was queued. Amounts in paise, instants RFC 3339."""

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
    # What came into the wallet, and what made up for cashbacks that could not be taken back.
    cashback_paid_paise: int = 0
    cashback_withheld_paise: int = 0
    # What the operator credits of an amount that the customer chose; None of a plan with one price.
    talktime_paise: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPaid(Event):
    """The operator took the payment of a postpaid bill, in full or in part. Amounts in paise."""

    recharge_id: str
    phone_number: str
    plan_name: str  # what stands in the place of a plan: "Postpaid bill"
    operator: str
    bill_id: str
    total_paid_paise: int
    payment_method: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargePlaced(Event):
    """A recharge waits for a gateway payment. Amounts in paise."""

    recharge_id: str
    phone_number: str
    plan_name: str
    operator: str
    payment_id: str
    gateway_paise: int
    wallet_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeAccepted(Event):
    """A recharge was paid and goes to the operator; its money is held."""

    recharge_id: str
    phone_number: str
    plan_name: str
    operator: str
    held_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeFailed(Event):
    """A recharge, or the payment of a bill, failed; the money held for it is back in the wallet."""

    recharge_id: str
    phone_number: str
    plan_name: str
    operator: str
    reason: str
    refunded_paise: int
    bill_id: str | None = None  # of the payment of a bill


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeRefunded(Event):
    """A delivered recharge, or the payment of a bill, was refunded to the wallet, in part or in full."""

    recharge_id: str
    phone_number: str
    plan_name: str
    operator: str
    amount_paise: int
    reason: str
    in_full: bool
    refund_id: str | None = None  # None in events of the last release
    bill_id: str | None = None  # of the payment of a bill
    # Of the cashback: what was taken out of the wallet, and what comes off the next ones.
    cashback_taken_paise: int = 0
    cashback_owed_paise: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReturned(Event):
    """A gateway payment was captured for a recharge that had failed; the money is in the wallet."""

    recharge_id: str
    phone_number: str
    plan_name: str
    operator: str
    payment_id: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanActivated(Event):
    """A queued plan became active."""

    recharge_id: str
    phone_number: str
    plan_name: str
    valid_until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedPlanCancelled(Event):
    """A plan that had not started was given back, and its price refunded (`RechargeRefunded` has the money). Paise."""

    recharge_id: str
    phone_number: str
    plan_name: str
    operator: str
    refund_id: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedPlanStarted(Event):
    """A customer or an admin started a queued plan before its time; what ran until then ended for it.

    `reason` is the admin's; None: the customer did it.
    """

    recharge_id: str
    phone_number: str
    plan_name: str
    operator: str
    total_paid_paise: int
    valid_from: str
    valid_until: str
    replaced_recharge: str | None = None
    replaced_plan_name: str | None = None
    replaced_valid_until: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQueueReordered(Event):
    """A customer or an admin changed the order of a number's queued plans; `changes` has their recharges' ids.

    `recharge_id` is the first one now.
    """

    recharge_id: str
    phone_number: str
    operator: str
    changes: dict[str, Any]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEnding(Event):
    """An active base plan with nothing behind it ends at `valid_until` (RFC 3339): so many `days` before, or less."""

    recharge_id: str
    phone_number: str
    plan_name: str
    valid_until: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanExpired(Event):
    """An active plan's validity ended at `valid_until` (RFC 3339)."""

    recharge_id: str
    phone_number: str
    plan_name: str
    valid_until: str | None = None
