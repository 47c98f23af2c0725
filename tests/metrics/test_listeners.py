"""Events are counted, by kind; and the last check of the ledger is known to every worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from redis.exceptions import ConnectionError as Away

from gencharge.auth.events import SignedIn
from gencharge.autopay.events import AutopayFailed
from gencharge.core.events.events import Event
from gencharge.core.rooms.checks import LedgerVerified
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.metrics import listeners, service
from gencharge.payments.events import PaymentCaptured, PaymentFailed
from gencharge.users.events import UserSignedUp
from tests.make.audit import DAY, envelope

WHO = str(SYSTEM_USER_ID)


def value(name: str, **labels: str) -> float:
    """A metric's present value."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def paid(purpose: str, paise: int) -> Event:
    about = {"payment_id": "p", "purpose": purpose, "reference_id": None, "payment_method": "upi"}
    return PaymentCaptured(user_id=WHO, amount_paise=paise, **about)


def autopay_failed(retry_at: str | None) -> Event:
    about = {
        "autopay_id": "a",
        "phone_number": "+919000001001",
        "plan_name": "p",
        "reason": "r",
        "due_at": "d",
    }
    return AutopayFailed(user_id=WHO, retry_at=retry_at, next_due=None, **about)


@pytest.mark.parametrize(
    ("happened", "name", "labels", "by"),
    [
        (paid("topup", 50_000), "gencharge_topups_total", {"method": "upi"}, 1),
        (paid("topup", 50_000), "gencharge_topups_paise_total", {"method": "upi"}, 50_000),
        # What pays a recharge is no top-up.
        (paid("recharge", 50_000), "gencharge_topups_paise_total", {"method": "upi"}, 0),
        (
            PaymentFailed(
                user_id=WHO, payment_id="p", purpose="topup", reference_id=None, amount_paise=1, reason="r"
            ),
            "gencharge_payments_failed_total",
            {"purpose": "topup"},
            1,
        ),
        (
            SignedIn(user_id=WHO, kind="admin", session_id="s", device="d"),
            "gencharge_sign_ins_total",
            {"kind": "admin"},
            1,
        ),
        (autopay_failed("2026-11-22T10:00:00Z"), "gencharge_autopays_total", {"outcome": "retried"}, 1),
        (autopay_failed(None), "gencharge_autopays_total", {"outcome": "failed"}, 1),
    ],
)
async def test_each_event_counts_where_it_belongs(
    stores: Stores, happened: Event, name: str, labels: dict[str, str], by: int
) -> None:
    before = value(name, **labels)
    await listeners.count(stores, [envelope(happened, 1)])
    assert value(name, **labels) - before == by


async def test_sign_ups_are_counted(stores: Stores, signed_up: Callable[[], Event]) -> None:
    before = value("gencharge_sign_ups_total")
    await listeners.count(stores, [envelope(signed_up(), number) for number in range(3)])
    assert value("gencharge_sign_ups_total") - before == 3


async def test_a_batch_that_redis_could_not_take_has_counted_nothing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, signed_up: Callable[[], Event]
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Away

    monkeypatch.setattr(service, "note_ledger", away)
    checked = LedgerVerified(user_id=WHO, checks=30, breaches=0, failed="")
    before = value("gencharge_sign_ups_total")
    with pytest.raises(Away):
        await listeners.count(stores, [envelope(signed_up(), 1), envelope(checked, 2)])
    assert value("gencharge_sign_ups_total") == before


async def test_before_the_first_night_the_age_of_the_check_counts_from_the_first_look(stores: Stores) -> None:
    await stores.redis.delete(service._ledger_key(stores))
    first = clock.now()
    with clock.at(first):
        await service.look(stores)
    with clock.at(first + timedelta(hours=20)):
        await service.look(stores)
    assert value("gencharge_ledger_unchecked_since_timestamp_seconds") == pytest.approx(first.timestamp())
    assert value("gencharge_ledger_checked_timestamp_seconds") == 0, "never"
    checked = LedgerVerified(user_id=WHO, checks=30, breaches=0, failed="")
    await listeners.count(stores, [envelope(checked, 9)])
    await service.look(stores)
    at = envelope(checked, 9).occurred_at.timestamp()
    assert value("gencharge_ledger_unchecked_since_timestamp_seconds") == at


async def test_the_last_check_of_the_ledger_is_shown_by_a_worker_that_did_not_run_it(stores: Stores) -> None:
    checked = LedgerVerified(user_id=WHO, checks=30, breaches=4, failed="two of them")
    await listeners.count(stores, [envelope(checked, 7)])
    await service.look(stores)
    assert value("gencharge_ledger_breaches") == 4
    assert value("gencharge_ledger_checked_timestamp_seconds") == envelope(checked, 7).occurred_at.timestamp()
    await listeners.count(
        stores, [envelope(LedgerVerified(user_id=WHO, checks=30, breaches=0, failed=""), 8)]
    )
    await service.look(stores)
    assert value("gencharge_ledger_breaches") == 0
    assert value("gencharge_ledger_checked_timestamp_seconds") > DAY.timestamp()


@pytest.fixture
def signed_up() -> Callable[[], Event]:
    """Makes a sign-up."""
    return lambda: UserSignedUp(user_id=WHO, masked_phone_number="+91******1234")
