"""Which channel a recharge takes, and when a failing channel is left alone."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


_CHANNELS = st.lists(
    st.builds(
        Channel,
        code=st.sampled_from(["a", "b", "c", "d"]),
        operator=st.sampled_from(["JIO", "VI"]),
        url=st.just("http://x"),
        priority=st.integers(0, 2),
        weight=st.integers(1, 3),
        min_amount=st.integers(1, 3),
        max_amount=st.integers(2, 4),
        commission_bp=st.just(0),
        is_active=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda channel: channel.code,
)


@given(
    _CHANNELS,
    st.integers(1, 4),
    st.frozensets(st.sampled_from("abcd")),
    st.frozensets(st.sampled_from("abcd")),
)
def test_the_chosen_channel_is_usable_and_no_usable_one_has_a_lower_priority_number(
    channels: list[Channel], amount: int, tried: frozenset[str], broken: frozenset[str]
) -> None:
    health = Health()
    for code in broken:
        break_down(health, code)
    chosen = choose(channels, health, operator="JIO", amount_paise=amount, tried=tried)
    usable = [
        channel
        for channel in channels
        if channel.is_active
        and channel.operator == "JIO"
        and channel.min_amount <= amount <= channel.max_amount
        and channel.code not in tried | broken
    ]
    assert (chosen is None) == (not usable)
    if chosen is not None:
        assert chosen in usable
        assert chosen.priority == min(channel.priority for channel in usable)


def test_a_channel_of_the_second_priority_is_used_only_while_the_first_one_is_open() -> None:
    health = Health()
    assert {pick(DIRECT, AGGREGATOR, health=health) for _ in range(50)} == {"jio-direct"}
    break_down(health, "jio-direct")
    assert {pick(DIRECT, AGGREGATOR, health=health) for _ in range(50)} == {"jio-aggregator"}
    with clock.later(seconds=PAUSE_SECONDS + 1):
        assert pick(DIRECT, AGGREGATOR, health=health) == "jio-direct", "the probe"
        health.begin("jio-direct")
        assert pick(DIRECT, AGGREGATOR, health=health) == "jio-aggregator"


def test_without_an_open_channel_there_is_none_to_choose() -> None:
    health = Health()
    assert pick(health=health) is None
    for code in ("jio-direct", "jio-aggregator"):
        break_down(health, code)
    assert pick(DIRECT, AGGREGATOR, health=health) is None


def test_the_weights_of_channels_of_another_priority_do_not_count() -> None:
    heavy = replace(AGGREGATOR, weight=1_000)
    light = replace(DIRECT, weight=1)
    assert {pick(light, heavy) for _ in range(50)} == {"jio-direct"}


def test_equals_share_by_weight_times_recent_success() -> None:
    health = Health()
    good, poor = replace(DIRECT, code="good"), replace(DIRECT, code="poor")
    for _ in range(2):
        health.record("poor", Verdict.DELIVERED)
        health.record("poor", Verdict.UNKNOWN)
    dice = random.Random(1)
    chosen = [pick(good, poor, health=health, dice=dice) for _ in range(3_000)]
    assert 900 < chosen.count("poor") < 1_100, "one third: 0.5 of 1.5"


def test_one_channels_failures_say_nothing_about_another() -> None:
    health = Health()
    break_down(health, "jio-direct")
    assert not health.is_open("jio-aggregator")
    assert health.success_rate("jio-aggregator") == 1.0


@pytest.mark.parametrize("verdict", [Verdict.DELIVERED, Verdict.ACCEPTED, Verdict.REFUSED, Verdict.NOT_KNOWN])
def test_every_answer_closes_the_circuit(verdict: Verdict) -> None:
    health = Health()
    break_down(health, "jio-direct")
    health.record("jio-direct", verdict)
    assert not health.is_open("jio-direct")
    break_down(health, "jio-direct", FAILURES_TO_OPEN - 1)
    assert not health.is_open("jio-direct"), "the count starts again"


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.NOT_SENT])
def test_each_failure_counts_towards_opening_the_circuit(verdict: Verdict) -> None:
    health = Health()
    for _ in range(FAILURES_TO_OPEN):
        assert not health.is_open("jio-direct")
        health.record("jio-direct", verdict)
    assert health.is_open("jio-direct")


def test_the_pause_doubles_up_to_four_minutes_and_starts_anew_after_an_answer() -> None:
    health, passed = Health(), 0.0
    break_down(health, "jio-direct", FAILURES_TO_OPEN - 1)
    for pause in (15, 30, 60, 120, 240, 240, 240):
        with clock.later(seconds=passed):
            health.record("jio-direct", Verdict.UNKNOWN)
        with clock.later(seconds=passed + pause - 1):
            assert health.is_open("jio-direct")
        passed += pause + 1
        with clock.later(seconds=passed):
            assert not health.is_open("jio-direct")
    with clock.later(seconds=passed):
        health.record("jio-direct", Verdict.DELIVERED)
        break_down(health, "jio-direct")
    with clock.later(seconds=passed + PAUSE_SECONDS + 1):
        assert not health.is_open("jio-direct")


def test_a_healthy_channel_takes_many_submissions_at_once() -> None:
    health = Health()
    for _ in range(100):
        health.begin("jio-direct")
        assert not health.is_open("jio-direct")


@pytest.mark.parametrize(
    ("basis_points", "amount", "commission"),
    [(0, 29_900, 0), (1, 9_999, 0), (1, 10_000, 1), (250, 1_039, 25), (9_999, 10_000, 9_999)],
)
def test_the_commission_is_a_share_in_basis_points(basis_points: int, amount: int, commission: int) -> None:
    assert replace(DIRECT, commission_bp=basis_points).commission_of(amount) == commission
