"""Counts what happens. At least once: of a batch that a listener beside this one could not take, nothing is counted again."""

from __future__ import annotations

from typing import Any, Final

from gencharge.auth.events import SignedIn
from gencharge.autopay.events import AutopayFailed, AutopaySucceeded
from gencharge.core.events.events import Envelope, Outside
from gencharge.core.rooms.checks import LedgerVerified
from gencharge.metrics import service
from gencharge.metrics.numbers import AUTOPAYS, PAYMENTS_FAILED, SIGN_INS, SIGN_UPS, TOPUPS, TOPUPS_PAISE
from gencharge.payments.events import PaymentCaptured, PaymentFailed
from gencharge.payments.models import PaymentPurpose
from gencharge.users.events import UserSignedUp


async def count(stores: Any, batch: list[Envelope]) -> None:
    """Add the events to the counters of this process, and note the checks of the ledger."""
    for envelope in batch:
        match envelope.event:
            case LedgerVerified() as checked:
                # First what can fail: then nothing was counted yet when it is tried again.
                await service.note_ledger(stores, envelope.occurred_at, checked.breaches)
    for envelope in batch:
        match envelope.event:
            case PaymentCaptured() as paid if paid.purpose == PaymentPurpose.TOPUP:
                TOPUPS.labels(paid.payment_method).inc()
                TOPUPS_PAISE.labels(paid.payment_method).inc(paid.amount_paise)
            case PaymentFailed() as failed:
                PAYMENTS_FAILED.labels(failed.purpose).inc()
            case UserSignedUp():
                SIGN_UPS.inc()
            case SignedIn() as signed:
                SIGN_INS.labels(signed.kind).inc()
            case AutopaySucceeded():
                AUTOPAYS.labels("done").inc()
            case AutopayFailed() as failed_autopay:
                AUTOPAYS.labels("retried" if failed_autopay.retry_at else "failed").inc()


_TOPICS: Final = (
    *(
        LedgerVerified,
        PaymentCaptured,
        PaymentFailed,
        UserSignedUp,
        SignedIn,
        AutopaySucceeded,
        AutopayFailed,
    ),
)
COUNT: Final = Outside("metrics.count", _TOPICS, count)
