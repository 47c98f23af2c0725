"""What autopay announces. Amounts in paise; instants are RFC 3339. `phone_number` is the number that is recharged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayCreated(Event):
    """A customer set up an autopay."""

    autopay_id: str
    phone_number: str
    plan_name: str
    operator: str
    tag: str
    next_due: str
    max_amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayChanged(Event):
    """A customer changed an autopay, paused or resumed it, or left a due date out."""

    autopay_id: str
    act: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayCancelled(Event):
    """An autopay was deleted by its owner (`customer`), or ended with the account (`account_closed`)."""

    autopay_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayAnnounced(Event):
    """An autopay is due within a day; its owner can still leave this one out. `price_paise` of a bill that is not known yet is 0."""

    autopay_id: str
    phone_number: str
    plan_name: str
    due_at: str
    price_paise: int
    max_amount_paise: int
    payment_method: str = "wallet"
    kind: str = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopaySucceeded(Event):
    """An autopay has made its recharge."""

    autopay_id: str
    phone_number: str
    plan_name: str
    recharge_id: str
    amount_paise: int
    due_at: str
    late_seconds: int
    next_due: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayFailed(Event):
    """A try to run an autopay failed. `retry_at`: when it is tried again; None: it was abandoned for this due date."""

    autopay_id: str
    phone_number: str
    plan_name: str
    reason: str
    due_at: str
    retry_at: str | None
    next_due: str | None
    kind: str = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopaySkipped(Event):
    """An autopay had nothing to pay on its due date: no bill was due (`no_bill_due`)."""

    autopay_id: str
    phone_number: str
    operator: str
    reason: str
    due_at: str
    next_due: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayPaused(Event):
    """An autopay was paused because its owner has to decide. `price_paise` is the plan's price if that is the reason."""

    autopay_id: str
    phone_number: str
    plan_name: str
    reason: str
    price_paise: int
    max_amount_paise: int
    kind: str = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopaysLate(Event):
    """A worker has caught up with autopays and notices that were due more than an hour before. `outcomes`: how many of each."""

    count: int
    longest_seconds: int
    amount_paise: int
    outcomes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopaysProcessed(Event):
    """An admin ran what was due. `outcomes`: how many of each."""

    outcomes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoTopupChanged(Event):
    """A customer set their automatic top-up up (`set`), paused or resumed it (`pause`, `resume`), or left a charge out (`skip`)."""

    act: str
    threshold_paise: int
    amount_paise: int
    monthly_max_paise: int
    mandate_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoTopupAnnounced(Event):
    """A wallet runs low: its owner's mandate is charged at `charge_at`, unless they leave that out."""

    amount_paise: int
    threshold_paise: int
    charge_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoTopupSucceeded(Event):
    """An automatic top-up was paid."""

    payment_id: str
    amount_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoTopupFailed(Event):
    """A charge of an automatic top-up failed. It is tried again at `retry_at`."""

    amount_paise: int
    reason: str
    retry_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoTopupHeldBack(Event):
    """A wallet runs low, and a limit keeps the charge back: `monthly_max` of the owner, or `wallet_limit` of the KYC tier."""

    amount_paise: int
    monthly_max_paise: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoTopupPaused(Event):
    """An automatic top-up was paused because its owner has to decide."""

    amount_paise: int
    reason: str
