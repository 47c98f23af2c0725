"""Notices about what was left when an account was closed. Its owner can't sign in any more, so no switch stops them, and they are sent
to where the account had them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.core.events.events import Event
from gencharge.notifications.kinds import Draft, Kind, NoticeChannel, Values, choice, label, money
from gencharge.notifications.models import owner_of
from gencharge.payouts.events import PayoutNeedsPayee, PayoutPaid, PayoutSettledByHand
from gencharge.payouts.models import NO_PAYEE

# Its devices were signed out.
_CHANNELS: Final = frozenset(NoticeChannel) - {NoticeChannel.PUSH}
_AMOUNT: Final = {"amount": money(70_000, required=True)}
PAID: Final = Kind(
    "payout_paid",
    _CHANNELS,
    _AMOUNT
    | {
        "utr": label("AXISCN0123456789", required=True),
        "way": choice("payee", "by_hand"),
        "destination": label("as***@okaxis", optional=True),
    },
    is_mandatory=True,
    to_closed=True,
)
FAILED: Final = Kind(
    "payout_failed",
    _CHANNELS,
    _AMOUNT | {"reason": choice("no_payee", "refused", "returned")},
    is_mandatory=True,
    to_closed=True,
)


def paid(event: PayoutPaid) -> Draft:
    """To the owner: it arrived, and the bank's reference."""
    values: Values = {
        "amount": event.amount_paise,
        "utr": event.utr,
        "way": "by_hand" if event.destination is None else "payee",
        "destination": event.destination,
    }
    return Draft(owner_of(event), PAID, values, {"payout_id": event.payout_id})


def settled(event: PayoutSettledByHand) -> Draft:
    """To the owner: the staff paid it, and the bank's reference."""
    values: Values = {
        "amount": event.amount_paise,
        "utr": event.utr,
        "way": "by_hand",
        "destination": None,
    }
    return Draft(owner_of(event), PAID, values, {"payout_id": event.payout_id})


def failed(event: PayoutNeedsPayee) -> Draft:
    """To the owner: it did not arrive, or came back, and what they can do."""
    reason = "no_payee" if event.reason == NO_PAYEE else "refused"
    if event.returned_utr is not None:
        reason = "returned"
    values: Values = {"amount": event.amount_paise, "reason": reason}
    return Draft(owner_of(event), FAILED, values, {"payout_id": event.payout_id})


KINDS: Final = (PAID, FAILED)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    PayoutPaid: paid,
    PayoutSettledByHand: settled,
    PayoutNeedsPayee: failed,
}
