"""The live figures of the staff on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.core.values.money import Money, SignedMoney


class Rate(Out):
    """Recharges a minute, over the last minute (less, if nobody has listened for so long)."""

    sold: float
    delivered: float
    failed: float


class TodayOut(Out):
    """What was counted since midnight in India, of an operator or of all that the admin sees."""

    operator: str | None = Field(description="Null: all that the admin sees together.")
    sold: int = Field(description="Recharges that were agreed, whatever became of them.")
    delivered: int
    failed: int
    refunds: int
    paid: SignedMoney = Field(description="What customers paid for delivered recharges.")
    refunded: SignedMoney
    commission: SignedMoney
    per_minute: Rate | None = Field(description="Null in the first seconds of the first listener.")


class NewToday(Out):
    """What belongs to no operator: only for admins who see all of them. Looked at every ten seconds."""

    sign_ups: int
    topups: int = Field(description="Top-ups that were begun today and paid.")
    topped_up: Money


class FiguresMessage(Out):
    """The figures of today. Each message is complete: a client that missed some has missed nothing."""

    type: Literal["figures"] = "figures"
    day: date
    counted_at: datetime
    total: TodayOut
    operators: list[TodayOut]
    others: NewToday | None
