"""The settings of tracing: OpenTelemetry's names, and errors that name the variable and never quote a token."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from gencharge.core.settings import Settings
from gencharge.core.tracing_settings import Tracing


def test_the_address_of_the_traces_is_the_endpoints() -> None:
    assert Tracing().traces_url == ""
    assert Tracing(otel_exporter_otlp_endpoint="http://127.0.0.1:4318").traces_url == (
        "http://127.0.0.1:4318/v1/traces"
    )
    assert Tracing(otel_exporter_otlp_endpoint="https://otel.example/x/").traces_url == (
        "https://otel.example/x/v1/traces"
    )
    off = Tracing(otel_exporter_otlp_endpoint="http://127.0.0.1:4318", otel_sdk_disabled=True)
    assert off.traces_url == ""


def test_headers_are_read_as_opentelemetry_writes_them() -> None:
    tracing = Tracing(
        otel_exporter_otlp_headers=SecretStr("Authorization=Basic%20dXNlcjpwdw==, x-tenant = one ,")
    )
    assert tracing.traces_headers == {"authorization": "Basic dXNlcjpwdw==", "x-tenant": "one"}
    assert "dXNl" not in repr(tracing)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://127.0.0.1:4317"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:canary@collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:99999"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector?token=canary"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "canary"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=ok,bad name=canary"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=canary%0d%0ax-other: 1"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_SERVICE_NAME", "a b"),
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
        ("OTEL_TRACES_SAMPLER_ARG", "nan"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: Any, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None)
    [problem] = refused.value.errors(include_input=False)
    where = str(problem["loc"][0]).upper() if problem["loc"] else problem["msg"]
    assert variable in where
    assert "canary" not in problem["msg"]


def test_a_share_counts_with_a_sampler_that_takes_one(monkeypatch: Any) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.1")
    assert Settings(_env_file=None).otel_traces_sampler_arg == 0.1
