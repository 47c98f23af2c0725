"""Every setting that production refuses, with the name of the variable that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.core import production
from tests.core.test_settings import GOOD, settings

LONG = "Zq3vX9-plenty-of-different-characters-0815"

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"admin_second_factor": "optional"}, "ADMIN_SECOND_FACTOR"),
    # The gateway: the sandbox wherever it listens, in clear, or a test account.
    ({"payment_gateway_url": "http://127.0.0.1:8001"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "http://127.0.0.1:9001"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "http://127.0.0.1:8001/"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "http://localhost:8001"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "https://localhost"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "https://[::1]"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "https://127.1"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "https://2130706433"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "https://0x7f000001"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "https://169.254.169.254"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "http://api.razorpay.com"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "https://user:pw@api.razorpay.com"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "https://api.razorpay.com:0"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "https://"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_gateway_url": "https://[::1"}, "PAYMENT_GATEWAY_URL"),
    ({"payment_key_id": "rzp_test_4f8Kq2LmZx91Ab"}, "PAYMENT_KEY_ID"),
    ({"payment_key_id": " "}, "PAYMENT_KEY_ID"),
    ({"payment_checkout_url": "http://pay.example/{order_id}"}, "PAYMENT_CHECKOUT_URL"),
    # Messages that others can read.
    ({"gencharge_sms_url": "http://sms.example/send"}, "GENCHARGE_SMS_URL"),
    ({"gencharge_sms_url": "https://localhost/send"}, "GENCHARGE_SMS_URL"),
    (
        {"otp_channel": "smtp", "smtp_host": "mail.example", "smtp_password": "x", "smtp_starttls": False},
        "SMTP_STARTTLS",
    ),
    ({"message_inbox_url": "https://inbox.example"}, "MESSAGE_INBOX_URL"),
    ({"public_api_url": "http://api.example.in"}, "PUBLIC_API_URL"),
    ({"bounce_secret": "guess-me"}, "BOUNCE_SECRET"),
    # Names of strangers, and names that no request can have.
    ({"allowed_hosts": []}, "ALLOWED_HOSTS"),
    ({"allowed_hosts": ["https://api.example.in"]}, "ALLOWED_HOSTS"),
    ({"allowed_hosts": ["api.example.in:443"]}, "ALLOWED_HOSTS"),
    ({"allowed_hosts": ["api.example.in", "*.example.in"]}, "ALLOWED_HOSTS"),
    ({"allowed_hosts": [""]}, "ALLOWED_HOSTS"),
    ({"public_api_url": "https://pay.example.in"}, "ALLOWED_HOSTS"),
    ({"sms_receipt_secret": "guess-me"}, "SMS_RECEIPT_SECRET"),
    ({"storage_public_url": "http://files.example.in"}, "STORAGE_PUBLIC_URL"),
    # Pages of strangers.
    ({"cors_origins": ["*"]}, "CORS_ORIGINS"),
    ({"cors_origins": ["null"]}, "CORS_ORIGINS"),
    ({"cors_origins": ["http://app.example.in"]}, "CORS_ORIGINS"),
    ({"cors_origins": ["https://*.example.in"]}, "CORS_ORIGINS"),
    ({"cors_origins": ["https://app.example.in", "https://app.example.in/"]}, "CORS_ORIGINS"),
    ({"cors_origins": ["https://localhost:3000"]}, "CORS_ORIGINS"),
    # A token for the collector in clear.
    (
        {
            "otel_exporter_otlp_endpoint": "http://collector.example:4318",
            "otel_exporter_otlp_headers": "authorization=Bearer%20x",
        },
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ),
    # Secrets that are none.
    ({"secret_key": ""}, "SECRET_KEY"),
    ({"otp_secret": ""}, "OTP_SECRET"),
    ({"data_key": ""}, "DATA_KEY"),
    ({"data_key": "change_me_to_a_real_secret_change_me"}, "DATA_KEY"),
    ({"data_key": GOOD["secret_key"]}, "DATA_KEY"),
    ({"previous_data_key": "0123456789" * 4}, "PREVIOUS_DATA_KEY"),
    ({"previous_data_key": GOOD["data_key"]}, "PREVIOUS_DATA_KEY"),
    ({"secret_key": "change_me_to_a_real_secret_change_me"}, "SECRET_KEY"),
    ({"secret_key": "1234567890" * 4}, "SECRET_KEY"),
    ({"otp_secret": GOOD["secret_key"]}, "OTP_SECRET"),
    ({"previous_secret_key": GOOD["secret_key"]}, "PREVIOUS_SECRET_KEY"),
    ({"previous_secret_key": "otp_secret_key"}, "PREVIOUS_SECRET_KEY"),
    ({"payment_webhook_secret": GOOD["payment_key_secret"]}, "PAYMENT_WEBHOOK_SECRET"),
    ({"operator_api_secret": GOOD["payment_webhook_secret"]}, "OPERATOR_API_SECRET"),
    ({"payment_previous_webhook_secret": GOOD["payment_webhook_secret"]}, "PAYMENT_PREVIOUS_WEBHOOK_SECRET"),
    ({"metrics_token": "prometheus"}, "METRICS_TOKEN"),
    # Codes that can be tried, or sent, without an end.
    ({"otp_lock_minutes": 0.0001}, "OTP_LOCK_MINUTES"),
    ({"otp_resend_seconds": 0}, "OTP_RESEND_SECONDS"),
    ({"otp_sends_per_phone_hour": 100_000}, "OTP_SENDS_PER_PHONE_HOUR"),
    ({"otp_sends_per_address_hour": 100_000}, "OTP_SENDS_PER_ADDRESS_HOUR"),
    ({"limit_factor": 1000}, "LIMIT_FACTOR"),
    # Sign-ins for ever.
    ({"session_lifetime_days": 3650}, "SESSION_LIFETIME_DAYS"),
    ({"refresh_token_expire_days": 3650}, "REFRESH_TOKEN_EXPIRE_DAYS"),
    # A role that may change history, and a database that tests empty.
    ({"database_app_role": ""}, "DATABASE_APP_ROLE"),
    ({"database_app_role": "postgres"}, "DATABASE_APP_ROLE"),
    ({"database_app_role": "app"}, "DATABASE_APP_ROLE"),
    ({"database_url": "postgresql://app:pw@db.example/gencharge_test"}, "DATABASE_URL"),
    ({"database_url": "postgresql://app:pw@db.example/gencharge_dev"}, "DATABASE_URL"),
]


@pytest.mark.parametrize(
    ("wrong", "name"), REFUSED, ids=[f"{name}-{n}" for n, (_, name) in enumerate(REFUSED)]
)
def test_production_refuses_it_and_names_this_variable_only(wrong: dict[str, Any], name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**wrong)
    [problem] = refused.value.errors()
    lines = problem["msg"].removeprefix("Value error, ").split("; ")
    assert {line.partition(":")[0] for line in lines if line.partition(":")[0].isupper()} == {name}


@pytest.mark.parametrize(
    "good",
    [
        {"admin_second_factor": "required"},
        {"payment_gateway_url": "https://10.20.0.5:8443/razorpay"},
        {"payment_checkout_url": "https://pay.example/{order_id}"},
        {"otp_channel": "smtp", "smtp_host": "mail.example", "smtp_password": "x"},
        {"cors_origins": ["https://app.example.in", "https://admin.example.in:8443"]},
        {"previous_secret_key": "the-one-before-0815-with-9-different-ones"},
        {"allowed_hosts": ["Api.example.in", "10.1.2.3", "2001:db8::1"]},
        {"allowed_hosts": ["*"], "public_api_url": "https://pay.example.in"},
        {"public_api_url": "https://API.example.in/"},
        {"metrics_token": "kY7-pQ2_vX9zW4mB6nT1"},
        {"otel_exporter_otlp_endpoint": "http://collector.example:4318"},
        {
            "otel_exporter_otlp_endpoint": "http://127.0.0.1:4318",
            "otel_exporter_otlp_headers": "authorization=Bearer%20x",
        },
        {"session_lifetime_days": 90, "docs_enabled": True},
        {"otp_resend_seconds": 60, "otp_lock_minutes": 30, "limit_factor": 100},
    ],
)
def test_production_takes_what_is_in_order(good: dict[str, Any]) -> None:
    assert settings(**good)


def test_a_refusal_repeats_no_secret() -> None:
    with pytest.raises(ValidationError) as refused:
        settings(otp_secret=LONG, secret_key=LONG)
    assert LONG not in str(refused.value.errors()[0]["msg"])
    # What a traceback shows, where another program than ours reads the settings.
    with pytest.raises(ValidationError) as refused:
        settings(otp_secret=[LONG])
    assert "otp_secret" in str(refused.value)
    assert LONG not in str(refused.value)


def test_development_takes_what_production_refuses() -> None:
    own = {
        "environment": "development",
        "admin_second_factor": "optional",
        "docs_enabled": None,
        "allowed_hosts": [],
    }
    assert settings(**own, cors_origins=["*"], otp_resend_seconds=0, session_lifetime_days=3650).shows_docs


def test_the_pages_about_the_api_are_closed_in_production_unless_they_are_opened() -> None:
    assert not settings().shows_docs
    assert settings(docs_enabled=True).shows_docs


@pytest.mark.parametrize(
    "url", ["https://api.example", "https://api.example:8443/x", "https://10.1.2.3", "https://[2001:db8::1]"]
)
def test_another_machine_with_tls_is_a_partners(url: str) -> None:
    assert production.is_partners_address(url)
