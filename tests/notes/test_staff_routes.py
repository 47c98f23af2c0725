"""Notes about customers over HTTP."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.notes.staff_schemas import NOTE_CHARACTERS
from tests.make import factories
from tests.make.recharge import staff_headers


async def test_a_note_is_written_once_read_by_all_and_taken_back_by_its_author(
    app: FastAPI, stores: Stores, client: httpx.AsyncClient
) -> None:
    user = await stores.database.run(factories.make_user)
    path = f"/v1/users/{user.user_id}/notes"
    support = await staff_headers(app, stores, "Support")
    viewer = await staff_headers(app, stores, "Viewer")
    body = {"text": "  Prefers calls\r\nafter six.  "}
    written = await client.post(path, json=body, headers=support | {"Idempotency-Key": "k"})
    assert (written.status_code, written.json()["text"]) == (201, "Prefers calls\nafter six.")
    again = await client.post(path, json=body, headers=support | {"Idempotency-Key": "k"})
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    page = (await client.get(path, headers=viewer)).json()
    assert (page["items"], page["next_cursor"]) == ([written.json()], None)
    one = f"{path}/{written.json()['note_id']}"
    assert (await client.delete(one, headers=viewer)).status_code == 403
    other = await client.delete(one, headers=await staff_headers(app, stores, "Manager"))
    assert (other.status_code, other.json()["code"]) == (403, "note_of_another_admin")
    assert (await client.delete(one, headers=support)).status_code == 204
    assert (await client.get(path, headers=viewer)).json()["items"] == []


@pytest.mark.parametrize("text", ["", "   ", "a\x07b", "x" * (NOTE_CHARACTERS + 1)])
async def test_a_text_that_is_none_is_refused_at_its_field(
    app: FastAPI, stores: Stores, client: httpx.AsyncClient, text: str
) -> None:
    user = await stores.database.run(factories.make_user)
    support = await staff_headers(app, stores, "Support")
    refused = await client.post(
        f"/v1/users/{user.user_id}/notes", json={"text": text}, headers=support | {"Idempotency-Key": "k"}
    )
    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == ["body.text"]
