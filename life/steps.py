"""What can happen in a life: one class for each kind of step. Amounts are whole rupees, instants are aware."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

Ending = Literal["paid", "declined", "abandoned"]
Decision = Literal["approved", "rejected", "cancelled", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happens at an instant. Living it twice changes nothing more."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Sold:
    """A plan of the sample catalogue, by what it is. `is_any_amount`: the one of any amount, for so many rupees."""

    operator: str
    plan_type: str
    rupees: int
    is_any_amount: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn(Step):
    """A customer opens the app on a device."""

    customer: int
    device: str
    address: str = "203.0.113.9"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveNumber(Step):
    """A customer saves the number of somebody whom they recharge for."""

    customer: int
    phone_number: str
    nickname: str
    operator: str
    circle: str
    service_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp(Step):
    """A customer puts money into the wallet. `key` is the idempotency key."""

    customer: int
    key: str
    rupees: int
    method: str
    ending: Ending = "paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recharge(Step):
    """A customer recharges a number. `wallet_rupees`: the wallet's part beside a gateway; `refusals`: how many of the
    operator's channels refuse it. `offer_code`: the code that the customer typed; `operator`: what they stated of the number."""

    customer: int
    key: str
    phone_number: str
    plan: Sold
    method: str = "wallet"
    wallet_rupees: int | None = None
    source: str = "app"
    replaces: bool = False
    refusals: int = 0
    offer_code: str | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAutopay(Step):
    """A customer lets a plan be bought for a number each time that it ends."""

    customer: int
    phone_number: str
    plan: Sold


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveMandate(Step):
    """A customer allows charges of up to so many rupees, and approves that at the gateway."""

    customer: int
    key: str
    max_rupees: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAutoTopup(Step):
    """A customer lets the wallet fill itself up with `rupees` when less than `below_rupees` are in it."""

    customer: int
    below_rupees: int
    rupees: int
    monthly_rupees: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FillWalletUp(Step):
    """A worker looks at the wallets that fill themselves up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeReceipt(Step):
    """A customer downloads the receipt of the recharge with this key."""

    customer: int
    recharge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Step):
    """A customer asks something, about the recharge with this key if there is one. `answers`: after how many hours, `note`,
    `reply` or `resolution`, and what the support wrote."""

    customer: int
    key: str
    category: str
    message: str
    recharge: str = ""
    answers: tuple[tuple[float, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorAsks(Step):
    """Somebody without an account asks something. `answers`: as of `Ask`."""

    key: str
    name: str
    email: str
    category: str
    message: str
    answers: tuple[tuple[float, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNotices(Step):
    """A customer reads all notices that are there."""

    customer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRecharge(Step):
    """The staff take the recharge with this key back, in part (`rupees`) or in full."""

    customer: int
    key: str
    recharge: str
    reason: str
    rupees: int | None = None
    to_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust(Step):
    """One admin requests an adjustment; another decides some hours later, or nobody does yet."""

    customer: int
    key: str
    direction: Literal["credit", "debit"]
    rupees: int
    reason: str
    note: str
    decision: Decision
    decision_note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Step):
    """The staff block a customer."""

    customer: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblock(Step):
    """The staff lift a block."""

    customer: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Step):
    """A customer closes the account, and what is left in the wallet is paid out."""

    customer: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePrice(Step):
    """The staff change the price of a plan."""

    plan: Sold
    rupees: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UseChannel(Step):
    """From now on an operator's recharges go over its API (`api`), or not (`internal`)."""

    operator: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile(Step):
    """The night's reconciliation of a day. `distorted`: the gateway's statement shows one row with a wrong amount."""

    day: date
    distorted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSignIn(Step):
    """An admin signs in. `admin` counts the sample admins from 1."""

    admin: int
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgedWebhook(Step):
    """Somebody sends a webhook in the gateway's name with a wrong signature; the staff are alerted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Step):
    """The staff publish a page: the body of `POST /v1/content/admin`."""

    page: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce(Step):
    """The staff announce something in the inboxes: the body of `POST /v1/announcements`."""

    announcement: dict[str, Any]
