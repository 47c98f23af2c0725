"""The signature between us and the operators."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.channels.signing import FRESH_SECONDS, SIGNATURE, TIMESTAMP, problem_with, sign
from sandbox import signing as sandbox_signing

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


def test_the_signature_is_hmac_sha_256_of_timestamp_dot_body_in_hex() -> None:
    headers = sign("secret", BODY)
    expected = hmac.new(b"secret", headers[TIMESTAMP].encode() + b"." + BODY, hashlib.sha256).hexdigest()
    assert headers == {TIMESTAMP: headers[TIMESTAMP], SIGNATURE: expected}
    assert abs(int(headers[TIMESTAMP]) - time.time()) < 5


def test_the_operators_sandbox_and_we_sign_alike() -> None:
    headers = sign("secret", BODY)
    assert sandbox_signing.operator_signature("secret", headers[TIMESTAMP], BODY) == headers[SIGNATURE]


@pytest.mark.parametrize("offset", [-FRESH_SECONDS, -1, 0, 1, FRESH_SECONDS])
def test_clocks_may_differ_by_five_minutes(monkeypatch: pytest.MonkeyPatch, offset: int) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_795_000_000 + offset)
    headers = sign("secret", BODY)
    monkeypatch.setattr(time, "time", lambda: 1_795_000_000)
    assert problem(headers) is None


@pytest.mark.parametrize(
    "edit",
    [str.upper, lambda text: text[:-1], lambda text: text + "0", lambda _: "", lambda text: f" {text}"],
)
def test_a_signature_is_taken_only_as_it_was_made(edit: Callable[[str], str]) -> None:
    headers = sign("secret", BODY)
    assert problem(headers | {SIGNATURE: edit(headers[SIGNATURE])}) == "wrong signature"


def test_a_message_without_headers_is_refused() -> None:
    assert problem({}) == "no timestamp"
    assert problem({TIMESTAMP: str(int(time.time()))}) == "wrong signature"


def test_the_dot_between_timestamp_and_body_can_not_be_moved() -> None:
    headers = sign("secret", b"5" + BODY)
    assert problem(headers | {TIMESTAMP: headers[TIMESTAMP] + "5"}, BODY) == "wrong signature"


def test_a_forged_message_is_called_forged_even_if_it_is_old() -> None:
    old = str(int(time.time()) - 10 * FRESH_SECONDS)
    assert problem(sign("other", BODY) | {TIMESTAMP: old}) == "wrong signature"


@given(st.binary(max_size=60), st.text(min_size=1, max_size=20), st.binary(max_size=60))
def test_a_message_is_genuine_under_its_own_secret_and_body_only(
    body: bytes, secret: str, other: bytes
) -> None:
    headers = sign(secret, body)
    assert problem(headers, body, secret) is None
    assert (problem(headers, other, secret) is None) == (other == body)
    assert problem(headers, body, secret + "x") == "wrong signature"
