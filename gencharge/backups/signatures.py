"""Signatures of backups: Ed25519 over the manifest, which has the SHA-256 of each part.

The encryption key is needed to restore, so every machine that restores could also make a backup that is believed. The private key is only needed where
backups are made; where they are restored, the public one is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from gencharge.backups.errors import BackupSignatureInvalid, BackupSigningKeyInvalid

FIELD: Final = "signature"
# A signature for one purpose is none for another.
_PURPOSE: Final = b"gencharge backup manifest 1\n"


def new_keys() -> tuple[str, str]:
    """A new private key and its public key, as PEM."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    return (
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii"),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii"),
    )


def sign(path: Path, manifest: Mapping[str, Any]) -> str:
    """The signature of a manifest with the private key in a file, in hexadecimal. Raises BackupSigningKeyInvalid, OSError."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        raise BackupSigningKeyInvalid from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BackupSigningKeyInvalid
    return key.sign(_content(manifest)).hex()


def check(path: Path, header: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Refuse an archive that the owner of the public key in a file has not signed.

    Raises BackupSignatureInvalid, BackupSigningKeyInvalid, OSError."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (ValueError, TypeError):
        raise BackupSigningKeyInvalid from None
    if not isinstance(key, Ed25519PublicKey):
        raise BackupSigningKeyInvalid
    # The header is read before the manifest and decides about roles and versions, so it must say the same.
    if any(name not in manifest or manifest[name] != value for name, value in header.items()):
        raise BackupSignatureInvalid
    try:
        key.verify(bytes.fromhex(str(manifest.get(FIELD, ""))), _content(manifest))
    except (InvalidSignature, ValueError):
        raise BackupSignatureInvalid from None


def _content(manifest: Mapping[str, Any]) -> bytes:
    signed = {name: value for name, value in manifest.items() if name != FIELD}
    return _PURPOSE + orjson.dumps(signed, option=orjson.OPT_SORT_KEYS)
