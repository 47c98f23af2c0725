"""Announcements on the wire, as the staff see and write them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from gencharge.announcements.models import (
    AnnouncementChannel,
    AnnouncementPurpose,
    AnnouncementStatus,
    AudienceKind,
)
from gencharge.core.http.changes import Changes, left_out
from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out, Versioned
from gencharge.core.values.codes import CircleCode, OperatorCode
from gencharge.core.values.instants import Instant
from gencharge.core.values.language import Language
from gencharge.core.values.text import one_line, some_lines
from gencharge.core.wording import worded
from gencharge.users.models import UserType


class AudienceBody(Body):
    """Whom an announcement is for. Filters that are left out let everybody through; all that are set must hold."""

    kind: AudienceKind
    user_type: UserType | None = Field(default=None, description="Of `customers`: the type of connection.")
    operator: OperatorCode | None = Field(
        default=None, description="Of `customers`: of their own number.", examples=["JIO"]
    )
    circle: CircleCode | None = Field(
        default=None, description="Of `customers`: of their own number.", examples=["MH"]
    )
    campaign_id: UUID | None = Field(
        default=None, description="Of `campaign`: its group, without the control group."
    )
    user_id: UUID | None = Field(default=None, description="Of `customer`.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        allowed = {
            AudienceKind.CUSTOMERS: {"user_type", "operator", "circle"},
            AudienceKind.CAMPAIGN: {"campaign_id"},
            AudienceKind.CUSTOMER: {"user_id"},
            AudienceKind.ADMINS: set[str](),
        }[self.kind]
        filters = {name for name, value in self if name != "kind" and value is not None}
        if filters - allowed:
            raise PydanticCustomError(
                "audience_invalid",
                "{reason}",
                {
                    "reason": worded(
                        "{kind} takes no {names}", kind=self.kind.value, names=sorted(filters - allowed)
                    )
                },
            )
        if self.kind in (AudienceKind.CAMPAIGN, AudienceKind.CUSTOMER) and not filters:
            raise PydanticCustomError(
                "audience_invalid",
                "{reason}",
                {"reason": worded("{kind} needs {name}", kind=self.kind.value, name=min(allowed))},
            )
        return self


class AnnouncementTextBody(Body):
    """What it says in one language. It is shown as it is: HTML and braces mean nothing in it."""

    title: Annotated[str, *one_line(120)] = Field(examples=["Recharges pause tonight"])
    body: Annotated[str, Field(min_length=1), *some_lines(1_000)] = Field(
        examples=["From 01:00 to 02:00 no recharge goes through. Your balance stays as it is."]
    )
    sms: Annotated[str, *one_line(459, 0)] = Field(
        default="", description="What the SMS says; needed if it goes out by SMS."
    )
    dlt_template: Annotated[str, *one_line(30, 0)] = Field(
        default="", description="The id of the SMS text's registered template (TRAI, TCCCPR 2018)."
    )


def _channels_fit(
    audience: AudienceKind,
    channels: Collection[AnnouncementChannel],
    texts: Iterable[AnnouncementTextBody],
) -> None:
    """Raises PydanticCustomError if the audience takes no messages, or an SMS would be empty."""
    if audience is AudienceKind.ADMINS and channels:
        raise PydanticCustomError("channels_invalid", "Admins read announcements in the app only")
    if AnnouncementChannel.SMS in channels and not all(text.sms for text in texts):
        raise PydanticCustomError(
            "sms_missing", "The SMS needs a text in each language: texts.<language>.sms"
        )


def _in_all_languages(texts: dict[Language, AnnouncementTextBody]) -> None:
    missing = [language.value for language in Language if language not in texts]
    if missing:
        raise PydanticCustomError(
            "texts_missing", "{reason}", {"reason": worded("Also needed in: {languages}", languages=missing)}
        )


class AnnouncementCreate(Body):
    """A draft."""

    audience: AudienceBody
    purpose: AnnouncementPurpose = Field(
        description="`promotional` waits for the end of the quiet hours, and only customers who agreed to offers see it. `legal` is what a law "
        "has us tell, such as of a breach of personal data: no switch of a customer stops it."
    )
    channels: Annotated[list[AnnouncementChannel], Field(max_length=3)] = Field(
        default=[],
        description="What it goes out over beside the inbox, to customers whose switches allow it.",
        examples=[["push"]],
    )
    texts: dict[Language, AnnouncementTextBody] = Field(description="By language: English and Hindi.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        _in_all_languages(self.texts)
        if self.audience.kind is AudienceKind.ADMINS and self.purpose is AnnouncementPurpose.PROMOTIONAL:
            raise PydanticCustomError("purpose_invalid", "Admins get no promotions")
        _channels_fit(self.audience.kind, self.channels, self.texts.values())
        return self


class AnnouncementUpdate(Changes):
    """What is to change of a draft."""

    audience: AudienceBody = Field(default_factory=left_out)
    purpose: AnnouncementPurpose = Field(default_factory=left_out)
    channels: Annotated[list[AnnouncementChannel], Field(max_length=3)] = Field(default_factory=left_out)
    texts: dict[Language, AnnouncementTextBody] = Field(default_factory=left_out)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if "texts" in self.model_fields_set:
            _in_all_languages(self.texts)
        return self


class SendAnnouncement(Body):
    """When it is shown."""

    starts_at: Instant | None = Field(
        default=None,
        description="From when; null: now. A promotional one waits for the end of the quiet hours.",
    )
    ends_at: Instant | None = Field(
        default=None, description="Until when inboxes show it, at most a year; null: for 90 days."
    )

    @model_validator(mode="after")
    def _starts_before_it_ends(self) -> Self:
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise PydanticCustomError("range_invalid", "ends_at must be after starts_at")
        return self


class AudienceOut(Out):
    """Whom an announcement is for."""

    kind: AudienceKind
    user_type: UserType | None
    operator: str | None
    circle: str | None
    campaign_id: UUID | None
    user_id: UUID | None


class AnnouncementTextOut(Out):
    """What it says in one language."""

    title: str
    body: str
    sms: str
    dlt_template: str


class ChannelFigures(Out):
    """What became of the messages over one channel."""

    waiting: int
    sent: int
    failed: int = Field(description="Not sent: no address or device, refused, cancelled, or given up.")
    delivered: int = Field(
        description="Of those that were sent: the provider reported that they arrived. Push services report nothing."
    )
    undelivered: int = Field(
        description="Of those that were sent: the provider reported that they did not. Reports are counted for three days."
    )


class AnnouncementFigures(Out):
    """Whom it reached. It is complete when `counted` is true: customers are counted by the worker, some thousands a second."""

    counted: bool
    recipients: int = Field(description="Who is in the audience.")
    in_app: int = Field(description="Of these, who has it in the inbox: promotions need consent.")
    viewed: int = Field(description="How many have viewed it.")
    channels: dict[AnnouncementChannel, ChannelFigures]


class AnnouncementOut(Versioned):
    """An announcement."""

    located_at: ClassVar[str] = "/v1/announcements/{announcement_id}"

    announcement_id: UUID
    status: AnnouncementStatus
    audience: AudienceOut
    purpose: AnnouncementPurpose
    channels: list[AnnouncementChannel]
    texts: dict[Language, AnnouncementTextOut] = Field(
        description="Empty if what is stored can't be read. Then it reaches nobody more: cancel it, and write another one."
    )
    starts_at: datetime | None = Field(description="From when inboxes show it; null: a draft.")
    ends_at: datetime | None = Field(description="Until when.")
    cancelled_at: datetime | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    sent_by: UUID | None
    figures: AnnouncementFigures


AnnouncementPage = Page[AnnouncementOut]


class AnnouncementQuery(PageParams):
    """Which announcements."""

    status: AnnouncementStatus | None = None
    kind: AudienceKind | None = Field(default=None, description="The kind of audience.")
    campaign_id: UUID | None = Field(default=None, description="Those to the group of a campaign.")
    user_id: UUID | None = Field(default=None, description="Those to this customer alone.")
