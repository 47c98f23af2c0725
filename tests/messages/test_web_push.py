"""The encryption of messages to browsers, against the example of RFC 8291, appendix A."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gencharge.messages.web_push import MAX_BYTES, encrypted
from sandbox.browsers import Browsers, decrypted
from tests.make.push import browser_keys


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_example_of_the_rfc_comes_out_to_the_byte() -> None:
    own_key = ec.derive_private_key(
        int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    body = encrypted(
        b"When I grow up, I want to be a watermelon",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
        own_key=own_key,
        salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert base64.urlsafe_b64encode(body).rstrip(b"=").decode() == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_only_the_browser_that_subscribed_can_read_it() -> None:
    browsers = Browsers()
    own, other = (browsers.subscribe(name, "http://push.example/") for name in ("own", "other"))
    body = encrypted("रिचार्ज".encode(), own["keys"]["p256dh"], own["keys"]["auth"])
    path = own["endpoint"].rpartition("/")[2]
    subscription = browsers.get(path)
    assert subscription is not None
    assert decrypted(subscription, body).decode() == "रिचार्ज"
    stranger = browsers.get(other["endpoint"].rpartition("/")[2])
    assert stranger is not None
    with pytest.raises(ValueError, match="not encrypted"):
        decrypted(stranger, body)


def test_two_copies_differ_and_a_text_that_is_too_long_is_refused() -> None:
    keys = browser_keys()
    first, second = (encrypted(b"x", **keys) for _ in range(2))
    assert first != second
    assert len(encrypted(b"x" * MAX_BYTES, **keys)) == 4_096
    with pytest.raises(ValueError, match="at most"):
        encrypted(b"x" * (MAX_BYTES + 1), **keys)
