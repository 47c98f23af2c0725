"""A recharge from the wallet: all of it or nothing, once for a key."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from gencharge.core.errors import IdempotencyKeyReused, Problem
from gencharge.core.events.events import EventRow
from gencharge.core.http.web import to_json
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.plans.errors import PlanNotFound
from gencharge.recharge import errors, quote_service
from gencharge.recharge import service as recharge
from gencharge.recharge.models import ActivePlan, Recharge
from gencharge.recharge.schemas import Quote
from gencharge.wallet.errors import InsufficientBalance, WalletNotFound
from gencharge.wallet.models import Transfer
from tests.make.money import balance, buy, find_plan, fingerprint, make_customer, make_number


async def test_a_recharge_takes_the_price_books_it_starts_the_plan_and_announces_it(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    sale = (await buy(shop, user, number, plan.plan_id)).answer
    assert sale.status == "active"
    assert sale.total_paid == Money.rupees(299)
    assert sale.wallet_balance == Money.rupees(4_701) == await balance(shop, user)
    assert sale.valid_until is not None
    assert sale.valid_from is not None
    assert sale.valid_until - sale.valid_from == timedelta(days=28)
    async with shop.database.transaction() as db:
        moved = (await db.scalars(select(Transfer).where(Transfer.user_id == user, Transfer.code == 3))).one()
        assert (moved.debit, moved.credit, moved.amount) == ("user:main", "operator:jio", 29_900)
        assert moved.reference_id == sale.subscription_id
        started = (await db.scalars(select(ActivePlan).where(ActivePlan.phone_number == number))).one()
        assert (started.recharge_id, started.status) == (sale.subscription_id, "active")
        event = (await db.scalars(select(EventRow).where(EventRow.user_id == user))).one()
        assert event.topic == "PlanRecharged"
        assert event.payload["total_paid_paise"] == 29_900


async def test_the_same_key_and_body_again_gets_the_same_answer_and_moves_nothing(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    first = await buy(shop, user, number, plan.plan_id, key="k-1")
    again = await buy(shop, user, number, plan.plan_id, key="k-1")
    assert not first.replayed
    assert again.replayed
    assert again.answer == first.answer
    assert await balance(shop, user) == Money.rupees(4_701)


async def test_a_replay_tells_what_the_first_answer_told_even_after_the_plan_has_ended(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    first = await buy(shop, user, number, plan.plan_id, key="k-2")
    with clock.later(days=40):
        again = await buy(shop, user, number, plan.plan_id, key="k-2")
    assert again.answer == first.answer


async def test_the_same_key_with_another_body_is_refused_and_moves_nothing(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    await buy(shop, user, number, plan.plan_id, key="k-3")
    before = await fingerprint(shop)
    other = await make_number(shop)
    for wrong in (
        {"phone_number": other},
        {"source": "app"},
        {"plan_id": (await find_plan(shop, rupees=349)).plan_id},
    ):
        arguments = {"phone_number": number, "plan_id": plan.plan_id} | wrong
        with pytest.raises(IdempotencyKeyReused):
            await buy(shop, user, key="k-3", **arguments)  # type: ignore[arg-type]
    assert await fingerprint(shop) == before


async def test_one_key_of_two_customers_is_two_keys(shop: Stores) -> None:
    plan = await find_plan(shop)
    sales = [
        await buy(shop, await make_customer(shop), await make_number(shop), plan.plan_id, key="k-4")
        for _ in range(2)
    ]
    assert [sale.replayed for sale in sales] == [False, False]


async def test_twenty_concurrent_posts_with_one_key_make_one_recharge_and_get_one_answer(
    shop: Stores,
) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    sales = await asyncio.gather(*(buy(shop, user, number, plan.plan_id, key="k-5") for _ in range(20)))
    assert sum(not sale.replayed for sale in sales) == 1
    assert len({to_json(sale.answer) for sale in sales}) == 1
    assert await balance(shop, user) == Money.rupees(4_701)


async def test_one_key_racing_for_two_numbers_recharges_one_of_them(shop: Stores) -> None:
    plan = await find_plan(shop)
    for _ in range(10):
        user, numbers = await make_customer(shop), [await make_number(shop), await make_number(shop)]
        results = await asyncio.gather(
            *(buy(shop, user, number, plan.plan_id, key="k-6") for number in numbers), return_exceptions=True
        )
        assert sum(isinstance(result, IdempotencyKeyReused) for result in results) == 1
        assert await balance(shop, user) == Money.rupees(4_701)


async def test_64_clients_spending_one_wallet_at_once_never_overspend(shop: Stores) -> None:
    plan = await find_plan(shop)
    user = await make_customer(shop, rupees=299 * 10 + 298)
    numbers = [await make_number(shop) for _ in range(64)]
    results = await asyncio.gather(
        *(buy(shop, user, number, plan.plan_id) for number in numbers), return_exceptions=True
    )
    assert sum(isinstance(result, InsufficientBalance) for result in results) == 54
    assert await balance(shop, user) == Money.rupees(298)
    async with shop.database.transaction() as db:
        query = select(func.count(), func.sum(Transfer.amount)).where(
            Transfer.user_id == user, Transfer.code == 3
        )
        assert tuple((await db.execute(query)).one()) == (10, 299_00 * 10)


async def test_fifty_racing_recharges_of_one_number_leave_one_active_plan_and_a_queue(shop: Stores) -> None:
    plan = await find_plan(shop, rupees=249)
    user, number = await make_customer(shop, rupees=249 * 50), await make_number(shop)
    await asyncio.gather(*(buy(shop, user, number, plan.plan_id, confirm_duplicate=True) for _ in range(50)))
    async with shop.database.transaction() as db:
        query = select(ActivePlan.status, func.count()).where(ActivePlan.phone_number == number)
        counts = {status: count for status, count in await db.execute(query.group_by(ActivePlan.status))}
    assert counts == {"active": 1, "queued": 49}
    assert await balance(shop, user) == Money(0)


async def test_ten_racing_taps_without_confirmation_make_one_recharge(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    results = await asyncio.gather(
        *(buy(shop, user, number, plan.plan_id) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(result, errors.DuplicateRecharge) for result in results) == 9
    assert await balance(shop, user) == Money.rupees(4_701)


async def test_a_duplicate_is_one_within_the_window_and_of_the_same_plan_only(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    await buy(shop, user, number, plan.plan_id)
    with pytest.raises(errors.DuplicateRecharge):
        await buy(
            shop, await make_customer(shop), number, plan.plan_id
        )  # somebody else paid for it a moment ago
    await buy(shop, user, number, (await find_plan(shop, rupees=349)).plan_id)
    await buy(shop, user, number, plan.plan_id, confirm_duplicate=True)
    with clock.later(seconds=61):
        assert (await buy(shop, user, number, plan.plan_id)).answer.status == "queued"


@pytest.mark.parametrize(
    ("operator", "rupees", "number_of", "refusal", "known"),
    [
        ("AIRTEL", 299, {"operator": "JIO"}, errors.OperatorMismatch, "JIO"),
        (
            "JIO",
            449,
            {"operator": "JIO", "service_type": "postpaid", "category": "unlimited"},
            errors.ServiceTypeMismatch,
            "postpaid",
        ),
        (
            "JIO",
            449,
            {"operator": "JIO", "service_type": "prepaid", "category": "postpaid_rental"},
            errors.ServiceTypeMismatch,
            "prepaid",
        ),
        ("JIO", 19, {"operator": "JIO"}, errors.BasePlanRequired, None),
    ],
)
async def test_what_does_not_fit_the_number_is_refused_with_what_is_known_of_it(
    shop: Stores,
    operator: str,
    rupees: int,
    number_of: dict[str, str],
    refusal: type[Problem],
    known: str | None,
) -> None:
    category = number_of.pop("category", None)
    user, number = await make_customer(shop), await make_number(shop, **number_of)
    plan = await find_plan(shop, operator, rupees, category)
    before = await fingerprint(shop)
    with pytest.raises(refusal) as refused:
        await buy(shop, user, number, plan.plan_id)
    assert refused.value.extra.get("known") == known
    assert await fingerprint(shop) == before


async def test_my_own_correction_of_a_number_counts_for_me_and_for_nobody_else(shop: Stores) -> None:
    number, plan = await make_number(shop, operator="AIRTEL"), await find_plan(shop)
    user, other = await make_customer(shop), await make_customer(shop)

    async def correct(db):  # type: ignore[no-untyped-def]
        await operators.remember(db, number, user, operator="JIO", circle=None, service_type="prepaid")

    await shop.database.run(correct)
    with pytest.raises(errors.OperatorMismatch):
        await buy(shop, other, number, plan.plan_id)
    assert (await buy(shop, user, number, plan.plan_id)).answer.status == "active"


async def test_a_hint_counts_where_nothing_better_is_known_and_nothing_known_is_no_obstacle(
    shop: Stores,
) -> None:
    user, plan = await make_customer(shop), await find_plan(shop)
    hinted = next(number for number in _random_numbers() if operators.hint(number) == "VI")
    with pytest.raises(errors.OperatorMismatch) as refused:
        await buy(shop, user, hinted, plan.plan_id)
    assert refused.value.extra["known"] == "VI"
    unknown = next(number for number in _random_numbers() if operators.hint(number) is None)
    assert (await buy(shop, user, unknown, plan.plan_id)).answer.status == "active"


async def test_a_recharge_that_waited_for_its_number_happened_after_the_wait(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    async with shop.database.transaction() as db:
        await db.execute(text("SELECT lock_line(:number)"), {"number": number})
        waiting = asyncio.create_task(buy(shop, user, number, plan.plan_id))
        await asyncio.sleep(0.2)
        released_at = await db.scalar(text("SELECT clock_timestamp()"))
    assert (await waiting).answer.created_at >= released_at


async def test_a_plan_of_some_circles_needs_a_number_of_one_of_them(shop: Stores) -> None:
    plan = await find_plan(shop, rupees=189)
    await _change(shop, "UPDATE plans SET circles = '{MH,DL}' WHERE plan_id = :id", id=plan.plan_id)
    try:
        user = await make_customer(shop)
        for circle in (None, "KA"):
            with pytest.raises(errors.CircleMismatch) as refused:
                await buy(shop, user, await make_number(shop, circle=circle), plan.plan_id)
            assert refused.value.extra["known"] == circle
        assert (
            await buy(shop, user, await make_number(shop, circle="DL"), plan.plan_id)
        ).answer.status == "active"
    finally:
        await _change(shop, "UPDATE plans SET circles = '{}' WHERE plan_id = :id", id=plan.plan_id)


async def test_a_plan_that_is_not_on_sale_now_is_refused(shop: Stores) -> None:
    plan = await find_plan(shop, "VI", 199)
    user, number = await make_customer(shop), await make_number(shop, "VI")
    undo = "UPDATE plans SET status = 'active', active_from = NULL, active_until = NULL WHERE plan_id = :id"
    for change in (
        "status = 'inactive'",
        "status = 'draft'",
        "active_from = now() + interval '1 h'",
        "active_until = now()",
    ):
        await _change(shop, f"UPDATE plans SET {change} WHERE plan_id = :id", id=plan.plan_id)
        try:
            before = await fingerprint(shop)
            with pytest.raises(errors.PlanInactive):
                await buy(shop, user, number, plan.plan_id)
            assert await fingerprint(shop) == before
        finally:
            await _change(shop, undo, id=plan.plan_id)


async def test_an_operator_that_is_down_takes_no_recharge_and_no_money(shop: Stores) -> None:
    plan = await find_plan(shop, "VI", 299)
    user, number = await make_customer(shop), await make_number(shop, "VI")
    for change, refusal in (
        ("status = 'down'", errors.OperatorDown),
        ("is_active = false", errors.OperatorDown),
        ("channel = 'api'", errors.OperatorChannelUnavailable),
    ):
        await _change(shop, f"UPDATE operators SET {change} WHERE code = 'VI'")
        try:
            with pytest.raises(refusal):
                await buy(shop, user, number, plan.plan_id)
        finally:
            await _change(
                shop,
                "UPDATE operators SET status = 'up', is_active = true, channel = 'internal' WHERE code = 'VI'",
            )
    assert await balance(shop, user) == Money.rupees(5_000)


async def test_unknown_plans_and_customers_without_a_wallet_are_told_so(shop: Stores) -> None:
    number, plan = await make_number(shop), await find_plan(shop)
    with pytest.raises(PlanNotFound):
        await buy(shop, await make_customer(shop), number, uuid4())
    with pytest.raises((WalletNotFound, InsufficientBalance)):
        await buy(shop, uuid4(), number, plan.plan_id)


async def test_a_quote_without_a_wallet_says_so_and_a_failed_recharge_shows_as_failed(shop: Stores) -> None:
    number, plan = await make_number(shop), await find_plan(shop)
    with pytest.raises(WalletNotFound):
        await quote_service.quote(shop.database, uuid4(), Quote(phone_number=number, plan_id=plan.plan_id))
    user = await make_customer(shop)
    sale = (await buy(shop, user, number, plan.plan_id)).answer
    await _change(shop, "UPDATE recharges SET status = 'failed' WHERE user_id = :user", user=user)
    shown = await shop.database.run(lambda db: recharge.show(db, user, sale.subscription_id))
    assert shown.status == "failed"
    await _change(shop, "UPDATE recharges SET status = 'delivered' WHERE user_id = :user", user=user)


async def test_a_balance_one_paisa_short_is_not_enough_and_the_exact_one_is(shop: Stores) -> None:
    plan = await find_plan(shop)
    user, number = await make_customer(shop, rupees=298), await make_number(shop)
    before = await fingerprint(shop)
    with pytest.raises(InsufficientBalance):
        await buy(shop, user, number, plan.plan_id)
    assert await fingerprint(shop) == before
    exact = await make_customer(shop, rupees=299)
    assert (await buy(shop, exact, number, plan.plan_id)).answer.wallet_balance == Money(0)


async def test_the_answer_keeps_the_terms_of_the_sale_when_the_plan_changes_later(shop: Stores) -> None:
    user, number, plan = (
        await make_customer(shop),
        await make_number(shop, "VI"),
        await find_plan(shop, "VI", 349),
    )
    sale = (await buy(shop, user, number, plan.plan_id)).answer
    await _change(
        shop,
        "UPDATE plans SET price_paise = 39900, version = version + 1 WHERE plan_id = :id",
        id=plan.plan_id,
    )
    try:
        async with shop.database.transaction() as db:
            recharge = await db.get_one(Recharge, (user, sale.subscription_id))
            assert (recharge.price, recharge.plan_version) == (34_900, plan.version)
        later = (await buy(shop, user, await make_number(shop, "VI"), plan.plan_id)).answer
        assert later.total_paid == Money.rupees(399)
    finally:
        undo = "UPDATE plans SET price_paise = 34900, version = version - 1 WHERE plan_id = :id"
        await _change(shop, undo, id=plan.plan_id)


async def test_a_sale_takes_what_the_customer_expects_to_pay_and_nothing_else(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    before = await fingerprint(shop)
    for expected in ("298.99", "299.01", "14", "0"):
        with pytest.raises(errors.PriceChanged) as refused:
            await buy(shop, user, number, plan.plan_id, expected_price=expected)
        assert refused.value.extra == {"price": Money.rupees(299)}
        assert refused.value.errors == [
            {
                "field": "body.expected_price",
                "message": "The plan costs 299.00 now",
                "code": "price_changed",
            }
        ]
    assert await fingerprint(shop) == before
    sale = await buy(shop, user, number, plan.plan_id, key="expected", expected_price="299")
    again = await buy(shop, user, number, plan.plan_id, key="expected", expected_price="299")
    assert (sale.answer.total_paid, again.answer, again.replayed) == (Money.rupees(299), sale.answer, True)


async def test_a_price_that_rises_between_quote_and_sale_is_not_charged(shop: Stores) -> None:
    plan = await find_plan(shop, "VI", 349)
    user, number = await make_customer(shop), await make_number(shop, "VI")
    quote = await quote_service.quote(shop.database, user, Quote(phone_number=number, plan_id=plan.plan_id))
    raise_price = "UPDATE plans SET price_paise = :price WHERE plan_id = :id"
    await _change(shop, raise_price, price=399_00, id=plan.plan_id)
    try:
        with pytest.raises(errors.PriceChanged) as refused:
            await buy(shop, user, number, plan.plan_id, key="risen", expected_price=quote.payable)
        assert refused.value.extra == {"price": Money.rupees(399)}
        assert await balance(shop, user) == Money.rupees(5_000)
        # Nothing is stored under the key, so the customer who agrees may go on with it.
        sale = await buy(shop, user, number, plan.plan_id, key="risen", expected_price="399")
        assert sale.answer.total_paid == Money.rupees(399)
    finally:
        await _change(shop, raise_price, price=349_00, id=plan.plan_id)
    # The price is compared when something is sold, not when the answer is given again.
    again = await buy(shop, user, number, plan.plan_id, key="risen", expected_price="399")
    assert (again.replayed, again.answer) == (True, sale.answer)


async def test_rules_come_before_the_price_and_the_price_before_the_balance(shop: Stores) -> None:
    plan = await find_plan(shop)
    user, number = await make_customer(shop, rupees=1), await make_number(shop)
    with pytest.raises(errors.OperatorMismatch):
        await buy(shop, user, await make_number(shop, "VI"), plan.plan_id, expected_price="1")
    with pytest.raises(errors.PriceChanged):
        await buy(shop, user, number, plan.plan_id, expected_price="1")


async def test_a_process_of_the_last_release_sells_through_the_new_function(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    last_release = """
        SELECT outcome FROM recharge_from_wallet(
            p_user => $1, p_id => $2, p_key => $3, p_hash => $4, p_phone => $5, p_plan => $6, p_hint => $7,
            p_source => $8, p_replace => $9, p_confirmed => $10, p_window_seconds => $11, p_transfer => $12,
            p_event => $13, p_context => $14, p_pinned => $15)
    """
    values = (user, uuid4(), "k", b"", number, plan.plan_id, None, "web", False, False, 60, uuid4(), uuid4())
    assert await shop.database.fetch_row(last_release, *values, "{}", None) == ("done",)


async def test_a_request_without_an_expected_price_has_the_hash_that_it_always_had(shop: Stores) -> None:
    user, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    sale = (await buy(shop, user, number, plan.plan_id)).answer
    body = (
        f'{{"phone_number":"{number}","plan_id":"{plan.plan_id}","payment_method":"wallet","wallet_amount":null,'
        '"source":"web","activation_mode":"queue","confirm_duplicate":false}'
    )
    async with shop.database.transaction() as db:
        row = await db.get_one(Recharge, (user, sale.recharge_id))
    assert row.request_hash == hashlib.sha256(body.encode()).digest()


async def test_numbers_that_everybody_knows_are_kept_under_the_system(shop: Stores) -> None:
    number = await make_number(shop, "AIRTEL", circle="MH")
    async with shop.database.transaction() as db:
        query = text("SELECT operator, circle FROM known_connection(:phone, :user)")
        assert tuple((await db.execute(query, {"phone": number, "user": SYSTEM_USER_ID})).one()) == (
            "AIRTEL",
            "MH",
        )


def _random_numbers() -> Iterator[str]:
    while True:
        yield f"+91{random.choice('6789')}{random.randrange(10**9):09d}"


async def _change(stores: Stores, statement: str, **values: object) -> None:
    async with stores.database.transaction() as db:
        await db.execute(text(statement), values)
