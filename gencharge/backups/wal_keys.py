"""The pair of keys that the archive of the write-ahead log is encrypted with, derived from the key of the backups.

PostgreSQL's own user archives the log, and must not be able to read what is archived: it gets the public key only. Who recovers has the
backups' key, and so the private one. X25519 (RFC 7748), derived by HKDF-SHA256 (RFC 5869). It keeps the log secret and notices damage; it does not
say who wrote it, for everybody with the public key can encrypt.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_INFO: Final = b"gencharge wal archive"


def private_of(key: bytes) -> str:
    """The private key that belongs to a key of backups, in hexadecimal digits."""
    return HKDF(hashes.SHA256(), 32, None, _INFO).derive(key).hex()


def public_of(key: bytes) -> str:
    """The public key that belongs to a key of backups, in hexadecimal digits."""
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(private_of(key)))
    return private.public_key().public_bytes_raw().hex()
