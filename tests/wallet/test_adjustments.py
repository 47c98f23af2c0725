"""Corrections of balances: two admins, one movement of money, whoever races whom."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.users.models import KycTier, User, UserStatus
from gencharge.wallet import jobs
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.factories import headers_for, know_roles, make_admin, make_user
from tests.money import balance, make_customer

PATH = "/v1/wallet/admin/adjustments"
NOTE = {"note": "Checked against the statement"}


@dataclass(frozen=True)
class Desk:
    """A customer with 1,000 rupees, an admin who asks and two who may decide."""

    stores: Stores
    client: httpx.AsyncClient
    settings: Settings
    customer: UUID
    asks: dict[str, str]
    decides: dict[str, str]
    decides_too: dict[str, str]

    async def ask(self, **but: Any) -> httpx.Response:
        body = {
            "user_id": str(self.customer),
            "direction": "credit",
            "amount": 100,
            "reason": "goodwill",
            "note": "Waited for three days",
        }
        key = but.pop("key", str(uuid4()))
        headers = but.pop("headers", self.asks) | {"Idempotency-Key": key}
        return await self.client.post(PATH, json=body | but, headers=headers)

    async def asked(self, **but: Any) -> str:
        answer = await self.ask(**but)
        assert answer.status_code == 201, answer.text
        return f"{PATH}/{self.customer}/{answer.json()['adjustment_id']}"

    async def decide(
        self, path: str, what: str, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        return await self.client.post(f"{path}/{what}", json=body or NOTE, headers=headers or self.decides)

    async def rupees(self) -> str:
        return str(await balance(self.stores, self.customer))

    async def topics(self) -> list[str]:
        async with self.stores.database.transaction() as db:
            query = text("SELECT topic FROM events WHERE user_id = :user AND topic LIKE 'Adj%' ORDER BY id")
            return list(await db.scalars(query, {"user": self.customer}))


async def fund(stores: Stores, rupees: int, **but: Any) -> UUID:
    """A registered customer with this much in the wallet."""

    async def unit(db: AsyncSession) -> UUID:
        user = await make_user(db, **but)
        if rupees:
            await wallet.credit(
                db,
                user.user_id,
                Money.rupees(rupees),
                source_account=Account.OPENING,
                code=Code.OPENING,
                key="opening",
            )
        return user.user_id

    return await stores.database.run(unit)


@pytest.fixture
async def desk(app: FastAPI, stores: Stores, client: httpx.AsyncClient, settings: Settings) -> Desk:
    await know_roles(app)
    staff = [await stores.database.run(make_admin) for _ in range(3)]
    asks, decides, too = (headers_for(settings, admin, role="Manager") for admin in staff)
    return Desk(stores, client, settings, await fund(stores, 1_000), asks, decides, too)


async def test_a_credit_moves_nothing_until_a_second_admin_approves_it(desk: Desk) -> None:
    answer = await desk.ask(reference="T-1")
    assert answer.status_code == 201, answer.text
    asked = answer.json()
    assert (asked["status"], asked["decided_by"], asked["reference"]) == ("pending", None, "T-1")
    assert b'"amount":100.00' in answer.content
    assert await desk.rupees() == "1000.00"
    path = f"{PATH}/{desk.customer}/{asked['adjustment_id']}"
    done = await desk.decide(path, "approve")
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["decision_note"]) == ("approved", NOTE["note"])
    assert done.json()["user"]["name"] == "Asha Rao"
    assert await desk.rupees() == "1100.00"
    assert (await desk.client.get(path, headers=desk.asks)).json() == done.json()
    query = f"/v1/wallet/admin/transactions?user_id={desk.customer}&category=adjustment"
    (moved,) = (await desk.client.get(query, headers=desk.asks)).json()["items"]
    assert (moved["debit_account"], moved["credit_account"]) == ("adjustment", "user:main")
    assert moved["reference_id"] == asked["adjustment_id"]
    assert await desk.topics() == ["AdjustmentRequested", "AdjustmentApproved"]


async def test_a_debit_takes_the_money_and_needs_it(desk: Desk) -> None:
    path = await desk.asked(direction="debit", amount=1000.01, reason="fraud")
    refused = await desk.decide(path, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_balance")
    assert (await desk.client.get(path, headers=desk.asks)).json()["status"] == "pending"
    assert await desk.rupees() == "1000.00"
    path = await desk.asked(direction="debit", amount=1000)
    assert (await desk.decide(path, "approve")).status_code == 200
    assert await desk.rupees() == "0.00"


async def test_a_credit_honours_the_limit_of_the_customers_kyc_tier(desk: Desk) -> None:
    path = await desk.asked(amount=9000.01)
    refused = await desk.decide(path, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "balance_limit_exceeded")
    assert (await desk.client.get(path, headers=desk.asks)).json()["status"] == "pending"

    async def know_better(db: AsyncSession) -> None:
        await db.execute(
            update(User).where(User.user_id == desk.customer).values(kyc_tier=KycTier.FULL.value)
        )

    await desk.stores.database.run(know_better)
    assert (await desk.decide(path, "approve")).status_code == 200
    assert await desk.rupees() == "10000.01"


async def test_nobody_decides_on_their_own_request_and_nobody_else_cancels_it(desk: Desk) -> None:
    path = await desk.asked()
    for what in ("approve", "reject"):
        refused = await desk.decide(path, what, desk.asks)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_approver_required")
    refused = await desk.decide(path, "cancel", desk.decides)
    assert (refused.status_code, refused.json()["code"]) == (403, "requester_only")
    assert (await desk.decide(path, "cancel", desk.asks)).json()["status"] == "cancelled"
    assert await desk.rupees() == "1000.00"
    assert await desk.topics() == ["AdjustmentRequested", "AdjustmentCancelled"]


async def test_even_the_database_refuses_an_approval_by_who_asked(desk: Desk) -> None:
    path = await desk.asked()

    async def cheat(db: AsyncSession) -> None:
        await db.execute(
            text(
                "UPDATE adjustments SET status = 'approved', decided_by = requested_by, decided_at = now()"
                " WHERE user_id = :user AND adjustment_id = :id"
            ),
            {"user": desk.customer, "id": path.rsplit("/")[-1]},
        )

    with pytest.raises(DBAPIError, match="four_eyes"):
        await desk.stores.database.run(cheat)


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
async def test_what_was_asked_for_cannot_be_changed_afterwards(desk: Desk, statement: str) -> None:
    await desk.asked()

    async def tamper(db: AsyncSession) -> None:
        await db.execute(text(statement), {"user": desk.customer})

    with pytest.raises(DBAPIError, match="permission denied"):
        await desk.stores.database.run(tamper)


@pytest.mark.parametrize("first", ["approve", "reject", "cancel"])
async def test_what_was_decided_stays_decided(desk: Desk, first: str) -> None:
    path = await desk.asked()
    assert (
        await desk.decide(path, first, desk.asks if first == "cancel" else desk.decides)
    ).status_code == 200
    after = await desk.rupees()
    for second, headers in (
        ("approve", desk.decides),
        ("reject", desk.decides_too),
        ("cancel", desk.asks),
    ):
        refused = await desk.decide(path, second, headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "adjustment_already_decided"), second
        assert refused.json()["adjustment_status"] in {"approved", "rejected", "cancelled"}
    assert await desk.rupees() == after


async def test_fifty_approvals_by_two_admins_at_once_move_the_money_once(desk: Desk) -> None:
    path = await desk.asked()
    answers = await asyncio.gather(
        *(
            desk.decide(path, "approve", headers)
            for headers in (desk.decides, desk.decides_too)
            for _ in range(25)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 49}
    assert {answer.json().get("code") for answer in answers if answer.status_code == 409} <= {
        "adjustment_already_decided",
        "resource_locked",
    }
    assert await desk.rupees() == "1100.00"
    assert (await desk.topics()).count("AdjustmentApproved") == 1


async def test_an_approval_and_a_cancellation_at_once_do_one_of_both(desk: Desk) -> None:
    for _ in range(5):
        before = await balance(desk.stores, desk.customer)
        path = await desk.asked(amount=1)
        answers = await asyncio.gather(
            desk.decide(path, "approve"), desk.decide(path, "cancel", desk.asks), desk.decide(path, "reject")
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        status = (await desk.client.get(path, headers=desk.asks)).json()["status"]
        gained = await balance(desk.stores, desk.customer) - before
        assert gained == Money.rupees(1 if status == "approved" else 0)


async def test_two_debits_that_a_balance_covers_once_are_approved_once(desk: Desk) -> None:
    paths = [await desk.asked(direction="debit", amount=700) for _ in range(4)]
    answers = await asyncio.gather(*(desk.decide(path, "approve") for path in paths))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 3}
    assert await desk.rupees() == "300.00"


async def test_the_same_key_asks_once_and_gets_the_same_answer_even_after_the_decision(desk: Desk) -> None:
    first = await desk.ask(key="k-1")
    path = f"{PATH}/{desk.customer}/{first.json()['adjustment_id']}"
    await desk.decide(path, "approve")
    again = await desk.ask(key="k-1")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert (await desk.topics()).count("AdjustmentRequested") == 1


async def test_the_same_key_with_another_body_is_refused_also_for_another_customer(desk: Desk) -> None:
    await desk.ask(key="k-2")
    other = str(await fund(desk.stores, 0))
    for but in ({"amount": 101}, {"user_id": other}, {"direction": "debit"}, {"note": "Something else"}):
        refused = await desk.ask(key="k-2", **but)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused"), but
    # Another admin's key is another key.
    assert (await desk.ask(key="k-2", headers=desk.decides, amount=5)).status_code == 201


async def test_twenty_requests_with_one_key_at_once_ask_once(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.ask(key="k-3") for _ in range(20)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["adjustment_id"] for answer in made}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in made) == 1
    assert (await desk.topics()).count("AdjustmentRequested") == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 0}, "body.amount"),
        ({"amount": -5}, "body.amount"),
        ({"amount": 1.001}, "body.amount"),
        ({"amount": "NaN"}, "body.amount"),
        ({"direction": "up"}, "body.direction"),
        ({"reason": "because"}, "body.reason"),
        ({"note": "  "}, "body.note"),
        ({"user_id": "1"}, "body.user_id"),
        ({"status": "approved"}, "body.status"),
        ({"requested_by": str(uuid4())}, "body.requested_by"),
    ],
)
async def test_a_wrong_field_is_named(desk: Desk, wrong: dict[str, Any], field: str) -> None:
    answer = await desk.ask(**wrong)
    assert answer.status_code == 422
    assert field in [entry["field"] for entry in answer.json()["errors"]]
    assert await desk.topics() == []


async def test_a_key_a_customer_and_a_note_are_needed(desk: Desk) -> None:
    body = {
        "user_id": str(desk.customer),
        "direction": "credit",
        "amount": 1,
        "reason": "other",
        "note": "abc",
    }
    answer = await desk.client.post(PATH, json=body, headers=desk.asks)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    answer = await desk.ask(user_id=str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")
    path = await desk.asked()
    assert (await desk.client.post(f"{path}/approve", json={}, headers=desk.decides)).status_code == 422
    answer = await desk.decide(f"{PATH}/{desk.customer}/{uuid4()}", "approve")
    assert (answer.status_code, answer.json()["code"]) == (404, "adjustment_not_found")
    other = f"{PATH}/{uuid4()}/{path.rsplit('/')[-1]}"
    assert (await desk.decide(other, "approve")).status_code == 404
    assert (await desk.client.get(other, headers=desk.asks)).status_code == 404


async def test_a_key_that_was_refused_is_free_again(desk: Desk) -> None:
    assert (await desk.ask(key="k-4", user_id=str(uuid4()))).status_code == 404
    assert (await desk.ask(key="k-4")).status_code == 201


async def test_an_archived_customer_gets_and_gives_no_more(desk: Desk) -> None:
    path = await desk.asked()

    async def archive(db: AsyncSession) -> None:
        gone = {"status": UserStatus.ARCHIVED.value, "archived_at": clock.now()}
        known = {name: value for name, value in gone.items() if hasattr(User, name)}
        await db.execute(update(User).where(User.user_id == desk.customer).values(**known))

    await desk.stores.database.run(archive)
    answer = await desk.decide(path, "approve")
    assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")
    assert (await desk.ask()).status_code == 404
    assert await desk.rupees() == "1000.00"


async def test_who_has_no_fresh_second_factor_no_permission_or_a_narrow_scope_changes_nothing(
    desk: Desk,
) -> None:
    path = await desk.asked()
    narrow = await desk.stores.database.run(lambda db: make_admin(db, operator_scope=("JIO",)))
    wide = await desk.stores.database.run(make_admin)
    refused = {
        "step_up_required": headers_for(desk.settings, wide, role="Manager", second_factor_at=0),
        "permission_denied": headers_for(desk.settings, wide, role="Viewer"),
        "operator_scope_too_narrow": headers_for(desk.settings, narrow, role="Manager"),
        "admins_only": headers_for(desk.settings, desk.customer),
    }
    for code, headers in refused.items():
        for answer in (
            await desk.ask(headers=headers),
            *[await desk.decide(path, what, headers) for what in ("approve", "reject", "cancel")],
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, code)
    for where in (PATH, path):
        answer = await desk.client.get(where, headers=refused["operator_scope_too_narrow"])
        assert answer.json()["code"] == "operator_scope_too_narrow"
        assert (await desk.client.get(where)).status_code == 401
        assert (await desk.client.get(where, headers=refused["permission_denied"])).status_code == 200
    assert await desk.rupees() == "1000.00"


async def test_what_nobody_decides_on_in_a_week_expires_and_can_no_longer_be_approved(desk: Desk) -> None:
    path = await desk.asked()
    with clock.later(days=7, seconds=1):
        later = headers_for(
            desk.settings,
            uuid4(),
            kind="admin",
            role="Manager",
            second_factor_at=int(clock.now().timestamp()),
        )
        refused = await desk.decide(path, "approve", later)
        assert (refused.status_code, refused.json()["code"]) == (409, "adjustment_already_expired")
        await jobs.expire_adjustments(desk.stores)
        await jobs.expire_adjustments(desk.stores)  # again: changes nothing
        refused = await desk.decide(path, "approve", later)
        assert (refused.status_code, refused.json()["code"]) == (409, "adjustment_already_decided")
    shown = (await desk.client.get(path, headers=desk.asks)).json()
    assert (shown["status"], shown["decided_by"]) == ("expired", None)
    assert await desk.topics() == ["AdjustmentRequested", "AdjustmentExpired"]
    assert await desk.rupees() == "1000.00"


async def test_the_list_has_every_filter_and_stable_pages(desk: Desk) -> None:
    mine = f"user_id={desk.customer}"
    debit = await desk.asked(direction="debit", amount=250, reason="fraud")
    credit = await desk.asked(amount=10)
    other = await desk.asked(amount=20, headers=desk.decides)
    approved = (await desk.decide(debit, "approve")).json()
    asked_by = approved["requested_by"]
    expected = {
        "": [other, credit, debit],
        "sort=requested_at": [debit, credit, other],
        "status=pending": [other, credit],
        "status=approved": [debit],
        "status=rejected": [],
        "direction=credit": [other, credit],
        "reason=fraud": [debit],
        f"requested_by={asked_by}": [credit, debit],
        f"decided_by={approved['decided_by']}": [debit],
        "min_amount=11&max_amount=20": [other],
        "from=2001-01-01": [other, credit, debit],
        "to=2001-01-01": [],
    }
    for query, paths in expected.items():
        page = (await desk.client.get(f"{PATH}?{mine}&{query}", headers=desk.asks)).json()
        assert [item["adjustment_id"] for item in page["items"]] == [
            path.rsplit("/")[-1] for path in paths
        ], query
        assert all(item["user"]["user_id"] == str(desk.customer) for item in page["items"])
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"{PATH}?limit=2&requested_by={asked_by}" + (f"&cursor={cursor}" if cursor else "")
        page = (await desk.client.get(query, headers=desk.asks)).json()
        seen += [item["adjustment_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [credit.rsplit("/")[-1], debit.rsplit("/")[-1]]
    assert (await desk.client.get(f"{PATH}?staus=pending", headers=desk.asks)).status_code == 422


async def test_an_approval_says_what_changed_for_the_audit_trail(desk: Desk) -> None:
    path = await desk.asked(direction="debit", amount=1)
    await desk.decide(path, "approve")
    async with desk.stores.database.transaction() as db:
        found = await db.execute(
            text("SELECT payload FROM events WHERE user_id = :user AND topic = 'AdjustmentApproved'"),
            {"user": desk.customer},
        )
        payload = found.scalar_one()
    assert payload["adjustment_id"] == path.rsplit("/")[-1]
    assert (payload["direction"], payload["amount_paise"], payload["reason"]) == ("debit", 100, "goodwill")
    assert payload["changes"] == {
        "status": {"old": "pending", "new": "approved"},
        "decision_note": {"old": None, "new": NOTE["note"]},
        "available_paise": {"old": 100_000, "new": 99_900},
    }


async def test_a_customer_without_a_wallet_is_told_apart(desk: Desk) -> None:
    bare = await desk.stores.database.run(lambda db: make_user(db))
    stranger = await make_customer(desk.stores)  # a wallet, but no such user
    assert (await desk.ask(user_id=str(stranger))).json()["code"] == "user_not_found"
    assert (await desk.ask(user_id=str(bare.user_id))).status_code == 201
