"""The client takes what the API signs, and nothing else."""

from __future__ import annotations

import json

import pytest
from gencharge_client import SignatureInvalid, webhooks
from gencharge_client.models import RechargeMessage

from gencharge.webhooks import signing

NOW = 1_795_000_000
DATA = {
    "recharge_id": "0198c0de-0000-7000-8000-000000000002",
    "user_id": "0198c0de-0000-7000-8000-000000000001",
    "phone_number": "+919876543210",
    "operator": "JIO",
    "plan_name": "Unlimited 299",
    "status": "active",
    "amount": 299.10,
}


def message(kind: str = "recharge.delivered", **data: object) -> bytes:
    return json.dumps({"type": kind, "timestamp": "2026-11-20T10:00:00Z", "data": DATA | data}).encode()


def headers(*keys: str, body: bytes, at: int = NOW) -> dict[str, str]:
    return signing.sign(keys, message_id="msg_1", timestamp=at, body=body)


def test_a_message_of_the_api_is_read() -> None:
    secret, body = signing.new_secret(), message()
    read = webhooks.verify(secret, headers(secret, body=body), body, now=NOW)
    assert isinstance(read, RechargeMessage)
    assert str(read.data.amount) == "299.1"


def test_while_a_secret_changes_both_are_taken_and_names_of_headers_may_be_capitals() -> None:
    old, new, body = signing.new_secret(), signing.new_secret(), message()
    both = {name.title(): value for name, value in headers(old, new, body=body).items()}
    for secrets in (old, new, [old, new]):
        assert webhooks.verify(secrets, both, body, now=NOW).type == "recharge.delivered"


def test_what_somebody_else_signed_or_changed_or_sent_again_is_refused() -> None:
    secret, body = signing.new_secret(), message()
    genuine = headers(secret, body=body)
    for named, sent, now in (
        (headers(signing.new_secret(), body=body), body, NOW),
        (genuine, message(amount=1), NOW),
        (genuine | {"webhook-id": "msg_2"}, body, NOW),
        (genuine | {"webhook-timestamp": str(NOW + 1)}, body, NOW),
        (genuine | {"webhook-signature": "v1,"}, body, NOW),
        (genuine | {"webhook-signature": "v1,ü"}, body, NOW),
        (genuine | {"webhook-timestamp": "²"}, body, NOW),
        (genuine, body, NOW + 301),
        (genuine, body, NOW - 301),
        ({}, body, NOW),
    ):
        with pytest.raises(SignatureInvalid):
            webhooks.verify(secret, named, sent, now=now)


def test_a_kind_or_a_field_of_a_later_version_is_no_error() -> None:
    secret = signing.new_secret()
    for body in (message("parcel.sent"), message(amount="much"), message("webhook.test")):
        read = webhooks.verify(secret, headers(secret, body=body), body, now=NOW)
        assert isinstance(read, webhooks.OtherMessage)


def test_a_secret_in_another_form_is_the_callers_mistake() -> None:
    body = message()
    with pytest.raises(ValueError, match="whsec_"):
        webhooks.verify("not base64!", headers(signing.new_secret(), body=body), body, now=NOW)
