"""Messages as a customer's export shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from gencharge.messages.models import DropReason, MessageChannel, MessageState, Receipt


class MessageOut(BaseModel, defer_build=True):
    """A message to a customer, without its text, which is not kept once it is sent. `receipt`: what the provider reported later."""

    message_id: UUID
    channel: MessageChannel
    kind: str
    status: MessageState
    drop_reason: DropReason | None
    created_at: datetime
    sent_at: datetime | None
    receipt: Receipt | None
    receipt_at: datetime | None
    receipt_reason: str

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """The message of a document."""
        return cls(
            message_id=document["_id"],
            channel=document["channel"],
            kind=document["kind"],
            status=document["state"],
            drop_reason=document.get("drop_reason"),
            created_at=document["created_at"],
            sent_at=document.get("sent_at"),
            receipt=document.get("receipt"),
            receipt_at=document.get("receipt_at"),
            receipt_reason=document.get("receipt_reason", ""),
        )
