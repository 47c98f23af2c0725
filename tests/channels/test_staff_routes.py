"""`/v1/channels`: permissions, the errors of each route, and the HTTP contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from gencharge.admins.models import Admin
from gencharge.channels import service as channels
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.channels import channel_body, queue
from tests.make.factories import headers_for, know_roles, make_user, new_client
from tests.make.plans import staff

CHANNELS = "/v1/channels"


@pytest.fixture
async def api(app: FastAPI, shop: Stores) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    await know_roles(app)
    async with new_client(app) as client:
        yield client


@pytest.fixture
async def manager(api: httpx.AsyncClient, shop: Stores) -> httpx.AsyncClient:
    """A client with a manager's token."""
    api.headers.update(staff(shop.settings))
    return api


async def test_a_channel_is_added_changed_listed_and_deleted(manager: httpx.AsyncClient) -> None:
    body = channel_body(code="jio-wire", min_amount=10.5)
    created = await manager.post(CHANNELS, json=body)
    assert created.status_code == 201
    address = {"url": None, "pending_url": body["url"]}
    assert created.json().items() >= (body | address | {"is_active": True}).items()
    assert created.json()["created_at"].endswith("Z")
    changed = await manager.patch(f"{CHANNELS}/jio-wire", json={"max_amount": 99, "is_active": False})
    assert (changed.status_code, changed.json()["max_amount"], changed.json()["is_active"]) == (
        200,
        99.0,
        False,
    )
    page = (await manager.get(CHANNELS, params={"operator": "jio", "include_total": True})).json()
    assert changed.json() in page["items"]
    assert page["total"] == len(page["items"])
    deleted = await manager.delete(f"{CHANNELS}/jio-wire")
    assert (deleted.status_code, deleted.content) == (204, b"")


async def test_a_change_with_the_etag_of_an_older_state_is_refused(manager: httpx.AsyncClient) -> None:
    created = await manager.post(CHANNELS, json=channel_body())
    path, etag = f"{CHANNELS}/{created.json()['code']}", created.headers["ETag"]
    assert etag == f'"{created.json()["etag"]}"'
    changed = await manager.patch(path, json={"weight": 7}, headers={"If-Match": etag})
    assert (changed.status_code, changed.headers["ETag"] != etag) == (200, True)
    late = await manager.patch(path, json={"weight": 8}, headers={"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "resource_changed")
    assert late.headers["ETag"] == changed.headers["ETag"]


async def test_no_answer_holds_a_secret(manager: httpx.AsyncClient, shop: Stores) -> None:
    await manager.post(CHANNELS, json=channel_body())
    answer = await manager.get(CHANNELS)
    assert shop.settings.operator_api_secret.get_secret_value() not in answer.text


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("SuperAdmin", True, True),
        ("Manager", True, True),
        ("Support", True, False),
        ("ContentEditor", True, False),
        ("Viewer", True, False),
    ],
)
async def test_each_role_may_do_what_it_allows(
    api: httpx.AsyncClient, shop: Stores, role: str, reads: bool, writes: bool
) -> None:
    headers = staff(shop.settings, role)
    statuses = [
        (await api.get(CHANNELS, headers=headers)).status_code,
        (await api.post(CHANNELS, json=channel_body(), headers=headers)).status_code,
        (await api.patch(f"{CHANNELS}/no-such", json={}, headers=headers)).status_code,
        (await api.delete(f"{CHANNELS}/no-such", headers=headers)).status_code,
    ]
    assert statuses == [200 if reads else 403, *([201, 404, 404] if writes else [403] * 3)]


async def test_customers_and_strangers_are_refused(api: httpx.AsyncClient, shop: Stores) -> None:
    user = await shop.database.run(make_user)
    for headers, status in (({}, 401), (headers_for(shop.settings, user), 403)):
        assert (await api.get(CHANNELS, headers=headers)).status_code == status
        assert (await api.post(CHANNELS, json=channel_body(), headers=headers)).status_code == status
        assert (await api.delete(f"{CHANNELS}/no-such", headers=headers)).status_code == status


async def test_an_admin_of_one_operator_stays_within_it(api: httpx.AsyncClient, shop: Stores) -> None:
    everywhere, of_vi = staff(shop.settings), staff(shop.settings, "Manager", "VI")
    body = channel_body()
    assert (await api.post(CHANNELS, json=body, headers=everywhere)).status_code == 201
    refused = await api.post(CHANNELS, json=channel_body(), headers=of_vi)
    assert (refused.status_code, refused.json()["code"]) == (403, "operator_out_of_scope")
    assert (await api.post(CHANNELS, json=channel_body(operator="VI"), headers=of_vi)).status_code == 201
    for request in (
        api.patch(f"{CHANNELS}/{body['code']}", json={"weight": 1}, headers=of_vi),
        api.delete(f"{CHANNELS}/{body['code']}", headers=of_vi),
    ):
        answer = await request
        assert (answer.status_code, answer.json()["code"]) == (404, "channel_not_found")
    page = (await api.get(CHANNELS, headers=of_vi)).json()
    assert {item["operator"] for item in page["items"]} == {"VI"}


@pytest.mark.parametrize(
    ("overrides", "status", "code", "field"),
    [
        ({"operator": "NOBODY"}, 422, "operator_invalid", "body.operator"),
        ({"min_amount": 20, "max_amount": 10}, 422, "channel_amounts_invalid", "body.max_amount"),
        ({"code": "JIO"}, 422, "validation_failed", "body.code"),
        ({"weight": 0}, 422, "validation_failed", "body.weight"),
        ({"url": "file:///etc/passwd"}, 422, "validation_failed", "body.url"),
        ({"url": "https://169.254.169.254/latest"}, 422, "channel_url_invalid", "body.url"),
        ({"url": "http://operator.example/api"}, 422, "channel_url_invalid", "body.url"),
        ({"url": "https://operator.example:0/api"}, 422, "channel_url_invalid", "body.url"),
        ({"name": "a\x00b"}, 422, "validation_failed", "body.name"),
        ({"commission": 3}, 422, "validation_failed", "body.commission"),
    ],
)
async def test_a_channel_that_can_not_be_added_is_refused_with_its_field(
    manager: httpx.AsyncClient, overrides: dict[str, object], status: int, code: str, field: str
) -> None:
    answer = await manager.post(CHANNELS, json=channel_body(**overrides))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [problem["field"] for problem in answer.json()["errors"]] == [field]


async def test_an_address_is_approved_by_another_admin_over_http(
    api: httpx.AsyncClient, shop: Stores
) -> None:
    first, second = staff(shop.settings), staff(shop.settings)
    body = channel_body()
    await api.post(CHANNELS, json=body, headers=first)
    path = f"{CHANNELS}/{body['code']}/address"
    url = {"url": body["url"]}
    own = await api.post(f"{path}/approve", json=url, headers=first)
    assert (own.status_code, own.json()["code"]) == (403, "channel_second_admin_required")
    other = await api.post(f"{path}/approve", json={"url": "https://other.example/api"}, headers=second)
    assert (other.status_code, other.json()["code"]) == (409, "channel_address_changed")
    approved = await api.post(f"{path}/approve", json=url, headers=second)
    assert (approved.status_code, approved.json()["url"], approved.json()["pending_url"]) == (
        200,
        body["url"],
        None,
    )
    again = await api.post(f"{path}/reject", headers=second)
    assert (again.status_code, again.json()["code"]) == (409, "channel_address_not_pending")


async def test_every_change_wants_a_second_factor_given_just_now(
    api: httpx.AsyncClient, shop: Stores
) -> None:
    headers = headers_for(
        shop.settings, Admin(admin_id=new_id(), operator_scope=[]), role="SuperAdmin", second_factor_at=0
    )
    path = f"{CHANNELS}/jio-x"
    for answer in (
        await api.post(CHANNELS, json=channel_body(), headers=headers),
        await api.patch(path, json={"commission_basis_points": 1}, headers=headers),
        await api.post(f"{path}/address/approve", json={"url": "https://x.example"}, headers=headers),
        await api.post(f"{path}/address/reject", headers=headers),
        await api.delete(path, headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")


async def test_a_code_that_is_taken_is_a_conflict(manager: httpx.AsyncClient) -> None:
    body = channel_body()
    assert (await manager.post(CHANNELS, json=body)).status_code == 201
    again = await manager.post(CHANNELS, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "channel_already_exists")


async def test_a_channel_that_was_used_can_not_be_deleted(manager: httpx.AsyncClient, shop: Stores) -> None:
    code = (await manager.post(CHANNELS, json=channel_body())).json()["code"]
    key = await queue(shop)
    await shop.database.run(lambda db: channels.begin_attempt(db, *key, channel=code))
    answer = await manager.delete(f"{CHANNELS}/{code}")
    assert (answer.status_code, answer.json()["code"]) == (409, "channel_in_use")
    assert (await manager.patch(f"{CHANNELS}/{code}", json={"is_active": False})).status_code == 200


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"weight": 1e400}', b"\xff"])
async def test_a_body_that_is_no_object_is_refused(manager: httpx.AsyncClient, content: bytes) -> None:
    answer = await manager.patch(
        f"{CHANNELS}/jio-x", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("code", ["JIO", "j", "jio_x", "jio%00x", "j" * 41])
async def test_a_path_with_an_impossible_code_is_refused(manager: httpx.AsyncClient, code: str) -> None:
    answer = await manager.delete(f"{CHANNELS}/{code}")
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("params", [{"cursor": "rubbish"}, {"limit": 0}, {"limit": 101}, {"code": "x"}])
async def test_a_query_that_the_list_does_not_know_is_refused(
    manager: httpx.AsyncClient, params: dict[str, object]
) -> None:
    answer = await manager.get(CHANNELS, params=params)  # type: ignore[arg-type]
    assert answer.status_code in {400, 422}
