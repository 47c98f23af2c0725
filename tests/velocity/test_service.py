"""The bounds come from the settings, and a refusal says in plain words which one was met."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import orjson
import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.velocity import service
from gencharge.velocity.models import CautionReason, VelocityRule
from tests.make.velocity import caution_of

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
FIELDS = [name for name in Settings.model_fields if name.startswith("velocity_")]


def held_back(rule: VelocityRule, bound: int, *, seconds: float | None = 60) -> str:
    free_at = None if seconds is None else (NOW + timedelta(seconds=seconds)).timestamp()
    return orjson.dumps({"rule": rule.value, "bound": bound, "free_at": free_at}).decode()


def test_the_bounds_are_those_of_the_settings_in_the_order_of_the_rules(settings: Settings) -> None:
    session = uuid4()
    changed = settings.model_copy(
        update={
            "velocity_recharges_per_ten_minutes": 1,
            "velocity_recharges_per_day": 2,
            "velocity_recharge_rupees_per_day": 3,
            "velocity_numbers_per_day": 4,
            "velocity_recharges_of_number_per_day": 5,
            "velocity_payers_of_number_per_day": 0,
            "velocity_topups_per_hour": 7,
            "velocity_topup_rupees_per_day": 8,
            "velocity_cautious_rupees_per_day": 9,
            "velocity_payers_of_address_per_day": 10,
            "velocity_payers_of_device_per_day": 11,
        }
    )
    limits = service.limits_of(changed, session)
    assert limits.bounds == (1, 2, 300, 4, 5, None, 7, 800, 900, 10, 11)
    assert limits.session_id == session
    for_no_time = changed.model_copy(update={"velocity_cautious_hours": 0})
    expected = (1, 2, 300, 4, 5, None, 7, 800, None, None, None)
    assert service.limits_of(for_no_time, session).bounds == expected


def test_with_every_rule_off_there_are_no_bounds_to_look_at(settings: Settings) -> None:
    off = settings.model_copy(update=dict.fromkeys(FIELDS, 0))
    assert service.limits_of(off, None).bounds is None


@pytest.mark.parametrize(
    ("rule", "bound", "sentence"),
    [
        (VelocityRule.RECHARGES_IN_10_MINUTES, 15, "You can make 15 recharges in 10 minutes."),
        (VelocityRule.RECHARGES_IN_A_DAY, 1, "You can make one recharge in 24 hours."),
        (
            VelocityRule.RECHARGE_SUM_IN_A_DAY,
            2_500_000,
            "Your recharges in 24 hours can add up to Rs 25000.00 at most.",
        ),
        (VelocityRule.NUMBERS_IN_A_DAY, 20, "You can recharge 20 different numbers in 24 hours."),
        (VelocityRule.TOPUPS_IN_AN_HOUR, 10, "You can start 10 top-ups in an hour."),
        (
            VelocityRule.TOPUP_SUM_IN_A_DAY,
            5_000_000,
            "You can add Rs 50000.00 at most to your wallet in 24 hours.",
        ),
        (
            VelocityRule.RECHARGE_SUM_WHILE_CAUTIOUS,
            200_000,
            "For a while after a sign-in on a new device or a change of number, your recharges in 24 hours can add up to "
            "Rs 2000.00 at most.",
        ),
    ],
)
def test_a_refusal_names_the_rule_the_bound_and_when_to_try_again(
    rule: VelocityRule, bound: int, sentence: str
) -> None:
    with clock.at(NOW):
        refused = service.refusal(held_back(rule, bound, seconds=59.2))
    assert refused.detail == f"{sentence} Nothing was charged. Try again in 1 minute."
    assert refused.headers == {"Retry-After": "60"}
    amount = Money(bound) if "sum" in rule.value else bound
    assert refused.extra == {"rule": rule.value, "bound": amount}
    assert refused.status == 429


@pytest.mark.parametrize(
    "rule", [VelocityRule.RECHARGES_OF_NUMBER_IN_A_DAY, VelocityRule.PAYERS_OF_NUMBER_IN_A_DAY]
)
def test_a_refusal_about_a_number_does_not_tell_how_often_others_recharged_it(rule: VelocityRule) -> None:
    with clock.at(NOW):
        refused = service.refusal(held_back(rule, 5, seconds=3 * 3600))
    assert refused.extra == {"rule": "recharges_of_number_in_a_day"}
    assert refused.detail == (
        "This number can't be recharged again just now. Nothing was charged. Try again in 3 hours."
    )


def test_a_refusal_about_an_address_says_nothing_of_the_others_there() -> None:
    with clock.at(NOW):
        refused = service.refusal(held_back(VelocityRule.PAYERS_OF_ADDRESS_IN_A_DAY, 100, seconds=7200))
    assert refused.extra == {"rule": "payers_of_address_in_a_day"}
    assert refused.detail == (
        "For a while after a sign-up, a sign-in on a new device or a change of number, you can't pay from the network that "
        "you use now: many others did so today. Another network may work. Nothing was charged. Try again in 2 hours."
    )


def test_a_refusal_that_no_waiting_ends_names_no_time() -> None:
    refused = service.refusal(held_back(VelocityRule.RECHARGE_SUM_IN_A_DAY, 100, seconds=None))
    assert refused.headers == {}
    assert refused.detail.endswith("Nothing was charged.")


def test_a_refusal_that_has_just_ended_says_one_second() -> None:
    with clock.at(NOW):
        refused = service.refusal(held_back(VelocityRule.NUMBERS_IN_A_DAY, 1, seconds=-3))
    assert refused.headers["Retry-After"] == "1"


async def test_a_caution_lasts_as_long_as_the_longest_and_not_at_all_with_0_hours(
    stores: Stores, settings: Settings
) -> None:
    user_id = uuid4()
    begin = {"user_id": user_id, "reason": CautionReason.NEW_DEVICE}
    for hours, expected in ((0, None), (24, 24), (6, 24), (48, 48)):
        changed = settings.model_copy(update={"velocity_cautious_hours": hours})
        with clock.at(NOW):
            await stores.database.run(lambda db: service.be_cautious(db, changed, **begin))  # noqa: B023
        ends_at = await caution_of(stores, user_id)
        assert ends_at == (None if expected is None else NOW + timedelta(hours=expected))
