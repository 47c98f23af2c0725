"""The gateway's webhook: genuine signatures only, and no personal data kept of its body."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import SecretStr

from gencharge.core.errors import MalformedJson
from gencharge.core.settings import Settings
from gencharge.payments.webhook_message import event_id_of, read, signature_problem

SECRET, OLD = "the-current-webhook-secret", "the-previous-webhook-secret"
BODY = b'{"event":"payment.captured","payload":{}}'


def sign(secret: str, body: bytes = BODY) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


@pytest.fixture
def keys(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "payment_webhook_secret": SecretStr(SECRET),
            "payment_previous_webhook_secret": SecretStr(OLD),
        }
    )


def body(event: Any = "payment.captured", payload: Any = None, **entity: Any) -> bytes:
    values = {"id": "pay_1", "order_id": "order_1", "amount": 50_000, "currency": "INR"} | entity
    return json.dumps(
        {"event": event, "payload": {"payment": {"entity": values}} if payload is None else payload}
    ).encode()


@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_the_current_and_the_previous_secret_are_genuine(keys: Settings, secret: str) -> None:
    assert signature_problem(keys, sign(secret), BODY) is None


def test_after_a_rotation_the_old_secret_is_wrong(keys: Settings) -> None:
    rotated = keys.model_copy(update={"payment_previous_webhook_secret": None})
    assert signature_problem(rotated, sign(OLD), BODY) == "signature_wrong"
    assert signature_problem(rotated, sign(SECRET), BODY) is None


@pytest.mark.parametrize(
    ("signature", "problem"),
    [
        (b"", "signature_missing"),
        (b"0" * 64, "signature_wrong"),
        (sign(SECRET).upper(), "signature_wrong"),
        (sign(SECRET)[:-1], "signature_wrong"),
        (sign(SECRET) + b"0", "signature_wrong"),
        (b" " + sign(SECRET), "signature_wrong"),
        (sign("another secret"), "signature_wrong"),
        (b"\xff\xfe", "signature_wrong"),
    ],
)
def test_every_other_signature_is_named_missing_or_wrong(
    keys: Settings, signature: bytes, problem: str
) -> None:
    assert signature_problem(keys, signature, BODY) == problem


@examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changed=st.binary(max_size=80))
def test_a_signature_is_of_one_body_only(changed: bytes) -> None:
    keys = Settings(_env_file=None, payment_webhook_secret=SecretStr(SECRET))  # type: ignore[call-arg]
    genuine = signature_problem(keys, sign(SECRET), changed) is None
    assert genuine is (changed == BODY)


@pytest.mark.parametrize("header", [b"evt_1", b"a", b"A-b._9", b"x" * 64])
def test_a_usable_event_id_is_taken_as_it_is(header: bytes) -> None:
    assert event_id_of(header, BODY) == header.decode()


@pytest.mark.parametrize("header", [b"", b" ", b"x" * 65, b"evt 1", b"evt/1", "évt".encode(), b"evt\n"])
def test_without_a_usable_event_id_the_same_body_is_the_same_event(header: bytes) -> None:
    event_id = event_id_of(header, BODY)
    assert event_id == hashlib.sha256(BODY).hexdigest()
    assert event_id != event_id_of(header, BODY + b" ")


def test_a_webhook_is_read_with_its_order_ids_and_amounts() -> None:
    message = read(body(status="captured", error_reason="none"))
    assert (message.kind, message.order_id) == ("payment.captured", "order_1")
    assert message.body == {
        "payment": {
            "id": "pay_1",
            "order_id": "order_1",
            "amount": 50_000,
            "currency": "INR",
            "status": "captured",
            "error_reason": "none",
        }
    }


@pytest.mark.parametrize(
    ("acquirer", "reference"),
    [
        ({"rrn": "412345678901", "upi_transaction_id": "X"}, "412345678901"),
        ({"bank_transaction_id": "0125836177"}, "0125836177"),
        ({"auth_code": "123456"}, None),
        ({"rrn": "4123 <b>"}, None),
        ({"rrn": 5}, None),
        ("rrn", None),
        (None, None),
    ],
)
def test_the_banks_reference_is_read_if_it_is_one(acquirer: Any, reference: str | None) -> None:
    message = read(body(acquirer_data=acquirer))
    assert message.body["payment"].get("bank_reference") == reference


def test_a_refund_is_read_with_its_payment() -> None:
    payload = {
        "payment": {"entity": {"id": "pay_1", "order_id": "order_1", "amount": 5, "currency": "INR"}},
        "refund": {
            "entity": {
                "id": "rfnd_1",
                "payment_id": "pay_1",
                "amount": 4,
                "currency": "INR",
                "receipt": "r-1",
                "notes": {"name": "Asha"},
            }
        },
    }
    message = read(body("refund.processed", payload))
    assert message.order_id == "order_1"
    assert message.body["refund"] == {
        "id": "rfnd_1",
        "payment_id": "pay_1",
        "amount": 4,
        "currency": "INR",
        "receipt": "r-1",
    }
    del payload["refund"]
    assert read(body("refund.processed", payload)).order_id is None


OWNER = "0198c0de-0000-7000-8000-000000000001"


def test_a_payout_is_read_with_its_reference_and_owner_and_nothing_else() -> None:
    entity = {
        "id": "pout_1",
        "reference_id": "abc-1",
        "status": "reversed",
        "amount": 70_000,
        "fund_account_id": "fa_1",
        "narration": "GenCharge",
        "notes": {"user_id": OWNER, "name": "Asha"},
    }
    message = read(body("payout.reversed", {"payout": {"entity": entity}}))
    assert message.order_id is None
    assert message.body == {
        "payout": {
            "id": "pout_1",
            "reference_id": "abc-1",
            "status": "reversed",
            "amount": 70_000,
            "user_id": OWNER,
        }
    }
    for foreign in (
        {"notes": []},
        {"notes": {"user_id": OWNER.upper()}},
        {"notes": {"user_id": 7}},
        {"reference_id": None},
        {"id": "a b"},
    ):
        other = {"payout": {"entity": entity | foreign}}
        assert "payout" not in read(body("payout.reversed", other)).body


def test_no_personal_data_is_kept() -> None:
    personal = {
        "email": "asha@example.com",
        "contact": "+919000000001",
        "vpa": "asha@upi",
        "card": {"last4": "1111", "name": "Asha Rao"},
        "notes": ["Asha"],
        "description": "for Asha",
    }
    assert read(body(**personal)).body == read(body()).body


@pytest.mark.parametrize(
    "field",
    [
        {"id": None},
        {"id": 7},
        {"id": ""},
        {"id": "x" * 65},
        {"id": "pay 1"},
        {"amount": None},
        {"amount": "50000"},
        {"amount": 500.0},
        {"amount": True},
        {"amount": -1},
        {"amount": 2**53},
        {"currency": None},
        {"order_id": None},
        {"order_id": ["order_1"]},
        {"order_id": "order_1; DROP TABLE payments"},
    ],
)
def test_a_webhook_that_lacks_what_it_needs_names_no_order(field: dict[str, Any]) -> None:
    message = read(body(**field))
    assert message.order_id is None
    assert next(iter(field)) not in message.body["payment"]


def test_the_largest_amount_that_is_kept_is_one_paisa_below_the_bound() -> None:
    assert read(body(amount=2**53 - 1)).body["payment"]["amount"] == 2**53 - 1
    assert read(body(amount=0)).order_id == "order_1"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no json",
        b"\xff",
        b"null",
        b"7",
        b"[]",
        b'"text"',
        b"{}",
        b'{"event": "payment.captured"}',
        b'{"payload": {}}',
        body(event=7),
        body(event=""),
        body(event="a b"),
        body(event="x" * 65),
        body(payload=[]),
        body(payload="x"),
        b'{"event": "x", "payload": NaN}',
    ],
)
def test_what_is_no_event_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedJson):
        read(raw)


@pytest.mark.parametrize(
    "payload", [{}, {"payment": 1}, {"payment": {}}, {"payment": {"entity": []}}, {"other": {"entity": {}}}]
)
def test_an_event_without_a_payment_is_read_without_an_order(payload: dict[str, Any]) -> None:
    message = read(body(payload=payload))
    assert (message.order_id, message.body) == (None, {})


VALUES = st.sampled_from([None, True, -1, 0, 7, 2**53, 1.5, "", "pay_1", "a b", "x" * 65, [], {"id": 1}])
ENTITY = st.dictionaries(
    st.sampled_from(["id", "amount", "currency", "order_id", "email"]), VALUES, max_size=5
)
PART = ENTITY.map(lambda entity: {"entity": entity}) | VALUES


@examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payload=st.dictionaries(st.sampled_from(["payment", "refund"]), PART))
def test_whatever_the_payload_is_only_short_names_and_amounts_are_kept(payload: dict[str, Any]) -> None:
    for part in read(body(payload=payload)).body.values():
        assert part.keys() <= {"id", "amount", "currency", "order_id"}
        assert all(isinstance(value, int | str) and value != "" for value in part.values())
        assert 0 <= int(part.get("amount", 0)) < 2**53
