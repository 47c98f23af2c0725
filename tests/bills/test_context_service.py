"""Which channel is asked about a bill, and what a silent one costs."""

from __future__ import annotations

import time

import pytest

from gencharge.bills.context_service import BillsContext
from gencharge.channels.service import BillVerdict
from gencharge.core.stores.stores import Stores
from tests.make.bills import put_bill
from tests.make.delivery import FIRST, SECOND
from tests.make.outside import Outside, reach_over_api


async def test_the_second_channel_is_asked_if_the_first_one_does_not_answer(
    context: BillsContext, outside: Outside
) -> None:
    number = put_bill(outside)
    outside.script(FIRST, "bill", "server_error_before")
    assert (await context.ask("JIO", number)).verdict is BillVerdict.DUE


@pytest.mark.parametrize("script", ["garbage", "lost_connection_before", "huge_body", "too_many_requests"])
async def test_an_answer_that_can_not_be_read_is_none(
    context: BillsContext, outside: Outside, script: str
) -> None:
    number = put_bill(outside)
    for channel in (FIRST, SECOND):
        outside.script(channel, "bill", script)
    answer = await context.ask("JIO", number)
    assert (answer.verdict, answer.bill) == (BillVerdict.AWAY, None)


async def test_silent_channels_cost_a_bounded_time(shop: Stores, outside: Outside) -> None:
    impatient = BillsContext.at(shop, ask_seconds=0.4)
    outside.script("*", "bill", "time_out_before")
    started = time.monotonic()
    answer = await impatient.ask("JIO", put_bill(outside))
    await impatient.client.close()
    assert (answer.verdict, answer.reason) == (BillVerdict.AWAY, "TimeoutError")
    assert 0.8 <= time.monotonic() - started < 5


async def test_an_operator_without_a_channel_is_away(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    number = put_bill(outside)
    await reach_over_api(shop, "JIO")
    assert (await context.ask("JIO", number)).reason == "no_channel"


async def test_a_channel_that_keeps_failing_is_left_alone_for_a_while(
    context: BillsContext, outside: Outside
) -> None:
    number = put_bill(outside)
    outside.script(FIRST, "bill", "server_error_before")
    for _ in range(5):
        await context.ask("JIO", number)
    assert context.health.is_open(FIRST)
    assert not context.health.is_open(SECOND)
    assert (await context.ask("JIO", number)).verdict is BillVerdict.DUE
