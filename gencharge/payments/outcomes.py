"""What the SQL functions of payments return. `tests/law/test_seam.py` compares each enum with its `sql/` file."""

from __future__ import annotations

from enum import StrEnum


class CaptureOutcome(StrEnum):
    """Of `capture_payment`."""

    CAPTURED = "captured"  # the money is in the wallet, or held for its recharge
    OVER_LIMIT = "over_limit"  # it would exceed the wallet's limit: it is refunded to its source
    ALREADY = "already"
    SECOND = "second"  # another capture of the same order: it is refunded, too
    MISMATCH = "mismatch"  # another amount or currency than was ordered: nothing was credited
    NOT_FOUND = "not_found"


class AuthorizeOutcome(StrEnum):
    """Of `authorize_payment`."""

    AUTHORIZED = "authorized"
    ALREADY = "already"  # authorized or captured before
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"


class FailOutcome(StrEnum):
    """Of `fail_payment`."""

    FAILED = "failed"
    ALREADY = "already"  # no longer open
    NOT_FOUND = "not_found"


class RefundStart(StrEnum):
    """Of `begin_refund`."""

    CREATED = "created"
    REPLAYED = "replayed"  # the key was used for the same refund before
    KEY_REUSED = "key_reused"  # the key was used for another refund
    NOT_CAPTURED = "not_captured"
    TOO_MUCH = "too_much"  # more than is left of the payment
    INSUFFICIENT_BALANCE = "insufficient_balance"
    NOT_FOUND = "not_found"


class RefundEnd(StrEnum):
    """Of `end_refund`."""

    PROCESSED = "processed"
    FAILED = "failed"
    ALREADY = "already"
    NOT_FOUND = "not_found"


class EventOutcome(StrEnum):
    """Of `take_gateway_event` and `retry_gateway_event`."""

    DUPLICATE = "duplicate"  # the event id was taken before
    IGNORED = "ignored"  # of a kind that changes nothing
    UNKNOWN_ORDER = "unknown_order"  # it is retried
    UNKNOWN_REFUND = "unknown_refund"  # it is retried
    PARKED = "parked"  # unknown for a day
    REPORTED = "reported"  # of a mandate or a payout: it is announced, and the gateway is asked
    TO_BE_ASKED = "to_be_asked"  # a refund reported as failed: the gateway is asked
    CAPTURED = "captured"
    OVER_LIMIT = "over_limit"
    SECOND = "second"
    MISMATCH = "mismatch"
    AUTHORIZED = "authorized"
    FAILED = "failed"
    PROCESSED = "processed"
    ALREADY = "already"
    NOT_FOUND = "not_found"


# Everyday outcomes. The others are logged.
EXPECTED_EVENTS = frozenset(
    {
        EventOutcome.CAPTURED,
        EventOutcome.AUTHORIZED,
        EventOutcome.ALREADY,
        EventOutcome.DUPLICATE,
        EventOutcome.IGNORED,
        EventOutcome.REPORTED,
    }
)
