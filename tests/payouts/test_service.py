"""Where money goes is checked with the bank, kept by the gateway, and told to nobody; closing the account sends it there."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payouts import service
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.errors import (
    PayeeChecksExceeded,
    PayeeInvalid,
    PayeeNotFound,
    PayeeNotVerified,
    PayoutsUnavailable,
)
from gencharge.payouts.models import Payee
from gencharge.payouts.service import CHECKS_WINDOW, MAX_CHECKS
from gencharge.velocity import service as velocity
from gencharge.velocity.models import CautionReason
from tests.make.money import fund
from tests.make.outside import NOBODY, Outside
from tests.make.payments import assert_clean, events_of, make_payer, transfers_of
from tests.make.payouts import BANK, UPI, close_account, payout_context, payout_of, set_payee


@pytest.mark.parametrize(
    ("fields", "kind", "destination"),
    [(UPI, "upi", "as***@okaxis"), (BANK, "bank_account", "***6789")],
)
async def test_a_payee_is_shown_so_that_its_owner_knows_it_and_nobody_else_can_use_it(
    context: PayoutContext, stores: Stores, fields: dict[str, Any], kind: str, destination: str
) -> None:
    user_id = await make_payer(stores)
    payee = await set_payee(context, user_id, **fields)
    assert (payee.kind, payee.destination) == (kind, destination)
    assert payee.holder.endswith("***")
    assert payee == await stores.database.run(lambda db: service.show_payee(db, user_id))
    async with stores.database.transaction() as db:
        stored: str = await db.scalar(
            text(
                "SELECT p::text || coalesce((SELECT string_agg(e::text, '') FROM events e), '') FROM payees p"
            )
        )
    for secret in (*(UPI if kind == "upi" else BANK).values(), "fa_"):
        assert secret not in stored
    [event] = await events_of(stores, user_id, "PayeeVerified")
    assert (event["kind"], event["destination"]) == (kind, destination)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"upi_address": "unknown.person@okaxis"}, "body.upi_address"),
        ({**BANK, "account_number": "123450000"}, "body.account_number"),
    ],
)
async def test_what_the_bank_does_not_know_is_refused_and_the_payee_before_stays(
    context: PayoutContext, stores: Stores, fields: dict[str, Any], field: str
) -> None:
    user_id = await make_payer(stores)
    before = await set_payee(context, user_id)
    with pytest.raises(PayeeInvalid) as refused:
        await set_payee(context, user_id, **fields)
    assert [problem["field"] for problem in refused.value.errors or ()] == [field]
    with pytest.raises(PayeeNotVerified):
        await set_payee(context, user_id, upi_address="slow.person@okaxis")
    assert await stores.database.run(lambda db: service.show_payee(db, user_id)) == before


async def test_the_bank_is_asked_five_times_a_day_also_at_once(
    context: PayoutContext, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    results = await asyncio.gather(
        *(set_payee(context, user_id) for _ in range(MAX_CHECKS + 3)), return_exceptions=True
    )
    assert sum(isinstance(result, PayeeChecksExceeded) for result in results) == 3
    assert not [
        each
        for each in results
        if isinstance(each, BaseException) and not isinstance(each, PayeeChecksExceeded)
    ]
    with clock.later(seconds=CHECKS_WINDOW.total_seconds() + 1):
        await set_payee(context, user_id)


async def test_who_asks_all_day_is_refused_all_day(context: PayoutContext, stores: Stores) -> None:
    user_id = await make_payer(stores)
    await set_payee(context, user_id)
    maximum = update(Payee).where(Payee.user_id == user_id).values(checks=2**15 - 1)
    await stores.database.run(lambda db: db.execute(maximum))
    for _ in range(2):
        with pytest.raises(PayeeChecksExceeded):
            await set_payee(context, user_id)


async def test_without_the_gateway_nothing_changes(context: PayoutContext, stores: Stores) -> None:
    user_id = await make_payer(stores)
    away = payout_context(stores, NOBODY)
    none = PayoutContext(stores.settings, stores.database, None)
    for where in (away, none):
        with pytest.raises(PayoutsUnavailable):
            await set_payee(where, user_id)
    await away.close()
    with pytest.raises(PayeeNotFound):
        await stores.database.run(lambda db: service.show_payee(db, user_id))


@pytest.mark.parametrize("script", ["time_out_after", "server_error_before", "garbage", "too_many_requests"])
async def test_an_answer_that_proves_nothing_verifies_nothing(
    context: PayoutContext, outside: Outside, stores: Stores, script: str
) -> None:
    user_id = await make_payer(stores)
    impatient = payout_context(stores, outside.base, timeout_seconds=0.5)
    outside.script("gateway", "account_check", script)
    with pytest.raises(PayoutsUnavailable):
        await set_payee(impatient, user_id)
    await impatient.close()
    with pytest.raises(PayeeNotFound):
        await stores.database.run(lambda db: service.show_payee(db, user_id))


async def test_a_payee_is_taken_away_once(context: PayoutContext, stores: Stores) -> None:
    user_id = await make_payer(stores)
    await set_payee(context, user_id)
    await stores.database.run(lambda db: service.remove_payee(db, user_id))
    for verb in (service.show_payee, service.remove_payee):
        with pytest.raises(PayeeNotFound):
            await stores.database.run(lambda db, verb=verb: verb(db, user_id))


async def test_closing_an_account_sends_the_rest_to_its_payee(context: PayoutContext, stores: Stores) -> None:
    user_id = await make_payer(stores)
    await fund(stores, user_id, 700)
    await set_payee(context, user_id)
    await close_account(stores, user_id)
    payout = await payout_of(stores, user_id)
    assert (payout.amount, payout.status, payout.destination) == (70_000, "due", "as***@okaxis")
    assert (await transfers_of(stores, user_id))[-1] == ("user:main", "payout", 70_000)
    assert await events_of(stores, user_id, "PayoutNeedsPayee") == []
    await assert_clean(stores)


async def test_without_a_payee_the_account_is_closed_and_the_staff_are_told(stores: Stores) -> None:
    user_id = await make_payer(stores)
    await fund(stores, user_id, 700)
    await close_account(stores, user_id)
    payout = await payout_of(stores, user_id)
    assert (payout.status, payout.reason, payout.next_attempt_at) == ("needs_payee", "no_payee", None)
    [event] = await events_of(stores, user_id, "PayoutNeedsPayee")
    assert (event["payout_id"], event["amount_paise"]) == (str(payout.payout_id), 70_000)
    await assert_clean(stores)


async def test_an_empty_wallet_is_no_payout(context: PayoutContext, stores: Stores) -> None:
    user_id = await make_payer(stores)
    await set_payee(context, user_id)
    await close_account(stores, user_id)
    async with stores.database.transaction() as db:
        count = text("SELECT count(*) FROM payouts WHERE user_id = :user_id")
        assert await db.scalar(count, {"user_id": user_id}) == 0


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Asha Verma", "A*** V***"), ("ASHA  K  VERMA", "A*** K*** V***"), ("", "***"), ("अनिता", "अ***")],
)
def test_of_a_name_only_first_letters_are_kept(name: str, letters: str) -> None:
    assert service.first_letters(name) == letters


@pytest.mark.parametrize("reason", list(CautionReason))
async def test_nobody_names_a_payee_while_the_velocity_rules_are_cautious(
    context: PayoutContext, stores: Stores, reason: CautionReason
) -> None:
    """Who signed in with a stolen number would empty the wallet past RECHARGE_SUM_WHILE_CAUTIOUS."""
    user_id, robbed = await make_payer(stores), await make_payer(stores)
    await set_payee(context, robbed, **BANK)
    for each in (user_id, robbed):
        await fund(stores, each, 700)
    start = clock.now()
    with clock.at(start):
        for each in (user_id, robbed):
            await stores.database.run(
                lambda db, owner=each: velocity.be_cautious(db, context.settings, owner, reason)
            )
            with pytest.raises(PayeeChecksExceeded) as refused:
                await set_payee(context, each, **UPI)
            assert refused.value.headers["Retry-After"] == str(24 * 3600)
        # The payee from before stays, and the rest of the money goes there.
        await close_account(stores, robbed)
        assert (await payout_of(stores, robbed)).destination == "***6789"
    with clock.at(start + timedelta(hours=24)):
        assert (await set_payee(context, user_id, **UPI)).destination == "as***@okaxis"
