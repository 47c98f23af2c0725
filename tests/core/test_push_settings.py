"""What the settings of push services must have, before anything starts."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr, ValidationError

from gencharge.core.settings import Settings
from tests.make.push import P256, pem, push_settings

GOOD = push_settings("http://127.0.0.1:1")


def settings(**overrides: Any) -> Settings:
    return Settings(_env_file=None, environment="test", **(GOOD | overrides))  # type: ignore[call-arg]


def test_complete_settings_are_taken() -> None:
    assert settings().fcm_url == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"vapid_private_key": SecretStr("x")}, "VAPID_PRIVATE_KEY"),
        ({"vapid_private_key": SecretStr(pem(ec.generate_private_key(ec.SECP384R1())))}, "VAPID_PRIVATE_KEY"),
        ({"vapid_subject": "ops@example.in"}, "VAPID_SUBJECT"),
        ({"apns_private_key": SecretStr("x")}, "APNS_PRIVATE_KEY"),
        ({"apns_key_id": ""}, "APNS_KEY_ID"),
        ({"apns_team_id": ""}, "APNS_TEAM_ID"),
        ({"apns_topic": ""}, "APNS_TOPIC"),
        ({"fcm_service_account": SecretStr("{}")}, "FCM_SERVICE_ACCOUNT"),
        ({"fcm_service_account": SecretStr("not json")}, "FCM_SERVICE_ACCOUNT"),
    ],
)
def test_what_is_missing_is_named(overrides: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named) as refusal:
        settings(**overrides)
    assert P256.splitlines()[1] not in str(refusal.value)


@pytest.mark.parametrize("name", ["fcm_url", "apns_url"])
def test_a_push_service_is_reached_over_https_in_production(name: str) -> None:
    from gencharge.core import production

    assert list(production.push_problems(settings(**{name: "http://push.example"})))
    others = {"fcm_url": "https://push.example", "apns_url": "https://push.example"}
    assert list(production.push_problems(settings(**others))) == []
