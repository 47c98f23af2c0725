"""The staff's routes of sessions."""

from __future__ import annotations

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.admins.models import Admin
from gencharge.auth import otp_service
from gencharge.auth.crud import add_failure
from gencharge.auth.sources import STRANGERS
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.users.models import User
from tests.auth.conftest import assert_problem
from tests.make import factories
from tests.make.admins import granted
from tests.make.auth import _ask

REASON = {"reason": "Called from the number."}


async def test_ones_own_sessions_are_elsewhere(
    app: FastAPI, client: httpx.AsyncClient, support: Admin
) -> None:
    own_headers = await factories.sign_in(app, support, role="Support")
    answer = await client.delete(f"/v1/sessions/{support.admin_id}", headers=own_headers)
    assert_problem(answer, 409, "own_account")
    assert len((await client.get("/v1/auth/sessions", headers=own_headers)).json()["items"]) == 1


async def test_who_may_not_see_sessions_does_not(
    client: httpx.AsyncClient, headers: dict[str, str], user: User, stores: Stores, settings: Settings
) -> None:
    path = f"/v1/sessions/{user.user_id}"
    viewer = await stores.database.run(lambda db: factories.make_admin(db, "Viewer"))
    as_viewer = factories.headers_for(settings, viewer, role="Viewer")
    assert_problem(await client.delete(path, headers=as_viewer), 403, "permission_denied")
    scoped = await stores.database.run(
        lambda db: factories.make_admin(db, "Support", operator_scope=("JIO",))
    )
    narrow = factories.headers_for(settings, scoped, role="Support")
    assert_problem(await client.delete(path, headers=narrow), 403, "operator_scope_too_narrow")
    as_user = factories.headers_for(settings, user)
    assert_problem(await client.delete(path, headers=as_user), 403, "admins_only")
    assert_problem(await client.delete(path), 401, "not_signed_in")


async def _suspend(stores: Stores, *phone_numbers: str) -> None:
    async with stores.database.transaction() as db:
        for number in phone_numbers:
            for _ in range(otp_service.SUSPENDED_AFTER):
                await add_failure(db, number, STRANGERS, now=clock.now())


async def test_the_staff_open_a_suspended_number_of_a_customer_and_of_an_admin(
    app: FastAPI, client: httpx.AsyncClient, user: User, stores: Stores, settings: Settings
) -> None:
    boss = await stores.database.run(factories.make_admin)
    viewer = await stores.database.run(lambda db: factories.make_admin(db, "Viewer"))
    await granted(app, "SuperAdmin", "Admins:edit")
    headers = factories.headers_for(settings, boss)
    await _suspend(stores, user.phone_number, viewer.phone_number)
    for path, number in [
        (f"/v1/users/{user.user_id}", user.phone_number),
        (f"/v1/admins/{viewer.admin_id}", viewer.phone_number),
    ]:
        assert_problem(await _ask(client, number), 403, "sign_in_suspended")
        opened = await client.post(f"{path}/open-sign-in", headers=headers, json=REASON)
        assert opened.status_code == 204, opened.text
        assert (await _ask(client, number)).status_code == 200
        again = await client.post(f"{path}/open-sign-in", headers=headers, json=REASON)
        assert_problem(again, 409, "sign_in_not_locked")
    async with stores.database.transaction() as db:
        rows = await db.scalars(
            text(
                "SELECT payload FROM events WHERE topic = 'SignInOpened' AND payload->>'owner_id' = ANY(:ids)"
            ),
            {"ids": [str(user.user_id), str(viewer.admin_id)]},
        )
        payloads = rows.all()
    assert sorted(payload["kind"] for payload in payloads) == ["admin", "user"]
    assert user.phone_number not in str(payloads)


async def test_nobody_opens_their_own_number_or_one_of_a_higher_rank(
    app: FastAPI, client: httpx.AsyncClient, support: Admin, stores: Stores, settings: Settings
) -> None:
    boss = await stores.database.run(factories.make_admin)
    await _suspend(stores, boss.phone_number)
    await granted(app, "SuperAdmin", "Admins:edit")
    path = f"/v1/admins/{boss.admin_id}/open-sign-in"
    own = factories.headers_for(settings, boss)
    assert_problem(await client.post(path, headers=own, json=REASON), 409, "own_account")
    lower = factories.headers_for(settings, support, role="Support")
    assert_problem(await client.post(path, headers=lower, json=REASON), 403, "permission_denied")
    # A role that may change admins, and holds less than the one whose number it is.
    forged = factories.headers_for(settings, support, role="SuperAdmin")
    assert_problem(await client.post(path, headers=forged, json=REASON), 403, "rank_too_low")
    assert_problem(await _ask(client, boss.phone_number), 403, "sign_in_suspended")


async def test_the_number_of_a_closed_account_is_not_opened_for_its_new_owner(
    client: httpx.AsyncClient, support: Admin, user: User, stores: Stores, settings: Settings
) -> None:
    other = await stores.database.run(factories.make_user)
    await _suspend(stores, user.phone_number)
    async with stores.database.transaction() as db:
        await db.execute(
            text("UPDATE phone_directory SET owner_id = :other WHERE phone_number = :n"),
            {"other": other.user_id, "n": user.phone_number},
        )
    headers = factories.headers_for(settings, support, role="Support")
    path = f"/v1/users/{user.user_id}/open-sign-in"
    assert_problem(await client.post(path, headers=headers, json=REASON), 409, "sign_in_not_locked")
    assert_problem(await _ask(client, user.phone_number), 403, "sign_in_suspended")
