"""The audit trail over HTTP."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from tests.conftest import test_settings
from tests.make.audit import (
    CLERK,
    Ask,
    numbers,
)
from tests.make.factories import headers_for, know_roles, new_client
from tests.make.processes import within

SOME_ID = "0198c0de-0000-7000-8000-000000000000"


INJECTIONS = (
    '{"$ne": null}',
    '{"$gt": ""}',
    '{"$where": "sleep(3000)"}',
    "$ne",
    "[$ne]",
    "'; return true; var a='",
    "' || '1'=='1",
    "true, $where: '1 == 1'",
    ".*",
    "^.*$",
    "a\x00b",
    "$regex",
    "function(){return true}",
    '["a"]',
    "ObjectId('x')",
)


async def test_an_entry_says_who_did_what_to_what_why_and_where_it_stands_in_the_chain(
    ask: Ask, http: httpx.AsyncClient, auditor: dict[str, str], trail_app: FastAPI
) -> None:
    (entry,) = (await ask(request_id="r-4"))["items"]
    stored = await trail_app.state.stores.documents["audit_entries"].find_one({"request_id": "r-4"})
    assert entry.pop("recorded_at").endswith("Z")
    assert entry == {
        "entry_id": str(stored["_id"]),
        "occurred_at": "2026-08-01T10:04:00Z",
        "actor_kind": "admin",
        "actor_id": CLERK,
        "action": "table_moved",
        "object_type": "table",
        "object_id": "t-1",
        "user_id": None,
        "changes": {"row": {"old": 4, "new": 5}},
        "details": {},
        "reason": "+91******3210 asked",
        "request_id": "r-4",
        "address": "203.0.113.9",
        "result": "succeeded",
        "sequence": stored["sequence"],
        "hash": stored["hash"],
    }
    one = await http.get(f"/v1/audit-logs/{entry['entry_id']}", headers=auditor)
    assert one.status_code == 200
    assert one.json()["hash"] == stored["hash"]


@pytest.mark.parametrize(
    "name", ["actor_id", "action", "object_type", "object_id", "user_id", "result", "request_id"]
)
@pytest.mark.parametrize("value", INJECTIONS)
async def test_a_filter_is_a_plain_value_or_refused(
    http: httpx.AsyncClient, auditor: dict[str, str], name: str, value: str
) -> None:
    answer = await http.get("/v1/audit-logs", params={name: value}, headers=auditor)
    if value == ".*" and name in {"object_id", "request_id"}:
        assert answer.json()["items"] == [], "a plain text that is no entry's"
    else:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == f"query.{name}"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("action[$ne]=x", "validation_failed"),
        ("action%5B%24ne%5D=x", "validation_failed"),
        ("$where=1", "validation_failed"),
        ("actor.id=x", "validation_failed"),
        ("actor_kind=nobody", "validation_failed"),
        ("limit=0", "validation_failed"),
        ("limit=101", "validation_failed"),
        ("include_total=true", "validation_failed"),
        ("sort=hash", "validation_failed"),
        ("from=yesterday", "validation_failed"),
        ("from=2026-08-01T10:00:00", "validation_failed"),
        ("from=0001-01-01T00:00:00%2B14:00", "validation_failed"),
        ("to=9999-12-31T23:59:59-14:00", "validation_failed"),
        ("from=2026-08-02T00:00:00Z&to=2026-08-01T00:00:00Z", "validation_failed"),
        (f"object_id={'x' * 65}", "validation_failed"),
        ("cursor=nonsense", "cursor_invalid"),
        ("cursor=W3siJGd0IjoiIn0sMV0", "cursor_invalid"),  # [{"$gt": ""}, 1]
    ],
)
async def test_a_wrong_query_is_told_what_is_wrong(
    http: httpx.AsyncClient, auditor: dict[str, str], query: str, code: str
) -> None:
    answer = await http.get(f"/v1/audit-logs?{query}", headers=auditor)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_an_instant_at_the_end_of_time_is_no_error(
    ask: Ask, http: httpx.AsyncClient, auditor: dict[str, str]
) -> None:
    assert await numbers(ask, **{"from": "1900-01-01T00:00:00Z", "to": "2999-12-31T23:59:59Z"})
    for name, instant in (("from", "0001-01-01T00:00:00Z"), ("to", "9999-12-31T23:59:59Z")):
        answer = await http.get("/v1/audit-logs", params={name: instant}, headers=auditor)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, f"query.{name}")


async def test_who_may_not_read_the_trail_does_not(
    http: httpx.AsyncClient, trail_app: FastAPI, auditor: dict[str, str]
) -> None:
    settings: Settings = trail_app.state.settings
    for path in ("/v1/audit-logs", f"/v1/audit-logs/{SOME_ID}"):
        assert (await http.get(path)).status_code == 401
        for headers, code in (
            (headers_for(settings, new_id()), "admins_only"),
            (headers_for(settings, new_id(), kind="admin", role="Support"), "permission_denied"),
            (
                headers_for(settings, new_id(), kind="admin", role="Manager", operator_scope=("JIO",)),
                "operator_scope_too_narrow",
            ),
        ):
            answer = await http.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, code)


async def test_an_entry_that_is_not_there_is_not_found(
    http: httpx.AsyncClient, auditor: dict[str, str]
) -> None:
    answer = await http.get(f"/v1/audit-logs/{SOME_ID}", headers=auditor)
    assert (answer.status_code, answer.json()["code"]) == (404, "audit_entry_not_found")
    assert (await http.get("/v1/audit-logs/not-an-id", headers=auditor)).status_code == 422


async def test_an_entry_that_was_tampered_with_is_shown_as_it_is_now(
    http: httpx.AsyncClient, auditor: dict[str, str], trail_app: FastAPI
) -> None:
    entry_id = new_id()
    await trail_app.state.stores.documents["audit_entries"].insert_one({"_id": entry_id, "action": 5})
    answer = await http.get(f"/v1/audit-logs/{entry_id}", headers=auditor)
    assert answer.status_code == 200
    assert answer.json()["action"] == 5
    assert answer.json()["changes"] == {}
    await trail_app.state.stores.documents["audit_entries"].delete_one({"_id": entry_id})


@pytest.mark.parametrize("path", ["", f"/{SOME_ID}"])
async def test_while_mongodb_is_away_the_answer_is_503_with_retry_after_within_seconds(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, path: str
) -> None:
    nowhere: Path = tmp_path_factory.mktemp("nowhere") / "mongodb-27017.sock"
    gone = test_settings(
        settings.data_dir, settings.database_name, mongo_url=f"mongodb://{str(nowhere).replace('/', '%2F')}"
    )
    app = create_app(gone)
    async with app.router.lifespan_context(app), new_client(app) as client:
        await know_roles(app)
        headers = headers_for(gone, new_id(), kind="admin", role="Manager")
        async with within(3):
            answer = await client.get(f"/v1/audit-logs{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "documents_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
