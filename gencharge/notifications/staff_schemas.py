"""The texts of notices on the wire, as the staff see and write them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Body, Out, Versioned
from gencharge.core.values.language import Language
from gencharge.core.values.recipient import NotificationType
from gencharge.notifications.kinds import NoticeChannel, VariableType
from gencharge.notifications.texts import LIMITS


class TemplateTexts(Body):
    """What a notice says in a language. `{name}` stands for a variable."""

    title: str = Field(min_length=1, max_length=LIMITS["title"], examples=["Recharge successful"])
    body: str = Field(min_length=1, max_length=LIMITS["body"], examples=["{paid} paid. {outcome}"])
    sms: str = Field(
        default="", max_length=LIMITS["sms"], description="As it is registered on the DLT platform."
    )
    dlt_template: str = Field(
        default="",
        max_length=LIMITS["dlt_template"],
        description="The id of `sms` on the DLT platform.",
        examples=["1107160000000000001"],
    )
    push_title: str = Field(default="", max_length=LIMITS["push_title"], description="Empty: `title`.")
    push_body: str = Field(default="", max_length=LIMITS["push_body"], description="Empty: `body`.")
    email_subject: str = Field(default="", max_length=LIMITS["email_subject"], description="Empty: `title`.")
    email_text: str = Field(
        default="",
        max_length=LIMITS["email_text"],
        description="Plain text, paragraphs with an empty line between them; the HTML is made from it. Empty: `body`.",
    )
    phrases: dict[str, dict[str, str]] = Field(
        default_factory=dict, max_length=20, description="Of each choice, the phrase of each of its codes."
    )


class NoticeTemplateQuery(PageParams):
    """Which templates."""

    type: NotificationType | None = Field(default=None, description="Only this type.")
    language: Language | None = Field(default=None, description="Only this language.")


class StaffNoticeTemplateOut(Versioned):
    """The texts of a kind of notice in a language, without their editions."""

    kind: str = Field(examples=["plan_recharged"])
    language: Language
    type: NotificationType
    channels: list[NoticeChannel]
    is_mandatory: bool = Field(description="No preference stops notices of this kind.")
    title: str = Field(description="As it is sent now.")
    published_edition: int = Field(description="What is sent now. 0: what ships with the product.")
    latest_edition: int
    updated_at: datetime | None = Field(description="null: nobody changed it.")


class TemplateVariableOut(Out):
    """A variable that the texts may name."""

    name: str
    type: VariableType
    sample: str = Field(description="As it is shown in a preview.")
    is_required: bool = Field(description="The inbox, the SMS and the e-mail each name it.")
    is_optional: bool = Field(description="It may be missing, so that only phrases may name it.")
    choices: list[str] = Field(description="The codes of a choice; each needs a phrase.")


class TemplateEditionOut(Out):
    """An edition that somebody wrote."""

    edition: int
    created_at: datetime
    created_by: UUID
    restored_from: int | None


class StaffNoticeTemplateDetail(StaffNoticeTemplateOut):
    """A template with its variables, its editions and the texts of the latest."""

    variables: list[TemplateVariableOut]
    editions: list[TemplateEditionOut] = Field(
        description="The latest first; without edition 0, which ships."
    )
    latest: TemplateTexts


class TemplatePreview(Out):
    """What an edition says over each channel, with sample values. Where a kind is not sent over a channel: empty."""

    edition: int
    texts: TemplateTexts
    title: str
    body: str
    sms: str
    push_title: str
    push_body: str
    email_subject: str
    email_text: str
    email_html: str


class PublishTemplate(Body):
    """Which edition is sent from now on."""

    edition: int | None = Field(
        default=None, ge=0, le=1_000_000, description="Empty: the latest. 0: what ships."
    )
