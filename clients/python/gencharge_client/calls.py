"""What can be asked, as data: a method, a path, what goes with it and what comes back. The clients send it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from gencharge_client.models import (
    BoughtPlanPage,
    CodeSent,
    LookupOut,
    PlanOut,
    PlanPage,
    Quote,
    QuoteOut,
    RechargeOut,
    RechargePage,
    Subscribe,
    SubscriptionOut,
    TimelineOut,
    TokensOut,
    TopUp,
    TopUpOut,
    TransactionPage,
    WalletOut,
)

T = TypeVar("T", bound=BaseModel | None)
Filters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request. `answer` is the class of the answer, or NoneType; `key` the `Idempotency-Key`; `signed_in` whether it takes a token."""

    method: str
    path: str
    answer: type[T]
    body: BaseModel | None = None
    query: Filters | None = None
    key: str | None = None
    signed_in: bool = True

    def parameters(self) -> dict[str, str]:
        """The query as text; what is None is left out."""
        return {name: _text(value) for name, value in (self.query or {}).items() if value is not None}

    def after(self, cursor: str) -> Call[T]:
        """The same list from a cursor on."""
        return replace(self, query={**(self.query or {}), "cursor": cursor})


def new_key() -> str:
    """An `Idempotency-Key` that nobody has used."""
    return str(uuid.uuid4())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def send_code(phone_number: str, *, sign_up: bool) -> Call[CodeSent]:
    """A code to the number: of a new customer if `sign_up`."""
    path = "/v1/auth/signup" if sign_up else "/v1/auth/login"
    return Call("POST", path, CodeSent, body=_Number(phone_number=phone_number), signed_in=False)


def sign_in(phone_number: str, code: str, challenge_id: str, *, sign_up: bool) -> Call[TokensOut]:
    """Tokens for a code. A code works once, so this is never sent twice."""
    path = "/v1/auth/verify-otp-signup" if sign_up else "/v1/auth/verify-otp-login"
    body = _Code(phone_number=phone_number, otp=code, challenge_id=challenge_id)
    return Call("POST", path, TokensOut, body=body, signed_in=False)


def refresh(refresh_token: str) -> Call[TokensOut]:
    """New tokens. Each refresh token works once, so this is never sent twice."""
    return Call(
        "POST", "/v1/auth/refresh", TokensOut, body=_Refresh(refresh_token=refresh_token), signed_in=False
    )


def sign_out() -> Call[None]:
    """End the session."""
    return Call("POST", "/v1/auth/logout", type(None))


def plans(filters: Filters) -> Call[PlanPage]:
    """What is on sale."""
    return Call("GET", "/v1/plans", PlanPage, query=filters, signed_in=False)


def plan(plan_id: uuid.UUID | str) -> Call[PlanOut]:
    """One plan."""
    return Call("GET", f"/v1/plans/{plan_id}", PlanOut, signed_in=False)


def look_up(phone_number: str) -> Call[LookupOut]:
    """Whose number it is, as far as it is known."""
    return Call("GET", "/v1/operators/lookup", LookupOut, query={"phone_number": phone_number})


def quote(command: Quote) -> Call[QuoteOut]:
    """What it would cost. A POST that changes nothing."""
    return Call("POST", "/v1/recharge/quote", QuoteOut, body=command)


def recharge(command: Subscribe, key: str | None) -> Call[SubscriptionOut]:
    """Recharge a number."""
    return Call("POST", "/v1/recharge/subscribe", SubscriptionOut, body=command, key=key or new_key())


def recharge_by_id(recharge_id: uuid.UUID | str) -> Call[RechargeOut]:
    """One recharge."""
    return Call("GET", f"/v1/recharge/{recharge_id}", RechargeOut)


def timeline(recharge_id: uuid.UUID | str) -> Call[TimelineOut]:
    """What happened to a recharge so far."""
    return Call("GET", f"/v1/recharge/{recharge_id}/timeline", TimelineOut)


def recharges(filters: Filters) -> Call[RechargePage]:
    """My recharges, the newest first."""
    return Call("GET", "/v1/recharge", RechargePage, query=filters)


def bought_plans(filters: Filters) -> Call[BoughtPlanPage]:
    """Plans of my numbers."""
    return Call("GET", "/v1/recharge/plans", BoughtPlanPage, query=filters)


def wallet() -> Call[WalletOut]:
    """The balance."""
    return Call("GET", "/v1/wallet", WalletOut)


def top_up(command: TopUp, key: str | None) -> Call[TopUpOut]:
    """Put money into the wallet."""
    return Call("POST", "/v1/wallet/topups", TopUpOut, body=command, key=key or new_key())


def transactions(filters: Filters) -> Call[TransactionPage]:
    """What moved the balance."""
    return Call("GET", "/v1/wallet/transactions", TransactionPage, query=filters)


class _Number(BaseModel):
    phone_number: str


class _Code(BaseModel):
    phone_number: str
    otp: str
    challenge_id: str


class _Refresh(BaseModel):
    refresh_token: str
