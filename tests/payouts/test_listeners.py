"""What a webhook about a payout sets off is plugged in, and an unknown reference sets nothing off."""

from __future__ import annotations

import pytest

from gencharge import wiring
from gencharge.core.events.events import emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.payments.events import GatewayPayoutReported
from gencharge.payouts import listeners
from tests.make.payments import events_of


def test_the_listener_is_plugged_in() -> None:
    assert set(listeners.LISTENERS) <= set(wiring.LISTENERS)


@pytest.mark.parametrize("reference", ["salary-4711", f"{new_id().hex}-1", "", f"{new_id()}-1"])
async def test_an_unknown_reference_is_delivered_and_changes_nothing(stores: Stores, reference: str) -> None:
    user_id = new_id()
    reported = GatewayPayoutReported(
        user_id=str(user_id),
        gateway="razorpay",
        kind="payout.reversed",
        gateway_payout_id="pout_1",
        reference=reference,
    )
    await stores.database.run(lambda db: emit(db, reported))
    await Relay(stores, listeners.LISTENERS).drain()
    assert await events_of(stores, user_id, "GatewayPayoutReported") == [], "it is done with"
