"""Encryption of an archive: AES-256-GCM in chunks, under a key of the archive's own that is derived from the key file.

    GENCHARGE BACKUP 1\\n  {header, one line of JSON}\\n  chunk chunk ... last chunk

Each chunk is 1 MiB of content and a tag of 16 bytes; the last one may be shorter. The nonce counts the chunks and says which one is
the last, and every chunk is bound to the header: a chunk that is changed, moved, left out or cut off does not open. This is the STREAM
construction (Hoang, Reyhanitabar, Rogaway and Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, 2015).
The archive's key is HKDF-SHA256 (RFC 5869) of the file's with a random salt, so nonces may start at zero in each archive.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gencharge.backups.errors import BackupInvalid, BackupKeyInvalid, BackupKeyMismatch, BackupTooNew
from gencharge.core.wording import worded

MAGIC: Final = b"GENCHARGE BACKUP "
CHUNK_BYTES: Final = 1024 * 1024
_TAG_BYTES: Final = 16
_VERSION: Final = 1
_MAX_HEADER_BYTES: Final = 4096


class Source(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


def new_key() -> str:
    """A new key, as a key file holds it: 64 hexadecimal digits."""
    return secrets.token_hex(32)


def read_key(path: Path) -> bytes:
    """The key in a file. Raises BackupKeyInvalid if it holds none, OSError if it can't be read."""
    text = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise BackupKeyInvalid(
            worded("{path}: {problem}", path=str(path), problem=worded(BackupKeyInvalid.title()))
        ) from None
    if len(key) != 32:
        raise BackupKeyInvalid(
            worded("{path}: {problem}", path=str(path), problem=worded(BackupKeyInvalid.title()))
        )
    return key


def key_id(key: bytes) -> str:
    """What tells keys apart and gives nothing of them away: 16 hexadecimal digits."""
    return hashlib.sha256(b"gencharge backup key id" + key).hexdigest()[:16]


class SealingWriter:
    """Encrypts what is written to it. `sink` gets the bytes of the file."""

    def __init__(self, sink: Callable[[bytes], object], key: bytes) -> None:
        salt = secrets.token_bytes(32)
        self._sink = sink
        line = _line({"version": _VERSION, "key_id": key_id(key), "salt": salt.hex(), "chunk": CHUNK_BYTES})
        self._chunks = _Chunks(key, salt, line)
        self._buffer = bytearray()
        sink(line)

    def write(self, content: bytes) -> int:
        """Add content."""
        self._buffer += content
        # One full chunk stays behind, for the end may be its end.
        while len(self._buffer) > CHUNK_BYTES:
            self._sink(self._chunks.seal(bytes(self._buffer[:CHUNK_BYTES]), last=False))
            del self._buffer[:CHUNK_BYTES]
        return len(content)

    def finish(self) -> None:
        """Write the last chunk. Without it nothing can be read to its end."""
        self._sink(self._chunks.seal(bytes(self._buffer), last=True))
        self._buffer.clear()


class OpeningReader:
    """Decrypts a file. `magic`: what was read of it to see what it is.

    Raises BackupKeyMismatch, BackupTooNew, BackupInvalid."""

    def __init__(self, source: Source, key: bytes, magic: bytes = b"") -> None:
        self._source = source
        line = _read_line(source, magic)
        header = _header_of(line)
        if header["key_id"] != key_id(key):
            raise BackupKeyMismatch(
                worded(
                    "The backup is encrypted with the key {key_id}; BACKUP_KEY_FILE holds {own_id}.",
                    key_id=str(header["key_id"]),
                    own_id=key_id(key),
                )
            )
        self._chunks = _Chunks(key, bytes.fromhex(header["salt"]), line)
        self._ahead = _read_fully(source, CHUNK_BYTES + _TAG_BYTES)
        self._plain = b""
        self._at = 0
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes of the content; none at its end. Raises BackupInvalid."""
        if self._at == len(self._plain):
            self._open_next()
        piece = self._plain[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def _open_next(self) -> None:
        self._plain, self._at = b"", 0
        if self._ended:
            return
        chunk, self._ahead = self._ahead, _read_fully(self._source, CHUNK_BYTES + _TAG_BYTES)
        self._ended = not self._ahead
        self._plain = self._chunks.open(chunk, last=self._ended)


class _Chunks:
    """The chunks of one archive, in their order."""

    def __init__(self, key: bytes, salt: bytes, line: bytes) -> None:
        derived = HKDF(hashes.SHA256(), 32, salt, b"gencharge backup archive").derive(key)
        self._cipher = AESGCM(derived)
        self._bound_to = hashlib.sha256(line).digest()
        self._number = 0

    def seal(self, content: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last), content, self._bound_to)

    def open(self, chunk: bytes, *, last: bool) -> bytes:
        number = self._number
        try:
            return self._cipher.decrypt(self._nonce(last), chunk, self._bound_to)
        except InvalidTag:
            raise BackupInvalid(
                worded(
                    "The archive is damaged: it was changed or cut off at its chunk {number} (of 1 MiB each).",
                    number=number + 1,
                )
            ) from None

    def _nonce(self, last: bool) -> bytes:
        nonce = self._number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
        self._number += 1
        return nonce


def _line(header: dict[str, Any]) -> bytes:
    return MAGIC + json.dumps(header, sort_keys=True).encode() + b"\n"


def _read_line(source: Source, magic: bytes) -> bytes:
    line = magic
    while not line.endswith(b"\n"):
        byte = source.read(1)
        if not byte or len(line) > _MAX_HEADER_BYTES:
            raise BackupInvalid("The archive is damaged: it ends within its header.")
        line += byte
    return line


def _header_of(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line.removeprefix(MAGIC))
        version = int(header["version"])
        if version > _VERSION:
            raise BackupTooNew(
                worded(
                    "The archive is encrypted in version {version} of the format; this program knows {known}.",
                    version=version,
                    known=_VERSION,
                )
            )
        if header["chunk"] != CHUNK_BYTES or len(bytes.fromhex(header["salt"])) != 32:
            raise ValueError
        return {"key_id": str(header["key_id"]), "salt": str(header["salt"])}
    except (ValueError, KeyError, TypeError):
        raise BackupInvalid("The archive is damaged: its header can't be read.") from None


def _read_fully(source: Source, size: int) -> bytes:
    pieces, missing = list[bytes](), size
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
