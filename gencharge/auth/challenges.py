"""One-time passwords that were sent. Redis holds an HMAC of each for some minutes; times are Redis' own, and a code's end is by our clock, too.

A challenge belongs to a purpose, a number and a source (`sources`), and is found only by its id, which has 128 random bits
and is in the answer to the client that asked for the code. So nobody else can spend its tries. What must be atomic is one
script: limit, cool-down and storing when a code is requested; comparing, counting and removing when one is redeemed. So a
code opens one session, however many clients send it at once.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Final

from prometheus_client import Counter
from redis.asyncio import Redis

from gencharge.auth.errors import OtpLimitExceeded, OtpTooSoon, SignInUnavailable
from gencharge.auth.sources import Source
from gencharge.core.settings import Settings
from gencharge.core.stores.redis import is_away
from gencharge.core.values import clock

CODES_ASKED: Final = Counter("gencharge_codes_total", "Codes that were made for somebody", ["purpose"])
CODES_GIVEN: Final = Counter(
    "gencharge_codes_given_total", "Codes that somebody gave, by what came of it", ["purpose", "verdict"]
)
_ID_BYTES: Final = 16
_HOUR_MS: Final = 3_600_000
# Redis' clock, which all processes share: one of theirs that jumps ends no wait and no life early. The clock that is held, if one is.
_NOW: Final = """
local now = tonumber(ARGV[1])
if now < 0 then
    local instant = redis.call('TIME')
    now = tonumber(instant[1]) * 1000 + math.floor(tonumber(instant[2]) / 1000)
end
"""
# KEYS: challenge, the source's last challenge, cool-down, sends of the phone, sends of the address.
# ARGV: now, life, cool-down, hour (ms), limit of the phone, limit of the address (0: none), attempts, mac, source, the end of its life
# by our clock (ms).
# A new code replaces the one that the same source asked for before, and nobody else's.
_ISSUE: Final = f"""
{_NOW}
local life, pause, hour = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local address_limit = tonumber(ARGV[6])
local function window(key, limit)
    local found = redis.call('HMGET', key, 'count', 'ends')
    local count, ends = tonumber(found[1]) or 0, tonumber(found[2]) or 0
    if ends <= now then count, ends = 0, now + hour end
    return count, ends, limit > 0 and count >= limit
end
local phone_count, phone_ends, phone_full = window(KEYS[4], tonumber(ARGV[5]))
local address_count, address_ends, address_full = window(KEYS[5], address_limit)
local verdict, wait = 'sent', 0
local sent_at = tonumber(redis.call('GET', KEYS[3]) or '-1')
if address_full then verdict, wait = 'limit', address_ends - now
elseif phone_full then verdict, wait = 'limit', phone_ends - now
elseif sent_at >= 0 and sent_at + pause > now then verdict, wait = 'soon', sent_at + pause - now
else
    phone_count, address_count = phone_count + 1, address_count + 1
    redis.call('HSET', KEYS[4], 'count', phone_count, 'ends', phone_ends)
    redis.call('PEXPIRE', KEYS[4], phone_ends - now)
    if address_limit > 0 then
        redis.call('HSET', KEYS[5], 'count', address_count, 'ends', address_ends)
        redis.call('PEXPIRE', KEYS[5], address_ends - now)
    end
    if pause > 0 then redis.call('SET', KEYS[3], now, 'PX', pause) end
    local before = redis.call('GET', KEYS[2])
    if before then redis.call('DEL', before) end
    redis.call('SET', KEYS[2], KEYS[1], 'PX', life)
    redis.call('HSET', KEYS[1], 'mac', ARGV[8], 'left', ARGV[7], 'source', ARGV[9], 'ends', now + life, 'until', ARGV[10])
    redis.call('PEXPIRE', KEYS[1], life)
end
return {{verdict, wait, phone_count, phone_ends - now, address_count, address_ends - now}}
"""
# KEYS: challenge. ARGV: now (ms), mac, now by our clock (ms). A code is over when either clock says so: if Redis' is set back, it lives no
# longer. A mac that was compared and is right is gone: single use.
# The comparison need not take constant time: its duration says something only about an HMAC under our key
# and an id used once, and an attacker can choose neither.
_REDEEM: Final = f"""
{_NOW}
local found = redis.call('HMGET', KEYS[1], 'mac', 'left', 'ends', 'until')
if not found[1] or tonumber(found[3]) <= now then return 'none' end
if found[4] and tonumber(found[4]) <= tonumber(ARGV[3]) then return 'none' end
local left = tonumber(found[2])
if left <= 0 then return 'none' end
if found[1] == ARGV[2] then
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
    """A code to send, the challenge that it answers, and the `RateLimit` headers of the answer."""

    challenge_id: str
    code: str = field(repr=False)
    headers: Mapping[str, str]
    resend_after_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A challenge that waits for its code: its name in Redis, and who began it."""

    name: str
    source: Source


class Challenges:
    """Issues and redeems one-time passwords. Redis away: SignInUnavailable."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._settings = settings
        self._redis = redis
        self._key = settings.otp_secret.get_secret_value().encode()
        self._issue = redis.register_script(_ISSUE)
        self._redeem = redis.register_script(_REDEEM)

    async def issue(
        self, purpose: Purpose, phone_number: str, code: str, *, source: Source, address: str
    ) -> Issued:
        """Store `code` as the one that answers a new challenge within the next five minutes.

        Raises OtpTooSoon, OtpLimitExceeded (429 with Retry-After), SignInUnavailable.
        """
        settings = self._settings
        challenge_id = secrets.token_urlsafe(_ID_BYTES)
        name = self._challenge_key(purpose, phone_number, challenge_id)
        # Strangers share one allowance of a number, so that many addresses send it no more codes than one does. A known
        # device has its own; one that proved itself does not depend on what others at its address do, either.
        group = source.text if source.known else "strangers"
        sends = "devices" if source.proven else group
        life = round(settings.otp_expire_minutes * 60_000)
        arguments: list[str | int] = [
            _now_ms(),
            life,
            settings.otp_resend_seconds * 1000,
            _HOUR_MS,
            settings.otp_sends_per_phone_hour,
            0 if source.proven else settings.otp_sends_per_address_hour,
            settings.otp_attempts,
            self._mac(purpose, phone_number, name, code),
            source.text,
            _own_ms() + life,
        ]
        keys = [
            name,
            self._slot_key(purpose, phone_number, source),
            self._key_of("pause", f"{purpose}|{phone_number}|{group}"),
            self._key_of("phone", f"{phone_number}|{sends}"),
            self._key_of("address", address),
        ]
        try:
            verdict, wait, *windows = await self._issue(keys=keys, args=arguments)
        except Exception as error:
            raise _unavailable(error) from error
        headers = self.limit_headers(*map(int, windows), by_address=not source.proven)
        if verdict == "sent":
            CODES_ASKED.labels(purpose.value).inc()
            return Issued(challenge_id, code, headers)
        kind = OtpTooSoon if verdict == "soon" else OtpLimitExceeded
        raise kind(retry_after_seconds=ceil(int(wait) / 1000), headers=headers)

    async def find(self, purpose: Purpose, phone_number: str, challenge_id: str) -> Waiting | None:
        """The challenge of this id, if it is one of this purpose and number. Raises SignInUnavailable."""
        return await self._waiting(self._challenge_key(purpose, phone_number, challenge_id))

    async def last_of(self, purpose: Purpose, phone_number: str, source: Source) -> Waiting | None:
        """The last challenge that this source began. Raises SignInUnavailable."""
        try:
            name = await self._redis.get(self._slot_key(purpose, phone_number, source))
        except Exception as error:
            raise _unavailable(error) from error
        return await self._waiting(str(name)) if name else None

    async def _waiting(self, name: str) -> Waiting | None:
        try:
            source = await self._redis.hget(name, "source")
        except Exception as error:
            raise _unavailable(error) from error
        return Waiting(name, Source(str(source))) if source else None

    async def redeem(self, purpose: Purpose, phone_number: str, waiting: Waiting, code: str) -> Verdict:
        """Redeem a code. Raises SignInUnavailable."""
        mac = self._mac(purpose, phone_number, waiting.name, code)
        try:
            verdict = Verdict(await self._redeem(keys=[waiting.name], args=[_now_ms(), mac, _own_ms()]))
        except Exception as error:
            raise _unavailable(error) from error
        CODES_GIVEN.labels(purpose.value, verdict.value).inc()
        return verdict

    def name_of(self, kind: str, value: str) -> str:
        """A personal value, such as an address, as it is kept: its HMAC."""
        return hmac.digest(self._key, f"{kind}|{value}".encode(), "sha256").hex()[:32]

    def _mac(self, purpose: Purpose, phone_number: str, name: str, code: str) -> str:
        message = f"{purpose}|{phone_number}|{name}|{code}"
        return hmac.digest(self._key, message.encode(), "sha256").hex()

    def _challenge_key(self, purpose: Purpose, phone_number: str, challenge_id: str) -> str:
        return self._key_of("challenge", f"{purpose}|{phone_number}|{challenge_id}")

    def _slot_key(self, purpose: Purpose, phone_number: str, source: Source) -> str:
        return self._key_of("slot", f"{purpose}|{phone_number}|{source.text}")

    def _key_of(self, kind: str, value: str) -> str:
        # Numbers and addresses are personal, and an id is a secret: Redis sees their HMAC only.
        return f"otp:{kind}:{self.name_of('name', value)}"

    def limit_headers(
        self,
        phone_count: int,
        phone_reset_ms: int,
        address_count: int,
        address_reset_ms: int,
        *,
        by_address: bool,
    ) -> dict[str, str]:
        """IETF draft-ietf-httpapi-ratelimit-headers: one policy for the number, one for the client's address."""
        windows = [("phone", self._settings.otp_sends_per_phone_hour, phone_count, phone_reset_ms)]
        if by_address:
            limit = self._settings.otp_sends_per_address_hour
            windows.append(("address", limit, address_count, address_reset_ms))
        return {
            "RateLimit-Policy": ", ".join(f'"{name}";q={limit};w=3600' for name, limit, _, _ in windows),
            "RateLimit": ", ".join(
                f'"{name}";r={max(0, limit - count)};t={ceil(reset_ms / 1000)}'
                for name, limit, count, reset_ms in windows
            ),
        }


def _now_ms() -> int:
    """The instant that the clock is held at; -1: Redis' own."""
    held = clock.pinned()
    return -1 if held is None else round(held.timestamp() * 1000)


def _own_ms() -> int:
    return round(clock.seconds() * 1000)


def _unavailable(error: Exception) -> Exception:
    return SignInUnavailable() if is_away(error) else error
