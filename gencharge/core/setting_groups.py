"""The settings by group: name, type, default, bounds and meaning of each. `core.settings` puts them together.

`.env.example` and `docs/reference/configuration.md` are made from these classes; a docstring is a group's heading.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, SecretStr

DEVELOPMENT_PAYMENT_KEY = "rzp_test_gencharge0001"  # the sandbox's; refused in production
SANDBOX_URL = "http://127.0.0.1:8001"

# Marks a setting whose default production refuses. A test starts production without each of them.
IN_PRODUCTION: Final[dict[str, Any]] = {"needed_in_production": True}


class Environment(StrEnum):
    """Where the process runs; `production` refuses every development shortcut."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class Process(BaseModel, defer_build=True):
    """Process"""

    environment: Environment = Field(
        default=Environment.DEVELOPMENT,
        description="`production` refuses embedded servers, sample secrets and every development shortcut.",
    )
    data_dir: Path = Field(
        default=Path(".gencharge"),
        description="Where the embedded servers keep their data, their sockets and their logs.",
    )
    host: str = Field(default="127.0.0.1", description="The address that the API listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="The port that the API listens on.")
    shutdown_delay_seconds: float = Field(
        default=0,
        ge=0,
        le=60,
        description="How long the API, told to stop, says that it is not ready and still serves, so that a proxy that asks "
        "`/health/ready` leaves it out before the port closes. Somewhat longer than the proxy needs to notice.",
    )


class Databases(BaseModel, defer_build=True):
    """PostgreSQL, MongoDB and Redis"""

    database_url: str = Field(
        default="",
        description="PostgreSQL (tested with 18): `postgresql://user:password@host:5432/name`; `postgresql+asyncpg://` "
        "works, too. Several hosts: `//user:password@host1:5432,host2:5432/name`; the one that takes writes is used. Empty: the "
        "embedded server.",
        json_schema_extra=IN_PRODUCTION,
    )
    migration_database_url: str = Field(
        default="",
        description="PostgreSQL as a role that owns the tables, for `gencharge migrate`. Empty: `DATABASE_URL`.",
    )
    worker_database_url: str = Field(
        default="",
        description="PostgreSQL without a pooler in between, for the worker: it listens for notifications, which a pooler in "
        "transaction mode does not pass on. Empty: `DATABASE_URL`.",
    )
    database_app_role: str = Field(
        default="gencharge_app",
        description="The role that API and worker take on after they connect. It may not change history. The first "
        "migration creates it.",
    )
    database_replica_url: str = Field(
        default="",
        description="A streaming replica of that database: figures, reports and long lists of the staff are read there. Empty: from "
        "the primary. Nothing that decides about money or rights is ever read there.",
    )
    database_replica_max_lag_seconds: float = Field(
        default=10.0,
        ge=2,
        le=3_000,
        description="A replica whose data may be older than this is not used: the primary answers.",
    )
    database_replica_pool_size: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Connections of one process to the replica; twice as many under load.",
    )
    database_replica_statement_timeout_ms: int = Field(
        default=15000,
        ge=1,
        description="The longest run of a statement on the replica. For the API `DATABASE_COMMAND_TIMEOUT_SECONDS` is a further bound.",
    )
    database_pool_size: int = Field(
        default=5, ge=1, le=100, description="Connections of one process; twice as many under load."
    )
    database_fast_pool_size: int = Field(
        default=8, ge=1, le=100, description="Further connections of one process, for the hot paths."
    )
    database_pool_timeout_seconds: float = Field(
        default=2.0,
        gt=0,
        description="How long a request waits for a connection before it is answered with 503.",
    )
    database_statement_cache_size: int = Field(
        default=512,
        ge=0,
        description="Prepared statements of one connection. 0 behind a PgBouncer in transaction mode.",
    )
    database_lock_timeout_ms: int = Field(default=2000, ge=1, description="The longest wait for a lock.")
    database_statement_timeout_ms: int = Field(
        default=15000, ge=1, description="The longest run of a statement of the worker or of a command."
    )
    database_command_timeout_seconds: float = Field(
        default=3.5,
        gt=0,
        description="How long the API waits for the answer to a statement, however still PostgreSQL stands, before the "
        "request is answered with 503.",
    )
    mongo_url: str = Field(
        default="",
        description="MongoDB (tested with 6.0): `mongodb://host:27017`. Empty: the embedded server.",
        json_schema_extra=IN_PRODUCTION,
    )
    mongo_database: str = Field(default="gencharge", description="The name of the database in MongoDB.")
    mongo_timeout_ms: int = Field(
        default=2000,
        ge=100,
        description="How long a call to MongoDB may take before the store counts as away.",
    )
    redis_url: str = Field(
        default="",
        description="Redis (tested with 6.2): `redis://host:6379/0`, or with sentinels `redis+sentinel://host1:26379,host2:26379/NAME/0`; "
        "`rediss` in place of `redis`: with TLS. Empty: the embedded server.",
        json_schema_extra=IN_PRODUCTION,
    )
    redis_timeout_seconds: float = Field(
        default=0.2, gt=0, description="How long a call to Redis may take before the store counts as away."
    )


class Tokens(BaseModel, defer_build=True):
    """Secrets and tokens"""

    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="Signs access tokens with HS256. In production at least 32 characters: "
        "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`.",
        json_schema_extra=IN_PRODUCTION,
    )
    otp_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Protects one-time codes while they wait. In production at least 32 characters.",
        json_schema_extra=IN_PRODUCTION,
    )
    data_key: SecretStr = Field(
        default=SecretStr(""),
        description="Protects the keys that personal data and stored secrets are encrypted with. Without it they can't be read: "
        "keep a copy apart from the database's backups. In production at least 32 characters.",
        json_schema_extra=IN_PRODUCTION,
    )
    previous_data_key: SecretStr | None = Field(
        default=None,
        description="During a change: the `DATA_KEY` before, until `gencharge secrets rotate --master` has run.",
    )
    algorithm: Literal["HS256", "EdDSA"] | None = Field(
        default=None,
        description="HS256 signs with `SECRET_KEY`, EdDSA with `SIGNING_KEY`. Empty: EdDSA in production, which takes no other, "
        "and HS256 in development.",
    )
    signing_key: SecretStr | None = Field(
        default=None,
        description="An Ed25519 private key as PEM, its line breaks written as `\\n`: `gencharge signing-key` makes one.",
        json_schema_extra=IN_PRODUCTION,
    )
    previous_secret_key: SecretStr | None = Field(
        default=None,
        description="During a rotation: the `SECRET_KEY` before, whose tokens are accepted until they expire.",
    )
    previous_signing_key: SecretStr | None = Field(
        default=None,
        description="During a rotation: the `SIGNING_KEY` before, whose tokens are accepted until they expire.",
    )
    token_issuer: str = Field(default="gencharge", description="The `iss` of every token.")
    token_audience: str = Field(default="gencharge-api", description="The `aud` of every token.")
    # At most 60: `sessions.tokens.MAX_LIFETIME_SECONDS`.
    access_token_expire_minutes: float = Field(
        default=1,
        gt=0,
        le=60,
        description="How long an access token lives. A session that is ended is refused within a second, however long "
        "its access tokens live.",
    )
    refresh_token_expire_days: float = Field(
        default=2, gt=0, description="How long a refresh token lives; each refresh gives a new one."
    )
    session_lifetime_days: float = Field(
        default=30, gt=0, description="However often it is refreshed, a sign-in ends after this time."
    )


class People(BaseModel, defer_build=True):
    """Admins and customers"""

    admin_second_factor: Literal["required", "optional"] | None = Field(
        default=None,
        description="The admins' second factor (TOTP). Empty: required in production, optional elsewhere.",
    )
    step_up_minutes: float = Field(
        default=10,
        gt=0,
        le=60,
        description="For how many minutes a second factor counts as given just now, for actions that ask for that.",
    )
    erasure_after_days: int = Field(
        default=90, ge=2, description="Personal data of a closed account is erased after so many days."
    )


class WalletLimits(BaseModel, defer_build=True):
    """Wallet limits"""

    # RBI Master Direction on PPIs: small PPI 10,000; full KYC 2,00,000.
    wallet_small_balance_limit: int = Field(
        default=10_000, description="The highest balance without full KYC, in rupees."
    )
    wallet_small_monthly_load_limit: int = Field(
        default=10_000, description="What a wallet without full KYC may take in a month, in rupees."
    )
    wallet_small_yearly_load_limit: int = Field(
        default=120_000, description="What a wallet without full KYC may take in a financial year, in rupees."
    )
    wallet_full_balance_limit: int = Field(
        default=200_000, description="The highest balance with full KYC, in rupees."
    )


class Partners(BaseModel, defer_build=True):
    """Payment gateway and operators"""

    sandbox_port: int = Field(default=8001, ge=0, le=65535, description="The sandbox's port; 0: none.")
    payment_gateway_url: str = Field(
        default=SANDBOX_URL,
        description="Razorpay's API, `https://api.razorpay.com`, or one that speaks it. The default is the sandbox.",
        json_schema_extra=IN_PRODUCTION,
    )
    payment_key_id: str = Field(
        default=DEVELOPMENT_PAYMENT_KEY,
        description="The id of the gateway's key.",
        json_schema_extra=IN_PRODUCTION,
    )
    payment_key_secret: SecretStr = Field(
        default=SecretStr(""),
        description="The secret of the gateway's key.",
        json_schema_extra=IN_PRODUCTION,
    )
    payment_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="The secret that signs the gateway's webhooks.",
        json_schema_extra=IN_PRODUCTION,
    )
    payment_previous_webhook_secret: SecretStr | None = Field(
        default=None,
        description="During a rotation: the webhook secret before, whose signatures are accepted, too.",
    )
    payment_timeout_seconds: float = Field(
        default=5,
        gt=0,
        le=60,
        description="A call to the gateway without an answer after this time is unknown.",
    )
    payment_check_seconds: list[float] = Field(
        default=[10, 30, 120, 600, 3600],
        description="The pauses in seconds after which the gateway is asked about a payment that is open.",
    )
    payment_checkout_url: str = Field(
        default="",
        description="Where a customer pays an order, with `{order_id}` in it. Empty: the sandbox's page, and none in "
        "production.",
    )
    payout_account: str = Field(
        default="",
        description="The number of the account at the gateway (RazorpayX) from which balances of closed accounts are paid out. Empty: "
        "the sandbox's, and in production none: the staff pay them out by hand.",
    )
    operator_timeout_seconds: float = Field(
        default=8,
        gt=0,
        le=60,
        description="A submission to an operator without an answer after this time is unknown.",
    )
    operator_check_seconds: list[float] = Field(
        default=[5, 30, 120, 600, 3600],
        description="The pauses in seconds after which the operator is asked about a recharge that is open.",
    )
    operator_allow_private: bool | None = Field(
        default=None,
        description="Whether channels may lead to operators in private networks, such as over a leased line. Empty: in "
        "development yes, in production no.",
    )
    resolve_alone_limit: int = Field(
        default=500, ge=0, description="Above this price in rupees `resolve: failed` takes two admins."
    )
    refund_alone_limit: int = Field(
        default=500,
        ge=0,
        description="As soon as the refunds of a payment or recharge exceed this sum in rupees, each further one takes two admins; so does a "
        "payout above it that the staff name a payee for, or settle by hand.",
    )
    operator_api_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Each channel's own secrets, which sign what goes to the operator and what comes from it, are derived "
        "from this one.",
        json_schema_extra=IN_PRODUCTION,
    )
    operator_previous_api_secret: SecretStr | None = Field(
        default=None,
        description="During a rotation: the `OPERATOR_API_SECRET` before, whose secrets sign and are accepted, too.",
    )
