"""What is no secret."""

from __future__ import annotations

import secrets
import string

import pytest

from gencharge.core.secret_strength import weakness, weakness_of_partners


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "at least 32 characters"),
        ("k3Jx9" * 5, "at least 32 characters"),
        ("ab" * 40, "10 different ones"),
        ("change_me_to_a_real_secret", "a sample value"),
        ("change_me_to_a_real_secret_change_me", "a sample value"),
        ("CHANGE_ME_to_a_Real_Secret_0123456789", "a sample value"),
        ("development-only-secret-not-for-production-0001", "a sample value"),
        ("my-otp_secret_key-is-long-enough-0815", "a sample value"),
        ("1234567890" * 4, "can be guessed"),
        ("kD8vQ2mZ7xW1pR5t" * 2, "can be guessed"),
        (string.ascii_lowercase + string.digits, "can be guessed"),
        ("9876543210zyxwvutsrqponmlkjihgfedcba", "can be guessed"),
    ],
)
def test_what_can_be_guessed_is_named(value: str, problem: str) -> None:
    assert problem in (weakness(value) or "")


@pytest.mark.parametrize("length", [24, 32, 48])
def test_random_values_are_taken(length: int) -> None:
    for _ in range(200):
        assert weakness(secrets.token_urlsafe(length)) is None
        assert weakness_of_partners(secrets.token_hex(length)) is None


def test_a_partner_s_may_be_shorter() -> None:
    assert weakness_of_partners("s3cretOfTheGatewayKey024") is None
    assert weakness("s3cretOfTheGatewayKey024") == "at least 32 characters, 10 different ones"
    assert weakness_of_partners("short") == "at least 16 characters, 8 different ones"
    assert weakness_of_partners("development-only-operator-secret-0001") is not None
