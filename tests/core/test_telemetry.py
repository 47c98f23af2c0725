"""Logs: one JSON object a line, with the request's id and without anybody's secrets."""

from __future__ import annotations

import logging
import socket

import httpx
import orjson
import pytest
from fastapi import FastAPI

from gencharge.core import telemetry
from gencharge.core.http import web
from gencharge.core.http.edge import Edge
from gencharge.core.settings import Settings

log = telemetry.get_logger(__name__)


@pytest.fixture
def verbose(settings: Settings):  # type: ignore[no-untyped-def]
    """Logging as production has it; afterwards as the other tests have it."""
    loud = settings.model_copy(update={"log_level": "INFO", "access_log": True, "log_format": "json"})
    telemetry.configure_logging(loud)
    yield loud
    telemetry.configure_logging(settings)
    telemetry.set_context(telemetry.RequestContext(request_id=""))


def lines(text: str) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in text.splitlines()]


def test_a_line_is_json_with_the_request_and_without_secrets(
    verbose: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    telemetry.set_context(telemetry.RequestContext(request_id="r-1", actor_id="u-1"))
    log.info("tried", otp="482913", access_token="x", note="call +919876543210\nforged", number="9876543210")
    (line,) = lines(capfd.readouterr().out)
    assert (line["event"], line["request_id"], line["actor_id"]) == ("tried", "r-1", "u-1")
    assert (line["otp"], line["access_token"]) == ("[hidden]", "[hidden]")
    assert "987654" not in str(line)
    assert "\n" not in str(line["note"])


def test_addresses_and_peoples_names_are_masked_and_a_refused_row_is_cut(
    verbose: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    log.info(
        "tried",
        note="canary.person@example.com",
        customer_name="Canary Person",
        plan_name="Gold 299",
        error='null value in column "x"\nDETAIL:  Failing row contains (7, Canary Person, canary.person@example.com).',
    )
    (line,) = lines(capfd.readouterr().out)
    assert "anary" not in str(line)
    driver = "invalid input for query argument $1: 'Canary Person' (an integer is required)"
    assert telemetry.scrub(driver) == "invalid input for query argument $1: [hidden]"
    assert (line["note"], line["customer_name"], line["plan_name"]) == (
        "c***@example.com",
        "C***",
        "Gold 299",
    )


def test_ids_stay_whole_and_tokens_do_not() -> None:
    id_ = "0198c0de-9876-7543-8123-987654321098"
    assert telemetry.scrub(f"recharge {id_}") == f"recharge {id_}"
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    assert token not in telemetry.scrub(f"Bearer {token}")
    assert (
        telemetry.scrub("to +919876543210 and 09876543210, 9876543210.")
        == "to +91******3210 and +91******3210, +91******3210."
    )


def test_a_librarys_warning_is_a_line_of_the_same_kind(
    verbose: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("some.library").warning("slow call to %s", "9876543210")
    logging.getLogger("some.library").info("not shown")
    (line,) = lines(capfd.readouterr().out)
    assert (line["level"], line["event"]) == ("warning", "slow call to +91******3210")


async def test_each_request_leaves_one_line_and_a_fault_leaves_its_traceback_without_values(
    verbose: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    app = FastAPI()
    web.install(app)
    router = web.router("room")

    @router.get("/fault")
    async def fault() -> dict[str, str]:
        secret_value = "the-customers-secret"
        raise RuntimeError("a bug" + secret_value[:0])

    app.router.routes.extend(router.routes)
    app.add_middleware(Edge, settings=verbose, rooms=frozenset({"room"}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
        answer = await client.get("/v1/room/fault", headers={"X-Request-ID": "r-2"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "a bug" not in answer.text
    error, request = lines(capfd.readouterr().out)
    assert (error["event"], error["request_id"]) == ("unexpected_error", "r-2")
    assert "RuntimeError: a bug" in str(error["exception"])
    assert "the-customers-secret" not in str(error).replace('secret_value = "the-customers-secret"', "")
    assert (request["event"], request["route"], request["status"]) == ("request", "/v1/room/fault", 500)


def test_an_unknown_method_is_no_label_of_its_own() -> None:
    before = len(telemetry._counters)
    for status in (200, 200, 200):
        telemetry.count_request("GET", "/x", status, 0.001)
    assert len(telemetry._counters) == before + 1


@pytest.mark.parametrize(("host", "asked"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.2")])
def test_a_worker_answers_prometheus_on_a_port_of_its_own(host: str, asked: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    telemetry.WEBHOOKS_OVERDUE.set(77)
    end = telemetry.serve_metrics(port, host=host)
    try:
        answer = httpx.get(f"http://{asked}:{port}/metrics", trust_env=False).text
        with pytest.raises(OSError, match="in use"):
            telemetry.serve_metrics(port, host=host)
    finally:
        end()
        telemetry.WEBHOOKS_OVERDUE.set(0)
    assert "gencharge_webhooks_overdue_seconds 77.0" in answer
