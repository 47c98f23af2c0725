"""Offers and offer types as the staff see and change them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from gencharge.core.http.changes import left_out
from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Body, Out, Versioned
from gencharge.core.values.codes import Choice, OperatorCode
from gencharge.core.values.instants import Instant
from gencharge.core.values.money import Money
from gencharge.core.values.text import one_line, some_lines
from gencharge.core.wording import worded
from gencharge.offers.models import OfferStatus, UseStatus
from gencharge.offers.rules import OfferConditions, OfferLimits, OfferReward
from gencharge.offers.schemas import OfferOut, OfferTypeOut, Word
from gencharge.offers.snapshot import OfferSnapshot

_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2100


def _in_our_time(instant: datetime) -> datetime:
    if not _FIRST_YEAR <= instant.year < _LAST_YEAR:
        raise ValueError(
            worded(
                "Must be a date of the years {first_year} to {last_year}",
                first_year=_FIRST_YEAR,
                last_year=_LAST_YEAR - 1,
            )
        )
    return instant


InOurTime = Annotated[Instant, AfterValidator(_in_our_time)]
Line = Annotated[str, *one_line(80, 2)]
Prose = Annotated[str, *some_lines(2_000)]
CouponCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, pattern="^[A-Za-z0-9]{3,20}$"),
    Field(description="3 to 20 letters and digits.", examples=["DIWALI50"]),
]


# In one request.
MAX_CODES: Final = 10_000
WholeCode = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern="^[A-Za-z0-9]{10,20}$")
]


class WindowState(StrEnum):
    """Where an offer's window lies: before, around or after now."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    OVER = "over"

    @classmethod
    def at(cls, instant: datetime, active_from: datetime | None, active_until: datetime | None) -> Self:
        """The state at `instant` (UTC)."""
        if active_from is not None and instant < active_from:
            return cls(cls.SCHEDULED)
        return cls(cls.OVER if active_until is not None and instant >= active_until else cls.RUNNING)


class OfferCreate(Body):
    """A new offer. A percentage needs a cap."""

    name: Line = Field(examples=["Diwali: 10 % off"])
    description: Prose = ""
    offer_type_id: UUID
    code: CouponCode | None = None
    status: Literal[OfferStatus.DRAFT, OfferStatus.ACTIVE] = OfferStatus.DRAFT
    is_special: bool = False
    active_from: InOurTime | None = None
    active_until: InOurTime | None = None
    conditions: OfferConditions = OfferConditions()
    reward: OfferReward
    limits: OfferLimits = OfferLimits()


class OfferUpdate(Body):
    """What is to change. What is left out stays; `conditions`, `reward` and `limits` are replaced as wholes."""

    name: Line = Field(default_factory=left_out)
    description: Prose = Field(default_factory=left_out)
    offer_type_id: UUID = Field(default_factory=left_out)
    code: CouponCode | None = Field(default=None, description="null takes the code away.")
    status: OfferStatus = Field(default_factory=left_out)
    is_special: bool = Field(default_factory=left_out)
    active_from: InOurTime | None = Field(default=None, description="null: from now on.")
    active_until: InOurTime | None = Field(default=None, description="null: without an end.")
    conditions: OfferConditions = Field(default_factory=left_out)
    reward: OfferReward = Field(default_factory=left_out)
    limits: OfferLimits = Field(default_factory=left_out)

    def terms(self) -> dict[str, Any]:
        """The fields that the client sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class StaffOfferOut(Versioned, OfferOut):
    """An offer as the staff see it."""

    located_at: ClassVar[str] = "/v1/offers/admin/{offer_id}"

    version: int
    limits: OfferLimits
    window: WindowState
    created_at: datetime
    updated_at: datetime

    @classmethod
    def with_record(
        cls, offer: OfferSnapshot, offer_type: str, *, etag: str, updated_at: datetime, instant: datetime
    ) -> Self:
        """The offer with what only the staff see; its window as of `instant`."""
        return cls(
            **OfferOut.of(offer, offer_type).__dict__,
            etag=etag,
            version=offer.version,
            limits=offer.limits,
            window=WindowState.at(instant, offer.active_from, offer.active_until),
            created_at=offer.created_at,
            updated_at=updated_at,
        )


class OfferUpdated(Versioned):
    """What was changed (seeds, section 6.2)."""

    message: Literal["Offer updated successfully"] = "Offer updated successfully"
    offer_id: UUID
    version: int
    updated_fields: dict[str, Any] = Field(examples=[{"name": "Diwali", "status": "active"}])
    cache_status: Literal["Invalidated", "Unchanged"] = Field(description="`Unchanged` if nothing changed.")


class OfferTypeCreate(Body):
    """A new offer type."""

    name: Line = Field(examples=["Festive"])
    description: Prose = ""


class OfferTypeUpdate(Body):
    """What is to change; what is left out stays."""

    name: Line = Field(default_factory=left_out, examples=["Festive"])
    description: Prose = Field(default_factory=left_out)


class StaffOfferTypeOut(Versioned, OfferTypeOut):
    """An offer type as the staff see it; `offer_count` is of all its offers that this admin may see."""

    created_at: datetime
    updated_at: datetime


class StaffOfferQuery(PageParams):
    """Which of all offers, whatever their status."""

    status: OfferStatus | None = None
    type: Annotated[Word, Choice("offer_type")] | None = Field(
        default=None, description="Offer type, by id or name."
    )
    special: bool | None = None
    operator: OperatorCode | None = Field(
        default=None, description="Offers that this operator's plans can have."
    )
    search: Word | None = Field(default=None, description="Words of the name, description or code.")
    window: WindowState | None = None
    sort: Literal["created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = "-created_at"


class StaffOfferTypeQuery(PageParams):
    """Which offer types, by name."""

    search: Word | None = Field(default=None, description="Words of the name or description.")


class OfferCodesCreate(Body):
    """One-time codes to be made: `count` for anybody who has them, or one for each of `user_ids` alone."""

    count: int | None = Field(default=None, ge=1, le=MAX_CODES)
    user_ids: list[UUID] | None = Field(default=None, min_length=1, max_length=MAX_CODES)
    length: int = Field(
        default=12, ge=10, le=20, description="Characters of a code: A-Z and 2-9 without I, L and O."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.count is None) == (self.user_ids is None):
            raise ValueError("Give either count or user_ids")
        if self.user_ids is not None and len(set(self.user_ids)) < len(self.user_ids):
            raise ValueError("user_ids must name each customer once")
        return self


class OfferCodeQuery(PageParams):
    """Which one-time codes."""

    is_used: bool | None = None
    batch_id: UUID | None = None
    code: WholeCode | None = Field(default=None, description="The whole code, as a customer tells it.")


class OfferCodeOut(Out):
    """A one-time code."""

    code: str = Field(
        description="The whole code once it is used; of a free one the last four characters, unless it was asked for."
    )
    batch_id: UUID = Field(description="The request or the campaign that it was made for.")
    user_id: UUID | None = Field(description="The only customer who may use it; null: anybody who has it.")
    used_by: UUID | None
    recharge_id: UUID | None
    used_at: datetime | None
    created_at: datetime


class OfferUseQuery(PageParams):
    """Which uses of an offer."""

    user_id: UUID | None = None
    status: UseStatus | None = None


class OfferUseOut(Out):
    """What an offer gave on a recharge."""

    user_id: UUID
    recharge_id: UUID
    offer_version: int = Field(description="Of the offer's terms.")
    code: str | None = Field(description="The one-time code that it was used with.")
    status: UseStatus
    discount: Money
    cashback: Money
    cost: Money = Field(description="What it costs the offer's budget now.")
    paid: Money = Field(description="The cashback that came into the wallet.")
    withheld: Money = Field(description="The cashback that was withheld for an earlier debt.")
    taken_back: Money = Field(description="The cashback that went back with a refund.")
    created_at: datetime
    ended_at: datetime | None = Field(description="When a failure or a full refund freed it.")


class OfferFigures(Out):
    """How far an offer is used."""

    uses: int
    cost: Money
    uses_left: int | None = Field(description="null: without a limit.")
    budget_left: Money | None = Field(description="null: without a limit.")
    free_codes: int = Field(description="One-time codes that nobody has used.")
