"""Settings, read once from the environment (and `.env`), checked before anything starts.

Every variable of the two seed documents keeps its name. A store whose URL is empty is the embedded one
under `DATA_DIR`; its Unix socket has a fixed place, so that any `gencharge` command finds a running one.
"""

from __future__ import annotations

import os
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gencharge.core import faultpoints
from gencharge.core.company import Company
from gencharge.core.sockets import embedded_mongo_url, embedded_postgres_url, embedded_redis_url

# The seed documents print these; every deployment must replace them.
SAMPLE_SECRETS = frozenset({"change_me_to_a_real_secret", "otp_secret_key"})
DEVELOPMENT_SECRET = "development-only-secret-not-for-production-0001"  # noqa: S105 - refused in production
DEVELOPMENT_OTP_SECRET = "development-only-otp-secret-not-for-production"  # noqa: S105 - refused in production
DEVELOPMENT_PAYMENT_KEY = "rzp_test_gencharge0001"  # the sandbox's; refused in production, like these three
DEVELOPMENT_PAYMENT_SECRET = "development-only-payment-secret-0001"  # noqa: S105 - refused in production
DEVELOPMENT_WEBHOOK_SECRET = "development-only-webhook-secret-0001"  # noqa: S105 - refused in production
DEVELOPMENT_OPERATOR_SECRET = "development-only-operator-secret-0001"  # noqa: S105 - refused in production
SANDBOX_URL = "http://127.0.0.1:8001"


class Environment(StrEnum):
    """Where the process runs; `production` refuses every development shortcut."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class Settings(Company, BaseSettings):
    """All that can be set from outside. Durations carry their unit in the name."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    environment: Environment = Environment.DEVELOPMENT
    data_dir: Path = Path(".gencharge")
    storage_dir: Path | None = None  # the files that we keep; empty = `storage` under data_dir
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)

    # Stores. Empty = the embedded server under data_dir.
    database_url: str = ""
    migration_database_url: str = ""  # a role that owns the tables; empty = database_url
    # The role that the API and the worker take on after connecting: it may not change history.
    database_app_role: str = "gencharge_app"
    database_pool_size: int = Field(default=5, ge=1, le=100)
    database_fast_pool_size: int = Field(default=8, ge=1, le=100)
    database_pool_timeout_seconds: float = Field(default=2.0, gt=0)
    # 0 when a PgBouncer in transaction mode stands between.
    database_statement_cache_size: int = Field(default=512, ge=0)
    database_lock_timeout_ms: int = Field(default=2000, ge=1)
    database_statement_timeout_ms: int = Field(default=15000, ge=1)
    mongo_url: str = ""
    mongo_database: str = "gencharge"
    mongo_timeout_ms: int = Field(default=2000, ge=100)
    redis_url: str = ""
    redis_timeout_seconds: float = Field(default=0.2, gt=0)

    # Secrets and tokens.
    secret_key: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    otp_secret: SecretStr = SecretStr(DEVELOPMENT_OTP_SECRET)
    algorithm: Literal["HS256", "EdDSA"] = "HS256"
    # PEM of an Ed25519 private key; needed for EdDSA only.
    signing_key: SecretStr | None = None
    # The key before the present one: what it signed stays good until it runs out. Set during a rotation only.
    previous_secret_key: SecretStr | None = None
    previous_signing_key: SecretStr | None = None
    token_issuer: str = "gencharge"  # noqa: S105 - a name, not a secret
    token_audience: str = "gencharge-api"  # noqa: S105 - a name, not a secret
    # At most 60 (`sessions.tokens.MAX_LIFETIME_SECONDS`). An ended session is refused within a second, however long.
    access_token_expire_minutes: float = Field(default=1, gt=0, le=60)
    refresh_token_expire_days: float = Field(default=2, gt=0)
    # However often it is refreshed, a sign-in ends after this time.
    session_lifetime_days: float = Field(default=30, gt=0)

    # The second factor of admins (TOTP): empty = required in production, optional elsewhere.
    admin_second_factor: Literal["required", "optional"] | None = None
    # For how long a second factor counts as fresh, for actions that need a step-up.
    step_up_minutes: float = Field(default=10, gt=0, le=60)

    # Personal data of an archived user is erased after so many days.
    erasure_after_days: int = Field(default=90, ge=2)

    # One-time passwords.
    otp_expire_minutes: float = Field(default=5, gt=0, le=10)
    otp_attempts: int = Field(default=5, ge=1, le=10)
    otp_lock_minutes: float = Field(default=15, gt=0)
    otp_resend_seconds: int = Field(default=30, ge=0)
    otp_sends_per_phone_hour: int = Field(default=5, ge=1)
    otp_sends_per_address_hour: int = Field(default=20, ge=1)
    # The fixed code for 9000000000-9000009999, development only; empty = random codes for everybody.
    dev_fixed_otp: str = ""
    otp_channel: Literal["console", "sms", "smtp"] = "console"
    gencharge_sms_url: str = ""
    sms_api_key: SecretStr = SecretStr("")
    sms_dlt_entity_id: str = ""
    sms_header: str = "GENCHG"
    sms_otp_template_id: str = ""
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_sender: str = "no-reply@gencharge.example"
    smtp_starttls: bool = True

    # Wallet limits in rupees (RBI Master Direction on PPIs: small PPI 10,000; full KYC 2,00,000).
    wallet_small_balance_limit: int = 10_000
    wallet_small_monthly_load_limit: int = 10_000
    wallet_small_yearly_load_limit: int = 120_000
    wallet_full_balance_limit: int = 200_000

    # The payment gateway and the operators; the defaults are those of `gencharge sandbox`.
    sandbox_port: int = Field(default=8001, ge=0, le=65535)  # 0: `gencharge dev` starts none
    payment_gateway_url: str = SANDBOX_URL
    payment_key_id: str = DEVELOPMENT_PAYMENT_KEY
    payment_key_secret: SecretStr = SecretStr(DEVELOPMENT_PAYMENT_SECRET)
    payment_webhook_secret: SecretStr = SecretStr(DEVELOPMENT_WEBHOOK_SECRET)
    # The webhook secret before the present one: what it signed still counts. Set during a rotation only.
    payment_previous_webhook_secret: SecretStr | None = None
    # A call without an answer after so long is unknown; then the gateway is asked, after these pauses (seconds).
    payment_timeout_seconds: float = Field(default=8, gt=0, le=60)
    payment_check_seconds: list[float] = [10, 30, 120, 600, 3600]
    # Where a customer pays an order, with `{order_id}` in it; empty = the sandbox's page, in production none.
    payment_checkout_url: str = ""
    # A submission without an answer after so long is unknown; then the operator is asked, after these pauses (seconds).
    operator_timeout_seconds: float = Field(default=8, gt=0, le=60)
    operator_check_seconds: list[float] = [5, 30, 120, 600, 3600]
    operator_api_secret: SecretStr = SecretStr(DEVELOPMENT_OPERATOR_SECRET)

    # Webhooks to integrators may go into private networks; empty = yes in development, no in production.
    webhook_allow_private: bool | None = None

    # Web.
    cors_origins: list[str] = Field(default_factory=list)
    # How many reverse proxies in front set X-Forwarded-For; 0 = the peer's own address counts.
    trusted_proxies: int = Field(default=0, ge=0)
    max_body_bytes: int = Field(default=1_000_000, ge=1_000)
    docs_enabled: bool = True
    access_log: bool = True
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    # Outbox and jobs.
    outbox_batch: int = Field(default=500, ge=1, le=5_000)
    outbox_poll_seconds: float = Field(default=0.2, gt=0)
    outbox_lease_seconds: float = Field(default=30, gt=0)
    outbox_max_attempts: int = Field(default=12, ge=1)
    duplicate_window_seconds: int = Field(default=60, ge=0)

    @property
    def is_development(self) -> bool:
        """True if development shortcuts may be offered at all."""
        return self.environment is not Environment.PRODUCTION

    @property
    def second_factor_required(self) -> bool:
        """True if an admin without a second factor may do nothing but set one up."""
        if self.admin_second_factor is not None:
            return self.admin_second_factor == "required"
        return not self.is_development

    @property
    def postgres_url(self) -> str:
        """libpq-style URL of PostgreSQL: the given one, without a driver suffix, or the embedded one."""
        return _without_driver(self.database_url) or embedded_postgres_url(self.data_dir)

    @property
    def database_name(self) -> str:
        """The name of the PostgreSQL database that `postgres_url` leads to."""
        return urlsplit(self.postgres_url).path.lstrip("/")

    @property
    def migration_url(self) -> str:
        """libpq-style URL that migrations use."""
        return _without_driver(self.migration_database_url) or self.postgres_url

    @property
    def mongodb_url(self) -> str:
        """MongoDB URL: the given one, or the embedded server's socket."""
        return self.mongo_url or embedded_mongo_url(self.data_dir)

    @property
    def redis_server_url(self) -> str:
        """Redis URL: the given one, or the embedded server's socket."""
        return self.redis_url or embedded_redis_url(self.data_dir)

    @field_validator(
        "signing_key",
        "previous_signing_key",
        "previous_secret_key",
        "payment_previous_webhook_secret",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        """`PREVIOUS_SECRET_KEY=` in a file means no key; never an empty one, which anybody could sign with."""
        return value or None

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        problems = list(self._production_problems()) if not self.is_development else []
        if self.algorithm == "EdDSA" and not _is_ed25519(self.signing_key):
            problems.append("SIGNING_KEY: needed with ALGORITHM=EdDSA (PEM of an Ed25519 private key)")
        if self.previous_signing_key is not None and not _is_ed25519(self.previous_signing_key):
            problems.append("PREVIOUS_SIGNING_KEY: PEM of an Ed25519 private key, or empty")
        if self.dev_fixed_otp and not (
            len(self.dev_fixed_otp) == 6 and self.dev_fixed_otp.isascii() and self.dev_fixed_otp.isdigit()
        ):
            problems.append("DEV_FIXED_OTP: six digits, or empty")
        if self.dev_fixed_otp and self.otp_channel != "console":
            problems.append("DEV_FIXED_OTP: only with OTP_CHANNEL=console")
        if self.dev_fixed_otp and self.host not in {"127.0.0.1", "localhost", "::1"}:
            problems.append("DEV_FIXED_OTP: only with HOST on loopback (127.0.0.1)")
        if self.dev_fixed_otp and not self.database_name.endswith(("_dev", "_test")):
            problems.append("DEV_FIXED_OTP: only with a database whose name ends in _dev or _test")
        if self.otp_channel == "sms" and not self.gencharge_sms_url:
            problems.append("GENCHARGE_SMS_URL: needed with OTP_CHANNEL=sms")
        if self.otp_channel == "smtp" and not self.smtp_host:
            problems.append("SMTP_HOST: needed with OTP_CHANNEL=smtp")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _production_problems(self) -> list[str]:
        problems = []
        secrets = {"SECRET_KEY": self.secret_key, "OTP_SECRET": self.otp_secret}
        if self.previous_secret_key is not None:
            secrets["PREVIOUS_SECRET_KEY"] = self.previous_secret_key
        for name, secret in secrets.items():
            value = secret.get_secret_value()
            if value in SAMPLE_SECRETS or value in {DEVELOPMENT_SECRET, DEVELOPMENT_OTP_SECRET}:
                problems.append(f"{name}: a sample value; set a secret of your own")
            elif len(value) < 32 or len(set(value)) < 10:
                problems.append(f"{name}: at least 32 characters, 10 different ones")
        problems.extend((*self._sandbox_problems(), *self.sample_company_problems()))
        if self.dev_fixed_otp:
            problems.append("DEV_FIXED_OTP: never in production")
        if os.environ.get(faultpoints.VARIABLE):
            problems.append(f"{faultpoints.VARIABLE}: never in production")
        if self.otp_channel == "console":
            problems.append("OTP_CHANNEL: sms or smtp in production; console would print codes in the log")
        problems.extend(
            f"{name}: needed in production; the embedded server is for development"
            for name in ("database_url", "mongo_url", "redis_url")
            if not getattr(self, name)
        )
        if "*" in self.cors_origins:
            problems.append("CORS_ORIGINS: name each origin; '*' is not accepted in production")
        return problems

    def _sandbox_problems(self) -> list[str]:
        """What would let production talk to the sandbox, or trust the sandbox's published secrets."""
        problems = [
            f"{name}: the sandbox's; production needs the gateway's own"
            for name, value, sample in (
                ("PAYMENT_GATEWAY_URL", self.payment_gateway_url, SANDBOX_URL),
                ("PAYMENT_KEY_ID", self.payment_key_id, DEVELOPMENT_PAYMENT_KEY),
            )
            if value == sample
        ]
        # Their issuers choose the lengths: a Razorpay key's secret has 24 characters.
        samples = {DEVELOPMENT_PAYMENT_SECRET, DEVELOPMENT_WEBHOOK_SECRET, DEVELOPMENT_OPERATOR_SECRET}
        for name, secret in (
            ("PAYMENT_KEY_SECRET", self.payment_key_secret),
            ("PAYMENT_WEBHOOK_SECRET", self.payment_webhook_secret),
            ("PAYMENT_PREVIOUS_WEBHOOK_SECRET", self.payment_previous_webhook_secret),
            ("OPERATOR_API_SECRET", self.operator_api_secret),
        ):
            if secret is None:
                continue
            value = secret.get_secret_value()
            if value in samples | SAMPLE_SECRETS:
                problems.append(f"{name}: a sample value; set the real one")
            elif len(value) < 16 or len(set(value)) < 8:
                problems.append(f"{name}: at least 16 characters, 8 different ones")
        return problems


def _is_ed25519(pem: SecretStr | None) -> bool:
    # Imported here: no other setting needs it, and it costs every command a tenth of a second.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return pem is not None and isinstance(
            load_pem_private_key(pem.get_secret_value().encode(), password=None), Ed25519PrivateKey
        )
    except ValueError:
        return False


def _without_driver(url: str) -> str:
    """`postgresql+asyncpg://...` (SQLAlchemy, as in the seeds) -> `postgresql://...` (libpq, asyncpg)."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}" if separator else url


@lru_cache
def get_settings() -> Settings:
    """The process's settings; read on first use."""
    return Settings()
