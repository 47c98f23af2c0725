"""Operators over HTTP: the lists, the look-up, a user's own corrections."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.operators import service as operators
from tests.make.factories import headers_for, new_phone


@pytest.fixture(autouse=True)
async def seeded(app: FastAPI, stores: Stores) -> None:
    """The operators are there and this process knows them, whichever test of this database came first."""
    await stores.database.run(operators.seed)
    await operators.Operators.of(app).refresh(stores.database)


@pytest.fixture
def signed_in(settings: Settings) -> dict[str, str]:
    """The headers of a user that no other test uses."""
    return headers_for(settings, new_id())


async def test_the_operators_are_listed_with_their_state_and_an_etag(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/operators")
    assert answer.status_code == 200
    document = answer.json()
    # Tests of the staff's side may have added others to this database.
    today = ["JIO", "AIRTEL", "VI", "BSNL", "MTNL"]
    assert [item["code"] for item in document["items"] if item["code"] in today] == today
    jio = next(item for item in document["items"] if item["code"] == "JIO")
    assert jio == {
        "code": "JIO",
        "name": "Reliance Jio",
        "display_name": "Jio",
        "status": "up",
        "maintenance": None,
    }
    same = await client.get("/v1/operators", headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_the_circles_are_the_22_licence_areas(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/operators/circles?limit=100&include_total=true")
    items = answer.json()["items"]
    assert len(items) == answer.json()["total"] == 22
    assert {"code": "KA", "name": "Karnataka", "category": "A"} in items
    assert answer.headers["cache-control"].startswith("public")


@pytest.mark.parametrize("written", ["+91 98450 12345", "09845012345", "9845012345", "+919845012345"])
async def test_a_number_is_looked_up_however_it_is_written(client: httpx.AsyncClient, written: str) -> None:
    answer = await client.get("/v1/operators/lookup", params={"phone_number": written})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "phone_number": "+919845012345",
        "operator": "AIRTEL",
        "circle": None,
        "service_type": None,
        "known_by": "hint",
    }


@pytest.mark.parametrize("wrong", ["", "12", "1234567890", "९८४५०१२३४५", "+14155550100", "98450x2345"])
async def test_what_is_no_indian_mobile_number_is_refused(client: httpx.AsyncClient, wrong: str) -> None:
    answer = await client.get("/v1/operators/lookup", params={"phone_number": wrong})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "query.phone_number"


async def test_a_correction_counts_for_its_user_only(
    client: httpx.AsyncClient, signed_in: dict[str, str]
) -> None:
    phone = new_phone()
    body = {"operator": "vi", "circle": "ka", "service_type": "postpaid"}
    put = await client.put(f"/v1/operators/connections/{phone}", json=body, headers=signed_in)
    assert put.status_code == 200, put.text
    assert (
        put.json().items()
        >= {
            "phone_number": phone,
            "operator": "VI",
            "circle": "KA",
            "service_type": "postpaid",
        }.items()
    )
    own = await client.get("/v1/operators/lookup", params={"phone_number": phone}, headers=signed_in)
    assert (own.json()["operator"], own.json()["known_by"]) == ("VI", "user")
    theirs = await client.get("/v1/operators/lookup", params={"phone_number": phone})
    assert theirs.json()["known_by"] in {"hint", None}


async def test_a_stranger_learns_nothing_but_what_the_block_of_a_number_says(
    client: httpx.AsyncClient, signed_in: dict[str, str], stores: Stores
) -> None:
    known, unknown = "+919876512345", "+919876512346"
    await stores.database.run(
        lambda db: operators.remember(db, known, SYSTEM_USER_ID, "BSNL", "KL", "postpaid")
    )
    path = "/v1/operators/lookup"
    answers = [
        (await client.get(path, params={"phone_number": number})).json() | {"phone_number": ""}
        for number in (known, unknown)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["known_by"] == "hint"
    seen = (await client.get(path, params={"phone_number": known}, headers=signed_in)).json()
    assert (seen["operator"], seen["known_by"]) == ("BSNL", "registry")


async def test_a_correction_replaces_the_one_before(
    client: httpx.AsyncClient, signed_in: dict[str, str]
) -> None:
    address = f"/v1/operators/connections/{new_phone()}"
    for operator, circle in (("JIO", "KA"), ("BSNL", None)):
        body = {"operator": operator, "circle": circle, "service_type": "prepaid"}
        answer = await client.put(address, json=body, headers=signed_in)
        assert (answer.json()["operator"], answer.json()["circle"]) == (operator, circle)


async def test_a_user_lists_their_own_corrections_page_by_page(
    client: httpx.AsyncClient, signed_in: dict[str, str], settings: Settings
) -> None:
    phones = sorted(new_phone() for _ in range(5))
    for phone in phones:
        body = {"operator": "JIO", "service_type": "prepaid"}
        await client.put(f"/v1/operators/connections/{phone}", json=body, headers=signed_in)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2, "include_total": True}
    while True:
        page = (await client.get("/v1/operators/connections", params=query, headers=signed_in)).json()
        assert page["total"] == 5
        seen += [item["phone_number"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == phones
    others = await client.get("/v1/operators/connections", headers=headers_for(settings, new_id()))
    assert others.json()["items"] == []


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"operator": "AIRCEL", "service_type": "prepaid"}, "body.operator", "JIO, AIRTEL, VI, BSNL, MTNL"),
        ({"operator": "JIO", "circle": "XX", "service_type": "prepaid"}, "body.circle", "KA"),
        ({"operator": "JIO", "service_type": "both"}, "body.service_type", "'prepaid' or 'postpaid'"),
        ({"operator": "JIO"}, "body.service_type", "required"),
        ({"operator": "", "service_type": "prepaid"}, "body.operator", "such as JIO"),
        ({"operator": "JIO", "service_type": "prepaid", "owns": True}, "body.owns", "not permitted"),
    ],
)
async def test_a_wrong_correction_says_what_would_be_right_and_changes_nothing(
    client: httpx.AsyncClient, signed_in: dict[str, str], body: dict[str, Any], field: str, says: str
) -> None:
    answer = await client.put(f"/v1/operators/connections/{new_phone()}", json=body, headers=signed_in)
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert problem["field"] == field
    assert says in problem["message"]
    assert (await client.get("/v1/operators/connections", headers=signed_in)).json()["items"] == []


async def test_corrections_are_for_signed_in_users(client: httpx.AsyncClient, settings: Settings) -> None:
    body = {"operator": "JIO", "service_type": "prepaid"}
    address = f"/v1/operators/connections/{new_phone()}"
    assert (await client.put(address, json=body)).status_code == 401
    assert (await client.get("/v1/operators/connections")).status_code == 401
    admin = headers_for(settings, new_id(), kind="admin", role="SuperAdmin")
    assert (await client.put(address, json=body, headers=admin)).status_code == 403


async def test_a_bad_token_is_refused_even_where_none_is_needed_and_an_admin_sees_the_record(
    client: httpx.AsyncClient, settings: Settings, stores: Stores
) -> None:
    phone = new_phone()
    await stores.database.run(
        lambda db: operators.remember(db, phone, SYSTEM_USER_ID, "MTNL", "MU", "prepaid")
    )
    query = {"phone_number": phone}
    bad = await client.get("/v1/operators/lookup", params=query, headers={"Authorization": "Bearer x"})
    assert bad.status_code == 401
    admin = headers_for(settings, new_id(), kind="admin", role="SuperAdmin")
    seen = await client.get("/v1/operators/lookup", params=query, headers=admin)
    assert (seen.json()["operator"], seen.json()["known_by"]) == ("MTNL", "registry")
