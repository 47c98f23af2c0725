"""Access tokens: what is accepted, and what is not."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.sessions.errors import AccessTokenExpired, AccessTokenInvalid
from gencharge.sessions.gate import Gate
from gencharge.sessions.tokens import TYPE, Keyring
from tests.make.sessions import OTHER_SECRET, SECRET, make_principal, signing_settings

Forge = Callable[[dict[str, Any], dict[str, Any]], str]


CORPUS: dict[str, Forge] = {
    "empty": lambda h, c: "",
    "not a token": lambda h, c: "hello",
    "three dots": lambda h, c: "a.b.c",
    "huge": lambda h, c: "a" * 5_000,
    "no signature": lambda h, c: _signed(h, c).rsplit(".", 1)[0] + ".",
    "alg none": lambda h, c: _signed(h | {"alg": "none"}, c).rsplit(".", 1)[0] + ".",
    "alg None with a signature": lambda h, c: _signed(h | {"alg": "None"}, c),
    "alg HS512": lambda h, c: jwt.encode(
        c, SECRET * 2, algorithm="HS512", headers={"typ": TYPE, "kid": h["kid"]}
    ),
    "alg EdDSA over an HMAC": lambda h, c: _signed(h | {"alg": "EdDSA"}, c),
    "another key": lambda h, c: _signed(h, c, OTHER_SECRET),
    "another typ": lambda h, c: _signed(h | {"typ": "JWT"}, c),
    "no typ": lambda h, c: _signed({k: v for k, v in h.items() if k != "typ"}, c),
    "no kid": lambda h, c: _signed({k: v for k, v in h.items() if k != "kid"}, c),
    "unknown kid": lambda h, c: _signed(h | {"kid": "0" * 16}, c),
    "kid that is a path": lambda h, c: _signed(h | {"kid": "../../dev/null"}, c, ""),
    "kid that is a list": lambda h, c: _signed(h | {"kid": [h["kid"]]}, c),
    "its own key in jwk": lambda h, c: _signed(h | {"jwk": {"kty": "oct", "k": "AAAA"}}, c),
    "its own key at jku": lambda h, c: _signed(h | {"jku": "https://attacker.example/keys"}, c),
    "crit": lambda h, c: _signed(h | {"crit": ["exp"]}, c),
    "another issuer": lambda h, c: _signed(h, c | {"iss": "somebody"}),
    "another audience": lambda h, c: _signed(h, c | {"aud": "somebody"}),
    "a list of audiences": lambda h, c: _signed(h, c | {"aud": [c["aud"], "somebody"]}),
    "a refresh token's typ": lambda h, c: _signed(h, c | {"typ": "refresh"}),
    "another kind": lambda h, c: _signed(h, c | {"kind": "root"}),
    "sub is no id": lambda h, c: _signed(h, c | {"sub": "1 OR 1=1"}),
    "sid is no id": lambda h, c: _signed(h, c | {"sid": "x"}),
    "sub is a number": lambda h, c: _signed(h, c | {"sub": 7}),
    "jti is a number": lambda h, c: _signed(h, c | {"jti": 7}),
    "role is a list": lambda h, c: _signed(h, c | {"role": ["SuperAdmin"]}),
    "version is true": lambda h, c: _signed(h, c | {"pv": True}),
    "operators is text": lambda h, c: _signed(h, c | {"ops": "jio"}),
    "operators are numbers": lambda h, c: _signed(h, c | {"ops": [1]}),
    "language is a number": lambda h, c: _signed(h, c | {"lang": 7}),
    "exp is text": lambda h, c: _signed(h, c | {"exp": str(c["exp"])}),
    "exp is never": lambda h, c: _signed(h, c | {"exp": c["iat"] + 86_400}),
    "issued in the future": lambda h, c: _signed(h, c | {"iat": c["iat"] + 30}),
    "not good yet": lambda h, c: _signed(h, c | {"nbf": c["nbf"] + 30}),
    "claims are a list": lambda h, c: _signed(h, [c]),  # type: ignore[arg-type]
}


def _pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def _signed(header: dict[str, Any], claims: dict[str, Any], key: str = SECRET) -> str:
    """A token with exactly this header, signed with HMAC-SHA256 whatever the header says."""
    text = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)
    )
    signature = hmac.digest(key.encode(), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_a_signed_token_comes_back_as_who_it_was_for() -> None:
    keys, principal = Keyring(signing_settings()), make_principal()
    verified, expires = keys.verify(keys.sign(principal))
    assert verified == principal
    assert expires == pytest.approx(time.time() + 60, abs=2)


@pytest.mark.parametrize("forge", CORPUS.values(), ids=CORPUS)
def test_a_forged_token_is_refused(forge: Forge) -> None:
    keys = Keyring(signing_settings())
    header, claims = _parts(keys.sign(make_principal()))
    with pytest.raises(AccessTokenInvalid):
        keys.verify(forge(header, claims))


def test_the_forger_of_this_file_can_make_a_good_token_so_the_corpus_proves_something() -> None:
    keys = Keyring(signing_settings())
    assert keys.verify(_signed(*_parts(keys.sign(make_principal()))))


@pytest.mark.parametrize(
    "claim",
    [
        "iss",
        "aud",
        "sub",
        "sid",
        "jti",
        "typ",
        "kind",
        "role",
        "pv",
        "ops",
        "sfa",
        "sfd",
        "iat",
        "nbf",
        "exp",
    ],
)
def test_a_token_without_one_of_its_claims_is_refused(claim: str) -> None:
    keys = Keyring(signing_settings())
    header, claims = _parts(keys.sign(make_principal()))
    del claims[claim]
    with pytest.raises(AccessTokenInvalid):
        keys.verify(_signed(header, claims))


def test_an_altered_byte_anywhere_in_the_token_is_refused() -> None:
    keys = Keyring(signing_settings())
    token = keys.sign(make_principal())
    for place in range(0, len(token) - 1, 7):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(AccessTokenInvalid):
            keys.verify(token[:place] + other + token[place + 1 :])


def test_a_token_runs_out_after_a_minute_to_the_second() -> None:
    keys = Keyring(signing_settings())
    instant = clock.now().replace(microsecond=0)
    with clock.at(instant):
        token = keys.sign(make_principal())
        with clock.later(seconds=59):
            assert keys.verify(token)
        with clock.later(seconds=60), pytest.raises(AccessTokenExpired):
            keys.verify(token)


def test_a_token_says_nothing_about_the_person() -> None:
    _, claims = _parts(Keyring(signing_settings()).sign(make_principal()))
    assert set(claims) == {
        "iss", "aud", "sub", "sid", "jti", "typ", "kind", "role", "pv", "ops",
        "sfa",
        "sfd", "iat", "nbf", "exp",
    }  # fmt: skip


def test_during_a_rotation_the_old_key_verifies_and_the_new_one_signs() -> None:
    old, both = (
        Keyring(signing_settings()),
        signing_settings().model_copy(update={"previous_secret_key": signing_settings().secret_key}),
    )
    new = Keyring(both.model_copy(update={"secret_key": type(both.secret_key)(OTHER_SECRET)}))
    assert new.verify(old.sign(make_principal()))
    with pytest.raises(AccessTokenInvalid):
        old.verify(new.sign(make_principal()))


def test_eddsa_tokens_work_and_an_hmac_over_the_public_key_does_not() -> None:
    private = Ed25519PrivateKey.generate()
    keys = Keyring(signing_settings(algorithm="EdDSA", signing_key=_pem(private)))
    token = keys.sign(make_principal())
    assert keys.verify(token)
    header, claims = _parts(token)
    assert header["alg"] == "EdDSA"
    for encoding in (Encoding.PEM, Encoding.DER):
        public = private.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(AccessTokenInvalid):
            keys.verify(_signed(header | {"alg": "HS256"}, claims, public.decode("latin-1")))
    other = Keyring(signing_settings(algorithm="EdDSA", signing_key=_pem(Ed25519PrivateKey.generate())))
    with pytest.raises(AccessTokenInvalid):
        other.verify(token)


def test_eddsa_keys_rotate_too() -> None:
    first, second = _pem(Ed25519PrivateKey.generate()), _pem(Ed25519PrivateKey.generate())
    old = Keyring(signing_settings(algorithm="EdDSA", signing_key=first))
    new = Keyring(signing_settings(algorithm="EdDSA", signing_key=second, previous_signing_key=first))
    assert new.verify(old.sign(make_principal()))
    assert new.verify(new.sign(make_principal()))


def test_another_kind_of_private_key_is_refused_at_the_start() -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for wrong in (pem.decode(), "no PEM", "", None):
        with pytest.raises(ValueError, match="SIGNING_KEY"):
            signing_settings(algorithm="EdDSA", signing_key=wrong)
    with pytest.raises(ValueError, match="PREVIOUS_SIGNING_KEY"):
        signing_settings(previous_signing_key=pem.decode())


@pytest.mark.parametrize("minutes", [1, 5, 60])
def test_a_token_of_every_life_that_can_be_configured_is_accepted(minutes: int) -> None:
    gate = Gate(signing_settings(access_token_expire_minutes=minutes))
    principal = make_principal()
    assert gate.admit(f"Bearer {gate.keys.sign(principal)}".encode())[0] == principal
    assert gate.keys.lifetime_seconds == minutes * 60


def test_a_life_above_an_hour_cannot_be_configured() -> None:
    with pytest.raises(ValueError, match="less than or equal to 60"):
        signing_settings(access_token_expire_minutes=61)


def test_a_sample_secret_is_refused_in_production_also_as_the_previous_one() -> None:
    with pytest.raises(ValueError, match="PREVIOUS_SECRET_KEY: a sample value"):
        Settings(_env_file=None, environment="production", previous_secret_key="change_me_to_a_real_secret")  # type: ignore[call-arg]


def test_an_empty_previous_key_is_no_key() -> None:
    settings = signing_settings(previous_secret_key="", previous_signing_key="")
    assert settings.previous_secret_key is None
    assert len(Keyring(settings)._keys) == 1


def test_a_token_carries_the_chosen_language_and_one_without_it_is_good() -> None:
    keys = Keyring(signing_settings())
    token = keys.sign(make_principal())
    assert keys.verify(token)[0].language == ""
    assert "lang" not in jwt.decode(token, options={"verify_signature": False})
    hindi = replace(make_principal(), language="hi")
    assert keys.verify(keys.sign(hindi))[0] == hindi
