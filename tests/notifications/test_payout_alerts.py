"""Alerts about payouts name the amount, the payout and the reason, and no destination."""

from __future__ import annotations

from gencharge.core.values.ids import new_id
from gencharge.notifications.payout_alerts import payout_contradicted, payout_needs_payee
from gencharge.payouts.events import PayoutContradicted, PayoutNeedsPayee
from tests.make.notifications import english


def test_a_payout_that_has_nowhere_to_go_says_how_much_and_why() -> None:
    payout_id = str(new_id())
    event = PayoutNeedsPayee(
        user_id=str(new_id()), payout_id=payout_id, amount_paise=70_050, reason="no_payee"
    )
    alert = payout_needs_payee(event)
    assert alert.operator is None
    body = english(alert).body
    for part in ("700.50", payout_id, "no_payee"):
        assert part in body


def test_one_that_came_back_names_the_reference_under_which_it_had_arrived() -> None:
    event = PayoutNeedsPayee(
        user_id=str(new_id()),
        payout_id=str(new_id()),
        amount_paise=70_050,
        reason="beneficiary_bank_rejected",
        returned_utr="AXISCN0123456789",
    )
    assert "beneficiary_bank_rejected, AXISCN0123456789 came back" in english(payout_needs_payee(event)).body


def test_one_that_may_arrive_twice_names_both_sides() -> None:
    payout_id = str(new_id())
    event = PayoutContradicted(
        user_id=str(new_id()), payout_id=payout_id, amount_paise=70_050, gateway_payout_id="pout_7"
    )
    body = english(payout_contradicted(event)).body
    for part in ("700.50", payout_id, "pout_7"):
        assert part in body
