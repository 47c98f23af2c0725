"""The sums of the figures become counters in which nothing is counted twice."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from gencharge.metrics.numbers import AMOUNTS, STATES, Recharges, Sums

ZERO = dict.fromkeys((*STATES, *AMOUNTS), 0)


def test_sold_comes_without_a_channel_and_ends_with_theirs() -> None:
    recharges, registry = Recharges(), CollectorRegistry()
    registry.register(recharges)
    recharges.sums = [
        Sums(
            "JIO",
            "",
            ZERO | {"sold": 7, "delivered": 5, "failed": 1, "paid": 99_500, "refunded_cashback": 500},
        ),
        Sums("JIO", "internal", ZERO | {"delivered": 3, "paid": 60_000}),
        Sums("JIO", "jio-direct", ZERO | {"delivered": 2, "failed": 1, "paid": 39_500}),
    ]
    lines = [line for line in generate_latest(registry).decode().splitlines() if line[0] != "#"]
    counts = [
        line for line in lines if line.startswith("gencharge_recharges_total") and not line.endswith(" 0.0")
    ]
    assert counts == [
        'gencharge_recharges_total{channel="",operator="JIO",state="sold"} 7.0',
        'gencharge_recharges_total{channel="internal",operator="JIO",state="delivered"} 3.0',
        'gencharge_recharges_total{channel="jio-direct",operator="JIO",state="delivered"} 2.0',
        'gencharge_recharges_total{channel="jio-direct",operator="JIO",state="failed"} 1.0',
    ]
    amounts = [line for line in lines if "_paise_total" in line and not line.endswith(" 0.0")]
    assert amounts == [
        'gencharge_recharges_paise_total{operator="JIO",what="paid"} 99500.0',
        'gencharge_recharges_paise_total{operator="JIO",what="cashback_back"} 500.0',
    ]


def test_before_the_first_look_there_is_a_type_and_no_number() -> None:
    registry = CollectorRegistry()
    registry.register(Recharges())
    lines = generate_latest(registry).decode().splitlines()
    assert "# TYPE gencharge_recharges_total counter" in lines
    assert [line for line in lines if line[0] != "#"] == []
