"""The life of an account where things happen at once: sign-ins, recharges, payouts, a number that comes back."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.core.rooms import checks
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.directory import service as directory
from gencharge.plans.errors import PlanNotFound
from gencharge.sessions import service as sessions
from gencharge.sessions.errors import SessionEnded
from gencharge.sessions.models import Session
from gencharge.users import lifecycle_service as lifecycle
from gencharge.users import profile_service as profile
from gencharge.users import service as users
from gencharge.users.errors import (
    ReferralCodeInvalid,
    UserAlreadyArchived,
    UserBlocked,
    UserNotActive,
    UserNotBlocked,
    UserNotDeactivated,
    UserNotFound,
    WalletNotEmpty,
)
from gencharge.users.models import Erasure, User, UserStatus
from gencharge.wallet import service as wallet
from gencharge.wallet.errors import InsufficientBalance
from gencharge.wallet.models import Code, Transfer
from tests.make import factories
from tests.make.money import buy, find_plan, fund, make_number
from tests.make.users import Headers, events_of


async def archive(stores: Stores, user_id: UUID, *, payout: bool = False) -> User:
    return await stores.database.run(
        lambda db: lifecycle.archive(
            db, wiring.PERSONAL_DATA, user_id, by=new_id(), reason="a test", payout=payout, keep_days=90
        )
    )


async def test_no_session_starts_while_a_user_is_blocked(stores: Stores, user: User) -> None:
    async def sign_in() -> bool:
        async def unit(db: Any) -> None:
            await users.admit(db, user.user_id, reactivating=True)
            await sessions.start(db, stores.settings, user_id=user.user_id, kind="user")

        try:
            await stores.database.run(unit)
        except UserBlocked:
            return False
        return True

    async def block() -> None:
        await stores.database.run(lambda db: lifecycle.block(db, user.user_id, by=new_id(), reason="a test"))

    await asyncio.gather(*(sign_in() for _ in range(10)), block(), *(sign_in() for _ in range(10)))
    # How many came before it goes by who got a connection first; none comes after it.
    assert not await sign_in()
    async with stores.database.transaction() as db:
        live = await db.scalars(
            select(Session).where(Session.user_id == user.user_id, Session.revoked_at.is_(None))
        )
        assert live.all() == []


async def test_of_ten_archivings_at_once_one_succeeds_and_pays_once(stores: Stores, user: User) -> None:
    await fund(stores, user.user_id, 700)
    done = await asyncio.gather(
        *(archive(stores, user.user_id, payout=True) for _ in range(10)), return_exceptions=True
    )
    assert Counter(type(one) for one in done) == {User: 1, UserAlreadyArchived: 9}
    async with stores.database.transaction() as db:
        (paid,) = (
            await db.scalars(
                select(Transfer).where(Transfer.user_id == user.user_id, Transfer.code == Code.PAYOUT)
            )
        ).all()
        assert (paid.debit, paid.credit, paid.amount) == ("user:main", "payout", 70_000)
        assert await db.get(Erasure, user.user_id) is not None


@pytest.mark.parametrize("payout", [True, False])
async def test_an_archiving_beside_recharges_pays_out_exactly_the_rest_or_refuses(
    shop: Stores, payout: bool
) -> None:
    plan, number = await find_plan(shop), await make_number(shop)
    for _ in range(4):
        user = await shop.database.run(factories.make_user)
        await fund(shop, user.user_id, 299 * 3 + 50)

        async def recharge(user_id: UUID = user.user_id) -> int:
            try:
                await buy(shop, user_id, number, plan.plan_id, confirm_duplicate=True)
            except InsufficientBalance:
                return 0
            return 299

        async def close(user_id: UUID = user.user_id) -> bool:
            try:
                await archive(shop, user_id, payout=payout)
            except WalletNotEmpty:
                return False
            return True

        spent = sum((done := await asyncio.gather(recharge(), close(), recharge()))[::2])
        rest = 299 * 3 + 50 - spent
        async with shop.database.transaction() as db:
            paid = await db.scalar(
                select(Transfer.amount).where(Transfer.user_id == user.user_id, Transfer.code == Code.PAYOUT)
            )
            left = await wallet.available(db, user.user_id)
        assert done[1] is payout
        assert (paid, left) == ((rest * 100, Money(0)) if payout else (None, Money.rupees(rest)))
    report = await checks.run(shop.database, wiring.CHECKS)
    assert report.ok, "\n".join(report.lines)


async def test_a_number_that_comes_back_is_a_new_user_who_sees_nothing_of_the_old_one(
    app: FastAPI, http: httpx.AsyncClient, shop: Stores, user: User, user_headers: Headers
) -> None:
    await fund(shop, user.user_id, 299)
    plan = await find_plan(shop)
    await buy(shop, user.user_id, await make_number(shop), plan.plan_id)
    await archive(shop, user.user_id)

    async def sign_up(db: Any) -> User:
        fresh = await users.create(db, phone_number=user.phone_number, name="Mira Das", email=user.email)
        await wallet.open_wallet(db, fresh.user_id)
        return fresh

    fresh = await shop.database.run(sign_up)
    assert fresh.user_id != user.user_id
    headers = await factories.sign_in(app, fresh)
    assert (await http.get("/wallet", headers=headers)).json()["balance"] == 0
    for path in ("/wallet/transactions", "/recharge", "/users/me/numbers", "/operators/connections"):
        assert (await http.get(path, headers=headers)).json()["items"] == []
    assert (await http.get("/users/me", headers=user_headers)).status_code == 401
    with pytest.raises(UserNotFound):
        await shop.database.run(lambda db: users.admit(db, user.user_id, reactivating=True))
    owner = await shop.database.run(lambda db: directory.phone_owner(db, user.phone_number))
    assert owner is not None
    assert owner[1] == fresh.user_id


async def test_an_archived_users_code_refers_nobody(stores: Stores, user: User) -> None:
    await archive(stores, user.user_id)
    fresh = await stores.database.run(lambda db: users.create(db, phone_number=factories.new_phone()))
    with pytest.raises(ReferralCodeInvalid):
        await stores.database.run(
            lambda db: users.register(
                db,
                fresh.user_id,
                name="Mira Das",
                email=f"{fresh.user_id}@example.com",
                user_type="prepaid",
                referral_code=user.referral_code,
            )
        )


async def test_a_refused_archiving_changes_nothing_at_all(
    stores: Stores, user: User, user_headers: Headers, http: httpx.AsyncClient
) -> None:
    await fund(stores, user.user_id, 5)
    with pytest.raises(WalletNotEmpty):
        await archive(stores, user.user_id)
    assert (await http.get("/users/me", headers=user_headers)).status_code == 200
    assert await events_of(stores, user.user_id, "UserArchived") == []
    assert await events_of(stores, user.user_id, "SessionRevoked") == []
    async with stores.database.transaction() as db:
        assert await directory.phone_owner(db, user.phone_number) is not None
        assert (
            await db.scalar(text("SELECT count(*) FROM erasures WHERE user_id = :id"), {"id": user.user_id})
            == 0
        )


async def test_a_blocked_user_neither_refreshes_nor_recharges(
    http: httpx.AsyncClient, shop: Stores, user: User, user_headers: Headers
) -> None:
    started = await shop.database.run(
        lambda db: sessions.start(db, shop.settings, user_id=user.user_id, kind="user")
    )
    await shop.database.run(lambda db: lifecycle.block(db, user.user_id, by=new_id(), reason="a test"))
    refreshed = await http.post("/auth/refresh", json={"refresh_token": started.refresh_token})
    assert refreshed.status_code in {401, 403}
    body = {"phone_number": user.phone_number, "plan_id": str(new_id()), "payment_method": "wallet"}
    answer = await http.post(
        "/recharge/subscribe", headers=user_headers | {"Idempotency-Key": "1"}, json=body
    )
    assert answer.json()["code"] == SessionEnded.code()
    await shop.database.run(lambda db: lifecycle.unblock(db, user.user_id, by=new_id(), reason="a test"))
    back = factories.headers_for(shop.settings, user)
    answer = await http.post("/recharge/subscribe", headers=back | {"Idempotency-Key": "1"}, json=body)
    assert answer.json()["code"] == PlanNotFound.code()


ACTIVE, BLOCKED = UserStatus.ACTIVE, UserStatus.BLOCKED
DEACTIVATED, ARCHIVED = UserStatus.DEACTIVATED, UserStatus.ARCHIVED
MOVES: list[tuple[Any, UserStatus, UserStatus, type[Exception]]] = [
    (lifecycle.block, ACTIVE, BLOCKED, UserNotActive),
    (lifecycle.unblock, BLOCKED, ACTIVE, UserNotBlocked),
    (lifecycle.deactivate, ACTIVE, DEACTIVATED, UserNotActive),
    (lifecycle.reactivate, DEACTIVATED, ACTIVE, UserNotDeactivated),
]


@pytest.mark.parametrize("status", UserStatus)
@pytest.mark.parametrize(
    ("move", "before", "after", "refusal"), MOVES, ids=lambda value: getattr(value, "__name__", "")
)
async def test_a_status_changes_from_one_status_only(
    stores: Stores,
    user: User,
    move: Any,
    before: UserStatus,
    after: UserStatus,
    refusal: Any,
    status: UserStatus,
) -> None:
    admin_id = new_id()
    await stores.database.run(
        lambda db: db.execute(
            text("UPDATE users SET status = :status WHERE user_id = :id"),
            {"status": status, "id": user.user_id},
        )
    )

    async def attempt(db: AsyncSession) -> User:
        moved: User = await move(db, user.user_id, by=admin_id, reason="a test")
        return moved

    if status is before:
        moved = await stores.database.run(attempt)
        assert (moved.status, moved.status_by, moved.status_reason) == (after, admin_id, "a test")
        return
    with pytest.raises(refusal) as refused:
        await stores.database.run(attempt)
    assert refused.value.extra["user_status"] == status
    left = await stores.database.run(lambda db: profile.find(db, user.user_id))
    assert left.status == status


@pytest.mark.parametrize("move", [move for move, *_ in MOVES], ids=lambda move: move.__name__)
async def test_an_unknown_user_has_no_status_to_change(stores: Stores, move: Any) -> None:
    with pytest.raises(UserNotFound):
        await stores.database.run(lambda db: move(db, new_id(), by=new_id(), reason="a test"))


async def test_a_customers_own_reason_stays_out_of_the_audit_trail(stores: Stores, user: User) -> None:
    await stores.database.run(
        lambda db: lifecycle.deactivate(db, user.user_id, by=user.user_id, reason="I moved to Pune")
    )
    [event] = await events_of(stores, user.user_id, "UserDeactivated")
    assert event["reason"] == "given by the owner"
    assert (
        await stores.database.run(lambda db: profile.find(db, user.user_id))
    ).status_reason == "I moved to Pune"
