"""A bill is asked for once more than it is believed: what the operator says is kept, and strangers' bills are not for collecting."""

from __future__ import annotations

import asyncio
import dataclasses
from uuid import uuid4

import pytest

from gencharge.bills import keeping_service
from gencharge.bills import service as bills
from gencharge.bills.context_service import BillsContext
from gencharge.bills.errors import (
    BillCustomersExceeded,
    BillLookupsExceeded,
    BillNotFound,
    BillOperatorRequired,
    BillOperatorUnavailable,
    NoBillDue,
    NumberIsPrepaid,
    NumberNotOfOperator,
)
from gencharge.bills.models import BillStatus
from gencharge.bills.schemas import BillQuery
from gencharge.core.errors import Problem
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.operators.errors import CircleInvalid, OperatorInvalid
from gencharge.recharge.errors import OperatorDown
from tests.make.bills import fetch, put_bill
from tests.make.factories import make_user
from tests.make.money import make_customer, make_number
from tests.make.operators import set_maintenance
from tests.make.outside import Outside
from tests.make.recharge import run_sql


async def test_a_bill_is_what_the_operator_says_with_the_name_masked(
    context: BillsContext, outside: Outside
) -> None:
    number = put_bill(outside, paise=649_50, part_payment="exact", customer_name="Asha Verma", days=3)
    bill = await fetch(context, uuid4(), number, circle="ka")
    assert (bill.amount, bill.minimum, bill.status) == (Money(649_50), Money(649_50), BillStatus.DUE)
    assert (bill.customer_name, bill.operator, bill.circle) == ("A*** V***", "JIO", "KA")
    assert (bill.due_on - clock.now().astimezone(clock.IST).date()).days == 3
    assert not bill.is_overdue
    assert bill.expires_at - bill.fetched_at == keeping_service.VALID_FOR
    assert (str(bill.period_from), str(bill.period_to)) == ("2026-10-01", "2026-10-31")


@pytest.mark.parametrize(("rule", "minimum"), [("any", 1_00), ("minimum", 200_00), ("exact", 500_00)])
async def test_the_least_that_is_taken_follows_from_the_rule(
    context: BillsContext, outside: Outside, rule: str, minimum: int
) -> None:
    number = put_bill(outside, part_payment=rule, minimum_paise=200_00)
    assert (await fetch(context, uuid4(), number)).minimum == Money(minimum)


async def test_a_bill_is_overdue_from_the_day_after_it_was_due_in_india(
    context: BillsContext, outside: Outside
) -> None:
    today, yesterday = put_bill(outside, days=0), put_bill(outside, days=-1)
    assert not (await fetch(context, uuid4(), today)).is_overdue
    assert (await fetch(context, uuid4(), yesterday)).is_overdue


async def test_fetched_again_it_is_the_same_bill_with_the_amount_of_now(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = uuid4(), put_bill(outside)
    first = await fetch(context, user_id, number)
    put_bill(outside, phone_number=number, paise=350_00)
    again = await fetch(context, user_id, number)
    assert (again.bill_id, again.amount) == (first.bill_id, Money(350_00))
    page = await shop.database.run(lambda db: bills.list_bills(db, user_id, BillQuery()))
    assert [each.bill_id for each in page.items] == [first.bill_id]


async def test_ten_fetches_at_once_keep_one_bill(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = uuid4(), put_bill(outside)
    fetched = await asyncio.gather(*(fetch(context, user_id, number) for _ in range(10)))
    assert len({bill.bill_id for bill in fetched}) == 1
    page = await shop.database.run(lambda db: bills.list_bills(db, user_id, BillQuery()))
    assert len(page.items) == 1


async def test_a_new_bill_closes_the_one_before_and_so_does_none(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = uuid4(), put_bill(outside)
    first = await fetch(context, user_id, number)
    put_bill(outside, phone_number=number, reference="B2")
    second = await fetch(context, user_id, number)
    assert second.bill_id != first.bill_id
    put_bill(outside, phone_number=number, reference="B2", paise=0)
    with pytest.raises(NoBillDue):
        await fetch(context, user_id, number)
    for bill in (first, second):
        shown = await shop.database.run(lambda db, bill=bill: bills.show(db, user_id, bill.bill_id))  # type: ignore[misc]
        assert shown.status is BillStatus.CLOSED


async def test_what_has_no_bill_is_refused_with_the_reason(context: BillsContext, outside: Outside) -> None:
    user_id = uuid4()
    cases: list[tuple[str, type[Problem]]] = [
        ("+919811122233", NumberIsPrepaid),
        (put_bill(outside, operator="AIRTEL"), NumberNotOfOperator),
        (put_bill(outside, reference=None), NoBillDue),
        (put_bill(outside, paise=0), NoBillDue),
    ]
    for number, problem in cases:
        with pytest.raises(problem):
            await fetch(context, user_id, number)


async def test_an_operator_that_is_not_known_is_to_be_stated_and_a_wrong_one_is_named(
    context: BillsContext, shop: Stores
) -> None:
    user_id = uuid4()
    with pytest.raises(BillOperatorRequired) as required:
        await fetch(context, user_id, "+916999999999", operator=None)
    assert required.value.errors is not None
    assert required.value.errors[0]["field"] == "body.operator"
    with pytest.raises(OperatorInvalid):
        await fetch(context, user_id, "+919811122233", operator="NOBODY")
    with pytest.raises(CircleInvalid):
        await fetch(context, user_id, "+919811122233", circle="ZZ")
    number = await make_number(shop, "JIO", "postpaid")
    with pytest.raises(NumberIsPrepaid):  # the operator that we know of was asked
        await fetch(context, user_id, number, operator=None)


async def test_an_operator_that_is_away_is_a_503_and_what_was_fetched_stays(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = uuid4(), put_bill(outside)
    bill = await fetch(context, user_id, number)
    outside.script("*", "bill", "server_error_before")
    with pytest.raises(BillOperatorUnavailable) as away:
        await fetch(context, user_id, number)
    assert (away.value.status, away.value.headers["Retry-After"]) == (503, "30")
    assert (await shop.database.run(lambda db: bills.show(db, user_id, bill.bill_id))) == bill


async def test_an_operator_that_is_down_is_not_asked(context: BillsContext, shop: Stores) -> None:
    down = "UPDATE operators SET status = :status WHERE code = 'JIO'"
    version = "UPDATE catalogue_state SET version = version + 1 WHERE id = 'catalogue'"
    await run_sql(shop, down, status="down")
    await run_sql(shop, version)
    try:
        with pytest.raises(OperatorDown):
            await fetch(context, uuid4(), "+919811122233")
    finally:
        await run_sql(shop, down, status="up")
        await run_sql(shop, version)


async def test_an_operator_that_works_on_its_systems_is_not_asked(
    context: BillsContext, shop: Stores, outside: Outside
) -> None:
    version = "UPDATE catalogue_state SET version = version + 1 WHERE id = 'catalogue'"
    number = put_bill(outside)
    await set_maintenance(shop, "JIO", hours=1)
    await run_sql(shop, version)
    try:
        with pytest.raises(OperatorDown):
            await fetch(context, uuid4(), number)
        with clock.later(hours=2):
            assert (await fetch(context, uuid4(), number)).phone_number == number
    finally:
        await set_maintenance(shop, "JIO", hours=None)
        await run_sql(shop, version)


async def test_a_customer_asks_for_so_many_numbers_a_day_also_at_once(
    context: BillsContext, outside: Outside
) -> None:
    context.settings = context.settings.model_copy(update={"velocity_bill_numbers_per_day": 3})
    user_id, numbers = uuid4(), [put_bill(outside) for _ in range(8)]
    results = await asyncio.gather(
        *(fetch(context, user_id, number) for number in numbers), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, BillLookupsExceeded)]
    assert len(refused) == 5, results
    assert 86_000 < int(refused[0].headers["Retry-After"]) <= 86_400
    known = [number for number, each in zip(numbers, results, strict=True) if each not in refused]
    await fetch(context, user_id, known[0])  # a number that was counted is free
    await fetch(context, uuid4(), put_bill(outside))  # another customer has an own count
    with clock.later(hours=25):
        await fetch(context, user_id, put_bill(outside))


async def test_a_refusal_counts_as_well(context: BillsContext) -> None:
    context.settings = context.settings.model_copy(update={"velocity_bill_numbers_per_day": 1})
    user_id = uuid4()
    with pytest.raises(NumberIsPrepaid):
        await fetch(context, user_id, "+919811122233")
    with pytest.raises(BillLookupsExceeded):
        await fetch(context, user_id, "+919811122234")


async def test_another_customers_bill_is_not_found(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    bill = await fetch(context, uuid4(), put_bill(outside))
    with pytest.raises(BillNotFound):
        await shop.database.run(lambda db: bills.show(db, uuid4(), bill.bill_id))


async def test_of_many_who_ask_for_one_bill_at_once_no_more_than_the_bound_get_it(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    strict = dataclasses.replace(
        context, settings=context.settings.model_copy(update={"velocity_bill_customers_per_day": 2})
    )
    number = put_bill(outside)
    customers = [await make_customer(shop) for _ in range(8)]
    answers = await asyncio.gather(
        *(fetch(strict, customer, number) for customer in customers), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, BillCustomersExceeded)]
    assert len(refused) == 6, answers
    with pytest.raises(BillCustomersExceeded):
        await fetch(strict, customers[answers.index(refused[0])], number)


async def test_the_bill_of_one_number_is_not_asked_for_from_many_accounts(
    context: BillsContext, outside: Outside, shop: Stores
) -> None:
    """But by its own customer, and by who has had a bill of it."""
    strict = dataclasses.replace(
        context, settings=context.settings.model_copy(update={"velocity_bill_customers_per_day": 2})
    )
    number = put_bill(outside)
    first = await make_customer(shop)
    for customer in (first, await make_customer(shop)):
        await fetch(strict, customer, number)
    with pytest.raises(BillCustomersExceeded):
        await fetch(strict, await make_customer(shop), number)
    await fetch(strict, first, number)
    owner = await shop.database.run(lambda db: make_user(db, phone_number=number))
    await fetch(strict, owner.user_id, number)
    with clock.later(days=1, minutes=1):
        await fetch(strict, await make_customer(shop), number)
