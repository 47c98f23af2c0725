"""Idempotency: one key of a request, one fingerprint of a command, one way to mark a repeated answer."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest
from fastapi import FastAPI, Request

from gencharge.core.errors import IdempotencyKeyRequired
from gencharge.core.http import idempotency, openapi
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money, PositiveMoney

FIRST = UUID("0198c0de-0000-7000-8000-000000000001")
SECOND = UUID("0198c0de-0000-7000-8000-000000000002")


class Pay(Body):
    """A command."""

    amount: PositiveMoney
    note: str | None = None


class Paid(Out):
    """Its answer."""

    amount: Money


def pay(rupees: int, note: str | None = None) -> Pay:
    return Pay.model_validate({"amount": rupees, "note": note})


def request_with(*headers: tuple[bytes, bytes]) -> Request:
    return Request({"type": "http", "headers": list(headers)})


def test_a_fingerprint_is_of_what_the_command_means_not_of_how_it_was_spelled() -> None:
    spelled = (b'{"amount": 10}', b'{ "note": null, "amount": "10.00" }')
    prints = {fingerprint(Pay.model_validate(orjson.loads(body))) for body in spelled}
    assert len(prints) == 1
    assert len(prints.pop()) == 32


def test_another_amount_another_note_and_another_object_have_other_fingerprints() -> None:
    command = pay(10)
    prints = [
        fingerprint(command),
        fingerprint(pay(11)),
        fingerprint(pay(10, note="again")),
        fingerprint(command, FIRST),
        fingerprint(command, SECOND),
        fingerprint(command, FIRST, SECOND),
        fingerprint(command, SECOND, FIRST),
    ]
    assert len(set(prints)) == len(prints)


def test_a_fingerprint_stays_what_it_is_from_one_release_to_the_next() -> None:
    # It is stored beside each key: a change of it refuses repeats of requests that were made before a deployment.
    command = pay(10, note="thanks")
    assert fingerprint(command, FIRST).hex() == (
        "4b40c2424a741f453644985ef4d64d3caf540c2ef0aa0e76913d601b61a68efe"
    )


def test_only_a_repeated_answer_carries_the_header() -> None:
    paid = Paid(amount=Money.rupees(10))
    first = idempotency.reply(Answered(paid), status=201)
    again = idempotency.reply(Answered(paid, replayed=True), status=201)
    assert (first.status_code, first.body) == (201, b'{"amount":10.00}')
    assert (again.status_code, again.body) == (first.status_code, first.body)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("key", [b"k", b"!" * 255, b"~5f0c2f2e-1c1c"])
def test_a_key_of_visible_ascii_is_taken_as_it_is(key: bytes) -> None:
    request = request_with((b"accept", b"*/*"), (b"idempotency-key", key))
    assert idempotency.key_of(request) == key.decode()


@pytest.mark.parametrize("key", [b"", b"two words", b"tab\t", b"x" * 256, "schlüssel".encode(), b"nul\x00"])
def test_a_key_that_is_no_visible_ascii_is_refused_like_a_missing_one(key: bytes) -> None:
    for request in (request_with(), request_with((b"idempotency-key", key))):
        with pytest.raises(IdempotencyKeyRequired) as refusal:
            idempotency.key_of(request)
        assert refusal.value.body("r-1")["errors"][0]["field"] == "header.Idempotency-Key"


def test_every_route_that_takes_a_key_documents_the_key_and_both_refusals(app: FastAPI) -> None:
    document = app.openapi()
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if any(part["name"] == "Idempotency-Key" for part in operation.get("parameters", ()))
    ]
    assert len(operations) >= 6
    for path, method, operation in operations:
        codes = {
            code
            for answer in operation["responses"].values()
            for code in openapi.resolved(document, answer)
            .get("content", {})
            .get("application/problem+json", {})
            .get("examples", ())
        }
        assert {"idempotency_key_required", "idempotency_key_reused"} <= codes, (method, path)
        assert method == "post", path
