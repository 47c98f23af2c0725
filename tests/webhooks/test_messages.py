"""Which messages go to whom: types, patterns, operators; and once, however often the relay hands an event out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gencharge.core.events.events import Envelope, Event
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.recharge.events import PlanRecharged, RechargeRefunded
from gencharge.webhooks.messages import MESSAGES, PATTERNS, TYPES, body_of, matches
from tests.make.webhooks import (
    MESSAGE_CASES,
    PAYMENT,
    RECHARGE,
    USER,
)


@pytest.mark.parametrize(("event", "kind", "status", "amount"), MESSAGE_CASES)
def test_an_event_becomes_a_message(event: Event, kind: str, status: str | None, amount: str) -> None:
    body = body_of(Envelope(new_id(), clock.now(), event, "", "", "", ""))
    message = json.loads(body)
    assert set(message) == {"type", "timestamp", "data"}
    assert (message["type"], message["data"]["status"]) == (kind, status)
    assert message["timestamp"].endswith("Z")
    assert f'"amount":{amount}' in body
    assert message["data"]["user_id"] == USER
    if "phone_number" in message["data"]:
        assert message["data"]["phone_number"] == "+919876543210"


def test_every_line_of_the_table_is_tried_here() -> None:
    assert {type(event) for event, *_ in MESSAGE_CASES} == set(MESSAGES)
    assert {kind for _, kind, *_ in MESSAGE_CASES} == set(TYPES)


@pytest.mark.parametrize(
    ("patterns", "kinds"),
    [
        (["*"], set(TYPES)),
        (["recharge.*"], {kind for kind in TYPES if kind.startswith("recharge.")}),
        (["payment.captured"], {"payment.captured"}),
        (["payment.captured", "refund.*"], {"payment.captured", "refund.processed", "refund.failed"}),
        ([], set()),
    ],
)
def test_patterns_choose(patterns: list[str], kinds: set[str]) -> None:
    assert {kind for kind in TYPES if matches(kind, patterns)} == kinds
    assert set(patterns) <= set(PATTERNS)


@pytest.mark.parametrize(("paise", "rupees"), [(28_36, 28.36), (None, None)], ids=["any amount", "one price"])
def test_a_delivered_amount_says_its_talktime(paise: int | None, rupees: float | None) -> None:
    [event] = [event for event, kind, *_ in MESSAGE_CASES if kind == "recharge.delivered"]
    assert isinstance(event, PlanRecharged)
    delivered = replace(event, talktime_paise=paise)
    message = json.loads(body_of(Envelope(new_id(), clock.now(), delivered, "", "", "", "")))
    assert message["data"]["talktime"] == rupees


@pytest.mark.parametrize("refund_id", [PAYMENT, None], ids=["named", "of the last release"])
def test_a_refunded_recharge_names_its_refund(refund_id: str | None) -> None:
    """None: an event that the last release wrote."""
    event = RechargeRefunded(
        **RECHARGE, amount_paise=500, reason="goodwill", in_full=False, refund_id=refund_id
    )
    message = json.loads(body_of(Envelope(new_id(), clock.now(), event, "", "", "", "")))
    assert message["data"]["refund_id"] == refund_id
