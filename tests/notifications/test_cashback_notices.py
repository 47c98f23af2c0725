"""The texts that people read about cashbacks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from gencharge.notifications.cashback_notices import cashback_paid, cashback_reversed
from gencharge.notifications.models import Recipient
from gencharge.recharge.events import RechargeRefunded
from tests.make.notifications import USER, english, recharged, spoken

_EARNED = "Your recharge of 98765 43210 with Jio 199 earned Rs 20.00 cashback. "
_BACK = "Your recharge of 98765 43210 with Jio 199 was refunded, so its cashback goes back, too. "


def refunded(**cashback: int) -> RechargeRefunded:
    fields: dict[str, Any] = {
        "user_id": USER,
        "recharge_id": "r",
        "phone_number": "+919876543210",
        "plan_name": "Jio 199",
        "operator": "JIO",
        "amount_paise": 19_900,
        "reason": "goodwill",
        "in_full": True,
    }
    return RechargeRefunded(**fields, **cashback)


@pytest.mark.parametrize(
    ("paid", "withheld", "ending"),
    [
        (2_000, 0, "It is in your wallet."),
        (
            500,
            1_500,
            "Rs 5.00 was added to your wallet. The rest makes up for an earlier cashback whose recharge was refunded.",
        ),
        (0, 2_000, "It makes up for an earlier cashback whose recharge was refunded."),
    ],
)
def test_a_cashback_says_how_much_of_it_is_in_the_wallet(paid: int, withheld: int, ending: str) -> None:
    draft = cashback_paid(recharged(cashback_paid_paise=paid, cashback_withheld_paise=withheld))
    assert draft is not None
    assert english(draft).body == _EARNED + ending
    assert draft.recipient == Recipient("user", UUID(USER))
    assert draft.data["amount_paise"] == 2_000
    assert "कैशबैक" in spoken(draft, "hi").body


@pytest.mark.parametrize(
    ("taken", "owed", "ending"),
    [
        (2_000, 0, "Rs 20.00 was taken out of your wallet."),
        (0, 2_000, "Rs 20.00 will come off your next cashback."),
        (500, 1_500, "Rs 5.00 was taken out of your wallet. Rs 15.00 will come off your next cashback."),
    ],
)
def test_a_cashback_that_goes_back_says_where_from(taken: int, owed: int, ending: str) -> None:
    draft = cashback_reversed(refunded(cashback_taken_paise=taken, cashback_owed_paise=owed))
    assert draft is not None
    assert english(draft).body == _BACK + ending
    assert draft.data == {"recharge_id": "r", "amount_paise": 2_000}


def test_without_a_cashback_nothing_is_said() -> None:
    assert cashback_paid(recharged()) is None
    assert cashback_reversed(refunded()) is None
