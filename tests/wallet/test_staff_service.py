"""What the staff read in the books: every filter, every scope, every instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.users.models import KycTier, User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.counting import counting, listening
from tests.make.factories import headers_for, know_roles, make_admin, make_user
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.wallet import execute, hold

PATH = "/v1/wallet/admin/transactions"


@dataclass(frozen=True)
class Books:
    """Two customers with recharges at two operators, and the staff."""

    stores: Stores
    client: httpx.AsyncClient
    customer: UUID
    jio_number: str
    jio_recharge: UUID
    all: dict[str, str]
    jio: dict[str, str]
    settings: Settings

    async def get(self, query: str = "", headers: dict[str, str] | None = None) -> dict[str, Any]:
        answer = await self.client.get(f"{PATH}?{query}", headers=headers or self.all)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page


@pytest.fixture
async def books(app: FastAPI, shop: Stores, client: httpx.AsyncClient, settings: Settings) -> Books:
    await know_roles(app)
    user = await shop.database.run(make_user)
    await shop.database.run(
        lambda db: wallet.credit(
            db,
            user.user_id,
            Money.rupees(5_000),
            source_account=Account.OPENING,
            code=Code.OPENING,
            key="opening",
        )
    )
    number = await make_number(shop)
    sale = await buy(shop, user.user_id, number, (await find_plan(shop)).plan_id, source="app")
    airtel = await make_number(shop, "AIRTEL")
    await buy(shop, user.user_id, airtel, (await find_plan(shop, "AIRTEL", 299)).plan_id)
    viewer = await shop.database.run(lambda db: make_admin(db, "Viewer"))
    narrow = await shop.database.run(lambda db: make_admin(db, "Manager", operator_scope=("JIO",)))
    return Books(
        shop,
        client,
        user.user_id,
        number,
        sale.answer.subscription_id,
        headers_for(settings, viewer, role="Viewer"),
        headers_for(settings, narrow, role="Manager"),
        settings,
    )


async def test_all_customers_transactions_have_every_filter(books: Books) -> None:
    expected = {
        "": 3,
        "category=opening": 1,
        "category=recharge": 2,
        "category=refund": 0,
        "txn_type=credit": 1,
        "txn_type=debit": 2,
        "status=completed": 3,
        "status=pending": 0,
        "status=failed": 0,
        "service_type=prepaid": 2,
        "source=app": 1,
        "payment_method=wallet": 2,
        "operator=jio": 1,
        "operator=VI": 0,
        f"phone_number={books.jio_number[3:]}": 1,
        f"reference_id={books.jio_recharge}": 1,
        "min_amount=299.01": 1,
        "max_amount=299": 2,
        "from=2000-01-01": 3,
        "to=2000-01-01": 0,
        "category=recharge&min_amount=100&source=app&txn_type=debit&operator=JIO&status=completed": 1,
    }
    for query, count in expected.items():
        page = await books.get(f"user_id={books.customer}&{query}")
        assert (len(page["items"]), page["next_cursor"]) == (count, None), query
    for query in (f"reference_id={books.jio_recharge}", f"phone_number={books.jio_number[3:]}"):
        (item,) = (await books.get(query))["items"]
        assert item["user_id"] == str(books.customer)
        assert item["user"]["name"] == "Asha Rao"
        assert item["operator"] == "JIO"
    openings = await books.get("category=opening&limit=5")
    assert {opening["category"] for opening in openings["items"]} == {"opening"}


async def test_the_list_shows_many_customers_in_order_with_no_query_for_each(books: Books) -> None:
    for _ in range(3):
        await make_customer(books.stores)  # a wallet whose user is not known is shown, too
    queries: dict[int, int] = {}
    with listening(books.stores.database):
        for limit in (2, 6):
            with counting() as counted:
                page = await books.get(f"limit={limit}")
            queries[limit] = counted.statements
            instants = [datetime.fromisoformat(item["created_at"]) for item in page["items"]]
            assert instants == sorted(instants, reverse=True)
            assert len(instants) == limit
    assert queries[2] == queries[6] == 2
    assert page["items"][0]["user"] is None
    oldest = await books.get("limit=4&sort=created_at")
    instants = [datetime.fromisoformat(item["created_at"]) for item in oldest["items"]]
    assert instants == sorted(instants)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        following = await books.get(
            f"limit=1&user_id={books.customer}" + (f"&cursor={cursor}" if cursor else "")
        )
        seen += [item["transaction_id"] for item in following["items"]]
        cursor = following["next_cursor"]
    assert len(seen) == len(set(seen)) == 3


async def test_an_admin_of_one_operator_sees_its_transactions_only_in_list_and_detail(books: Books) -> None:
    own_query = f"user_id={books.customer}"
    everything = (await books.get(own_query))["items"]
    (seen,) = (await books.get(own_query, books.jio))["items"]
    assert seen["operator"] == "JIO"
    assert (await books.get(f"{own_query}&operator=AIRTEL", books.jio))["items"] == []
    assert {item["operator"] for item in (await books.get("", books.jio))["items"]} == {"JIO"}
    for item in everything:
        path = f"{PATH}/{item['user_id']}/{item['transaction_id']}"
        assert (await books.client.get(path, headers=books.all)).json() == item
        answer = await books.client.get(path, headers=books.jio)
        assert answer.status_code == (200 if item["operator"] == "JIO" else 404)
        if answer.status_code == 404:
            assert answer.json()["code"] == "transaction_not_found"
    other = f"{PATH}/{uuid4()}/{seen['transaction_id']}"
    assert (await books.client.get(other, headers=books.all)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    ["category=odd", "limit=0", "x=1", "user_id=1", "include_total=true", "min_amount=2&max_amount=1"],
)
async def test_a_wrong_filter_is_named(books: Books, wrong: str) -> None:
    answer = await books.client.get(f"{PATH}?{wrong}", headers=books.all)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_who_may_not_read_wallets_is_refused(books: Books) -> None:
    paths = (
        PATH,
        f"{PATH}/{books.customer}/{uuid4()}",
        f"/v1/wallet/admin/users/{books.customer}",
        f"/v1/wallet/admin/users/{books.customer}/balance",
    )
    editor = headers_for(books.settings, uuid4(), kind="admin", role="ContentEditor")
    for path in paths:
        assert (await books.client.get(path)).status_code == 401
        as_user = await books.client.get(path, headers=headers_for(books.settings, books.customer))
        assert as_user.json()["code"] == "admins_only"
        assert (await books.client.get(path, headers=editor)).json()["code"] == "permission_denied"
    for path in paths[2:]:
        refused = await books.client.get(path, headers=books.jio)
        assert refused.json()["code"] == "operator_scope_too_narrow"


async def test_a_wallet_shows_the_limits_of_the_customers_own_tier_in_one_statement(books: Books) -> None:
    path = f"/v1/wallet/admin/users/{books.customer}"
    headers = headers_for(books.settings, books.customer)
    with listening(books.stores.database), counting() as counted:
        answer = await books.client.get("/v1/wallet", headers=headers)
    assert counted.statements == 1
    assert answer.json()["limits"]["kyc_tier"] == "small"

    async def know_better(db: AsyncSession) -> None:
        full = KycTier.FULL.value
        await db.execute(update(User).where(User.user_id == books.customer).values(kyc_tier=full))

    await books.stores.database.run(know_better)
    limits = {"kyc_tier": "full", "balance": 200_000, "monthly_load": None, "yearly_load": None}
    assert (await books.client.get("/v1/wallet", headers=headers)).json()["limits"] == limits
    shown = (await books.client.get(path, headers=books.all)).json()
    assert (shown["limits"], shown["balance"], shown["held"]) == (limits, 4402, 0)
    assert shown["user"]["user_id"] == str(books.customer)
    answer = await books.client.get(f"/v1/wallet/admin/users/{uuid4()}", headers=books.all)
    assert (answer.status_code, answer.json()["code"]) == (404, "wallet_not_found")


async def test_the_balance_now_is_the_cached_one_and_before_the_first_transaction_nothing(
    books: Books,
) -> None:
    path = f"/v1/wallet/admin/users/{books.customer}/balance"
    now = (await books.client.get(path, headers=books.all)).json()
    assert (now["posted"], now["held"], now["available"]) == (4402, 0, 4402)
    own_headers = headers_for(books.settings, books.customer)
    own = (await books.client.get("/v1/wallet/balance", headers=own_headers)).json()
    assert own["available"] == 4402
    first = (await books.get(f"user_id={books.customer}&sort=created_at&limit=1"))["items"][0]["created_at"]
    at_first = (await books.client.get(path, params={"at": first}, headers=books.all)).json()
    assert (at_first["available"], at_first["at"]) == (5000, first)
    before = (datetime.fromisoformat(first) - timedelta(microseconds=1)).isoformat()
    for headers, where in ((books.all, path), (own_headers, "/v1/wallet/balance")):
        balance = (await books.client.get(where, params={"at": before}, headers=headers)).json()
        assert (balance["posted"], balance["available"]) == (0, 0)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2999-01-01T00:00:00Z", "instant_invalid"),
        ("2026-01-01T00:00:00", "instant"),
        ("20261121", "instant"),
        ("0", "instant"),
        ("2026-11-21", "instant"),
        ("yesterday", "instant"),
    ],
)
async def test_an_instant_that_can_not_be_known_is_refused(books: Books, at: str, code: str) -> None:
    path = f"/v1/wallet/admin/users/{books.customer}/balance"
    answer = await books.client.get(path, params={"at": at}, headers=books.all)
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert (problem["field"], problem["code"]) == ("query.at", code)


async def test_a_wallet_that_is_not_there_has_no_balance(books: Books) -> None:
    answer = await books.client.get(f"/v1/wallet/admin/users/{uuid4()}/balance", headers=books.all)
    assert (answer.status_code, answer.json()["code"]) == (404, "wallet_not_found")


async def test_a_transfer_that_waited_for_the_wallet_is_not_before_the_one_that_it_waited_for(
    books: Books,
) -> None:
    user = await make_customer(books.stores, rupees=0)
    instant = datetime.now(UTC) + timedelta(days=1)
    with clock.at(instant):
        await books.stores.database.run(
            lambda db: wallet.credit(
                db, user, Money(5), source_account=Account.CASHBACK, code=Code.CASHBACK, key="a"
            )
        )
    with clock.at(instant - timedelta(milliseconds=5)):  # taken before the other was booked
        await books.stores.database.run(
            lambda db: wallet.debit(
                db, user, Money(5), target_account="operator:jio", code=Code.RECHARGE, key="b"
            )
        )
    items = (await books.get(f"user_id={user}&sort=created_at"))["items"]
    assert [item["txn_type"] for item in items] == ["credit", "debit"]
    assert items[0]["created_at"] == items[1]["created_at"]


async def ledger(
    books: Books, query: str = "", headers: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    path = f"/v1/wallet/admin/users/{books.customer}/ledger?{query}"
    answer = await books.client.get(path, headers=headers or books.all)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_ledger_shows_every_movement_with_its_accounts_code_and_key(books: Books) -> None:
    user, key = books.customer, str(uuid4())
    await hold(books.stores, user, 10_000, key)
    await books.stores.database.run(
        lambda db: wallet.release(db, user, Money(10_000), code=Code.RELEASE, key=key)
    )
    await execute(
        books.stores.database,
        "SELECT ledger_transfer(CAST(:user AS uuid), 'operator:jio', 'revenue', 5, ledger_code('commission'), 'c',"
        " NULL, NULL, NULL, NULL, NULL, 'JIO', clock_timestamp())",
        user=user,
    )
    rows = await ledger(books, "sort=created_at")
    assert [(row["code"], row["debit_account"], row["credit_account"], row["amount"]) for row in rows] == [
        ("opening", "opening", "user:main", 5000),
        ("recharge", "user:main", "operator:jio", 299),
        ("recharge", "user:main", "operator:airtel", 299),
        ("hold", "user:main", "user:held", 100),
        ("release", "user:held", "user:main", 100),
        ("commission", "operator:jio", "revenue", 0.05),
    ]
    assert [row["key"] for row in rows[3:5]] == [key, key]
    assert rows[1]["key"] == rows[1]["reference_id"] == str(books.jio_recharge)
    counts = {
        "code=hold": 1,
        "account=user:held": 2,
        "account=operator:jio": 2,
        f"key={key}&code=release": 1,
        f"reference_id={books.jio_recharge}": 1,
        f"phone_number={books.jio_number[3:]}": 1,
        "operator=jio": 2,
        "min_amount=100&max_amount=299": 4,
        "to=2000-01-01": 0,
    }
    for query, count in counts.items():
        assert len(await ledger(books, query)) == count, query


async def test_an_admin_of_one_operator_sees_of_a_ledger_what_concerns_it(books: Books) -> None:
    (row,) = await ledger(books, headers=books.jio)
    assert (row["code"], row["operator"]) == ("recharge", "JIO")
    assert await ledger(books, "operator=AIRTEL", books.jio) == []


async def test_a_ledger_has_stable_pages_and_needs_a_wallet(books: Books) -> None:
    path = f"/v1/wallet/admin/users/{books.customer}/ledger"
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await books.client.get(path, params=query, headers=books.all)).json()
        seen += [row["transfer_id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 3
    nobody = await books.client.get(f"/v1/wallet/admin/users/{uuid4()}/ledger", headers=books.all)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "wallet_not_found")
    for wrong in ("code=odd", "include_total=true", "status=pending"):
        assert (await books.client.get(f"{path}?{wrong}", headers=books.all)).status_code == 422
