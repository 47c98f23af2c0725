"""Which channel a recharge takes, and when a failing channel is left alone."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from gencharge.channels.answers import Verdict
from gencharge.channels.routing import FAILURES_TO_OPEN, PAUSE_SECONDS, Channel, Health, choose
from gencharge.core.values import clock

DIRECT = Channel("jio-direct", "JIO", "http://direct", 10, 100, 100, 50_000, 300, is_active=True)
AGGREGATOR = replace(DIRECT, code="jio-aggregator", priority=20)


def pick(
    *channels: Channel, health: Health | None = None, amount: int = 20_000, **options: object
) -> str | None:
    """The code of the channel that is chosen."""
    chosen = choose(channels, health or Health(), operator="JIO", amount_paise=amount, **options)  # type: ignore[arg-type]
    return chosen.code if chosen else None


def break_down(health: Health, code: str, times: int = FAILURES_TO_OPEN) -> None:
    for _ in range(times):
        health.record(code, Verdict.UNKNOWN)


def test_the_lowest_priority_number_is_tried_first() -> None:
    assert pick(AGGREGATOR, DIRECT) == "jio-direct"


def test_a_channel_that_was_tried_is_not_chosen_again() -> None:
    assert pick(DIRECT, AGGREGATOR, tried=["jio-direct"]) == "jio-aggregator"
    assert pick(DIRECT, tried=["jio-direct"]) is None


@pytest.mark.parametrize(
    ("channel", "amount"),
    [
        (replace(DIRECT, is_active=False), 20_000),
        (replace(DIRECT, operator="VI"), 20_000),
        (DIRECT, 99),
        (DIRECT, 50_001),
    ],
)
def test_a_channel_takes_only_what_it_is_set_up_for(channel: Channel, amount: int) -> None:
    assert pick(channel, amount=amount) is None


@pytest.mark.parametrize("amount", [100, 50_000])
def test_the_limits_of_the_amount_are_included(amount: int) -> None:
    assert pick(DIRECT, amount=amount) == "jio-direct"


def test_equals_share_by_weight() -> None:
    light = replace(DIRECT, code="light", weight=100)
    heavy = replace(DIRECT, code="heavy", weight=300)
    dice = random.Random(1)
    chosen = [pick(light, heavy, dice=dice) for _ in range(2_000)]
    assert 1_400 < chosen.count("heavy") < 1_600


def test_a_channel_that_failed_lately_keeps_a_small_share() -> None:
    health, ill, dice = Health(), replace(DIRECT, code="ill"), random.Random(1)
    break_down(health, "ill", FAILURES_TO_OPEN - 1)
    chosen = [pick(ill, DIRECT, health=health, dice=dice) for _ in range(2_000)]
    assert 40 < chosen.count("ill") < 180


def test_the_commission_is_rounded_down() -> None:
    assert DIRECT.commission_of(29_900) == 897
    assert DIRECT.commission_of(33) == 0


def test_five_failures_in_a_row_open_the_circuit_and_an_answer_in_between_does_not() -> None:
    health = Health()
    break_down(health, "jio-direct", FAILURES_TO_OPEN - 1)
    health.record("jio-direct", Verdict.REFUSED)
    break_down(health, "jio-direct", FAILURES_TO_OPEN - 1)
    assert not health.is_open("jio-direct")
    break_down(health, "jio-direct", 1)
    assert health.is_open("jio-direct")
    assert pick(DIRECT, AGGREGATOR, health=health) == "jio-aggregator"


def test_after_the_pause_one_probe_goes_out_and_its_answer_closes_the_circuit() -> None:
    health = Health()
    break_down(health, "jio-direct")
    with clock.later(seconds=PAUSE_SECONDS + 1):
        assert not health.is_open("jio-direct")
        health.begin("jio-direct")
        assert health.is_open("jio-direct"), "the others wait for the probe"
        health.record("jio-direct", Verdict.DELIVERED)
        assert not health.is_open("jio-direct")


def test_a_probe_that_fails_doubles_the_pause() -> None:
    health = Health()
    break_down(health, "jio-direct")
    with clock.later(seconds=PAUSE_SECONDS + 1):
        health.begin("jio-direct")
        health.record("jio-direct", Verdict.NOT_SENT)
    with clock.later(seconds=2 * PAUSE_SECONDS + 1):
        assert health.is_open("jio-direct")
    with clock.later(seconds=3 * PAUSE_SECONDS + 3):
        assert not health.is_open("jio-direct")


def test_the_success_rate_counts_the_last_calls_only() -> None:
    health = Health()
    assert health.success_rate("jio-direct") == 1.0
    for verdict in (Verdict.DELIVERED, Verdict.REFUSED, Verdict.UNKNOWN, Verdict.NOT_SENT):
        health.record("jio-direct", verdict)
    assert health.success_rate("jio-direct") == 0.5
    for _ in range(50):
        health.record("jio-direct", Verdict.ACCEPTED)
    assert health.success_rate("jio-direct") == 1.0
