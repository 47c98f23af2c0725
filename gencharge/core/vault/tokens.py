"""The form of an encrypted value: `sealed:1:<id of the data key>:<nonce and ciphertext, base64>`.

The table, the column and the primary key of the row are associated data: moved elsewhere, a value can't be decrypted.
A text of another form is one that an earlier version stored in clear.
"""

from __future__ import annotations

import base64
import re
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX: Final = "sealed:1:"
NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
# The shortest one has a nonce and a tag.
_SHORTEST: Final = -(-(NONCE_BYTES + _TAG_BYTES) * 4 // 3)
_TOKEN: Final = re.compile(rf"{PREFIX}([0-9a-f]{{8}}):([A-Za-z0-9_-]{{{_SHORTEST},}})", re.ASCII)


def new_key_id() -> str:
    """An id for a data key: eight hexadecimal digits."""
    return secrets.token_hex(4)


def key_id_of(stored: str) -> str | None:
    """The id of the data key that a stored value was encrypted with; None if it is in clear."""
    match = _TOKEN.fullmatch(stored)
    return match[1] if match else None


def prefix_of(key_id: str) -> str:
    """How all values begin that are encrypted with this data key."""
    return f"{PREFIX}{key_id}:"


def seal(key: AESGCM, key_id: str, place: str, plain: str) -> str:
    """Encrypt a text for its place."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    ciphertext = nonce + key.encrypt(nonce, plain.encode(), place.encode())
    return prefix_of(key_id) + base64.urlsafe_b64encode(ciphertext).rstrip(b"=").decode()


def unseal(key: AESGCM, place: str, stored: str) -> str | None:
    """The text of an encrypted value; None if it was changed, or made for another place."""
    match = _TOKEN.fullmatch(stored)
    assert match is not None, "only encrypted values have a key"
    try:
        ciphertext = base64.urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4))
        return key.decrypt(ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], place.encode()).decode()
    except (InvalidTag, ValueError):
        return None
