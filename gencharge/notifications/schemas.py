"""Notifications on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Out
from gencharge.core.values import facts
from gencharge.notifications.models import Notice, NotificationType
from gencharge.notifications.subjects import subject_of


class NotificationQuery(PageParams):
    """Which notifications."""

    type: NotificationType | None = Field(default=None, description="Only this type.")
    unread: bool | None = Field(
        default=None, description="`true`: only unread ones; `false`: only viewed ones."
    )


class NotificationOut(Out):
    """A notification. `kind` names the template, `subject` what it is about, `data` has its id."""

    notification_id: UUID
    type: NotificationType
    kind: str = Field(examples=["plan_recharged"])
    title: str = Field(examples=["Recharge successful"])
    body: str = Field(examples=["Rs 199.00 paid. Jio 199 is now active on 98765 43210."])
    data: dict[str, Any] = Field(examples=[{"recharge_id": "0198c0de-0000-7000-8000-000000000000"}])
    subject: str | None = Field(examples=["recharge"])
    created_at: datetime
    viewed_at: datetime | None = Field(description="Null: unread.")

    @classmethod
    def of(cls, notice: Notice) -> NotificationOut:
        """The wire form of a notice."""
        return cls(
            notification_id=notice.id,
            type=notice.type,
            kind=notice.kind,
            title=notice.title,
            body=notice.body,
            data=facts.shown(notice.data),
            subject=subject_of(notice.kind),
            created_at=notice.created_at,
            viewed_at=notice.viewed_at,
        )


class NotificationPage(Page[NotificationOut]):
    """A page of an inbox, newest first."""

    unread_count: int = Field(
        description="Unread ones in the whole inbox, whatever the filters.", examples=[3]
    )


class UnreadCount(Out):
    """How many are unread."""

    unread_count: int = Field(examples=[3])


class ViewedCount(Out):
    """How many were unread until now."""

    viewed_count: int = Field(examples=[3])
