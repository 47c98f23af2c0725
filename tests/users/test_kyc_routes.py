"""A customer's requests for the full tier over HTTP."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.users.models import User
from tests.make import factories
from tests.make.users import Headers

PATH = "/users/me/kyc-requests"


async def test_a_customer_asks_reads_and_is_not_heard_twice(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers
) -> None:
    asked = await http.post(PATH, headers=user_headers, json={"document": "passport"})
    assert asked.status_code == 201, asked.text
    request = asked.json()
    assert (request["status"], request["tier"]) == ("pending", "full")
    assert asked.headers["location"] == f"/v1{PATH}/{request['kyc_request_id']}"
    assert (await http.get(f"/v1{PATH}/{request['kyc_request_id']}", headers=user_headers)).json() == request
    assert (await http.get(PATH, headers=user_headers)).json()["items"] == [request]
    again = await http.post(PATH, headers=user_headers, json={"document": "pan"})
    assert (again.status_code, again.json()["code"]) == (409, "kyc_request_already_pending")
    exported = (await http.get("/users/me/export", headers=user_headers)).json()
    assert exported["profile"]["kyc_requests"] == [request]


async def test_what_is_wrong_is_named_and_anothers_is_not_found(
    app: FastAPI, http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers
) -> None:
    wrong = await http.post(PATH, headers=user_headers, json={"document": "library_card"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body.document")
    number = await http.post(PATH, headers=user_headers, json={"document": "pan", "number": "ABCDE1234F"})
    assert number.status_code == 422
    asked = (await http.post(PATH, headers=user_headers, json={"document": "pan"})).json()
    other = await factories.sign_in(app, await stores.database.run(factories.make_user))
    answer = await http.get(f"{PATH}/{asked['kyc_request_id']}", headers=other)
    assert (answer.status_code, answer.json()["code"]) == (404, "kyc_request_not_found")
