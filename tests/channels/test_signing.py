"""The signature between us and the operators."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.channels.signing import (
    FRESH_SECONDS,
    SIGNATURE,
    TIMESTAMP,
    Direction,
    Message,
    problem_with,
    secret_of,
    sign,
)
from gencharge.core.values import clock
from sandbox import signing as sandbox_signing

BODY = b'{"reference":"r-1","status":"success"}'


def message(body: bytes = BODY, **overrides: str) -> Message:
    """A callback of Jio's."""
    values = {"channel": "jio-a", "method": "POST", "path": "/v1/recharge/callbacks/jio-a"} | overrides
    return Message(**values, body=body)


def signed(secret: str, body: bytes, **overrides: str) -> dict[str, str]:
    """The headers of a message, signed with one secret."""
    return sign([secret], message(body, **overrides))


def problem(
    headers: dict[str, str], body: bytes = BODY, secret: str = "secret", **overrides: str
) -> str | None:
    """What stands against a message."""
    timestamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    return problem_with([secret], timestamp, signature, message(body, **overrides))


def test_what_we_sign_is_accepted() -> None:
    assert problem(signed("secret", BODY)) is None


@pytest.mark.parametrize(
    ("body", "secret"), [(BODY + b" ", "secret"), (b"", "secret"), (BODY, "another secret")]
)
def test_another_body_or_another_secret_is_refused(body: bytes, secret: str) -> None:
    assert problem(signed("secret", BODY), body, secret) == "wrong signature"


@pytest.mark.parametrize(
    "other",
    [
        {"channel": "vi-a"},
        {"method": "GET"},
        {"path": "/v1/recharge/callbacks/vi-a"},
        {"path": "/v1/recharge/callbacks/jio-a?x=1"},
    ],
)
def test_a_signature_is_good_for_one_channel_and_one_address_only(other: dict[str, str]) -> None:
    assert problem(signed("secret", BODY), **other) == "wrong signature"


def test_each_channel_direction_version_and_master_has_a_secret_of_its_own() -> None:
    secrets = {
        secret_of(master, channel, direction, version)
        for master in ("one", "two")
        for channel in ("jio-a", "jio-b")
        for direction in Direction
        for version in (1, 2)
    }
    assert len(secrets) == 16
    expected = hmac.new(b"one", b"gencharge:jio-a:requests:1", hashlib.sha256).hexdigest()
    assert secret_of("one", "jio-a", Direction.REQUESTS, 1) == expected


def test_during_a_rotation_either_secret_of_either_side_is_enough() -> None:
    both = sign(["new", "old"], message())
    assert both[SIGNATURE].count(" ") == 1
    assert problem(both, secret="new") is None
    assert problem(both, secret="old") is None
    assert problem(both, secret="older") == "wrong signature"
    headers = signed("old", BODY)
    assert problem_with(["new", "old"], headers[TIMESTAMP], headers[SIGNATURE], message()) is None
    assert problem_with([], headers[TIMESTAMP], headers[SIGNATURE], message()) == "wrong signature"


def test_a_header_of_many_guesses_is_refused() -> None:
    headers = signed("secret", BODY)
    many = " ".join(["0" * 64] * 4 + [headers[SIGNATURE]])
    assert problem(headers | {SIGNATURE: many}) == "wrong signature"


@pytest.mark.parametrize("timestamp", ["", "-1", "1e9", "١٢٣", "1" * 13, "now"])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(timestamp: str) -> None:
    assert problem(signed("secret", BODY) | {TIMESTAMP: timestamp}) == "no timestamp"


def test_the_timestamp_is_part_of_what_is_signed() -> None:
    headers = signed("secret", BODY)
    moved = headers | {TIMESTAMP: str(int(headers[TIMESTAMP]) + 1)}
    assert problem(moved) == "wrong signature"


def test_a_signature_that_is_not_ascii_is_refused_without_an_error() -> None:
    assert problem(signed("secret", BODY) | {SIGNATURE: "é\ud800"}) == "wrong signature"


@pytest.mark.parametrize("seconds", [-FRESH_SECONDS - 5, FRESH_SECONDS + 5])
def test_a_message_too_old_or_too_new_is_a_replay(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now = time.time()
    monkeypatch.setattr(clock, "seconds", lambda: now + seconds)
    headers = signed("secret", BODY)
    monkeypatch.setattr(clock, "seconds", lambda: now)
    assert problem(headers) == "too old"


def test_the_signature_is_hmac_sha_256_of_timestamp_channel_address_and_body_in_hex() -> None:
    headers = signed("secret", BODY)
    content = f"{headers[TIMESTAMP]}.jio-a.POST /v1/recharge/callbacks/jio-a.".encode() + BODY
    expected = hmac.new(b"secret", content, hashlib.sha256).hexdigest()
    assert headers == {TIMESTAMP: headers[TIMESTAMP], SIGNATURE: expected}
    assert abs(int(headers[TIMESTAMP]) - time.time()) < 5


def test_the_operators_sandbox_and_we_sign_alike() -> None:
    headers = signed("secret", BODY)
    path = "/v1/recharge/callbacks/jio-a"
    theirs = sandbox_signing.operator_signature("secret", headers[TIMESTAMP], "jio-a", "POST", path, BODY)
    assert theirs == headers[SIGNATURE]
    for direction in Direction:
        ours = secret_of("master", "jio-a", direction, 3)
        assert sandbox_signing.operator_secret("master", "jio-a", direction.value, 3) == ours


@pytest.mark.parametrize("offset", [-FRESH_SECONDS, -1, 0, 1, FRESH_SECONDS])
def test_clocks_may_differ_by_five_minutes(monkeypatch: pytest.MonkeyPatch, offset: int) -> None:
    monkeypatch.setattr(clock, "seconds", lambda: 1_795_000_000 + offset)
    headers = signed("secret", BODY)
    monkeypatch.setattr(clock, "seconds", lambda: 1_795_000_000)
    assert problem(headers) is None


@pytest.mark.parametrize(
    "edit",
    [str.upper, lambda text: text[:-1], lambda text: text + "0", lambda _: "", lambda text: f" {text}"],
)
def test_a_signature_is_taken_only_as_it_was_made(edit: Callable[[str], str]) -> None:
    headers = signed("secret", BODY)
    assert problem(headers | {SIGNATURE: edit(headers[SIGNATURE])}) == "wrong signature"


def test_a_message_without_headers_is_refused() -> None:
    assert problem({}) == "no timestamp"
    assert problem({TIMESTAMP: str(int(time.time()))}) == "wrong signature"


def test_the_dot_between_timestamp_and_body_can_not_be_moved() -> None:
    headers = signed("secret", b"5" + BODY)
    assert problem(headers | {TIMESTAMP: headers[TIMESTAMP] + "5"}, BODY) == "wrong signature"


def test_a_forged_message_is_called_forged_even_if_it_is_old() -> None:
    old = str(int(time.time()) - 10 * FRESH_SECONDS)
    assert problem(signed("other", BODY) | {TIMESTAMP: old}) == "wrong signature"


@given(st.binary(max_size=60), st.text(min_size=1, max_size=20), st.binary(max_size=60))
def test_a_message_is_genuine_under_its_own_secret_and_body_only(
    body: bytes, secret: str, other: bytes
) -> None:
    headers = signed(secret, body)
    assert problem(headers, body, secret) is None
    assert (problem(headers, other, secret) is None) == (other == body)
    assert problem(headers, body, secret + "x") == "wrong signature"


def test_the_example_for_operators_takes_what_we_sign_and_nothing_else() -> None:
    page = (Path(__file__).parent.parent.parent / "docs/how-to/connect-as-an-operator.md").read_text("utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    example: dict[str, Any] = {}
    exec(code, example)
    headers = sign(["new", "old"], message())
    seen = ("jio-a", "POST", "/v1/recharge/callbacks/jio-a", BODY, headers[TIMESTAMP], headers[SIGNATURE])
    assert example["is_genuine"]("old", *seen)
    assert example["is_genuine"]("new", *seen)
    assert not example["is_genuine"]("other", *seen)
    assert not example["is_genuine"]("new", "jio-b", *seen[1:])
    assert not example["is_genuine"]("new", *seen[:4], "0", seen[5])
