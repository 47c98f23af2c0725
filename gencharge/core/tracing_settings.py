"""The settings of tracing, by the names that OpenTelemetry gave them. `core.settings` puts them with the others."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

_BY_RATIO = frozenset({"traceidratio", "parentbased_traceidratio"})


class Tracing(BaseModel, defer_build=True):
    """Tracing"""

    otel_exporter_otlp_endpoint: str = Field(
        default="",
        description="The collector that gets the traces, over OTLP/HTTP: `http://127.0.0.1:4318`; `/v1/traces` is added. "
        "Empty: nothing is traced.",
    )
    otel_exporter_otlp_headers: SecretStr = Field(
        default=SecretStr(""),
        description="What is sent to the collector with each request: `authorization=Bearer%20token,x-tenant=one`.",
    )
    otel_exporter_otlp_protocol: Literal["http/protobuf"] = Field(
        default="http/protobuf", description="How traces are sent. There is no other way."
    )
    otel_service_name: str = Field(
        default="gencharge",
        max_length=100,
        pattern=r"^[\w.-]+$",
        description="The service that the traces are of. The API's process adds `-api`, the worker's `-worker`.",
    )
    otel_traces_sampler: Literal[
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ] = Field(
        default="parentbased_always_on",
        description="Which requests and jobs are traced: all, none, or the share in `OTEL_TRACES_SAMPLER_ARG`. `parentbased_`: "
        "what belongs to a trace follows the decision that the trace began with.",
    )
    otel_traces_sampler_arg: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="The share that is traced with `traceidratio`: 0.1 is every tenth.",
    )
    otel_sdk_disabled: bool = Field(
        default=False, description="Turns tracing off, although there is an endpoint."
    )
    trace_continue_incoming: bool = Field(
        default=False,
        description="Whether a request's `traceparent` is continued. Only if the proxy in front removes or replaces what "
        "clients send; otherwise strangers decide what is traced. False: a new trace, which links to the client's.",
    )

    @property
    def traces_url(self) -> str:
        """Where the traces are posted; empty if tracing is off."""
        endpoint = self.otel_exporter_otlp_endpoint.rstrip("/")
        return f"{endpoint}/v1/traces" if endpoint and not self.otel_sdk_disabled else ""

    @property
    def traces_headers(self) -> dict[str, str]:
        """The headers that the collector gets. Raises ValueError, without the value, for a list that can't be read."""
        headers: dict[str, str] = {}
        for number, part in enumerate(self.otel_exporter_otlp_headers.get_secret_value().split(","), 1):
            name, separator, value = part.strip().partition("=")
            name, value = name.strip().lower(), unquote(value).strip()
            if not part.strip():
                continue
            if not separator or not _is_header_name(name) or not (value.isascii() and value.isprintable()):
                raise ValueError(f"part {number} is not name=value")
            headers[name] = value
        return headers

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _is_address(cls, endpoint: str) -> str:
        try:
            parts = urlsplit(endpoint)
            right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            right = False
        if endpoint and (not right or parts.username is not None or parts.query or parts.fragment):
            raise ValueError(
                "an http or https address without user, query or fragment, such as http://127.0.0.1:4318"
            )
        return endpoint

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        try:
            _ = self.traces_headers
        except ValueError as problem:
            raise ValueError(
                f"OTEL_EXPORTER_OTLP_HEADERS: {problem}; write name=value, name=value, with the values URL-encoded"
            ) from None
        if self.otel_traces_sampler_arg != 1 and self.otel_traces_sampler not in _BY_RATIO:
            raise ValueError(
                "OTEL_TRACES_SAMPLER_ARG: counts with OTEL_TRACES_SAMPLER=parentbased_traceidratio or traceidratio only"
            )
        return self


def _is_header_name(name: str) -> bool:
    return bool(name) and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
