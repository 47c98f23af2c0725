"""The schemas of offers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Out
from gencharge.core.values.codes import Choice, OperatorCode
from gencharge.core.values.text import one_line
from gencharge.offers.evaluation import sentences
from gencharge.offers.models import OfferStatus
from gencharge.offers.rules import OfferConditions, OfferReward
from gencharge.offers.snapshot import OfferSnapshot, OfferTypeSnapshot

Word = Annotated[str, *one_line(60)]


class OfferOut(Out):
    """An offer as customers see it."""

    offer_id: UUID
    name: str
    description: str
    code: str | None
    offer_type_id: UUID
    offer_type: str = Field(examples=["Festive"])
    is_special: bool
    status: OfferStatus
    active_from: datetime | None
    active_until: datetime | None
    conditions: OfferConditions
    reward: OfferReward
    uses_per_user: int | None
    terms: list[str] = Field(
        description="The conditions in words.",
        examples=[["on plans of ₹299 or more", "only on Saturdays and Sundays"]],
    )

    @classmethod
    def of(cls, offer: OfferSnapshot, offer_type: str) -> Self:
        """The offer as the API shows it."""
        return cls(
            offer_id=offer.offer_id,
            name=offer.name,
            description=offer.description,
            code=offer.code,
            offer_type_id=offer.offer_type_id,
            offer_type=offer_type,
            is_special=offer.is_special,
            status=offer.status,
            active_from=offer.active_from,
            active_until=offer.active_until,
            conditions=offer.conditions,
            reward=offer.reward,
            uses_per_user=offer.limits.uses_per_user,
            terms=sentences(offer.conditions),
        )


class OfferTypeOut(Out):
    """An offer type, with how many of its offers hold now."""

    offer_type_id: UUID
    name: str = Field(examples=["Festive"])
    description: str
    offer_count: int

    @classmethod
    def of(cls, kind: OfferTypeSnapshot, offer_count: int) -> Self:
        """The type as the API shows it."""
        return cls(
            offer_type_id=kind.offer_type_id,
            name=kind.name,
            description=kind.description,
            offer_count=offer_count,
        )


class OfferSort(StrEnum):
    """The order of the offer list: special ones first, soonest to end first, newest first, by name."""

    SPECIAL = "special"
    ENDING = "ending"
    NEWEST = "newest"
    NAME = "name"


class OfferQuery(PageParams):
    """Which offers are asked for."""

    special: bool | None = None
    operator: OperatorCode | None = Field(default=None, description="Operator's code.", examples=["JIO"])
    plan_id: UUID | None = Field(default=None, description="Offers that this plan can have.")
    type: Annotated[Word, Choice("offer_type")] | None = Field(
        default=None, description="Offer type, by id or name.", examples=["Festive"]
    )
    search: Word | None = Field(default=None, description="Words of the name, description or code.")
    sort: OfferSort = OfferSort.SPECIAL
