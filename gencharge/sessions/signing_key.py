"""Keys that sign access tokens: Ed25519, as PKCS #8 in PEM."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def make() -> str:
    """A new private key as PEM. The public key is part of it, and is never needed apart from it."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def line_of(pem: str) -> str:
    """The line of a file of variables that sets the key; its line breaks are written as `\\n`."""
    return f"SIGNING_KEY={pem.strip()}".replace("\n", "\\n")
