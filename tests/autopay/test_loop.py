"""The worker's loop: many that are due at once, several workers, and what it says in the log."""

from __future__ import annotations

import asyncio

import pytest

from gencharge.autopay import loop
from gencharge.autopay.loop import AutopayRunner
from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments.service import PaymentContext
from tests.make.autopay import make_autopay, make_owner, recharges_of
from tests.make.recharge import assert_books_balance


async def test_three_workers_charge_each_of_sixty_once(shop: Stores) -> None:
    owners = [await make_owner(shop, 700) for _ in range(60)]
    for user_id in owners:
        await make_autopay(shop, user_id)
    with clock.later(days=2, seconds=1):
        await asyncio.gather(*(AutopayRunner(PaymentContext.at(shop)).drain() for _ in range(3)))
    assert [len(await recharges_of(shop, user_id)) for user_id in owners] == [1] * 60
    await assert_books_balance(shop)


async def test_what_waited_for_a_place_for_half_its_lease_is_left_to_the_next_claim(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners = [await make_owner(shop, 700) for _ in range(3)]
    for user_id in owners:
        await make_autopay(shop, user_id)
    with clock.later(days=2, seconds=1):
        runner = AutopayRunner(PaymentContext.at(shop))
        monkeypatch.setattr(loop, "_MOST_WAITED_SECONDS", -1.0)
        await runner.drain()
        assert [len(await recharges_of(shop, user_id)) for user_id in owners] == [0] * 3
        monkeypatch.undo()
    with clock.later(days=2, minutes=2):
        await runner.drain()
    assert [len(await recharges_of(shop, user_id)) for user_id in owners] == [1] * 3
    await assert_books_balance(shop)


async def test_what_was_claimed_is_run_although_the_prices_can_not_be_read_again(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await make_owner(shop, 700), await make_owner(shop, 700)
    runner = AutopayRunner(PaymentContext.at(shop))

    async def away(_database: object) -> None:
        raise DatabaseUnavailable

    await make_autopay(shop, first)
    with clock.later(days=2, seconds=1):
        await runner.drain()
        assert len(await recharges_of(shop, first)) == 1
    monkeypatch.setattr(runner._market, "current", away)
    with clock.later(days=2, minutes=2):
        await make_autopay(shop, second)
    with clock.later(days=4, minutes=3):
        await runner.drain()
    assert len(await recharges_of(shop, second)) == 1


async def test_what_ran_late_is_one_line_of_the_log(shop: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    await make_autopay(shop, await make_owner(shop))
    with clock.later(days=2, minutes=59):
        await AutopayRunner(PaymentContext.at(shop)).drain()
    assert "autopays_late" not in capsys.readouterr().out
    for _ in range(3):
        await make_autopay(shop, await make_owner(shop))
    with clock.later(days=2, hours=2):
        runner = AutopayRunner(PaymentContext.at(shop))
        await runner.drain()
        await runner.drain()
    [line] = [line for line in capsys.readouterr().out.splitlines() if "autopays_late" in line]
    assert '"count":3' in line
