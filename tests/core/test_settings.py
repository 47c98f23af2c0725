"""Settings: what production refuses, and that every one is documented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.core import development_secrets
from gencharge.core.company import SAMPLE_ADDRESS, SAMPLE_GSTIN, SAMPLE_NAME
from gencharge.core.setting_groups import (
    DEVELOPMENT_PAYMENT_KEY,
    SANDBOX_URL,
)
from gencharge.core.settings import GROUPS, Settings
from gencharge.run.reference import configuration
from gencharge.sessions import signing_key

ROOT = Path(__file__).parent.parent.parent
GOOD: dict[str, Any] = {
    "environment": "production",
    "database_url": "postgresql+asyncpg://app:pw@db.example:5432/gencharge",
    "mongo_url": "mongodb://mongo.example",
    "redis_url": "redis://redis.example",
    "secret_key": "Zq3vX9-plenty-of-different-characters-0815",
    "otp_secret": "another-1-with-Plenty-of-different-chars-4711",
    "data_key": "a-Data-key-of-our-own-with-many-chars-2718",
    "signing_key": signing_key.make(),
    "otp_channel": "sms",
    "gencharge_sms_url": "https://sms.example/send",
    "payment_gateway_url": "https://api.razorpay.com",
    "payment_key_id": "rzp_live_4f8Kq2LmZx91Ab",
    "payment_key_secret": "s3cretOfTheGatewayKey024",
    "payment_webhook_secret": "a-Webhook-secret-of-our-own-1723",
    "operator_api_secret": "an-Operator-secret-of-theirs-9981",
    "allowed_hosts": ["api.example.in"],
    "company_name": "Real Recharges Private Limited",
    "company_address": "12 Fort Road, Mumbai 400001",
    "company_gstin": "27AAPFU0939F1ZV",
}


def settings(**overrides: Any) -> Settings:
    return Settings(_env_file=None, **(GOOD | overrides))  # type: ignore[call-arg]


def test_a_complete_production_configuration_is_accepted() -> None:
    assert settings().postgres_url == "postgresql://app:pw@db.example:5432/gencharge"


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"secret_key": "change_me_to_a_real_secret"}, "SECRET_KEY"),
        ({"secret_key": "development-only-secret-not-for-production-0001"}, "SECRET_KEY"),
        ({"secret_key": "a" * 64}, "SECRET_KEY"),
        ({"secret_key": "short"}, "SECRET_KEY"),
        ({"otp_secret": "otp_secret_key"}, "OTP_SECRET"),
        ({"dev_fixed_otp": "111111"}, "DEV_FIXED_OTP"),
        ({"otp_channel": "console"}, "OTP_CHANNEL"),
        ({"message_inbox_url": "http://127.0.0.1:8001/sandbox/messages"}, "MESSAGE_INBOX_URL"),
        ({"gencharge_sms_url": ""}, "GENCHARGE_SMS_URL"),
        ({"otp_channel": "smtp"}, "SMTP_HOST"),
        ({"database_url": ""}, "DATABASE_URL"),
        ({"mongo_url": ""}, "MONGO_URL"),
        ({"redis_url": ""}, "REDIS_URL"),
        ({"cors_origins": ["*"]}, "CORS_ORIGINS"),
        ({"payment_gateway_url": SANDBOX_URL}, "PAYMENT_GATEWAY_URL"),
        ({"payment_key_id": DEVELOPMENT_PAYMENT_KEY}, "PAYMENT_KEY_ID"),
        ({"payment_key_secret": "development-only-payment-secret-0001"}, "PAYMENT_KEY_SECRET"),
        ({"payment_webhook_secret": "development-only-webhook-secret-0001"}, "PAYMENT_WEBHOOK_SECRET"),
        ({"payment_webhook_secret": "short"}, "PAYMENT_WEBHOOK_SECRET"),
        ({"operator_api_secret": "development-only-operator-secret-0001"}, "OPERATOR_API_SECRET"),
        ({"company_name": SAMPLE_NAME}, "COMPANY_NAME"),
        ({"company_address": SAMPLE_ADDRESS}, "COMPANY_ADDRESS"),
        ({"company_gstin": SAMPLE_GSTIN}, "COMPANY_GSTIN"),
        ({"company_gstin": "27AAPFU0939F1ZW"}, "COMPANY_GSTIN"),
        ({"company_gstin": "99AAPFU0939F1ZV"}, "COMPANY_GSTIN"),
        ({"company_gstin": "27aapfu0939f1zv"}, "COMPANY_GSTIN"),
        ({"company_state_code": "29"}, "COMPANY_STATE_CODE"),
        ({"receipt_prefix": "TOOLONG"}, "RECEIPT_PREFIX"),
        ({"gst_rate_percent": 41}, "GST_RATE_PERCENT"),
        ({"signing_key": None}, "SIGNING_KEY"),
        ({"backup_schedule": "daily"}, "BACKUP_KEY_FILE"),
        ({"backup_schedule": "daily", "backup_key_file": "/k"}, "BACKUP_SIGNING_KEY_FILE"),
        (
            {"backup_schedule": "hourly", "backup_key_file": "/k", "backup_signing_key_file": "/s"},
            "BACKUP_PUBLIC_KEY_FILE",
        ),
        (
            {"environment": "development", "dev_fixed_otp": "111111", "otp_channel": "console"},
            "_dev or _test",
        ),
        ({"environment": "development", "dev_fixed_otp": "1"}, "six digits"),
        (
            {
                "environment": "development",
                "dev_fixed_otp": "111111",
                "otp_channel": "console",
                "database_url": "",
                "host": "0.0.0.0",
            },
            "loopback",
        ),
    ],
)
def test_what_is_unsafe_stops_the_start_and_is_named(wrong: dict[str, Any], name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**wrong)
    assert name in str(refused.value).upper() or name in str(refused.value)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_production_asks_for_exactly_the_settings_that_are_marked_as_needed(name: str) -> None:
    field = Settings.model_fields[name]
    default = field.get_default(call_default_factory=True, validated_data={})
    if name == "environment":
        return
    if configuration.is_needed(field):
        with pytest.raises(ValidationError) as refused:
            settings(**{name: default})
        assert name.upper() in str(refused.value)
    elif name != "gencharge_sms_url":  # belongs to the channel that GOOD has chosen
        assert getattr(settings(**{name: default}), name) == default


def test_development_takes_what_is_not_set_from_its_data_folder_and_production_nothing(
    tmp_path: Path,
) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path, secret_key="set-by-hand")  # type: ignore[call-arg, arg-type]
    assert "secret_key" not in own.development_secrets
    assert own.development_secrets == [name for name in development_secrets.NAMES if name != "secret_key"]
    assert own.otp_secret.get_secret_value() == development_secrets.secrets_of(tmp_path)["otp_secret"]
    assert own.secret_key.get_secret_value() == "set-by-hand"
    assert settings().development_secrets == []


def test_no_secret_is_made_before_one_is_used(tmp_path: Path) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path / "data")  # type: ignore[call-arg]
    assert "secret" in repr(own)
    assert own == Settings(_env_file=None, data_dir=tmp_path / "data")  # type: ignore[call-arg]
    assert not (tmp_path / "data").exists()
    own.take_secrets()
    assert (tmp_path / "data" / development_secrets.FILE).exists()


def test_every_setting_belongs_to_one_group_and_has_a_meaning() -> None:
    grouped = [name for group in GROUPS for name in group.model_fields]
    assert sorted(grouped) == sorted(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        assert (field.description or "").endswith((".", "`.")), name


def test_the_example_file_as_it_stands_is_a_working_development_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    example = Settings(_env_file=ROOT / ".env.example")  # type: ignore[call-arg]
    assert example == Settings(_env_file=None)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "link", ["https://gencharge.example/join", "ftp://a/{code}", "{code}", "https://a.example/{code}/{code}"]
)
def test_a_share_link_without_one_place_for_the_code_is_refused_by_name(link: str) -> None:
    with pytest.raises(ValidationError, match="referral_link") as refused:
        settings(referral_link=link)
    assert "{code} in it once" in str(refused.value)
    assert settings(referral_link="https://a.example/?c={code}").referral_link
