"""Our tokens for browsers' push services."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from pydantic import SecretStr

from gencharge.core.http import vapid
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from tests.make.push import P256


def settings(pem: str) -> Settings:
    values = {"vapid_private_key": SecretStr(pem), "vapid_subject": "mailto:ops@example.in"}
    return Settings(_env_file=None, environment="test", **values)  # type: ignore[arg-type, call-arg]


def test_a_token_is_for_one_push_service_and_half_a_day() -> None:
    header = vapid.authorization_of(settings(P256), "https://updates.push.services.mozilla.com/wpush/v2/abc")
    token, key = header.removeprefix("vapid t=").split(", k=")
    assert key == vapid.public_key_of(settings(P256))
    point = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    claims = jwt.decode(
        token, public, algorithms=["ES256"], audience="https://updates.push.services.mozilla.com"
    )
    assert claims["sub"] == "mailto:ops@example.in"
    assert 0 < claims["exp"] - clock.now().timestamp() <= 24 * 3600


def test_a_token_is_signed_once_an_hour_for_each_push_service() -> None:
    with clock.at(datetime(2026, 11, 23, 10, 1, tzinfo=UTC)):
        first = vapid.authorization_of(settings(P256), "https://push.example/one")
        assert vapid.authorization_of(settings(P256), "https://push.example/two") == first
        assert vapid.authorization_of(settings(P256), "https://other.example/one") != first
    with clock.at(datetime(2026, 11, 23, 11, 0, tzinfo=UTC)):
        assert vapid.authorization_of(settings(P256), "https://push.example/one") != first
    token = first.removeprefix("vapid t=").split(", k=")[0]
    expires = jwt.decode(token, options={"verify_signature": False})["exp"]
    assert datetime.fromtimestamp(expires, UTC) == datetime(2026, 11, 23, 22, tzinfo=UTC), (
        "good for as long as it is used"
    )


@pytest.mark.parametrize("pem", [P256, P256.replace("\n", "\\n")])
def test_a_key_may_be_in_one_line(pem: str) -> None:
    assert len(vapid.public_key_of(settings(pem))) == 87


def test_without_a_key_there_is_none() -> None:
    assert vapid.public_key_of(Settings(_env_file=None, environment="test")) == ""  # type: ignore[call-arg]
