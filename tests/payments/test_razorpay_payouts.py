"""What RazorpayX answers about payouts is read strictly: what can't be read proves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gencharge.core.settings import Settings
from gencharge.payments.gateway import CallUnknown
from gencharge.payments.razorpay import Razorpay
from gencharge.payments.razorpay_payouts import Destination, GatewayPayout, RazorpayPayouts

PAYOUT: dict[str, Any] = {
    "id": "pout_1",
    "reference_id": "r-1",
    "amount": 70_000,
    "status": "processed",
    "utr": "AXIS1",
    "status_details": {"reason": None},
}
Answer = Callable[[httpx.Request], Any]
Gateway = Callable[[Answer], RazorpayPayouts]


@pytest.fixture
def payouts_at(settings: Settings) -> Gateway:
    """A gateway that answers so."""

    def make(answer: Answer) -> RazorpayPayouts:
        class Answering(Razorpay):
            transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer(request)))

        return RazorpayPayouts(Answering(settings), "2323")

    return make


async def test_a_payout_is_found_by_its_reference_among_others(payouts_at: Gateway) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> Any:
        requests.append(request)
        return {"items": [PAYOUT | {"reference_id": "r-2"}, PAYOUT]}

    payouts = payouts_at(answer)
    assert await payouts.find_payout("r-1") == GatewayPayout(
        "pout_1", "r-1", 70_000, "processed", "AXIS1", ""
    )
    assert dict(requests[0].url.params) == {"account_number": "2323", "reference_id": "r-1"}
    assert await payouts.find_payout("r-3") is None


async def test_a_payout_is_sent_under_its_reference_as_idempotency_key(payouts_at: Gateway) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> Any:
        requests.append(request)
        return PAYOUT

    await payouts_at(answer).pay_out(
        user_id="u-1", reference="r-1", fund_account="fa_1", amount=70_000, mode="UPI", narration="x"
    )
    assert requests[0].headers["X-Payout-Idempotency"] == "r-1"
    assert json.loads(requests[0].content)["notes"] == {"user_id": "u-1"}


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "70000"},
        {"amount": True},
        {"amount": -1},
        {"id": ""},
        {"id": "pout\0"},
        {"status": None},
        {"id": 7},
    ],
)
async def test_an_answer_that_lacks_a_field_proves_nothing(
    payouts_at: Gateway, change: dict[str, Any]
) -> None:
    with pytest.raises(CallUnknown):
        await payouts_at(lambda _: PAYOUT | change).fetch_payout("pout_1")


async def test_a_reason_that_no_database_takes_is_kept_without_what_it_must_not_hold(
    payouts_at: Gateway,
) -> None:
    details = {"status": "reversed", "status_details": {"reason": "bank\0closed"}}
    assert (await payouts_at(lambda _: PAYOUT | details).fetch_payout("pout_1")).reason == "bank closed"


@pytest.mark.parametrize(
    ("validation", "status"),
    [
        (
            {"status": "completed", "results": {"account_status": "active", "registered_name": "Asha"}},
            "active",
        ),
        ({"status": "completed", "results": {"account_status": "invalid"}}, "invalid"),
        ({"status": "completed", "results": {"account_status": "perhaps"}}, ""),
        ({"status": "created", "results": {"account_status": "active"}}, ""),
        ({"status": "completed"}, ""),
    ],
)
async def test_only_a_completed_check_says_that_an_account_is_active(
    payouts_at: Gateway, validation: dict[str, Any], status: str
) -> None:
    payouts = payouts_at(lambda request: validation if "validations" in request.url.path else {"id": "x_1"})
    checked = await payouts.check_account(
        name="Asha", contact="+919876543210", reference="r", destination=Destination(upi_address="a@ok")
    )
    assert (checked.fund_account, checked.status) == ("x_1", status)
