"""The terms of an offer: conditions, reward and limits. The API and the evaluation share them.

Money is in rupees with two decimals in the API and in paise inside; a percentage has at most two decimals and is
kept as a whole number of basis points (1 % = 100).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from gencharge.core.http.web import Body
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.core.values.percents import Percent
from gencharge.offers.models import Weekday
from gencharge.users.models import UserType
from gencharge.wallet.models import PaymentMethod, RequestSource

MAX_LISTED: Final = 200
_WHOLE: Final = 10_000


def _in_order(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Each once and sorted, so that equal conditions are equal values."""
    return tuple(sorted(set(values)))


def _weekdays_in_order(values: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    return tuple(day for day in Weekday if day in values)


Code = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern="^[A-Za-z0-9_]{1,20}$")]
_Each = Field(default=(), max_length=MAX_LISTED)


class FlatGain(Body):
    """A fixed amount."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["flat"]
    amount: PositiveMoney

    @property
    def maximum(self) -> Money:
        """The largest possible amount."""
        return Money(self.amount.paise)

    def of(self, amount: Money) -> Money:
        """What it gives on `amount`, which it never exceeds."""
        return min(self.maximum, amount)


class PercentGain(Body):
    """A percentage with a cap, so that its cost is bounded."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["percent"]
    percent: Percent
    cap: PositiveMoney

    @property
    def basis_points(self) -> int:
        """The percentage in hundredths, exact."""
        return int(self.percent * 100)

    @property
    def maximum(self) -> Money:
        """The largest possible amount."""
        return Money(self.cap.paise)

    def of(self, amount: Money) -> Money:
        """What it gives on `amount`: rounded down to the paisa, so never more than the percentage says, then capped."""
        return min(self.maximum, Money(amount.paise * self.basis_points // _WHOLE))


Gain = Annotated[FlatGain | PercentGain, Field(discriminator="kind")]


class OfferReward(Body):
    """What an offer gives: less to pay (discount), money back into the wallet afterwards (cashback), or both.

    A discount never exceeds the price; the cashback is calculated from the rest, and never exceeds that.
    """

    model_config = ConfigDict(frozen=True)

    discount: Gain | None = None
    cashback: Gain | None = None

    @model_validator(mode="after")
    def _gives_something(self) -> Self:
        if self.discount is None and self.cashback is None:
            raise ValueError("Give a discount, a cashback or both")
        return self

    @property
    def most_paise(self) -> int:
        """The most that one use can cost."""
        return sum(gain.maximum.paise for gain in (self.discount, self.cashback) if gain is not None)


class OfferConditions(Body):
    """Whom and what an offer is for. All that are given must hold; an empty list is no condition."""

    model_config = ConfigDict(frozen=True)

    min_amount: PositiveMoney | None = Field(default=None, description="For plans of this price or more.")
    user_types: Annotated[tuple[UserType, ...], AfterValidator(_in_order)] = _Each
    new_user_only: bool = Field(default=False, description="Only for a user's first recharge.")
    sources: Annotated[tuple[RequestSource, ...], AfterValidator(_in_order)] = _Each
    plan_groups: Annotated[tuple[UUID, ...], AfterValidator(_in_order)] = _Each
    plans: Annotated[tuple[UUID, ...], AfterValidator(_in_order)] = _Each
    operators: Annotated[tuple[Code, ...], AfterValidator(_in_order)] = _Each
    circles: Annotated[tuple[Code, ...], AfterValidator(_in_order)] = _Each
    payment_methods: Annotated[tuple[PaymentMethod, ...], AfterValidator(_in_order)] = _Each
    weekdays: Annotated[tuple[Weekday, ...], AfterValidator(_weekdays_in_order)] = Field(
        default=(), max_length=MAX_LISTED, description="Days of the week in India (IST)."
    )
    one_time_code: bool = Field(
        default=False, description="Only with a one-time code of `POST /v1/offers/{offer_id}/codes`."
    )


class OfferLimits(Body):
    """How often an offer may be used and what it may cost in all; null is no limit."""

    model_config = ConfigDict(frozen=True)

    total_uses: int | None = Field(default=None, ge=1, le=1_000_000_000)
    uses_per_user: int | None = Field(default=None, ge=1, le=10_000)
    budget: PositiveMoney | None = Field(default=None, description="Discounts and cashbacks together.")

    @property
    def is_limited(self) -> bool:
        """Whether there is any limit."""
        return self.total_uses is not None or self.uses_per_user is not None or self.budget is not None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if (
            self.total_uses is not None
            and self.uses_per_user is not None
            and self.uses_per_user > self.total_uses
        ):
            raise ValueError("uses_per_user must not exceed total_uses")
        return self


_LISTS: Final = (
    "user_types",
    "sources",
    "plan_groups",
    "plans",
    "operators",
    "circles",
    "payment_methods",
    "weekdays",
)


def conditions_of(row: Any) -> OfferConditions:
    """The conditions of a row of `offers`."""
    return OfferConditions(
        min_amount=_money(row.min_amount_paise),
        new_user_only=row.new_user_only,
        one_time_code=row.one_time_code,
        **{name: tuple(getattr(row, name)) for name in _LISTS},
    )


def reward_of(row: Any) -> OfferReward:
    """The reward of a row of `offers`."""
    return OfferReward(
        discount=_gain(row.discount_paise, row.discount_basis_points, row.discount_cap_paise),
        cashback=_gain(row.cashback_paise, row.cashback_basis_points, row.cashback_cap_paise),
    )


def limits_of(row: Any) -> OfferLimits:
    """The limits of a row of `offers`."""
    return OfferLimits(
        total_uses=row.total_uses, uses_per_user=row.uses_per_user, budget=_money(row.budget_paise)
    )


def columns_of(terms: OfferConditions | OfferReward | OfferLimits) -> dict[str, Any]:
    """The columns of `offers` that keep these terms."""
    if isinstance(terms, OfferReward):
        return _gain_columns("discount", terms.discount) | _gain_columns("cashback", terms.cashback)
    if isinstance(terms, OfferLimits):
        return {
            "total_uses": terms.total_uses,
            "uses_per_user": terms.uses_per_user,
            "budget_paise": terms.budget.paise if terms.budget is not None else None,
        }
    return {
        "min_amount_paise": terms.min_amount.paise if terms.min_amount is not None else None,
        "new_user_only": terms.new_user_only,
        "one_time_code": terms.one_time_code,
        **{name: list(getattr(terms, name)) for name in _LISTS},
    }


def _money(paise: int | None) -> PositiveMoney | None:
    return PositiveMoney(paise) if paise is not None else None


def _gain(paise: int | None, basis_points: int | None, cap_paise: int | None) -> Gain | None:
    if paise is not None:
        return FlatGain(kind="flat", amount=PositiveMoney(paise))
    if basis_points is not None and cap_paise is not None:
        return PercentGain(
            kind="percent", percent=Decimal(basis_points).scaleb(-2), cap=PositiveMoney(cap_paise)
        )
    return None


def _gain_columns(kind: str, gain: Gain | None) -> dict[str, int | None]:
    share = gain if isinstance(gain, PercentGain) else None
    return {
        f"{kind}_paise": gain.amount.paise if isinstance(gain, FlatGain) else None,
        f"{kind}_basis_points": share.basis_points if share is not None else None,
        f"{kind}_cap_paise": share.cap.paise if share is not None else None,
    }
