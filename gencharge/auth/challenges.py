"""One-time passwords that were sent. Redis holds an HMAC of each for some minutes; times are the application's.

A challenge belongs to a purpose and a number; a new one replaces the old one. What must be atomic is one script:
limit, cool-down and storing when a code is requested; comparing, counting and removing when one is redeemed. So a code
opens one session, however many clients send it at once.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Final

from redis.asyncio import Redis

from gencharge.auth.errors import OtpLimitExceeded, OtpTooSoon, SignInUnavailable
from gencharge.core.settings import Settings
from gencharge.core.stores.redis import is_away
from gencharge.core.values import clock

_HOUR_MS: Final = 3_600_000
# KEYS: challenge, sends of the phone, sends of the address.
# ARGV: now, life, cool-down, hour (ms), limit of the phone, limit of the address, attempts, nonce, mac.
_ISSUE: Final = """
local now, life, pause, hour = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local function window(key, limit)
    local found = redis.call('HMGET', key, 'count', 'ends')
    local count, ends = tonumber(found[1]) or 0, tonumber(found[2]) or 0
    if ends <= now then count, ends = 0, now + hour end
    return count, ends, count >= limit
end
local phone_count, phone_ends, phone_full = window(KEYS[2], tonumber(ARGV[5]))
local address_count, address_ends, address_full = window(KEYS[3], tonumber(ARGV[6]))
local verdict, wait = 'sent', 0
local sent_at = tonumber(redis.call('HGET', KEYS[1], 'sent_at') or '-1')
if address_full then verdict, wait = 'limit', address_ends - now
elseif phone_full then verdict, wait = 'limit', phone_ends - now
elseif sent_at >= 0 and sent_at + pause > now then verdict, wait = 'soon', sent_at + pause - now
else
    phone_count, address_count = phone_count + 1, address_count + 1
    redis.call('HSET', KEYS[2], 'count', phone_count, 'ends', phone_ends)
    redis.call('PEXPIRE', KEYS[2], phone_ends - now)
    redis.call('HSET', KEYS[3], 'count', address_count, 'ends', address_ends)
    redis.call('PEXPIRE', KEYS[3], address_ends - now)
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'nonce', ARGV[8], 'mac', ARGV[9], 'left', ARGV[7], 'sent_at', now, 'ends', now + life)
    redis.call('PEXPIRE', KEYS[1], math.max(life, pause))
end
return {verdict, wait, phone_count, phone_ends - now, address_count, address_ends - now}
"""
# KEYS: challenge. ARGV: now (ms), nonce, mac. A mac that was compared and found right is gone: single use.
# The comparison need not take constant time: its duration says something only about an HMAC under our key
# and a nonce used once, and an attacker can choose neither.
_REDEEM: Final = """
local found = redis.call('HMGET', KEYS[1], 'nonce', 'mac', 'left', 'ends')
if not found[1] or found[1] ~= ARGV[2] or tonumber(found[4]) <= tonumber(ARGV[1]) then return 'none' end
local left = tonumber(found[3])
if left <= 0 then return 'none' end
if found[2] == ARGV[3] then
    redis.call('DEL', KEYS[1])
    return 'right'
end
redis.call('HSET', KEYS[1], 'left', left - 1)
return 'wrong'
"""


class Purpose(StrEnum):
    """What a code is for. It is valid for this purpose only."""

    SIGN_UP = "sign_up"
    SIGN_IN = "sign_in"
    STEP_UP = "step_up"  # an admin who is signed in and has no authenticator app
    CHANGE_EMAIL = "change_email"  # proves an e-mail address
    CHANGE_FROM_NUMBER = "change_from_number"  # the present number of who changes it
    CHANGE_TO_NUMBER = "change_to_number"  # the number that it is changed to


class Verdict(StrEnum):
    """The result of redeeming a code."""

    RIGHT = "right"  # and used up
    WRONG = "wrong"  # one attempt less
    NONE = "none"  # nothing waits for a code: never asked for, expired, used up


@dataclass(frozen=True, slots=True)
class Issued:
    """A code to send, and what the answer says about the limits (`RateLimit` headers)."""

    code: str = field(repr=False)
    headers: Mapping[str, str]


class Challenges:
    """Issues and redeems one-time passwords. Redis away: SignInUnavailable."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._settings = settings
        self._redis = redis
        self._key = settings.otp_secret.get_secret_value().encode()
        self._issue = redis.register_script(_ISSUE)
        self._redeem = redis.register_script(_REDEEM)

    async def issue(self, purpose: Purpose, phone_number: str, code: str, *, address: str) -> Issued:
        """Store `code` as the one that is expected for the next five minutes.

        Raises OtpTooSoon, OtpLimitExceeded (429 with Retry-After), SignInUnavailable.
        """
        settings = self._settings
        nonce = secrets.token_hex(16)
        arguments: list[str | int] = [
            _now_ms(),
            round(settings.otp_expire_minutes * 60_000),
            settings.otp_resend_seconds * 1000,
            _HOUR_MS,
            settings.otp_sends_per_phone_hour,
            settings.otp_sends_per_address_hour,
            settings.otp_attempts,
            nonce,
            self._mac(purpose, phone_number, nonce, code),
        ]
        keys = [
            self._key_of(purpose.value, phone_number),
            self._key_of("phone", phone_number),
            self._key_of("address", address),
        ]
        try:
            verdict, wait, *windows = await self._issue(keys=keys, args=arguments)
        except Exception as error:
            raise _unavailable(error) from error
        headers = self._limit_headers(*map(int, windows))
        if verdict == "sent":
            return Issued(code, headers)
        kind = OtpTooSoon if verdict == "soon" else OtpLimitExceeded
        raise kind(retry_after_seconds=ceil(int(wait) / 1000), headers=headers)

    async def redeem(self, purpose: Purpose, phone_number: str, code: str) -> Verdict:
        """Redeem a code. Raises SignInUnavailable."""
        name = self._key_of(purpose.value, phone_number)
        try:
            nonce = str(await self._redis.hget(name, "nonce") or "")
            mac = self._mac(purpose, phone_number, nonce, code)
            return Verdict(await self._redeem(keys=[name], args=[_now_ms(), nonce, mac]))
        except Exception as error:
            raise _unavailable(error) from error

    def _mac(self, purpose: Purpose, phone_number: str, nonce: str, code: str) -> str:
        return hmac.digest(self._key, f"{purpose}|{phone_number}|{nonce}|{code}".encode(), "sha256").hex()

    def _key_of(self, kind: str, value: str) -> str:
        # Numbers and addresses are personal: Redis sees their HMAC only.
        return f"otp:{kind}:{hmac.digest(self._key, f'name|{value}'.encode(), 'sha256').hex()[:32]}"

    def _limit_headers(
        self, phone_count: int, phone_reset_ms: int, address_count: int, address_reset_ms: int
    ) -> dict[str, str]:
        """IETF draft-ietf-httpapi-ratelimit-headers: one policy for the number, one for the client's address."""
        phone, address = (
            self._settings.otp_sends_per_phone_hour,
            self._settings.otp_sends_per_address_hour,
        )
        return {
            "RateLimit-Policy": f'"phone";q={phone};w=3600, "address";q={address};w=3600',
            "RateLimit": (
                f'"phone";r={max(0, phone - phone_count)};t={ceil(phone_reset_ms / 1000)}, '
                f'"address";r={max(0, address - address_count)};t={ceil(address_reset_ms / 1000)}'
            ),
        }


def _now_ms() -> int:
    return round(clock.now().timestamp() * 1000)


def _unavailable(error: Exception) -> Exception:
    return SignInUnavailable() if is_away(error) else error
