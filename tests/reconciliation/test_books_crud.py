"""Our side of a reference, as the ledger has it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.models import OperatorAttempt
from gencharge.core.values import clock
from gencharge.payments import service as payments
from gencharge.payments.topups_service import limits_json
from gencharge.recharge import service as recharge
from gencharge.reconciliation import books_crud, runs_service
from gencharge.reconciliation.matching import OurEntry, TheirRow
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceKind,
    EntryState,
)
from tests.make.reconciliation import (
    FIRST,
    SECOND,
    Shop,
    refund,
    resolve,
    sell_unknown,
    sell_with_fault,
    top_up,
)


async def test_the_second_capture_of_an_order_is_known_by_its_own_name(shop: Shop) -> None:
    user_id, opened, _ = await top_up(shop)

    async def again(db: AsyncSession) -> None:
        values = {"u": user_id, "p": opened.payment_id, "limits": limits_json(shop.stores.settings)}
        entries = (
            "SELECT capture_payment(:u, :p, 'pay_Second', 50000, 'INR', CAST(:limits AS jsonb), '{}', NULL)"
        )
        assert await db.scalar(text(entries), values) == "second"

    await shop.stores.database.run(again)
    run = await shop.match(GATEWAY)
    difference = await shop.only(run)
    assert (difference.kind, difference.reference) == (DifferenceKind.MISSING_AT_THEIRS, "pay_Second")
    assert (difference.payment_id, run.matched, run.difference_paise) == (opened.payment_id, 1, -50_000)


def theirs(reference: str, amount: int = 29_900, order_id: str | None = None) -> TheirRow:
    """A row of a statement."""
    return TheirRow(reference, amount, 0, clock.now(), order_id=order_id)


async def known(shop: Shop, channel: str, *references: str) -> dict[str, OurEntry]:
    rows = [theirs(reference) for reference in references]
    return await shop.stores.database.run(lambda db: books_crud.find_references(db, channel, rows))


async def test_a_delivered_recharge_is_booked_under_the_reference_that_delivered_it(shop: Shop) -> None:
    [sold] = await shop.sell(1)
    attempt = await sold.attempt()
    [entry] = (await known(shop, FIRST, attempt.reference)).values()
    assert (entry.state, entry.amount, entry.charges) == (EntryState.BOOKED, 29_900, 897)
    assert (entry.user_id, entry.recharge_id, entry.began_at) == (sold.user_id, sold.id, attempt.started_at)
    assert entry.booked_at is not None
    assert not entry.refused


async def test_a_reference_of_another_channel_is_foreign(shop: Shop) -> None:
    [sold] = await shop.sell(1)
    [entry] = (await known(shop, SECOND, (await sold.attempt()).reference)).values()
    assert (entry.state, entry.amount, entry.booked_at) == (EntryState.FOREIGN, None, None)


async def test_a_pending_recharge_is_under_way_and_a_failed_one_has_failed(shop: Shop) -> None:
    sold = await sell_unknown(shop)
    reference = (await sold.attempt()).reference
    assert (await known(shop, FIRST, reference))[reference].state is EntryState.UNDER_WAY
    await shop.stores.database.run(lambda db: recharge.fail(db, sold.user_id, sold.id, reason="by_hand"))
    entry = (await known(shop, FIRST, reference))[reference]
    assert (entry.state, entry.amount, entry.refused) == (EntryState.FAILED, None, False)


async def test_an_attempt_that_was_refused_before_another_channel_delivered_is_elsewhere(shop: Shop) -> None:
    shop.outside.script(FIRST, "submit", "decline")
    [sold] = await shop.sell(1)
    async with shop.stores.database.transaction() as db:
        query = select(OperatorAttempt).where(OperatorAttempt.recharge_id == sold.id)
        first, second = await db.scalars(query.order_by(OperatorAttempt.attempt))
    refused = (await known(shop, FIRST, first.reference))[first.reference]
    assert (refused.state, refused.refused, refused.amount) == (EntryState.ELSEWHERE, True, None)
    assert (await known(shop, SECOND, second.reference))[second.reference].state is EntryState.BOOKED


async def test_a_refunded_recharge_stays_booked(shop: Shop) -> None:
    difference = await sell_with_fault(shop)
    await resolve(shop, difference, "refund_customer")
    [entry] = (await known(shop, FIRST, difference.reference)).values()
    assert (entry.state, entry.amount) == (EntryState.BOOKED, 29_900)


async def test_unknown_references_are_left_out_and_known_ones_are_found_in_batches(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = await shop.sell(5)
    references = [(await each.attempt()).reference for each in sold]
    monkeypatch.setattr(books_crud, "BATCH", 2)
    assert set(await known(shop, FIRST, "nobody", *references, "=1+1")) == set(references)
    assert await known(shop, FIRST) == {}


async def test_the_deliveries_of_a_day_are_those_booked_between_two_midnights_in_india(shop: Shop) -> None:
    midnight = clock.start_of_day(runs_service.today())
    sold = []
    for at in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=23, minutes=59)):
        with clock.at(at):
            sold += await shop.sell(1)
    entries = await shop.stores.database.run(
        lambda db: books_crud.list_delivered(db, FIRST, midnight, midnight + timedelta(days=1))
    )
    assert {entry.recharge_id for entry in entries} == {each.id for each in sold[1:]}
    assert {(entry.amount, entry.charges) for entry in entries} == {(29_900, 897)}
    other = await shop.stores.database.run(
        lambda db: books_crud.list_delivered(db, SECOND, midnight, midnight + timedelta(days=1))
    )
    assert other == []


async def test_an_order_is_known_before_and_after_its_capture(shop: Shop) -> None:
    user_id, opened, gateway_id = await top_up(shop, learn=False)
    rows = [theirs(gateway_id, 50_000, opened.order_id), theirs("pay_x", 1, "order_x"), theirs("pay_y", 1)]

    async def entry() -> OurEntry:
        entries = await shop.stores.database.run(lambda db: books_crud.find_orders(db, GATEWAY, rows))
        assert set(entries) == {gateway_id}
        return entries[gateway_id]

    before = await entry()
    assert (before.state, before.amount, before.payment_id) == (EntryState.FAILED, None, opened.payment_id)
    await payments.ask_gateway(shop.context.payments, user_id, opened.payment_id)
    after = await entry()
    assert (after.state, after.amount, after.refund_id) == (EntryState.BOOKED, 50_000, None)


async def test_a_refund_is_a_negative_amount_under_the_gateways_id(shop: Shop) -> None:
    user_id, opened, _ = await top_up(shop)
    await refund(shop, user_id, opened, 20_000)
    midnight = clock.start_of_day(runs_service.today())
    entries = await shop.stores.database.run(
        lambda db: books_crud.list_gateway(db, GATEWAY, midnight, midnight + timedelta(days=1))
    )
    assert sorted(entry.amount or 0 for entry in entries) == [-20_000, 50_000]
    [refunded] = [entry for entry in entries if entry.refund_id is not None]
    assert refunded.reference.startswith("rfnd_")
    row = theirs(refunded.reference, -20_000, opened.order_id)
    entries_of_orders = await shop.stores.database.run(lambda db: books_crud.find_orders(db, GATEWAY, [row]))
    assert (entries_of_orders[row.reference].amount, entries_of_orders[row.reference].refund_id) == (
        -20_000,
        refunded.refund_id,
    )


async def test_a_reference_is_reported_if_another_days_statement_listed_it_with_a_difference(
    shop: Shop,
) -> None:
    difference = await sell_with_fault(shop, "extra_row")

    async def reported(counterparty: str, back: int) -> set[str]:
        day = runs_service.today() - timedelta(days=back)
        references = [difference.reference, "nobody"]
        return await shop.stores.database.run(
            lambda db: books_crud.find_reported(db, counterparty, day, references)
        )

    assert await reported(FIRST, 1) == {difference.reference}
    assert await reported(FIRST, 0) == set(), "the day's own statement does not count"
    assert await reported(SECOND, 1) == set()
