"""Alerts to the staff about payouts."""

from __future__ import annotations

from typing import Final

from gencharge.notifications.alerts import Alert
from gencharge.notifications.kinds import INBOX, Kind, Values, label, money
from gencharge.payouts.events import PayoutContradicted, PayoutNeedsPayee

NEEDS_PAYEE: Final = Kind(
    "payout_needs_payee",
    INBOX,
    {
        "payout": label("0198c0de-0000-7000-8000-000000000001", required=True),
        "amount": money(70_000, required=True),
        "reason": label("no_payee"),
    },
)
CONTRADICTED: Final = Kind(
    "payout_contradicted",
    INBOX,
    {
        "payout": label("0198c0de-0000-7000-8000-000000000001", required=True),
        "amount": money(70_000, required=True),
        "gateway_payout": label("pout_00000000000001", required=True),
    },
)
KINDS: Final = (NEEDS_PAYEE, CONTRADICTED)


def payout_needs_payee(event: PayoutNeedsPayee) -> Alert:
    """Money of a closed account has nowhere to go."""
    values: Values = {
        "payout": event.payout_id,
        "amount": event.amount_paise,
        "reason": event.reason
        if event.returned_utr is None
        else f"{event.reason}, {event.returned_utr} came back",
    }
    return Alert(NEEDS_PAYEE, values, {"payout_id": event.payout_id}, None)


def payout_contradicted(event: PayoutContradicted) -> Alert:
    """An attempt arrived that had failed: the money may be paid twice."""
    values: Values = {
        "payout": event.payout_id,
        "amount": event.amount_paise,
        "gateway_payout": event.gateway_payout_id,
    }
    return Alert(CONTRADICTED, values, {"payout_id": event.payout_id}, None)
