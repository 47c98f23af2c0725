"""Access tokens: short-lived JWTs (RFC 9068, `at+jwt`) that carry all that a guard needs, so that it asks no store.

The algorithm belongs to the key and never to the token (RFC 8725 section 3.1); a token names its key by `kid`
out of those that this process holds: the present one, which signs, and during a rotation the one before.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.sessions.errors import AccessTokenExpired, AccessTokenInvalid

Kind = Literal["user", "admin"]
TYPE: Final = "at+jwt"
# How far the clocks of two of our processes may be apart; `exp` has no such grace.
LEEWAY_SECONDS: Final = 10
# No process accepts a token that lives longer, and every process remembers an ended session for this long.
MAX_LIFETIME_SECONDS: Final = 3600
_MAX_LENGTH: Final = 4096
_HEADERS: Final = {"alg", "typ", "kid"}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who sent a request. `role` is empty for users; an empty `operator_scope` means all operators.

    `language` is the one they chose, as it was when the token was issued; empty: English, or a token of an earlier release.
    `second_factor_at` is when the session last verified a second factor (seconds since 1970, UTC; 0 = never). With
    `second_factor_due` it still has to, and only the routes for that are open.
    """

    user_id: UUID
    kind: Kind
    session_id: UUID
    role: str = ""
    operator_scope: tuple[str, ...] = ()
    permissions_version: int = 0
    second_factor_at: int = 0
    second_factor_due: bool = False
    language: str = ""
    # When the token was issued, in seconds since 1970; 0: not from a token. Not who it is.
    issued_at: int = field(default=0, compare=False)

    def sees(self, operator: str) -> bool:
        """True if the operator (its code) is in this admin's scope."""
        return not self.operator_scope or operator in self.operator_scope


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    algorithm: str
    signing: Any
    verifying: Any


class Keyring:
    """The keys of one process. Signs with the first, accepts all."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.token_issuer
        self._audience = settings.token_audience
        self._lifetime_seconds = round(settings.access_token_expire_minutes * 60)
        self._keys = {key.id: key for key in _keys_of(settings)}
        self._present = next(iter(self._keys.values()))

    @property
    def lifetime_seconds(self) -> int:
        """How long an access token is good."""
        return self._lifetime_seconds

    def sign(self, principal: Principal) -> str:
        """A new access token for `principal`."""
        now = int(clock.now().timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(principal.user_id),
            "sid": str(principal.session_id),
            "jti": str(new_id()),
            "typ": "access",
            "kind": principal.kind,
            "role": principal.role,
            "pv": principal.permissions_version,
            "ops": list(principal.operator_scope),
            "sfa": principal.second_factor_at,
            "sfd": principal.second_factor_due,
            "iat": now,
            "nbf": now,
            "exp": now + self._lifetime_seconds,
        }
        if principal.language:
            claims["lang"] = principal.language
        key = self._present
        return jwt.encode(claims, key.signing, algorithm=key.algorithm, headers={"typ": TYPE, "kid": key.id})

    def verify(self, token: str) -> tuple[Principal, float]:
        """Who the token is for, and when it runs out (seconds since 1970, UTC).

        Raises AccessTokenInvalid, AccessTokenExpired.
        """
        if len(token) > _MAX_LENGTH:
            raise AccessTokenInvalid
        try:
            header = jwt.get_unverified_header(token)
            # No header but these three: `jwk`, `jku`, `x5u` and `crit` would let a token say how it is to be checked.
            key = self._keys.get(header["kid"]) if set(header) == _HEADERS else None
            if key is None or header["typ"] != TYPE:
                raise AccessTokenInvalid
            claims = jwt.decode(
                token,
                key.verifying,
                algorithms=[key.algorithm],
                audience=self._audience,
                issuer=self._issuer,
                # Times are checked below, against the one clock.
                options={
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "strict_aud": True,
                    "require": ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"],
                },
            )
            return _principal_of(claims), _expiry_of(claims, clock.now())
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, AttributeError):
            raise AccessTokenInvalid from None


def _principal_of(claims: dict[str, Any]) -> Principal:
    operators = claims["ops"]
    if (
        claims["typ"] != "access"
        or claims["kind"] not in {"user", "admin"}
        or not isinstance(claims["role"], str)
        or type(claims["pv"]) is not int
        or type(claims["sfa"]) is not int
        or type(claims["sfd"]) is not bool
        or not isinstance(operators, list)
        or not all(isinstance(operator, str) for operator in operators)
        or not isinstance(claims["jti"], str)
        or not isinstance(claims.get("lang", ""), str)
    ):
        raise AccessTokenInvalid
    return Principal(
        user_id=UUID(claims["sub"]),
        kind=claims["kind"],
        session_id=UUID(claims["sid"]),
        role=claims["role"],
        operator_scope=tuple(operators),
        permissions_version=claims["pv"],
        second_factor_at=claims["sfa"],
        second_factor_due=claims["sfd"],
        language=claims.get("lang", ""),
        issued_at=claims["iat"] if type(claims["iat"]) is int else 0,
    )


def _expiry_of(claims: dict[str, Any], now: datetime) -> float:
    issued, not_before, expires = claims["iat"], claims["nbf"], claims["exp"]
    if any(type(instant) is not int for instant in (issued, not_before, expires)):
        raise AccessTokenInvalid
    seconds = now.timestamp()
    if max(issued, not_before) > seconds + LEEWAY_SECONDS or expires - issued > MAX_LIFETIME_SECONDS:
        raise AccessTokenInvalid
    if expires <= seconds:
        raise AccessTokenExpired
    return float(expires)


def _keys_of(settings: Settings) -> list[_Key]:
    if settings.signs_with == "EdDSA":
        pems = [settings.signing_key, settings.previous_signing_key]
        return [_ed25519(pem.get_secret_value()) for pem in pems if pem is not None]
    secrets = [settings.secret_key, settings.previous_secret_key]
    return [_hs256(secret.get_secret_value()) for secret in secrets if secret is not None]


def _hs256(secret: str) -> _Key:
    # The name of a secret key says nothing about it: an HMAC under the key itself.
    name = hmac.digest(secret.encode(), b"gencharge key id", "sha256").hex()[:16]
    return _Key(name, "HS256", secret, secret)


def _ed25519(pem: str) -> _Key:
    private = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(private, Ed25519PrivateKey)  # the settings let nothing else through
    public: Ed25519PublicKey = private.public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return _Key(hashlib.sha256(raw).hexdigest()[:16], "EdDSA", private, public)
