"""Adjustments: two admins, one movement of money, whatever races."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.users.models import KycTier, User, UserStatus
from tests.make.factories import make_user
from tests.make.money import balance, make_customer
from tests.make.wallet import ADJUSTMENTS, NOTE, AdjustmentCase, make_funded_user


async def test_a_credit_moves_nothing_until_a_second_admin_approves_it(case: AdjustmentCase) -> None:
    answer = await case.request(reference="T-1")
    assert answer.status_code == 201, answer.text
    adjustment = answer.json()
    assert (adjustment["status"], adjustment["decided_by"], adjustment["reference"]) == (
        "pending",
        None,
        "T-1",
    )
    assert b'"amount":100.00' in answer.content
    assert await case.rupees() == "1000.00"
    path = f"{ADJUSTMENTS}/{case.customer}/{adjustment['adjustment_id']}"
    done = await case.decide(path, "approve")
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["decision_note"]) == ("approved", NOTE["note"])
    assert done.json()["user"]["name"] == "Asha Rao"
    assert await case.rupees() == "1100.00"
    assert (await case.client.get(path, headers=case.requester)).json() == done.json()
    query = f"/v1/wallet/admin/transactions?user_id={case.customer}&category=adjustment"
    (moved,) = (await case.client.get(query, headers=case.requester)).json()["items"]
    assert (moved["txn_type"], moved["wallet_change"]) == ("credit", 100)
    assert moved["reference_id"] == adjustment["adjustment_id"]
    assert await case.topics() == ["AdjustmentRequested", "AdjustmentApproved"]


async def test_a_debit_takes_the_money_and_needs_it(case: AdjustmentCase) -> None:
    path = await case.requested(direction="debit", amount=1000.01, reason="fraud")
    refused = await case.decide(path, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_balance")
    assert (await case.client.get(path, headers=case.requester)).json()["status"] == "pending"
    assert await case.rupees() == "1000.00"
    path = await case.requested(direction="debit", amount=1000)
    assert (await case.decide(path, "approve")).status_code == 200
    assert await case.rupees() == "0.00"


async def test_a_credit_honours_the_limit_of_the_customers_kyc_tier(case: AdjustmentCase) -> None:
    path = await case.requested(amount=9000.01)
    refused = await case.decide(path, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "balance_limit_exceeded")
    assert (await case.client.get(path, headers=case.requester)).json()["status"] == "pending"

    async def know_better(db: AsyncSession) -> None:
        await db.execute(
            update(User).where(User.user_id == case.customer).values(kyc_tier=KycTier.FULL.value)
        )

    await case.stores.database.run(know_better)
    assert (await case.decide(path, "approve")).status_code == 200
    assert await case.rupees() == "10000.01"


async def test_nobody_decides_on_their_own_request_and_nobody_else_cancels_it(case: AdjustmentCase) -> None:
    path = await case.requested()
    for what in ("approve", "reject"):
        refused = await case.decide(path, what, case.requester)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_approver_required")
    refused = await case.decide(path, "cancel", case.approver)
    assert (refused.status_code, refused.json()["code"]) == (403, "requester_only")
    assert (await case.decide(path, "cancel", case.requester)).json()["status"] == "cancelled"
    assert await case.rupees() == "1000.00"
    assert await case.topics() == ["AdjustmentRequested", "AdjustmentCancelled"]


async def test_even_the_database_refuses_an_approval_by_who_asked(case: AdjustmentCase) -> None:
    path = await case.requested()

    async def cheat(db: AsyncSession) -> None:
        await db.execute(
            text(
                "UPDATE adjustments SET status = 'approved', decided_by = requested_by, decided_at = now()"
                " WHERE user_id = :user AND adjustment_id = :id"
            ),
            {"user": case.customer, "id": path.rsplit("/")[-1]},
        )

    with pytest.raises(DBAPIError, match="four_eyes"):
        await case.stores.database.run(cheat)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE adjustments SET amount = 1 WHERE user_id = :user",
        "UPDATE adjustments SET requested_by = gen_random_uuid() WHERE user_id = :user",
        "UPDATE adjustments SET direction = 'debit' WHERE user_id = :user",
        "DELETE FROM adjustments WHERE user_id = :user",
        "DELETE FROM adjustment_keys WHERE user_id = :user",
        "UPDATE adjustment_keys SET idempotency_key = '' WHERE user_id = :user",
    ],
)
async def test_what_was_asked_for_cannot_be_changed_afterwards(case: AdjustmentCase, statement: str) -> None:
    await case.requested()

    async def tamper(db: AsyncSession) -> None:
        await db.execute(text(statement), {"user": case.customer})

    with pytest.raises(DBAPIError, match="permission denied"):
        await case.stores.database.run(tamper)


@pytest.mark.parametrize("first", ["approve", "reject", "cancel"])
async def test_what_was_decided_stays_decided(case: AdjustmentCase, first: str) -> None:
    path = await case.requested()
    assert (
        await case.decide(path, first, case.requester if first == "cancel" else case.approver)
    ).status_code == 200
    after = await case.rupees()
    for second, headers in (
        ("approve", case.approver),
        ("reject", case.other_approver),
        ("cancel", case.requester),
    ):
        refused = await case.decide(path, second, headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "adjustment_already_decided"), second
        assert refused.json()["adjustment_status"] in {"approved", "rejected", "cancelled"}
    assert await case.rupees() == after


async def test_fifty_approvals_by_two_admins_at_once_move_the_money_once(case: AdjustmentCase) -> None:
    path = await case.requested()
    answers = await asyncio.gather(
        *(
            case.decide(path, "approve", headers)
            for headers in (case.approver, case.other_approver)
            for _ in range(25)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 49}
    assert {answer.json().get("code") for answer in answers if answer.status_code == 409} <= {
        "adjustment_already_decided",
        "resource_locked",
    }
    assert await case.rupees() == "1100.00"
    assert (await case.topics()).count("AdjustmentApproved") == 1


async def test_an_approval_and_a_cancellation_at_once_do_one_of_both(case: AdjustmentCase) -> None:
    for _ in range(5):
        before = await balance(case.stores, case.customer)
        path = await case.requested(amount=1)
        answers = await asyncio.gather(
            case.decide(path, "approve"),
            case.decide(path, "cancel", case.requester),
            case.decide(path, "reject"),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        status = (await case.client.get(path, headers=case.requester)).json()["status"]
        gained = await balance(case.stores, case.customer) - before
        assert gained == Money.rupees(1 if status == "approved" else 0)


async def test_two_debits_that_a_balance_covers_once_are_approved_once(case: AdjustmentCase) -> None:
    paths = [await case.requested(direction="debit", amount=700) for _ in range(4)]
    answers = await asyncio.gather(*(case.decide(path, "approve") for path in paths))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 3}
    assert await case.rupees() == "300.00"


async def test_the_same_key_asks_once_and_gets_the_same_answer_even_after_the_decision(
    case: AdjustmentCase,
) -> None:
    first = await case.request(key="k-1")
    path = f"{ADJUSTMENTS}/{case.customer}/{first.json()['adjustment_id']}"
    await case.decide(path, "approve")
    again = await case.request(key="k-1")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert (await case.topics()).count("AdjustmentRequested") == 1


async def test_the_same_key_with_another_body_is_refused_also_for_another_customer(
    case: AdjustmentCase,
) -> None:
    await case.request(key="k-2")
    other = str(await make_funded_user(case.stores, 0))
    for change in ({"amount": 101}, {"user_id": other}, {"direction": "debit"}, {"note": "Something else"}):
        refused = await case.request(key="k-2", **change)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused"), change
    # Another admin's key is another key.
    assert (await case.request(key="k-2", headers=case.approver, amount=5)).status_code == 201


async def test_twenty_requests_with_one_key_at_once_ask_once(case: AdjustmentCase) -> None:
    answers = await asyncio.gather(*(case.request(key="k-3") for _ in range(20)))
    created = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["adjustment_id"] for answer in created}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in created) == 1
    assert (await case.topics()).count("AdjustmentRequested") == 1


async def test_a_key_that_was_refused_is_free_again(case: AdjustmentCase) -> None:
    assert (await case.request(key="k-4", user_id=str(uuid4()))).status_code == 404
    assert (await case.request(key="k-4")).status_code == 201


async def test_an_archived_customer_gets_and_gives_no_more(case: AdjustmentCase) -> None:
    path = await case.requested()

    async def archive(db: AsyncSession) -> None:
        gone = {"status": UserStatus.ARCHIVED.value, "archived_at": clock.now()}
        known = {name: value for name, value in gone.items() if hasattr(User, name)}
        await db.execute(update(User).where(User.user_id == case.customer).values(**known))

    await case.stores.database.run(archive)
    answer = await case.decide(path, "approve")
    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")
    assert (await case.request()).status_code == 404
    assert await case.rupees() == "1000.00"


async def test_an_approval_says_what_changed_for_the_audit_trail(case: AdjustmentCase) -> None:
    path = await case.requested(direction="debit", amount=1)
    await case.decide(path, "approve")
    async with case.stores.database.transaction() as db:
        result = await db.execute(
            text("SELECT payload FROM events WHERE user_id = :user AND topic = 'AdjustmentApproved'"),
            {"user": case.customer},
        )
        payload = result.scalar_one()
    assert payload["adjustment_id"] == path.rsplit("/")[-1]
    assert (payload["direction"], payload["amount_paise"], payload["reason"]) == ("debit", 100, "goodwill")
    assert payload["changes"] == {
        "status": {"old": "pending", "new": "approved"},
        "decision_note": {"old": None, "new": NOTE["note"]},
        "available_paise": {"old": 100_000, "new": 99_900},
    }


async def test_an_adjustment_needs_a_registered_customer(case: AdjustmentCase) -> None:
    bare = await case.stores.database.run(lambda db: make_user(db))
    stranger = await make_customer(case.stores)  # a wallet, but no such user
    assert (await case.request(user_id=str(stranger))).json()["code"] == "user_not_found"
    assert (await case.request(user_id=str(bare.user_id))).status_code == 201
