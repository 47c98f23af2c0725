"""Reports of bounces are signed, and an address is known by a mark that does not show it."""

from __future__ import annotations

import hmac

from pydantic import SecretStr

from gencharge.core.settings import Settings
from gencharge.messages.bounces import is_signed, mark_of

BODY = b'{"events": []}'


def settings(secret: str) -> Settings:
    return Settings(_env_file=None, environment="test", bounce_secret=SecretStr(secret))  # type: ignore[call-arg]


def signature(secret: str) -> str:
    return hmac.digest(secret.encode(), BODY, "sha256").hex()


def test_only_the_secrets_signature_fits() -> None:
    assert is_signed(SecretStr("s3cret"), signature("s3cret"), BODY)
    assert is_signed(SecretStr("s3cret"), signature("s3cret").upper(), BODY)
    assert not is_signed(SecretStr("s3cret"), signature("other"), BODY)
    assert not is_signed(SecretStr("s3cret"), signature("s3cret"), BODY + b" ")
    assert not is_signed(SecretStr("s3cret"), "", BODY)
    assert not is_signed(SecretStr("s3cret"), "é", BODY)


def test_without_a_secret_nothing_is_taken() -> None:
    assert not is_signed(SecretStr(""), signature(""), BODY)


def test_an_address_has_one_mark_however_it_is_written() -> None:
    mark = mark_of(settings("x"), "Asha@Example.com ")
    assert mark == mark_of(settings("x"), "asha@example.com")
    assert mark != mark_of(settings("x"), "asha2@example.com")
    assert "asha" not in mark
