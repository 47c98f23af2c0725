"""The family board: every number with what is on it, nothing that is not the customer's to see, in a bounded number of statements."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from gencharge.bills import crud
from gencharge.bills import service as bills
from gencharge.channels.service import OperatorBill, PartPayment
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.family import service as family
from gencharge.family.schemas import FamilyBoard, FamilyNumber
from gencharge.operators import service as operators
from gencharge.users import numbers_service as numbers
from gencharge.users import service as users
from tests.counting import counting, listening
from tests.make.autopay import make_autopay, make_owner
from tests.make.money import buy, find_plan, make_number
from tests.make.recharge import run_sql


async def save(shop: Stores, user_id: UUID, phone_number: str, nickname: str = "Mother") -> None:
    """The customer keeps a number of Jio in Karnataka."""
    await shop.database.run(
        lambda db: numbers.save(
            db,
            user_id,
            phone_number=phone_number,
            nickname=nickname,
            operator="JIO",
            circle="KA",
            service_type="prepaid",
        )
    )


async def board(shop: Stores, user_id: UUID) -> FamilyBoard:
    return await shop.database.run(lambda db: family.board(db, user_id))


async def on(shop: Stores, user_id: UUID, phone_number: str) -> FamilyNumber:
    """What the board says of this number."""
    [number] = [each for each in (await board(shop, user_id)).numbers if each.phone_number == phone_number]
    return number


async def test_the_own_number_comes_first_and_has_nothing_on_it_yet(shop: Stores) -> None:
    user_id = await make_owner(shop, 0)
    own = (await shop.database.run(lambda db: users.get(db, user_id))).phone_number
    [number] = (await board(shop, user_id)).numbers
    assert (number.phone_number, number.is_own, number.nickname) == (own, True, None)
    assert (number.plan, number.queued_plan, number.bill, number.autopay) == (None, None, None, None)


async def test_a_saved_number_shows_its_plans_and_the_next_autopay(shop: Stores) -> None:
    user_id = await make_owner(shop)
    mother, plan = await make_number(shop), await find_plan(shop)
    await save(shop, user_id, mother)
    first = (await buy(shop, user_id, mother, plan.plan_id)).answer
    second = (await buy(shop, user_id, mother, plan.plan_id, confirm_duplicate=True)).answer
    later = await make_autopay(shop, user_id, phone_number=mother, tag="onetime")
    number = await on(shop, user_id, mother)
    assert (number.nickname, number.operator, number.circle, number.is_own) == ("Mother", "JIO", "KA", False)
    assert number.plan is not None
    assert (number.plan.recharge_id, number.plan.days_left) == (first.recharge_id, 27)
    assert number.queued_plan is not None
    assert (number.queued_plan.recharge_id, number.queued_plan.days_left) == (second.recharge_id, None)
    assert number.autopay is not None
    assert (number.autopay.autopay_id, number.autopay.next_due_at) == (later.autopay_id, later.next_due_at)
    assert number.autopay.amount == Money(29_900)


async def test_at_its_end_a_plan_makes_room_for_the_queued_one(shop: Stores) -> None:
    user_id = await make_owner(shop)
    mother, plan = await make_number(shop), await find_plan(shop)
    await save(shop, user_id, mother)
    for _ in range(2):
        second = (await buy(shop, user_id, mother, plan.plan_id, confirm_duplicate=True)).answer
    with clock.later(days=29):
        number = await on(shop, user_id, mother)
    assert number.plan is not None
    assert (number.plan.recharge_id, number.queued_plan) == (second.recharge_id, None)


async def test_what_others_bought_shows_on_the_own_number_only(shop: Stores) -> None:
    user_id, friend = await make_owner(shop), await make_owner(shop)
    plan, theirs = await find_plan(shop), await make_number(shop)
    own = (await shop.database.run(lambda db: users.get(db, user_id))).phone_number
    await save(shop, user_id, theirs)
    for number in (own, theirs):
        await make_number_of_jio(shop, number)
        await buy(shop, friend, number, plan.plan_id)
        await make_autopay(shop, friend, phone_number=number)
    own_line, other = (await board(shop, user_id)).numbers
    assert own_line.plan is not None
    assert other.plan is None
    assert (own_line.autopay, other.autopay) == (None, None)


async def make_number_of_jio(shop: Stores, phone_number: str) -> None:
    """What a registry says of a number."""
    await shop.database.run(
        lambda db: operators.remember(db, phone_number, SYSTEM_USER_ID, "JIO", "KA", "prepaid")
    )


async def test_thirty_numbers_take_as_many_statements_as_one(shop: Stores) -> None:
    counts = []
    plan = await find_plan(shop)
    for size in (1, 30):
        user_id = await make_owner(shop, 10_000)
        for position in range(size):
            number = await make_number(shop)
            await save(shop, user_id, number, f"Number {position}")
            await buy(shop, user_id, number, plan.plan_id)
            await make_autopay(shop, user_id, phone_number=number)
        with listening(shop.database), counting() as counted:
            answer = await board(shop, user_id)
        assert len(answer.numbers) == size + 1
        assert all(each.plan is not None and each.autopay is not None for each in answer.numbers[1:])
        counts.append(counted.statements)
    assert counts[0] == counts[1]
    assert counts[0] <= 8


async def test_a_due_bill_is_on_the_board_of_who_fetched_it_until_it_is_paid(shop: Stores) -> None:
    user_id, other = await make_owner(shop), await make_owner(shop)
    mother = await make_number(shop, service_type="postpaid")
    for each in (user_id, other):
        await save(shop, each, mother)
    for bill_reference, day in (("B2", date(2026, 12, 20)), ("B1", date(2026, 11, 20))):
        fetched = OperatorBill(bill_reference, "A***", 649_50, 1_00, PartPayment.ANY, day, None, None)
        await shop.database.run(
            lambda db, fetched=fetched: crud.add_bill(  # type: ignore[misc]
                db, bills.new_bill(user_id, mother, "JIO", "KA", fetched)
            )
        )
    bill = (await on(shop, user_id, mother)).bill
    assert bill is not None
    assert (bill.amount, bill.due_on) == (Money(649_50), date(2026, 11, 20))
    assert (await on(shop, other, mother)).bill is None
    closed = "UPDATE bills SET status = 'closed' WHERE user_id = :user_id"
    await run_sql(shop, closed, user_id=user_id)
    assert (await on(shop, user_id, mother)).bill is None
