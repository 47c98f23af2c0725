"""SMS that are not sent because their recipient had too many: each costs money, and a customer makes what they are about happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import Document
from gencharge.core.values import clock
from gencharge.core.values.recipient import Recipient
from gencharge.messages import queue_crud
from gencharge.messages.crud import Db
from gencharge.messages.models import DropReason

_DAY: Final = timedelta(hours=24)


async def obstacles(documents: Db, settings: Settings, due: Sequence[Document]) -> dict[object, DropReason]:
    """Which of these SMS must not be sent, by id. The notices that they tell of are in the inbox all the same."""
    had = Counter(
        await queue_crud.count_sms(
            documents,
            {_recipient_of(document) for document in due},
            since=clock.now() - _DAY,
            besides=[document["_id"] for document in due],
        )
    )
    refused = {}
    for document in due:
        recipient = _recipient_of(document)
        if had[recipient] >= settings.sms_per_recipient_day:
            refused[document["_id"]] = DropReason.TOO_MANY
        else:
            had[recipient] += 1
    return refused


def _recipient_of(document: Document) -> Recipient:
    return Recipient(document["recipient_kind"], document["recipient_id"])
