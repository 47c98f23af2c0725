"""The staff's routes of operators."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gencharge.core.settings import Settings
from tests.make.operators import NEW
from tests.make.plans import staff


@pytest.fixture
def jio(staff_settings: Settings) -> dict[str, str]:
    """The headers of a manager of Jio only."""
    return staff(staff_settings, "Manager", "JIO")


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
    staff_client: httpx.AsyncClient, manager: dict[str, str], change: dict[str, Any], field: str
) -> None:
    refused = await staff_client.post("/v1/operators", json={**NEW, **change}, headers=manager)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    if "code" not in change:
        refused = await staff_client.patch("/v1/operators/JIO", json=change, headers=manager)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    for name in ("name", "status", "is_active"):
        refused = await staff_client.patch("/v1/operators/JIO", json={name: None}, headers=manager)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, f"body.{name}")


async def test_a_manager_of_jio_sees_jio_and_sets_its_status_and_nothing_else(
    staff_client: httpx.AsyncClient, jio: dict[str, str], staff_settings: Settings
) -> None:
    listed = (await staff_client.get("/v1/operators/admin", headers=jio)).json()["items"]
    assert [one["code"] for one in listed] == ["JIO"]
    for status in ("degraded", "up"):
        answer = await staff_client.patch("/v1/operators/JIO", json={"status": status}, headers=jio)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    for change in ({"channel": "api"}, {"status": "down", "name": "x"}, {"is_active": False}):
        refused = await staff_client.patch("/v1/operators/JIO", json=change, headers=jio)
        assert (refused.status_code, refused.json()["code"]) == (403, "operator_scope_too_narrow")
    other = await staff_client.patch("/v1/operators/VI", json={"status": "down"}, headers=jio)
    assert (other.status_code, other.json()["code"]) == (404, "operator_not_found")
    for refused in (
        await staff_client.post("/v1/operators", json=NEW, headers=jio),
        await staff_client.delete("/v1/operators/JIO", headers=jio),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "operator_scope_too_narrow")
    viewer = staff(staff_settings, "Viewer")
    refused = await staff_client.patch("/v1/operators/JIO", json={"status": "down"}, headers=viewer)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert (await staff_client.get("/v1/operators/admin")).status_code == 401
