"""Personal data and secrets never stand in the trail, however deep they lie; what is public stays readable."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from gencharge.audit.masking import mask_fields, mask_text
from gencharge.core.events.events import changes

SECRETS = (
    "otp", "totp", "totp_secret", "recovery_code", "recovery_codes", "backup_codes", "webhook_secret", "secret",
    "secret_key", "api_key", "private_key", "signing_key", "password", "new_password", "password_hash",
    "access_token", "refresh_token", "refresh_token_hash", "token", "pin", "upi_pin", "cvv", "cookie",
    "authorization", "code", "gateway_credentials", "totp_secret_encrypted",
)  # fmt: skip
NAMES = (
    "first_name", "last_name", "full_name", "user_name", "admin_name", "contact_name", "holder_name", "nickname",
    "surname",
)  # fmt: skip
PLACES = ("address", "postal_address", "address_line1", "street", "pincode", "date_of_birth", "gstin")


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: {"old": None, "new": v}])
def test_a_secret_is_hidden_by_its_name_and_its_change_still_shows(name: str, wrap: Any) -> None:
    assert mask_fields("gateway", {name: wrap("canary")}) == {name: wrap("[hidden]")}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_hidden_in_whatever_shape_it_comes(name: str) -> None:
    masked = json.dumps(
        mask_fields("gateway", {name: {"parts": [{"a": "canary"}, 424242], "b": {"c": "canary"}}})
    )
    assert "canary" not in masked
    assert "424242" not in masked


def test_whether_there_is_a_secret_is_none() -> None:
    fields = {"second_factor": True, "totp": None, "recovery_codes_left": 8, "token_lifetime_seconds": 60}
    assert mask_fields("admin", fields) == fields


@pytest.mark.parametrize("kind", ["user", "admin", "contact"])
def test_a_persons_name_keeps_its_first_letter(kind: str) -> None:
    changed = changes({"name": "Asha Rao"}, {"name": "Asha Iyer"})
    assert mask_fields(kind, changed) == {"name": {"old": "A***", "new": "A***"}}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["user", "saved_number", "transfer"])
def test_a_field_that_can_only_be_a_persons_name_is_masked_of_any_object(name: str, kind: str) -> None:
    assert mask_fields(kind, {name: "Asha"}) == {name: "A***"}
    assert mask_fields(kind, {name: ""}) == {name: ""}


@pytest.mark.parametrize(
    "kind", ["plan", "plan_group", "offer", "offer_type", "role", "operator", "circle", "backup"]
)
def test_the_names_of_what_is_sold_and_of_roles_stay(kind: str) -> None:
    fields = {
        "name": {"old": "Jio 199", "new": "Jio 219"},
        "plan_name": "Jio 199",
        "role_name": "Manager",
        "offer_name": "Diwali",
        "operator_name": "Jio",
        "price_paise": {"old": 19900, "new": 21900},
        "permissions": {"old": ["Plans:read"], "new": ["Plans:edit", "Plans:read"]},
        "circles": ["MH", "KA"],
        "valid_until": "2026-08-14T10:00:00+00:00",
        "id": "0198c0de-0000-7000-8000-9876543210ab",
    }
    assert mask_fields(kind, fields) == fields


def test_the_code_of_what_is_public_stays() -> None:
    assert mask_fields("operator", {"code": "JIO"}) == {"code": "JIO"}
    assert mask_fields("user", {"code": "123456"}) == {"code": "[hidden]"}


@pytest.mark.parametrize("name", PLACES)
def test_where_somebody_lives_is_masked(name: str) -> None:
    assert mask_fields("user", {name: {"old": "12 MG Road", "new": None}}) == {
        name: {"old": "***", "new": None}
    }


def test_a_number_is_masked_also_as_a_whole_number_and_as_a_key() -> None:
    fields = {"phone_number": 9876543210, "by_number": {"+919876543210": 3}, "amount_paise": 9876543210}
    assert mask_fields("user", fields) == {
        "phone_number": "+91******3210",
        "by_number": {"+91******3210": 3},
        "amount_paise": 9876543210,
    }


def test_a_token_in_a_text_is_cut() -> None:
    assert "sesame" not in mask_text("she sent eyJhbGciOiJIUzI1NiJ9.eyJzZXNhbWUifQ.sesame to us")


_CANARIES = {
    "phone_number": "+918887766655",
    "alternate_mobile": "8887766655",
    "email": "canary.bird@example.com",
    "first_name": "Canary",
    "name": "Canary",
    "address": "Canary Street 5",
    "totp_secret": "CANARYSECRET",
    "recovery_codes": "CANARY-CODE",
    "webhook_secret": "whsec_canary",
    "note": "ask canary.bird@example.com or 08887766655",
}
_CANARY = st.sampled_from(sorted(_CANARIES)).map(lambda name: {name: _CANARIES[name]})
_LEAF = st.one_of(
    _CANARY, st.integers(), st.booleans(), st.none(), st.just(str(datetime(2026, 8, 1, tzinfo=UTC)))
)
_NESTED = st.recursive(
    _LEAF,
    lambda part: st.one_of(
        st.lists(part, max_size=3),
        st.dictionaries(st.sampled_from(["old", "new", "profile", "items", "connection"]), part, max_size=3),
        st.tuples(_CANARY, part).map(lambda both: {**both[0], "then": both[1]}),
        st.tuples(st.sampled_from(sorted(_CANARIES)), part).map(
            lambda both: {both[0]: {"old": _CANARIES[both[0]], "new": _CANARIES[both[0]]}, "then": both[1]}
        ),
    ),
    max_leaves=12,
)


@examples(max_examples=150, deadline=None)
@given(st.sampled_from(["user", "admin", "contact"]), _NESTED)
def test_no_canary_survives_however_it_is_nested(kind: str, nested: Any) -> None:
    masked = json.dumps(mask_fields(kind, {"about": nested}))
    for canary in ("8887766655", "canary.bird", "Canary", "CANARY", "whsec_canary"):
        assert canary not in masked, masked
