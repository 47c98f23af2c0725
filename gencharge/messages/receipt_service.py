"""What became of messages after their providers took them: receipts of SMS, reports of e-mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from gencharge.core.stores.mongo import answering
from gencharge.core.values import clock
from gencharge.messages import receipt_crud
from gencharge.messages.bounces import BounceReport
from gencharge.messages.crud import Db
from gencharge.messages.models import LAST_WORDS, MessageChannel, Receipt
from gencharge.messages.receipts import SmsReceipt

RECEIPTS: Final = Counter(
    "gencharge_message_receipts_total",
    "Reports of providers whether a message arrived, repeated ones too",
    ["channel", "receipt"],
)
# A full mailbox today is no proof: the mail server tries again. A complaint comes from somebody who has the e-mail.
_OF_MAIL: Final = {
    "delivered": Receipt.DELIVERED,
    "complaint": Receipt.DELIVERED,
    "hard_bounce": Receipt.FAILED,
}


async def take_sms_receipts(documents: Db, receipts: Sequence[SmsReceipt]) -> None:
    """Note which SMS arrived and which did not. Those of unknown messages are ignored. Raises DocumentsUnavailable."""
    reported = [(each.reference, Receipt(each.outcome), each.reason) for each in receipts]
    await _take(documents, MessageChannel.SMS, reported)


async def take_mail_reports(documents: Db, reports: Sequence[BounceReport]) -> None:
    """Note which e-mails arrived and which came back, of reports that name the e-mail. Raises DocumentsUnavailable."""
    reported = [
        (each.message_id, _OF_MAIL[each.kind], each.kind)
        for each in reports
        if each.message_id is not None and each.kind in _OF_MAIL
    ]
    await _take(documents, MessageChannel.EMAIL, reported)


async def _take(
    documents: Db, channel: MessageChannel, reported: Sequence[tuple[UUID, Receipt, str]]
) -> None:
    receipts = dict[UUID, tuple[Receipt, str]]()
    for message_id, receipt, reason in reported:
        RECEIPTS.labels(channel.value, receipt.value).inc()
        # Of several reports of one message in one request the last word counts.
        if message_id not in receipts or receipt is LAST_WORDS[channel]:
            receipts[message_id] = (receipt, reason if receipt is Receipt.FAILED else "")
    with answering(documents):
        await receipt_crud.add_receipts(documents, channel, receipts, clock.now())


async def count_receipts_of_batch(documents: Db, batch: UUID) -> Mapping[tuple[MessageChannel, Receipt], int]:
    """How many messages of a batch arrived and did not, as far as it was reported. Raises DocumentsUnavailable."""
    with answering(documents):
        counts = await receipt_crud.count_by_receipt(documents, batch)
    return {
        (MessageChannel(channel), Receipt(receipt)): count for (channel, receipt), count in counts.items()
    }
