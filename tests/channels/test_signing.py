"""The signature between us and the operators."""

from __future__ import annotations

import time

import pytest

from gencharge.channels.signing import FRESH_SECONDS, SIGNATURE, TIMESTAMP, problem_with, sign

BODY = b'{"reference":"r-1","status":"success"}'


def problem(headers: dict[str, str], body: bytes = BODY, secret: str = "secret") -> str | None:
    """What stands against a message."""
    return problem_with(secret, headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, ""), body)


def test_what_we_sign_is_accepted() -> None:
    assert problem(sign("secret", BODY)) is None


@pytest.mark.parametrize(
    ("body", "secret"), [(BODY + b" ", "secret"), (b"", "secret"), (BODY, "another secret")]
)
def test_another_body_or_another_secret_is_refused(body: bytes, secret: str) -> None:
    assert problem(sign("secret", BODY), body, secret) == "wrong signature"


@pytest.mark.parametrize("timestamp", ["", "-1", "1e9", "١٢٣", "1" * 13, "now"])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(timestamp: str) -> None:
    assert problem(sign("secret", BODY) | {TIMESTAMP: timestamp}) == "no timestamp"


def test_the_timestamp_is_part_of_what_is_signed() -> None:
    headers = sign("secret", BODY)
    moved = headers | {TIMESTAMP: str(int(headers[TIMESTAMP]) + 1)}
    assert problem(moved) == "wrong signature"


def test_a_signature_that_is_not_ascii_is_refused_without_an_error() -> None:
    assert problem(sign("secret", BODY) | {SIGNATURE: "é\ud800"}) == "wrong signature"


@pytest.mark.parametrize("seconds", [-FRESH_SECONDS - 5, FRESH_SECONDS + 5])
def test_a_message_too_old_or_too_new_is_a_replay(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)
    headers = sign("secret", BODY)
    monkeypatch.setattr(time, "time", lambda: now)
    assert problem(headers) == "too old"
