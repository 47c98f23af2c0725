"""What the transfers of an event add up to, case by case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gencharge.wallet.history import CONTINUING, GROUPED, INTERNAL, SINGLE, Legs, event_of
from gencharge.wallet.models import Code, Transfer

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
USER, SALE, PAYMENT, BACK = uuid4(), uuid4(), uuid4(), uuid4()
MAIN, HELD, JIO, GATEWAY = "user:main", "user:held", "operator:jio", "gateway:razorpay"
# What each transfer of an event is in the ledger: debit, credit, code, key, reference.
KINDS: dict[str, tuple[str, str, Code, UUID, UUID]] = {
    "bought": (MAIN, JIO, Code.RECHARGE, SALE, SALE),
    "hold": (MAIN, HELD, Code.HOLD, SALE, SALE),
    "payment": (GATEWAY, HELD, Code.PAYMENT, PAYMENT, SALE),
    "capture": (HELD, JIO, Code.CAPTURE, SALE, SALE),
    "release": (HELD, MAIN, Code.RELEASE, SALE, SALE),
    "late release": (HELD, MAIN, Code.RELEASE, PAYMENT, SALE),
    "refund": (JIO, MAIN, Code.REFUND, BACK, SALE),
    "hold back": (MAIN, HELD, Code.HOLD, BACK, BACK),
    "paid back": (HELD, GATEWAY, Code.SOURCE_REFUND, BACK, BACK),
    "not paid back": (HELD, MAIN, Code.RELEASE, BACK, BACK),
    "topup": (GATEWAY, MAIN, Code.TOPUP, PAYMENT, PAYMENT),
    "opening": ("opening", MAIN, Code.OPENING, uuid4(), SALE),
    "cashback": ("cashback", MAIN, Code.CASHBACK, SALE, SALE),
    "reward": ("referral", MAIN, Code.REFERRAL, uuid4(), SALE),
    "more": ("adjustment", MAIN, Code.ADJUSTMENT, uuid4(), SALE),
    "less": (MAIN, "adjustment", Code.ADJUSTMENT, uuid4(), SALE),
    "payout": (MAIN, "payout", Code.PAYOUT, uuid4(), SALE),
    "commission": (JIO, "revenue", Code.COMMISSION, SALE, SALE),
}
ABOUT_REFUND = {"hold back", "paid back", "not paid back", "topup"}


def transfer(kind: str, amount: int, seconds: int = 0, **overrides: Any) -> Transfer:
    debit, credit, code, key, reference = KINDS[kind]
    values = {
        "user_id": USER,
        "id": uuid4(),
        "debit": debit,
        "credit": credit,
        "amount": amount,
        "code": int(code),
        "key": str(key),
        "reference_id": reference,
        "service_type": None if kind in ABOUT_REFUND else "prepaid",
        "payment_method": "upi" if kind == "payment" else "wallet",
        "created_at": NOON + timedelta(seconds=seconds),
    }
    return Transfer(**values | overrides)


def shown(*moves: tuple[str, int], first: int = 0) -> tuple[str, str, int, int, int]:
    """(category, status, amount, wallet_change, held) of the event that begins with this one of the transfers."""
    rows = [transfer(kind, amount, number) for number, (kind, amount) in enumerate(moves)]
    event = event_of(rows[first], Legs(rows))
    return event.category.value, event.status.value, event.amount, event.wallet_change, event.held


@pytest.mark.parametrize(
    ("kind", "category", "change"),
    [
        ("bought", "recharge", -500),
        ("topup", "topup", 500),
        ("opening", "opening", 500),
        ("cashback", "cashback", 500),
        ("reward", "referral", 500),
        ("more", "adjustment", 500),
        ("less", "adjustment", -500),
        ("payout", "payout", -500),
    ],
)
def test_an_event_of_one_transfer_is_complete_at_once(kind: str, category: str, change: int) -> None:
    assert shown((kind, 500)) == (category, "completed", 500, change, 0)


@pytest.mark.parametrize(
    ("later", "row"),
    [
        ([], ("recharge", "pending", 299, -299, 299)),
        (["capture"], ("recharge", "completed", 299, -299, 0)),
        (["release"], ("recharge", "failed", 299, 0, 0)),
    ],
)
def test_a_recharge_over_an_operators_api_is_one_row(later: list[str], row: tuple[object, ...]) -> None:
    assert shown(("hold", 299), *((kind, 299) for kind in later)) == row


def test_what_a_gateway_paid_for_a_delivered_recharge_leaves_the_wallet_alone() -> None:
    assert shown(("payment", 299)) == ("recharge", "pending", 299, 0, 299)
    assert shown(("payment", 299), ("capture", 299)) == ("recharge", "completed", 299, 0, 0)


@pytest.mark.parametrize("release", ["release", "late release"])
def test_what_a_gateway_paid_for_a_failed_recharge_comes_as_a_refund(release: str) -> None:
    moves = (("payment", 299), (release, 299))
    assert shown(*moves) == ("recharge", "failed", 299, 0, 0)
    assert shown(*moves, first=1) == ("refund", "completed", 299, 299, 0)


@pytest.mark.parametrize(
    ("later", "row"),
    [
        ([], ("recharge", "pending", 100, -100, 100)),
        ([("payment", 199)], ("recharge", "pending", 299, -100, 299)),
        ([("payment", 199), ("capture", 299)], ("recharge", "completed", 299, -100, 0)),
        ([("payment", 199), ("release", 299)], ("recharge", "failed", 299, 0, 0)),
        ([("release", 100)], ("recharge", "failed", 100, 0, 0)),
        ([("release", 100), ("payment", 199)], ("recharge", "failed", 299, 0, 199)),
        ([("release", 100), ("payment", 199), ("late release", 199)], ("recharge", "failed", 299, 0, 0)),
        ([("payment", 199), ("release", 100), ("late release", 199)], ("recharge", "failed", 299, 0, 0)),
    ],
)
def test_a_recharge_that_wallet_and_gateway_share(
    later: list[tuple[str, int]], row: tuple[object, ...]
) -> None:
    assert shown(("hold", 100), *later) == row


def test_of_a_shared_recharge_that_failed_only_the_gateways_part_is_a_refund() -> None:
    on_time = (("hold", 100), ("payment", 199), ("release", 299))
    assert shown(*on_time, first=2) == ("refund", "completed", 199, 199, 0)
    late = (("hold", 100), ("release", 100), ("payment", 199), ("late release", 199))
    assert shown(*late, first=3) == ("refund", "completed", 199, 199, 0)


@pytest.mark.parametrize(
    ("later", "row"),
    [
        ([], ("refund", "completed", 299, 299, 0)),
        (["hold back"], ("refund", "pending", 299, 0, 299)),
        (["hold back", "paid back"], ("refund", "completed", 299, 0, 0)),
        (["hold back", "not paid back"], ("refund", "completed", 299, 299, 0)),
    ],
)
def test_a_refund_of_a_recharge_is_one_row_wherever_it_goes(
    later: list[str], row: tuple[object, ...]
) -> None:
    assert shown(("refund", 299), *((kind, 299) for kind in later)) == row


@pytest.mark.parametrize(
    ("later", "row"),
    [
        ([], ("source_refund", "pending", 500, -500, 500)),
        (["paid back"], ("source_refund", "completed", 500, -500, 0)),
        (["not paid back"], ("source_refund", "failed", 500, 0, 0)),
    ],
)
def test_money_sent_back_to_its_source_is_one_row(later: list[str], row: tuple[object, ...]) -> None:
    assert shown(("hold back", 500), *((kind, 500) for kind in later)) == row


def test_the_row_is_the_first_transfers_and_tells_when_money_last_moved() -> None:
    rows = [transfer("hold", 100, 0), transfer("payment", 199, 40), transfer("capture", 299, 90)]
    event = event_of(rows[0], Legs(rows))
    assert (event.first.id, event.first.created_at) == (rows[0].id, NOON)
    assert event.updated_at == NOON + timedelta(seconds=90)
    assert event.payment_method == "upi", (
        "what the wallet and a gateway share is paid as the gateway's part is"
    )
    assert not event.comes_in


def test_the_transfers_of_another_customer_or_recharge_do_not_count() -> None:
    hold = transfer("hold", 299)
    others = [
        transfer("capture", 299, user_id=uuid4()),
        transfer("release", 299, key=str(uuid4()), reference_id=uuid4()),
        transfer("payment", 1, reference_id=uuid4()),
        transfer("payment", 1, credit="suspense"),
    ]
    event = event_of(hold, Legs([hold, *others]))
    assert (event.status, event.amount, event.held) == ("pending", 299, 299)


def test_every_code_of_the_ledger_has_its_place() -> None:
    places = [*SINGLE, *GROUPED, *CONTINUING, *INTERNAL]
    assert sorted(places) == sorted(Code)


@pytest.mark.parametrize("kind", ["capture", "paid back", "commission"])
def test_a_transfer_that_begins_nothing_is_never_shown_as_a_row(kind: str) -> None:
    with pytest.raises(ValueError, match="begins no event"):
        event_of(transfer(kind, 1), Legs([]))


def test_an_unknown_code_is_never_shown_as_another_one() -> None:
    with pytest.raises(ValueError, match="99"):
        event_of(transfer("hold", 1, code=99), Legs([]))
