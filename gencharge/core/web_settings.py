"""The settings of the API's edge: hosts, sizes, times, limits, documents and logs. `core.settings` puts them with the others."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from gencharge.core.setting_groups import IN_PRODUCTION


class Web(BaseModel, defer_build=True):
    """Web and log"""

    webhook_allow_private: bool | None = Field(
        default=None,
        description="Whether webhooks to integrators may go into private networks. Empty: in development yes, in "
        "production no.",
    )
    cors_origins: list[str] = Field(
        default_factory=list,
        description='Origins of browser pages that may call the API: `["https://app.example.in"]`.',
    )
    allowed_hosts: list[str] = Field(
        default_factory=list,
        description='The host names that clients call, without scheme and port: `["api.example.in"]`; `["*"]`: any, behind a proxy that '
        "answers its own names only. Empty: in development `localhost`, `HOST` and IP addresses. `/health` answers for any, in production "
        "`/metrics`, too.",
        json_schema_extra=IN_PRODUCTION,
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        description="How many reverse proxies in front set `X-Forwarded-For`. 0: the peer's own address counts.",
    )
    max_body_bytes: int = Field(default=1_000_000, ge=1_000, description="The largest request body.")
    max_header_bytes: int = Field(
        default=32_768,
        ge=4_096,
        le=1_000_000,
        description="The largest head of a request: address and headers.",
    )
    request_head_seconds: float = Field(
        default=10, gt=0, le=600, description="How long the head of a request may take to arrive."
    )
    request_body_seconds: float = Field(
        default=30,
        gt=0,
        le=600,
        description="How long a request's body may take to arrive, and a second more for each 2 KB of it.",
    )
    max_connections: int = Field(
        default=4_000,
        ge=10,
        le=100_000,
        description="Connections of one process. When all are taken, the one that has waited longest for a request "
        "is closed.",
    )
    max_connections_per_address: int = Field(
        default=500,
        ge=1,
        le=100_000,
        description="Connections of one process from one IP address. Does not count behind `TRUSTED_PROXIES`.",
    )
    live_connections: int = Field(
        default=2_000,
        ge=1,
        le=100_000,
        description="Live connections (WebSocket, server-sent events) of one process, out of `MAX_CONNECTIONS`. Further ones "
        "are refused with 503.",
    )
    live_connections_per_account: int = Field(
        default=5,
        ge=1,
        le=1_000,
        description="Live connections of one signed-in person, to all API processes together.",
    )
    docs_enabled: bool | None = Field(
        default=None,
        description="Whether `/`, `/docs`, `/redoc`, `/guide` and the `/openapi*.json` are served. Empty: in development yes, in "
        "production no.",
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""),
        description="What Prometheus sends to read `/metrics` (`Authorization: Bearer ...`). Empty: in development everybody "
        "reads them, in production nobody.",
    )
    access_log: bool = Field(default=True, description="Whether each request is logged.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least severe entries in the log."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="`json` for machines, `console` for people."
    )


class RateLimits(BaseModel, defer_build=True):
    """Limits of requests"""

    limit_factor: float | None = Field(
        default=None,
        gt=0,
        description="Multiplies each of the limits below. Empty: 1 in production, 1000 in development.",
    )
    limit_reads_per_minute: int = Field(
        default=600, ge=1, description="Reading requests of one signed-in person in a minute."
    )
    limit_changes_per_minute: int = Field(
        default=120, ge=1, description="Changing requests of one signed-in person in a minute."
    )
    limit_files_per_minute: int = Field(
        default=30, ge=1, description="Exports, imports and receipts of one signed-in person in a minute."
    )
    limit_sign_in_per_minute: int = Field(
        default=120,
        ge=1,
        description="Requests to sign up, sign in or refresh from one address (IPv6: one /64) in a minute. Many people may "
        "share one.",
    )
    limit_address_per_minute: int = Field(
        default=600, ge=1, description="Other requests without a valid token from one address in a minute."
    )
    limit_wrong_offer_codes_per_hour: int = Field(
        default=10, ge=1, description="Wrong offer codes of one signed-in person in an hour."
    )
    limit_wrong_offer_codes_of_address_per_hour: int = Field(
        default=60, ge=1, description="Wrong offer codes from one address (IPv6: one /64) in an hour."
    )
    limit_contact_forms_per_hour: int = Field(
        default=5,
        ge=1,
        description="Enquiries of one customer, or of one visitor's e-mail address or phone number, in an hour.",
    )
    limit_contact_forms_of_address_per_hour: int = Field(
        default=30, ge=1, description="Enquiries from one address (IPv6: one /64) in an hour."
    )
    limit_callbacks_per_minute: int = Field(
        default=6_000,
        ge=1,
        description="Webhooks of the gateway and callbacks of operators from one address in a minute.",
    )
