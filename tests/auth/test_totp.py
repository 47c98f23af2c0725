"""Authenticator apps and recovery codes."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from gencharge.auth import totp
from gencharge.core.values import clock
from tests.make.auth import Staff, code_of, middle_of_a_step


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    with middle_of_a_step():
        yield


@pytest.mark.parametrize(("steps", "status"), [(-2, 403), (-1, 200), (0, 200), (1, 200), (2, 403)])
async def test_a_clock_may_be_one_step_off(ravi: Staff, steps: int, status: int) -> None:
    await ravi.enroll()
    with clock.later(minutes=5):
        await ravi.refresh()
        assert (await ravi.verify(code=code_of(ravi.secret, steps=steps))).status_code == status


# RFC 6238 appendix B, the SHA-1 rows: the last six of the eight digits.
@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_of_the_rfc_are_accepted_at_their_time(seconds: int, code: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    with clock.at(datetime.fromtimestamp(seconds, UTC)):
        assert totp.step_of(secret, code) == seconds // 30
        assert totp.step_of(secret, code[::-1]) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_what_is_no_code_belongs_to_no_step(code: str) -> None:
    assert totp.step_of(totp.new_secret(), code) is None


def test_ten_recovery_codes_differ_and_are_easy_to_read() -> None:
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == totp.RECOVERY_CODES == 10
    for code in codes:
        assert re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4}){3}", code)


@pytest.mark.parametrize(
    "change", [str.upper, lambda code: code.replace("-", ""), lambda code: code.replace("-", " ")]
)
def test_a_recovery_code_has_one_hash_however_it_is_grouped(change: Callable[[str], str]) -> None:
    admin, [code, other, *_] = uuid4(), totp.new_recovery_codes()
    assert totp.hash_of(admin, change(code)) == totp.hash_of(admin, code)
    assert totp.hash_of(admin, code) not in {totp.hash_of(admin, other), totp.hash_of(uuid4(), code)}


def test_the_address_of_a_secret_names_the_account_and_the_product() -> None:
    uri = totp.uri_of("JBSWY3DPEHPK3PXP" * 2, account="ravi@example.com")
    assert (
        uri
        == "otpauth://totp/GenCharge:ravi%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=GenCharge"
    )
