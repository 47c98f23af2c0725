"""The wallet's routes: the balance, its limits, and every filter of the transactions."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Code
from tests.make.factories import headers_for
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.wallet import credit, hold


@pytest.fixture
async def customer(shop: Stores) -> UUID:
    return await make_customer(shop)


@pytest.fixture
def headers(settings: Settings, customer: UUID) -> dict[str, str]:
    return headers_for(settings, customer)


async def test_a_wallet_shows_balance_held_and_the_limits_of_its_tier(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.get("/v1/wallet", headers=headers)
    assert answer.status_code == 200, answer.text
    assert b'"balance":5000.00' in answer.content
    assert answer.json()["held"] == 0
    assert answer.json()["limits"] == {
        "kyc_tier": "small",
        "balance": 10_000,
        "monthly_load": 10_000,
        "yearly_load": 120_000,
    }


async def test_a_customer_without_a_wallet_gets_404(client: httpx.AsyncClient, settings: Settings) -> None:
    answer = await client.get("/v1/wallet", headers=headers_for(settings, uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "wallet_not_found")


async def test_transactions_have_every_filter_and_stable_pages(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    number = await make_number(shop)
    sale = (await buy(shop, customer, number, (await find_plan(shop)).plan_id, source="app")).answer
    await buy(shop, customer, number, (await find_plan(shop, rupees=19)).plan_id)
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
        "operator=jio": 2,
        "operator=VI": 0,
        "service_type=prepaid": 2,
        "source=app": 1,
        "payment_method=wallet": 2,
        f"phone_number={number[3:]}": 2,
        f"reference_id={sale.subscription_id}": 1,
        "min_amount=19.01": 2,
        "max_amount=299": 2,
        "from=2000-01-01": 3,
        "to=2000-01-01": 0,
        "category=recharge&min_amount=100&source=app&txn_type=debit": 1,
    }
    for query, count in expected.items():
        answer = await client.get(f"/v1/wallet/transactions?{query}", headers=headers)
        assert (answer.status_code, len(answer.json()["items"])) == (200, count), query
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        query = f"limit=1&sort=-created_at&cursor={cursor}" if cursor else "limit=1"
        page = (await client.get(f"/v1/wallet/transactions?{query}", headers=headers)).json()
        seen += [item["transaction_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        "category=odd",
        "category=hold",
        "status=held",
        "include_total=perhaps",
        "limit=0",
        "txn_type=up",
        "from=1",
        "x=1",
        "min_amount=NaN",
        "min_amount=१००",
        "from=2026-02-02&to=2026-02-01",
    ],
)
async def test_a_wrong_filter_is_named(
    client: httpx.AsyncClient, headers: dict[str, str], wrong: str
) -> None:
    answer = await client.get(f"/v1/wallet/transactions?{wrong}", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_one_transaction_is_shown_to_its_owner_only(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], settings: Settings
) -> None:
    listed = (await client.get("/v1/wallet/transactions", headers=headers)).json()["items"][0]
    path = f"/v1/wallet/transactions/{listed['transaction_id']}"
    assert (await client.get(path, headers=headers)).json() == listed
    other = headers_for(settings, await make_customer(shop))
    answer = await client.get(path, headers=other)
    assert (answer.status_code, answer.json()["code"]) == (404, "transaction_not_found")


async def test_no_route_of_a_wallet_answers_without_a_token_or_for_an_admin(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    paths = (
        "/v1/wallet",
        "/v1/wallet/balance",
        "/v1/wallet/transactions",
        f"/v1/wallet/transactions/{uuid4()}",
    )
    admin = headers_for(settings, uuid4(), kind="admin", role="SuperAdmin")
    for path in paths:
        assert (await client.get(path)).status_code == 401
        assert (await client.get(path, headers=admin)).status_code == 403


async def test_held_money_is_shown_apart_and_stays_one_row_when_it_comes_back(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    await hold(shop, customer, 30_000, "h")
    shown = (await client.get("/v1/wallet", headers=headers)).json()
    assert (shown["balance"], shown["held"], shown["currency"]) == (4_700, 300, "INR")
    pending = await client.get("/v1/wallet/transactions?status=pending", headers=headers)
    assert b'"wallet_change":-300.00,"held":300.00' in pending.content
    (before,) = pending.json()["items"]
    await shop.database.run(
        lambda db: wallet.release(db, customer, Money(30_000), code=Code.RELEASE, key="h")
    )
    (after,) = (await client.get("/v1/wallet/transactions?status=failed", headers=headers)).json()["items"]
    assert (after["wallet_change"], after["held"]) == (0, 0)
    assert (after["transaction_id"], after["created_at"]) == (before["transaction_id"], before["created_at"])
    everything = (await client.get("/v1/wallet/transactions", headers=headers)).json()
    assert [item["category"] for item in everything["items"]] == [before["category"], "opening"]
    assert (await client.get("/v1/wallet", headers=headers)).json()["balance"] == 5_000


@pytest.mark.parametrize(
    ("at", "code"),
    [("2999-01-01T00:00:00Z", "instant_invalid"), ("now", "instant"), ("2026-11-21", "instant")],
)
async def test_an_instant_in_the_future_or_without_a_zone_is_named(
    client: httpx.AsyncClient, headers: dict[str, str], at: str, code: str
) -> None:
    answer = await client.get("/v1/wallet/balance", params={"at": at}, headers=headers)
    assert answer.status_code == 422
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [("query.at", code)]


async def test_a_missing_wallet_is_404_and_a_wrong_id_or_cursor_422(
    client: httpx.AsyncClient, headers: dict[str, str], settings: Settings
) -> None:
    answer = await client.get("/v1/wallet/balance", headers=headers_for(settings, uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "wallet_not_found")
    answer = await client.get("/v1/wallet/transactions/1", headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "path.transaction_id")
    answer = await client.get("/v1/wallet/transactions?cursor=abc", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


async def test_the_largest_balance_is_shown_to_the_last_paisa(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    user = await make_customer(shop, rupees=0)
    await credit(shop, user, 9_999_999_999, "huge")
    answer = await client.get("/v1/wallet", headers=headers_for(settings, user))
    assert b'"balance":99999999.99' in answer.content
    page = await client.get("/v1/wallet/transactions", headers=headers_for(settings, user))
    assert b'"amount":99999999.99' in page.content


async def test_transactions_are_counted_on_request(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str], customer: UUID
) -> None:
    await credit(shop, customer, 100, "gift")
    pages = [
        (await client.get(f"/v1/wallet/transactions?limit=1{total}", headers=headers)).json()
        for total in ("&include_total=true", "")
    ]
    assert [(len(page["items"]), page["total"]) for page in pages] == [(1, 2), (1, None)]


async def test_transactions_are_sorted_by_amount_in_pages_and_found_by_their_plan(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    user_id = await make_customer(shop, 2_000)
    cheap, dear = await find_plan(shop), await find_plan(shop, rupees=349)
    for plan in (cheap, dear, cheap):
        await buy(shop, user_id, await make_number(shop), plan.plan_id)
    headers = headers_for(settings, user_id)

    async def listed(**query: str) -> list[str]:
        seen: list[str] = []
        params = {"limit": "2"} | query
        while True:
            page = (await client.get("/v1/wallet/transactions", headers=headers, params=params)).json()
            seen += [f"{row['category']} {row['amount']:.0f}" for row in page["items"]]
            if page["next_cursor"] is None:
                return seen
            params["cursor"] = page["next_cursor"]

    rising = ["recharge 299", "recharge 299", "recharge 349", "opening 2000"]
    assert await listed(sort="amount") == rising
    assert await listed(sort="-amount") == rising[::-1]
    assert await listed(sort="-amount", max_amount="300") == ["recharge 299", "recharge 299"]
    assert await listed(plan_id=str(cheap.plan_id)) == ["recharge 299", "recharge 299"]
    assert await listed(plan_id=str(dear.plan_id), category="recharge") == ["recharge 349"]
    assert await listed(plan_id=str(user_id)) == []
    cursor = (await client.get("/v1/wallet/transactions?sort=amount&limit=1", headers=headers)).json()
    other = {"cursor": cursor["next_cursor"], "sort": "created_at"}
    refused = await client.get("/v1/wallet/transactions", headers=headers, params=other)
    assert refused.json()["code"] == "cursor_invalid"
