"""Announcements in MongoDB (collection `announcements`): one document for each, however many read it. Instants in UTC, to the millisecond.

Whom one is for is a single key, and a reader has a few: those of everybody, of their type of connection, their operator and circle, their
campaigns, and their own. An announcement is for a reader who has its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Any, Final
from uuid import UUID

import orjson

from gencharge.core import telemetry
from gencharge.core.rooms.resealing import UNREADABLE, SealedDocuments
from gencharge.core.stores.mongo import Document
from gencharge.core.values.language import Language
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.core.vault.columns import place
from gencharge.core.vault.vault import Vault
from gencharge.users.models import UserType

_ANY: Final = "*"
log = telemetry.get_logger(__name__)


class AudienceKind(StrEnum):
    """Whom an announcement is for."""

    CUSTOMERS = "customers"
    """All customers, or those of a type of connection, an operator, a circle."""
    CAMPAIGN = "campaign"
    """The target group of a campaign, without the control group."""
    CUSTOMER = "customer"
    """One customer."""
    ADMINS = "admins"
    """All admins."""


class AnnouncementPurpose(StrEnum):
    """What an announcement is for; consent and quiet hours depend on it."""

    SERVICE = "service"
    """News of the service."""
    PROMOTIONAL = "promotional"
    """An offer: only for customers who agreed to offers, and not in the quiet hours."""
    LEGAL = "legal"
    """What a law has us tell, such as of a breach of personal data (DPDP Act 2023, section 8(6)): no switch stops it."""

    @property
    def type(self) -> NotificationType:
        """The type of its notices."""
        if self is AnnouncementPurpose.PROMOTIONAL:
            return NotificationType.PROMOTIONAL
        return NotificationType.ANNOUNCEMENT

    @property
    def is_mandatory(self) -> bool:
        """Whether it goes out over all of its channels, whatever the readers' switches say."""
        return self is AnnouncementPurpose.LEGAL


class AnnouncementChannel(StrEnum):
    """How an announcement goes out beside the inbox."""

    SMS = "sms"
    EMAIL = "email"
    PUSH = "push"


class AnnouncementStatus(StrEnum):
    """How far an announcement has come."""

    DRAFT = "draft"
    """Nobody but the staff sees it."""
    SCHEDULED = "scheduled"
    """It waits for its time."""
    SHOWN = "shown"
    """It is in the inboxes of its audience."""
    ENDED = "ended"
    """Its time is over: it is in no inbox any more."""
    CANCELLED = "cancelled"
    """The staff took it back."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an announcement is for. None: any. `operator` and `circle`: of the customer's own number."""

    kind: AudienceKind
    user_type: UserType | None = None
    operator: str | None = None
    circle: str | None = None
    campaign_id: UUID | None = None
    user_id: UUID | None = None

    @property
    def key(self) -> str:
        """The key that its readers have."""
        match self.kind:
            case AudienceKind.CUSTOMERS:
                return _key_of_customers(self.user_type or _ANY, self.operator or _ANY, self.circle or _ANY)
            case AudienceKind.CAMPAIGN:
                return f"campaign:{self.campaign_id}"
            case AudienceKind.CUSTOMER:
                return f"customer:{self.user_id}"
            case AudienceKind.ADMINS:
                return "admins"


@dataclass(frozen=True, slots=True)
class Reader:
    """What is known of who reads. `since`: they see what was announced from then on (UTC). An operator or a circle that is
    not known is None: such a reader is in no audience that asks for one."""

    recipient: Recipient
    since: datetime
    language: Language = Language.ENGLISH
    user_type: str = ""
    operator: str | None = None
    circle: str | None = None
    campaign_ids: tuple[UUID, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the audiences that they are in."""
        if self.recipient.kind == "admin":
            return frozenset({"admins"})
        shared = _keys_of_customers(self.user_type, self.operator, self.circle)
        campaigns = (f"campaign:{campaign_id}" for campaign_id in self.campaign_ids)
        return shared.union((f"customer:{self.recipient.id}",), campaigns)


# There are a few types, operators and circles, and thousands of readers for each announcement.
@lru_cache(maxsize=2048)
def _keys_of_customers(user_type: str, operator: str | None, circle: str | None) -> frozenset[str]:
    known = ({_ANY, value or _ANY} for value in (user_type, operator, circle))
    return frozenset(_key_of_customers(*values) for values in product(*known))


def _key_of_customers(user_type: str, operator: str, circle: str) -> str:
    return f"customers:{user_type}:{operator}:{circle}"


@dataclass(frozen=True, slots=True)
class AnnouncementText:
    """What it says in one language."""

    title: str
    body: str
    sms: str = ""
    dlt_template: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """An announcement. `texts` is empty if what is stored can't be read: then it is for lists and for cancelling only. `channels`: what it goes out over beside the inbox. `starts_at` is None for a draft. Each change moves it from one `generation` to the next."""

    announcement_id: UUID
    audience: Audience
    purpose: AnnouncementPurpose
    channels: tuple[AnnouncementChannel, ...]
    texts: Mapping[Language, AnnouncementText]
    starts_at: datetime | None
    ends_at: datetime | None
    cancelled_at: datetime | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    sent_by: UUID | None
    generation: int

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f"{self.generation:x}"

    def status(self, now: datetime) -> AnnouncementStatus:
        """How far it has come."""
        if self.starts_at is None:
            return AnnouncementStatus.DRAFT
        if self.cancelled_at is not None:
            return AnnouncementStatus.CANCELLED
        if self.starts_at > now:
            return AnnouncementStatus.SCHEDULED
        is_over = self.ends_at is not None and self.ends_at <= now
        return AnnouncementStatus.ENDED if is_over else AnnouncementStatus.SHOWN

    def text(self, language: Language) -> AnnouncementText:
        """What it says in a language."""
        return self.texts.get(language) or self.texts[Language.ENGLISH]


def _no_clear_text(_document: Document) -> str:
    """No earlier version kept announcements."""
    return ""


# What is written to one customer may say something about them.
SEALED: Final = SealedDocuments("announcements", "content", _no_clear_text, ())


async def seal_texts(vault: Vault, announcement_id: UUID, texts: Mapping[Language, AnnouncementText]) -> str:
    """The texts as the document keeps them. Raises DataKeyNotUsable, DatabaseUnavailable."""
    plain = orjson.dumps({language.value: asdict(text) for language, text in texts.items()}).decode()
    return await vault.seal_at(place(SEALED.name, (announcement_id,)), plain)


def plain_audience(audience: Audience) -> dict[str, Any]:
    """The audience as the document keeps it."""
    return {"kind": audience.kind.value, **{name: getattr(audience, name) for name in _AUDIENCE}}


_AUDIENCE: Final = ("user_type", "operator", "circle", "campaign_id", "user_id")


async def open_announcement(vault: Vault, document: Document) -> Announcement:
    """The announcement of a document. Raises DataKeyLost, DataKeyNotUsable, StoredDataChanged, DatabaseUnavailable."""
    plain = await vault.open_at(place(SEALED.name, (document["_id"],)), document["content"])
    texts = {Language(code): AnnouncementText(**text) for code, text in orjson.loads(plain).items()}
    return _announcement(document, texts)


async def open_listed(vault: Vault, document: Document) -> Announcement:
    """The same, where one that can't be read hides no other: it has no texts. Raises DatabaseUnavailable."""
    try:
        return await open_announcement(vault, document)
    except UNREADABLE as problem:
        log.error("announcement_not_readable", announcement_id=str(document["_id"]), problem=problem.code())
        return _announcement(document, {})


def _announcement(document: Document, texts: Mapping[Language, AnnouncementText]) -> Announcement:
    audience = document["meant_for"]
    return Announcement(
        announcement_id=document["_id"],
        audience=Audience(
            kind=AudienceKind(audience["kind"]),
            user_type=UserType(audience["user_type"]) if audience["user_type"] else None,
            **{name: audience[name] for name in _AUDIENCE[1:]},
        ),
        purpose=AnnouncementPurpose(document["purpose"]),
        channels=tuple(AnnouncementChannel(channel) for channel in document.get("channels", ())),
        texts=texts,
        starts_at=document["starts_at"],
        ends_at=document["ends_at"],
        cancelled_at=document["cancelled_at"],
        created_by=document["created_by"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        sent_by=document["sent_by"],
        generation=document["generation"],
    )
