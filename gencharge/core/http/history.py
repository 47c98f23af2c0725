"""Filters of lists that look back: a period, a range of amounts, an order."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import ColumnElement

from gencharge.core.http.paging import BoundedParams, PageParams
from gencharge.core.values.instants import Since, Until
from gencharge.core.values.money import Money


class Period(BaseModel, defer_build=True):
    """The filters `from` and `to`: a day, or an instant with its zone."""

    since: Since | None = Field(
        default=None, alias="from", description="From this day (in India) or instant (RFC 3339) on."
    )
    until: Until | None = Field(
        default=None,
        alias="to",
        description="Up to and including this day (in India), or before this instant.",
    )

    @model_validator(mode="after")
    def _from_before_to(self) -> Self:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise PydanticCustomError("range_invalid", "from must be before to")
        return self

    def between(self, instant: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """The conditions on a column of instants."""
        conditions = []
        if self.since is not None:
            conditions.append(instant >= self.since)
        if self.until is not None:
            conditions.append(instant < self.until)
        return conditions


class AmountRange(Period):
    """A period, and the filters `min_amount` and `max_amount`, both included."""

    min_amount: Money | None = None
    max_amount: Money | None = None

    @model_validator(mode="after")
    def _smallest_before_largest(self) -> Self:
        if self.min_amount is not None and self.max_amount is not None and self.min_amount > self.max_amount:
            raise PydanticCustomError("range_invalid", "min_amount must not exceed max_amount")
        return self

    def within(self, amount: ColumnElement[Any], instant: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """The conditions on a column of paise and one of instants."""
        conditions: list[ColumnElement[bool]] = []
        if self.min_amount is not None:
            conditions.append(amount >= self.min_amount.paise)
        if self.max_amount is not None:
            conditions.append(amount <= self.max_amount.paise)
        return [*conditions, *self.between(instant)]


class _Ranges(AmountRange):
    """Filters of a history of payments, and its order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"


class HistoryParams(PageParams, _Ranges):
    """The query of a customer's history of payments."""


class BoundedHistoryParams(BoundedParams, _Ranges):
    """The query of a history of all customers' payments."""
