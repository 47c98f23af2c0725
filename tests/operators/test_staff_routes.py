"""The staff's routes of operators."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gencharge.core.settings import Settings
from tests.make.operators import NEW
from tests.make.plans import staff


@pytest.fixture
def jio(desk_settings: Settings) -> dict[str, str]:
    """The headers of a manager of Jio only."""
    return staff(desk_settings, "Manager", "JIO")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "a b"}, "body.code"),
        ({"code": "1X"}, "body.code"),
        ({"name": ""}, "body.name"),
        ({"display_name": "x\ny"}, "body.display_name"),
        ({"status": "sleepy"}, "body.status"),
        ({"channel": "fax"}, "body.channel"),
        ({"sort_order": -1}, "body.sort_order"),
        ({"colour": "red"}, "body.colour"),
    ],
)
async def test_a_wrong_field_is_named(
    clerk: httpx.AsyncClient, manager: dict[str, str], change: dict[str, Any], field: str
) -> None:
    refused = await clerk.post("/v1/operators", json={**NEW, **change}, headers=manager)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    if "code" not in change:
        refused = await clerk.patch("/v1/operators/JIO", json=change, headers=manager)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    for name in ("name", "status", "is_active"):
        refused = await clerk.patch("/v1/operators/JIO", json={name: None}, headers=manager)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, f"body.{name}")


async def test_a_manager_of_jio_sees_jio_and_sets_its_status_and_nothing_else(
    clerk: httpx.AsyncClient, jio: dict[str, str], desk_settings: Settings
) -> None:
    listed = (await clerk.get("/v1/operators/admin", headers=jio)).json()["items"]
    assert [one["code"] for one in listed] == ["JIO"]
    for status in ("degraded", "up"):
        answer = await clerk.patch("/v1/operators/JIO", json={"status": status}, headers=jio)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    for change in ({"channel": "api"}, {"status": "down", "name": "x"}, {"is_active": False}):
        refused = await clerk.patch("/v1/operators/JIO", json=change, headers=jio)
        assert (refused.status_code, refused.json()["code"]) == (403, "operator_scope_too_narrow")
    other = await clerk.patch("/v1/operators/VI", json={"status": "down"}, headers=jio)
    assert (other.status_code, other.json()["code"]) == (404, "operator_not_found")
    for refused in (
        await clerk.post("/v1/operators", json=NEW, headers=jio),
        await clerk.delete("/v1/operators/JIO", headers=jio),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "operator_scope_too_narrow")
    viewer = staff(desk_settings, "Viewer")
    refused = await clerk.patch("/v1/operators/JIO", json={"status": "down"}, headers=viewer)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert (await clerk.get("/v1/operators/admin")).status_code == 401
