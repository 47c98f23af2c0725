"""Each event becomes the changes that a client wants to know, and every movement of a wallet is among them."""

from __future__ import annotations

import pytest

from gencharge.core.events.events import Envelope, Event
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.live import listeners
from gencharge.live.changes import Kind
from gencharge.notifications.events import NoticesWritten
from gencharge.payments.events import PaymentCaptured, RefundFailed, RefundProcessed, RefundRequested
from gencharge.recharge.events import (
    PlanActivated,
    PlanRecharged,
    RechargeAccepted,
    RechargeFailed,
    RechargePlaced,
    RechargeRefunded,
)
from gencharge.referrals.events import ReferralRewardPaid
from gencharge.wallet.events import AdjustmentApproved
from gencharge.wallet.models import Code
from tests.make.notifications import recharged

# Which event announces a movement with this code; None: no customer is connected, or no wallet is concerned.
ANNOUNCED: dict[Code, tuple[type[Event], ...] | None] = {
    Code.OPENING: None,
    Code.TOPUP: (PaymentCaptured,),
    Code.RECHARGE: (PlanRecharged,),
    Code.REFUND: (RechargeRefunded,),
    Code.HOLD: (RechargeAccepted, RechargePlaced),
    Code.CAPTURE: (PlanRecharged,),
    Code.RELEASE: (RechargeFailed,),
    Code.CASHBACK: (PlanRecharged,),
    Code.REFERRAL: (ReferralRewardPaid,),
    Code.ADJUSTMENT: (AdjustmentApproved,),
    Code.PAYOUT: None,
    Code.COMMISSION: None,
    Code.PAYMENT: (PaymentCaptured,),
    Code.SOURCE_REFUND: (RefundRequested, RefundProcessed, RefundFailed),
    Code.WRITE_OFF: None,
    Code.DISCOUNT: None,
}


def envelope(event: Event) -> Envelope:
    return Envelope(new_id(), clock.now(), event, "", "", "system", "")


def test_every_movement_of_a_wallet_is_announced_live() -> None:
    assert ANNOUNCED.keys() == set(Code)
    for code, events in ANNOUNCED.items():
        for event in events or ():
            assert event in listeners.BALANCE, (code, event)


@pytest.mark.parametrize("event", listeners.RECHARGES)
def test_every_event_of_a_recharge_names_it(event: type[Event]) -> None:
    assert "recharge_id" in event.__dataclass_fields__


def test_a_recharge_changes_its_status_and_the_balance() -> None:
    changes = listeners.changes_of(envelope(recharged()))
    assert [change.kind for change in changes] == [Kind.RECHARGE, Kind.BALANCE]
    assert len({change.key for change in changes}) == 2
    activated = PlanActivated(user_id=str(new_id()), recharge_id="r", phone_number="+91", plan_name="P")
    assert [change.kind for change in listeners.changes_of(envelope(activated))] == [Kind.RECHARGE]


def test_notices_are_passed_on_each_to_its_owner_and_once_whatever_announces_them() -> None:
    first, second, owner, admin = (str(new_id()) for _ in range(4))
    written = NoticesWritten(
        user_id=str(new_id()), recipients={first: f"user:{owner}", second: f"admin:{admin}"}
    )
    once, again = listeners.changes_of(envelope(written)), listeners.changes_of(envelope(written))
    assert [(change.recipient.kind, str(change.recipient.id), change.object_id) for change in once] == [
        ("user", owner, first),
        ("admin", admin, second),
    ]
    assert [change.key for change in once] == [change.key for change in again]
