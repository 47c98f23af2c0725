"""What two admins change of a third one: the number and the address that codes go to."""

from __future__ import annotations

import httpx
import pytest

from gencharge.admins import service as admins
from gencharge.admins.models import Admin
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.auth.conftest import assert_problem
from tests.make import factories
from tests.make.admins import Headers, approve, make_staff, newcomer


async def test_a_number_that_was_changed_is_free_for_another(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    other = await make_staff(stores)
    old = other.phone_number
    path = f"/v1/admins/{other.admin_id}"
    moved = await api.patch(path, json={"phone_number": factories.new_phone()}, headers=as_admin(boss))
    second = as_admin(await make_staff(stores, "SuperAdmin"))
    assert (await approve(api, moved, second)).status_code == 200
    answer = await api.post("/v1/admins", json=newcomer(phone_number=old), headers=as_admin(boss))
    assert answer.status_code == 201


async def test_no_code_goes_for_a_day_to_an_address_that_a_colleague_set(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    other = await make_staff(stores)
    path, email = f"/v1/admins/{other.admin_id}", newcomer()["email"]
    stale = await api.patch(path, json={"email": email}, headers=as_admin(boss, second_factor_at=0))
    assert_problem(stale, 403, "step_up_required")
    waiting = await api.patch(path, json={"email": email}, headers=as_admin(boss))
    second = as_admin(await make_staff(stores, "SuperAdmin"))
    assert (await approve(api, waiting, second)).status_code == 200
    assert (await api.get(path, headers=second)).json()["email"] == email
    assert await stores.database.run(lambda db: admins.email_of(db, other.admin_id)) is None
    with clock.later(hours=24, seconds=1):
        assert await stores.database.run(lambda db: admins.email_of(db, other.admin_id)) == email


async def test_a_second_factor_of_long_ago_changes_no_colleagues_number(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    other = await make_staff(stores)
    body = {"phone_number": factories.new_phone()}
    stale = as_admin(boss, second_factor_at=0)
    refused = await api.patch(f"/v1/admins/{other.admin_id}", json=body, headers=stale)
    assert_problem(refused, 403, "step_up_required")
    fresh = await api.patch(f"/v1/admins/{other.admin_id}", json=body, headers=as_admin(boss))
    assert fresh.status_code == 202


@pytest.mark.parametrize("field", ["phone_number", "email"])
async def test_one_admin_alone_changes_no_colleagues_number_or_address(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores, field: str
) -> None:
    other, second = await make_staff(stores, "Support"), await make_staff(stores, "SuperAdmin")
    path, headers = f"/v1/admins/{other.admin_id}", as_admin(boss)
    body = {field: newcomer()[field], "name": "Another Name", "reason": "lost the phone"}
    before = (await api.get(path, headers=headers)).json()
    assert (
        await api.patch(path, json={field: before[field], "name": before["name"]}, headers=headers)
    ).status_code == 200
    waiting = await api.patch(path, json=body, headers=headers)
    assert waiting.status_code == 202
    assert waiting.json()["act"] == "change_admin_contact"
    assert body[field] not in waiting.text
    assert (await api.get(path, headers=headers)).json() == before
    assert_problem(await approve(api, waiting, headers), 403, "approval_second_admin_required")
    own = as_admin(other, "SuperAdmin")
    assert_problem(await approve(api, waiting, own), 409, "own_account")
    assert (await approve(api, waiting, as_admin(second))).status_code == 200
    after = (await api.get(path, headers=headers)).json()
    assert (after[field], after["name"]) == (body[field], body["name"])


async def test_a_contact_that_changed_since_is_not_changed_by_an_old_request(
    api: httpx.AsyncClient, boss: Admin, as_admin: Headers, stores: Stores
) -> None:
    other = await make_staff(stores, "Support")
    path, headers = f"/v1/admins/{other.admin_id}", as_admin(boss)
    waiting = await api.patch(path, json={"email": newcomer()["email"]}, headers=headers)
    assert (await api.patch(path, json={"name": "Meera K. Nair"}, headers=headers)).status_code == 200
    second = as_admin(await make_staff(stores, "SuperAdmin"))
    assert_problem(await approve(api, waiting, second), 412, "resource_changed")
