"""Settings, read once from the environment (and `.env`), checked before anything starts.

Every variable of the two seed documents keeps its name. A store whose URL is empty is the embedded one
under `DATA_DIR`; its Unix socket has a fixed place, so that any `gencharge` command finds a running one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Self, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gencharge.core import database_urls, development_secrets, faultpoints, production, redis_urls
from gencharge.core.backup_settings import Backups
from gencharge.core.company import Company
from gencharge.core.development_secrets import DevelopmentSecret
from gencharge.core.file_settings import Files
from gencharge.core.mandate_settings import Mandates
from gencharge.core.message_settings import Codes, Messages
from gencharge.core.notification_settings import Notifications
from gencharge.core.push_settings import Push
from gencharge.core.referral_settings import Referrals
from gencharge.core.sending_settings import Sending
from gencharge.core.setting_groups import (
    SANDBOX_URL,
    Databases,
    Environment,
    Partners,
    People,
    Process,
    Tokens,
    WalletLimits,
)
from gencharge.core.sockets import embedded_mongo_url, embedded_postgres_url, embedded_redis_url
from gencharge.core.tracing_settings import Tracing
from gencharge.core.velocity_settings import Velocity
from gencharge.core.web_settings import RateLimits, Web
from gencharge.core.worker_settings import Background

__all__ = ["GROUPS", "SANDBOX_URL", "Environment", "Settings", "get_settings"]


class Settings(
    Process,
    Databases,
    Files,
    Tokens,
    People,
    Codes,
    Messages,
    Sending,
    Push,
    WalletLimits,
    Velocity,
    Referrals,
    Mandates,
    Notifications,
    Partners,
    Company,
    Web,
    RateLimits,
    Background,
    Backups,
    Tracing,
    BaseSettings,
):
    """All that can be set from outside. Durations carry their unit in the name."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        # A traceback must not show what was refused: a secret, or an address with a password.
        hide_input_in_errors=True,
        # The groups are never used by themselves.
        defer_build=False,
    )

    @property
    def is_development(self) -> bool:
        """True if development shortcuts may be offered at all."""
        return self.environment is not Environment.PRODUCTION

    @property
    def signs_with(self) -> str:
        """The algorithm of access tokens: HS256 or EdDSA."""
        return self.algorithm or ("HS256" if self.is_development else "EdDSA")

    @property
    def shows_docs(self) -> bool:
        """True if the pages about the API are served."""
        return self.is_development if self.docs_enabled is None else self.docs_enabled

    @property
    def second_factor_required(self) -> bool:
        """True if an admin without a second factor may do nothing but set one up."""
        if self.admin_second_factor is not None:
            return self.admin_second_factor == "required"
        return not self.is_development

    @property
    def postgres_url(self) -> str:
        """libpq-style URL of PostgreSQL: the given one, without a driver suffix, or the embedded one."""
        return database_urls.normal(self.database_url) or embedded_postgres_url(self.data_dir)

    def for_worker(self) -> Self:
        """The settings of a worker: its database is WORKER_DATABASE_URL, if that is set."""
        if not self.worker_database_url:
            return self
        return self.model_copy(update={"database_url": self.worker_database_url})

    @property
    def replica_url(self) -> str:
        """libpq-style URL of the replica for reads, without a driver suffix; empty: there is none."""
        return database_urls.normal(self.database_replica_url, several="prefer-standby")

    @property
    def database_name(self) -> str:
        """The name of the PostgreSQL database that `postgres_url` leads to."""
        return urlsplit(self.postgres_url).path.lstrip("/")

    @property
    def migration_url(self) -> str:
        """libpq-style URL that migrations use."""
        return database_urls.normal(self.migration_database_url) or self.postgres_url

    @property
    def mongodb_url(self) -> str:
        """MongoDB URL: the given one, or the embedded server's socket."""
        return self.mongo_url or embedded_mongo_url(self.data_dir)

    @property
    def redis_server_url(self) -> str:
        """Redis URL: the given one, or the embedded server's socket."""
        return self.redis_url or embedded_redis_url(self.data_dir)

    @property
    def storage_folder(self) -> Path:
        """Where the files are that we keep: STORAGE_DIR, or `storage` in the data folder."""
        return self.storage_dir or self.data_dir / "storage"

    @property
    def needed_secrets(self) -> dict[str, SecretStr]:
        """The secrets without which nothing runs, by the names of their settings."""
        return {name: getattr(self, name) for name in development_secrets.NAMES}

    @property
    def development_secrets(self) -> list[str]:
        """The names of those that are not set, and come from the data folder; none in production."""
        return [name for name, value in self.needed_secrets.items() if isinstance(value, DevelopmentSecret)]

    def take_secrets(self) -> None:
        """Read the secrets of the data folder, or make them, now instead of at their first use. Raises OSError."""
        for secret in self.needed_secrets.values():
            secret.get_secret_value()

    @field_validator(
        "signing_key",
        "previous_signing_key",
        "previous_secret_key",
        "previous_data_key",
        "payment_previous_webhook_secret",
        "operator_previous_api_secret",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        """`PREVIOUS_SECRET_KEY=` in a file means no key; never an empty one, which anybody could sign with."""
        return value or None

    @field_validator("signing_key", "previous_signing_key")
    @classmethod
    def _break_lines(cls, key: SecretStr | None) -> SecretStr | None:
        """A PEM has several lines, which a file of variables has no place for: there they are written as `\\n`."""
        return None if key is None else SecretStr(key.get_secret_value().replace("\\n", "\n"))

    @model_validator(mode="after")
    def _take_development_secrets(self) -> Self:
        if self.is_development:
            for name, secret in self.needed_secrets.items():
                if not isinstance(secret, DevelopmentSecret) and not secret.get_secret_value():
                    # Past `frozen`, which is for those who have a whole object.
                    self.__dict__[name] = DevelopmentSecret(self.data_dir.resolve(), name)
        return self

    @field_validator("database_url", "migration_database_url", "worker_database_url", "database_replica_url")
    @classmethod
    def _readable_url(cls, url: str, info: ValidationInfo) -> str:
        """Refuse what one of the drivers would read in another way than the others."""
        try:
            database_urls.normal(url)
        except ValueError as error:
            raise ValueError(f"{(info.field_name or '').upper()}: {error}") from None
        return url

    @field_validator("redis_url")
    @classmethod
    def _readable_redis_url(cls, url: str) -> str:
        """Refuse what leads to no server, before anything needs it."""
        try:
            if url:
                redis_urls.watched(url)
        except ValueError as error:
            raise ValueError(f"REDIS_URL: {error}") from None
        return url

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        problems = list(self._production_problems()) if not self.is_development else []
        if self.signs_with == "EdDSA" and not _is_ed25519(self.signing_key):
            problems.append(
                "SIGNING_KEY: the PEM of an Ed25519 private key; `gencharge signing-key` makes one"
            )
        if self.previous_signing_key is not None:
            if not _is_ed25519(self.previous_signing_key):
                problems.append("PREVIOUS_SIGNING_KEY: PEM of an Ed25519 private key, or empty")
            elif self.previous_signing_key == self.signing_key:
                problems.append("PREVIOUS_SIGNING_KEY: the key before, not the present one; or empty")
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
        problems += self.file_problems()
        problems += self.push_problems()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _production_problems(self) -> Iterator[str]:
        names = (
            "previous_secret_key",
            "previous_data_key",
            "payment_previous_webhook_secret",
            "operator_previous_api_secret",
        )
        secrets: dict[str, SecretStr | None] = {**self.needed_secrets} | {
            name: getattr(self, name) for name in names
        }
        yield from production.secret_problems(secrets)
        yield from production.token_problems(self)
        yield from production.people_problems(self)
        yield from production.code_problems(self)
        yield from production.message_problems(self)
        yield from production.sending_problems(self)
        yield from production.push_problems(self)
        yield from production.partner_problems(self)
        login = urlsplit(self.postgres_url).username or ""
        yield from production.database_problems(self, name=self.database_name, login=login)
        yield from production.file_problems(self)
        yield from production.web_problems(self, public_url=self.public_api_url)
        yield from production.limit_problems(self)
        yield from production.tracing_problems(self)
        yield from self.backup_problems()
        yield from self.sample_company_problems()
        if os.environ.get(faultpoints.VARIABLE):
            yield f"{faultpoints.VARIABLE}: never in production"


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


# In the order in which a reader meets them.
GROUPS = cast("tuple[type[BaseModel], ...]", Settings.__bases__[:-1])


@lru_cache
def get_settings() -> Settings:
    """The process's settings; read on first use."""
    return Settings()
