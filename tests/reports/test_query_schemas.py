"""What a report can be asked for: the filters of the list that the staff have of the same things."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bench.discovery import staff_lists
from gencharge.admins.models import Admin
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.offers.models import Offer, OfferType
from gencharge.payments.models import Payment
from gencharge.plans.models import Plan
from gencharge.referrals.models import ReferralReward, RewardSide, RewardState
from gencharge.reports import service
from gencharge.reports.query_schemas import MonthQuery, ReferralsQuery, TransactionsQuery
from gencharge.users.models import User
from tests import one_document
from tests.make.factories import make_user
from tests.make.money import make_customer
from tests.make.recharge import staff_headers
from tests.make.reports import read_csv

# The list of what a report is about. The others have no list: a role's permissions come one by one, the rest is computed.
LISTS: Final = {
    "active-plans": "/v1/recharge/admin/plans",
    "admins": "/v1/admins",
    "archived-users": "/v1/users/archived",
    "audit": "/v1/audit-logs",
    "autopay": "/v1/autopay/admin",
    "backups": "/v1/backups",
    "offers": "/v1/offers/admin",
    "payments": "/v1/payments/admin",
    "plans": "/v1/plans/admin",
    "referrals": "/v1/referrals/admin",
    "sessions": "/v1/sessions",
    "transactions": "/v1/recharge/admin",
    "users": "/v1/users",
}
_WITHOUT_LIST: Final = {"gst-documents", "gst-services", "gst-supplies", "ledger", "roles", "settlement"}
# What a page has and a file has not.
_OF_PAGES: Final = {"cursor", "include_total", "limit", "sort"}


def test_each_report_is_about_a_list_or_has_none() -> None:
    assert set(service.REPORTS) == set(LISTS) | _WITHOUT_LIST


@pytest.mark.parametrize("name", LISTS)
def test_a_report_takes_the_filters_of_the_list(name: str) -> None:
    listed = {one.path: one for one in staff_lists(one_document.plain_app())}[LISTS[name]]
    filters = {parameter.name for parameter in listed.parameters if parameter.place == "query"} - _OF_PAGES
    fields = service.REPORTS[name].query.model_fields.items()
    assert filters <= {field.alias or key for key, field in fields}


@pytest.fixture
async def headers(app: FastAPI, shop: Stores) -> dict[str, str]:
    return await staff_headers(app, shop, "SuperAdmin")


class Both:
    """Asks the list and the report of the same things for the same."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str], name: str, key: str) -> None:
        self._client, self._headers, self._name, self._key = client, headers, name, key

    async def ids(self, **filters: str) -> set[str]:
        """The ids of the rows, which are the same in both."""
        listed = set[str]()
        cursor: dict[str, str] = {}
        while True:
            answer = await self._get(LISTS[self._name], filters | cursor | {"limit": "100"})
            page = answer.json()
            listed |= {item[self._key] for item in page["items"]}
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        report = await self._get(f"/v1/reports/{self._name}", filters | {"columns": self._key})
        assert {row[self._key] for row in read_csv(report.content)} == listed
        return listed

    async def _get(self, path: str, query: dict[str, str]) -> httpx.Response:
        answer = await self._client.get(path, params=query, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer


async def test_plans(shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    both = Both(client, headers, "plans", "plan_id")
    everything = await both.ids()

    async def unit(db: AsyncSession) -> tuple[UUID, UUID]:
        plan = (await db.scalars(select(Plan).where(Plan.status == "active").limit(1))).one()
        await db.execute(
            update(Plan)
            .where(Plan.plan_id == plan.plan_id)
            .values(active_from=clock.now().replace(year=2100), description="A rare_word in it")
        )
        return plan.plan_id, plan.group_id

    plan_id, group_id = await shop.database.run(unit)
    assert await both.ids(scheduled="true") == {str(plan_id)}
    assert await both.ids(scheduled="false") == everything - {str(plan_id)}
    assert await both.ids(search="RARE_word") == {str(plan_id)}
    group = await both.ids(group=str(group_id))
    assert str(plan_id) in group
    assert group < everything
    assert await both.ids(group=str(group_id).upper()) == group


async def test_offers(shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    kind = OfferType(offer_type_id=new_id(), name=f"Kind {new_id()}")
    now = clock.now()
    windows = {
        "scheduled": {"active_from": now.replace(year=2100)},
        "running": {"active_until": now.replace(year=2100)},
        "over": {"active_until": now.replace(year=2020)},
    }
    offers = {
        state: Offer(
            offer_id=new_id(),
            offer_type_id=kind.offer_type_id,
            name=f"Festive {state}",
            discount_paise=100,
            **window,
        )
        for state, window in windows.items()
    }

    async def unit(db: AsyncSession) -> None:
        db.add(kind)
        await db.flush()
        db.add_all(offers.values())

    await shop.database.run(unit)
    both = Both(client, headers, "offers", "offer_id")
    own = {str(offer.offer_id) for offer in offers.values()}
    assert await both.ids(type=kind.name.upper()) == own
    assert await both.ids(type=str(kind.offer_type_id)) == own
    assert await both.ids(type="no such type") == set()
    for state, offer in offers.items():
        assert await both.ids(type=kind.name, window=state) == {str(offer.offer_id)}
        assert await both.ids(type=kind.name, search=f"{state} FESTIVE") == {str(offer.offer_id)}


async def test_users(shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    async def unit(db: AsyncSession) -> tuple[User, User]:
        unproved = await make_user(db)
        # As somebody writes it who has not proved it: the directory does not know it.
        unproved.email = "unproved@example.com"
        return await make_user(db, name="Zubin Q"), unproved

    user, other = await shop.database.run(unit)
    both = Both(client, headers, "users", "user_id")
    assert await both.ids(phone_number=user.phone_number) == {str(user.user_id)}
    assert await both.ids(phone_number="+919000000001") == set()
    assert user.email is not None
    assert await both.ids(email=user.email.upper()) == {str(user.user_id)}
    assert await both.ids(email="unproved@example.com") == set()
    assert await both.ids(search="ZUBIN q") == {str(user.user_id)}
    assert {str(user.user_id), str(other.user_id)} <= await both.ids()
    assert await both.ids(search="%") == set()


async def test_admins(shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    async def unit(db: AsyncSession) -> Admin:
        return (await db.scalars(select(Admin).order_by(Admin.created_at.desc()).limit(1))).one()

    admin = await shop.database.run(unit)
    both = Both(client, headers, "admins", "admin_id")
    assert await both.ids(search=admin.phone_number[3:]) == {str(admin.admin_id)}
    assert await both.ids(search="% nobody") == set()


async def test_referrals(shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    referrer = await make_customer(shop)
    held_at = clock.now()
    rewards = {
        name: ReferralReward(
            reward_id=new_id(),
            user_id=referrer,
            side=RewardSide.REFERRER,
            referrer_id=referrer,
            friend_id=await make_customer(shop),
            amount=amount,
            state=RewardState.PENDING,
            held_at=when,
            created_at=held_at,
        )
        for name, amount, when in (("open", 5_000, None), ("held", 7_500, held_at))
    }

    async def unit(db: AsyncSession) -> None:
        db.add_all(rewards.values())

    await shop.database.run(unit)
    both = Both(client, headers, "referrals", "reward_id")
    ids = {name: {str(reward.reward_id)} for name, reward in rewards.items()}
    assert await both.ids(user_id=str(referrer), status="pending") == ids["open"]
    assert await both.ids(user_id=str(referrer), status="held") == ids["held"]
    assert await both.ids(user_id=str(referrer), min_amount="50.01") == ids["held"]
    assert await both.ids(user_id=str(referrer), max_amount="50") == ids["open"]


async def test_payments(shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    payer, recharge = await make_customer(shop), new_id()
    begun = clock.now()

    def payment(amount: int, **values: Any) -> Payment:
        return Payment(
            **{
                "user_id": payer,
                "payment_id": new_id(),
                "purpose": "topup",
                "amount": amount,
                "method": "upi",
                "source": "app",
                "status": "captured",
                "gateway": "razorpay",
                "idempotency_key": str(new_id()),
                "request_hash": b"x",
                "created_at": begun,
                "captured_at": begun,
                **values,
            }
        )

    payments = {
        "upi": payment(10_000, bank_reference="=HYPERLINK(1)", caller_reference="mine"),
        "card": payment(20_000, method="card", purpose="recharge", reference_id=recharge),
        "failed": payment(30_000, status="failed", captured_at=None, failure_reason="declined"),
    }

    async def unit(db: AsyncSession) -> None:
        db.add_all(payments.values())

    await shop.database.run(unit)
    both = Both(client, headers, "payments", "payment_id")
    ids = {name: {str(row.payment_id)} for name, row in payments.items()}
    own = {"user_id": str(payer)}
    assert await both.ids(**own) == ids["upi"] | ids["card"] | ids["failed"]
    assert await both.ids(**own, status="failed") == ids["failed"]
    assert await both.ids(**own, purpose="recharge") == ids["card"]
    assert await both.ids(**own, payment_method="card") == ids["card"]
    assert await both.ids(recharge_id=str(recharge)) == ids["card"]
    assert await both.ids(**own, reference="mine") == ids["upi"]
    assert await both.ids(**own, min_amount="200.01") == ids["failed"]
    assert await both.ids(**own, max_amount="100") == ids["upi"]
    report = await client.get("/v1/reports/payments", params=own | {"reference": "mine"}, headers=headers)
    (row,) = read_csv(report.content)
    assert (row["amount"], row["refunded"], row["bank_reference"]) == ("100.00", "0.00", "'=HYPERLINK(1)")


async def test_the_trail(shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    both = Both(client, headers, "audit", "entry_id")
    entries: list[dict[str, Any]] = (
        await client.get("/v1/audit-logs", params={"limit": 100}, headers=headers)
    ).json()["items"]
    for entry in entries[:1]:
        assert entry["entry_id"] in await both.ids(object_id=entry["object_id"])
    assert await both.ids(object_id=str(new_id())) == set()
    assert await both.ids(request_id=str(new_id())) == set()


def test_a_month_is_one_of_india() -> None:
    december = MonthQuery(month="2026-12")
    assert december.since.isoformat() == "2026-11-30T18:30:00+00:00"
    assert december.until.isoformat() == "2026-12-31T18:30:00+00:00"
    february = MonthQuery(month="2028-02")
    assert (february.until - february.since).days == 29


@pytest.mark.parametrize("query", [TransactionsQuery, ReferralsQuery])
def test_the_smallest_amount_is_not_above_the_largest(query: Any) -> None:
    with pytest.raises(ValidationError, match="min_amount must not exceed max_amount"):
        query.model_validate({"min_amount": "2", "max_amount": "1.99"})
