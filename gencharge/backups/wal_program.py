"""PostgreSQL's archive_command and restore_command: keeps a file of the write-ahead log (WAL) in a folder, and gives it back.

    python -I -S wal_program.py put FOLDER PATH
    python -I -S wal_program.py get FOLDER NAME TARGET [LIVE_FOLDER]
    python -I wal_program.py put --to PUBLIC_KEY FOLDER PATH
    python -I wal_program.py get --key PRIVATE_KEY_FILE FOLDER NAME TARGET [LIVE_FOLDER]

A program with nothing but the standard library, because PostgreSQL starts it for every 16 MB; with a key it loads `cryptography`, too. Under a name there is
a whole file or none: it is written under another name, brought to the disk, and then linked. The same file twice is fine, as PostgreSQL asks for it after a
crash; another one under a name that is there is refused. Exit status 0: done; 1: not done, for `get` also "there is none", at which a recovery ends in
order; 200: the file in the archive is damaged, or does not open with this key, at which a recovery stops (PostgreSQL's manual, 25.3.1 and 25.3.5).

An encrypted file: a line that says what it is, a public key of its own (32 bytes), the SHA-256 of the content (32 bytes), and the compressed content in AES-256-GCM, bound
to all of that and to its name. Its key is HKDF-SHA256 of what X25519 makes of its own key and PUBLIC_KEY, so PostgreSQL's user can't read what it archived.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
import shutil
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ENDING: Final = ".gz"
SEALED_ENDING: Final = ".gz.aes"
DONE: Final = 0
NOT_DONE: Final = 1
DAMAGED: Final = 200
_NAME: Final = re.compile(r"[0-9A-F]{24}(\.partial|\.[0-9A-F]{8}\.backup)?|[0-9A-F]{8}\.history")
_MAGIC: Final = b"GENCHARGE WAL 1\n"
_HEADER_BYTES: Final = len(_MAGIC) + 32 + 32
_PIECE: Final = 1024 * 1024
# A segment that was closed early is zeros for the most part, and the quickest level is enough for those.
_LEVEL: Final = 1


class Refused(Exception):
    """It was not done; the text says why."""


class Unreadable(Exception):
    """The file in the archive does not open; the text says why."""


_UNREADABLE: Final = (EOFError, gzip.BadGzipFile, zlib.error, Unreadable)


def put(folder: Path, source: Path, *, public_key: bytes | None = None) -> None:
    """Keep a file, encrypted for `public_key` if there is one. Raises Refused for another content under the same name, OSError."""
    name = _checked(source.name)
    earlier = next((path for path in _targets(folder, name) if path.exists()), None)
    if earlier is None:
        target = folder / f"{name}{ENDING if public_key is None else SEALED_ENDING}"
        draft = folder / f".{name}.{os.getpid()}"
        try:
            _write(source, draft, public_key)
            # Unlike a renaming it does not write over a file that has come since.
            with contextlib.suppress(FileExistsError):
                os.link(draft, target)
                _sync(folder)
                return
        finally:
            draft.unlink(missing_ok=True)
        earlier = target
    if not _same(source, earlier):
        raise Refused(f"{earlier} is there with another content: does another server use this archive?")
    # The first try may have ended before the name was on the disk.
    _sync(folder)


def get(
    folder: Path, name: str, target: Path, live: Path | None = None, *, key_file: Path | None = None
) -> bool:
    """Write a file of the archive to `target`; False if there is none. `live`: where what was not archived yet may be. `key_file`: with the private key.

    Raises Unreadable, EOFError, gzip.BadGzipFile or zlib.error for a damaged file, OSError."""
    plain, sealed = _targets(folder, _checked(name))
    draft = target.with_name(f"{target.name}.draft")
    if sealed.exists():
        draft.write_bytes(_opened(sealed, name, key_file))
    elif plain.exists():
        with gzip.open(plain, "rb") as content, draft.open("wb") as file:
            shutil.copyfileobj(content, file, _PIECE)
    elif live is not None and (live / name).exists():
        shutil.copyfile(live / name, draft)
    else:
        return False
    draft.replace(target)
    return True


def is_archived_name(name: str) -> bool:
    """Whether a file of an archive is called like this."""
    ending = SEALED_ENDING if name.endswith(SEALED_ENDING) else ENDING
    return name.endswith(ending) and _NAME.fullmatch(name.removesuffix(ending)) is not None


def main(words: Sequence[str]) -> int:
    """Do what the words say; the exit status."""
    try:
        match words:
            case ["put", "--to", key, folder, path]:
                put(Path(folder), Path(path), public_key=_key_of(key))
            case ["put", folder, path]:
                put(Path(folder), Path(path))
            case ["get", "--key", key_file, folder, name, target, *live]:
                return _get(folder, name, target, live, Path(key_file))
            case ["get", folder, name, target, *live]:
                return _get(folder, name, target, live, None)
            case _:
                raise Refused("give `put FOLDER PATH`, or `get FOLDER NAME TARGET [LIVE_FOLDER]`")
    except (Refused, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return NOT_DONE
    return DONE


def _get(folder: str, name: str, target: str, live: Sequence[str], key_file: Path | None) -> int:
    try:
        was_there = get(Path(folder), name, Path(target), Path(live[0]) if live else None, key_file=key_file)
    except _UNREADABLE as problem:
        sys.stderr.write(f"{name} in the archive {folder} is damaged: {problem}\n")
        return DAMAGED
    return DONE if was_there else NOT_DONE


def _targets(folder: Path, name: str) -> tuple[Path, Path]:
    """Where it may be: as it is, and encrypted."""
    return folder / f"{name}{ENDING}", folder / f"{name}{SEALED_ENDING}"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refused(f"{name!r} is no name of a file of the write-ahead log")
    return name


def _key_of(text: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise Refused("a key is 64 hexadecimal digits")
    return key


def _write(source: Path, draft: Path, public_key: bytes | None) -> None:
    with draft.open("wb") as file:
        if public_key is None:
            with (
                source.open("rb") as content,
                gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=file, mtime=0) as packed,
            ):
                shutil.copyfileobj(content, packed, _PIECE)
        else:
            file.write(_sealed(source.read_bytes(), source.name, public_key))
        file.flush()
        os.fsync(file.fileno())


def _sealed(content: bytes, name: str, public_key: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    own = X25519PrivateKey.generate()
    own_public = own.public_key().public_bytes_raw()
    header = _MAGIC + own_public + hashlib.sha256(content).digest()
    shared = own.exchange(X25519PublicKey.from_public_bytes(public_key))
    packed = gzip.compress(content, compresslevel=_LEVEL, mtime=0)
    return header + _cipher(shared, own_public, public_key).encrypt(bytes(12), packed, header + name.encode())


def _opened(path: Path, name: str, key_file: Path | None) -> bytes:
    if key_file is None:
        raise Unreadable("it is encrypted, and no key was given")
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    except ImportError:
        raise Unreadable("it is encrypted, and the package `cryptography` is not installed here") from None
    sealed = path.read_bytes()
    header = sealed[:_HEADER_BYTES]
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise Unreadable("it does not begin as an encrypted file does")
    try:
        private = X25519PrivateKey.from_private_bytes(_key_of(key_file.read_text(encoding="ascii")))
    except (Refused, OSError) as problem:
        raise Unreadable(f"its key can't be read: {problem}") from None
    its_public = header[len(_MAGIC) : len(_MAGIC) + 32]
    shared = private.exchange(X25519PublicKey.from_public_bytes(its_public))
    cipher = _cipher(shared, its_public, private.public_key().public_bytes_raw())
    try:
        packed = cipher.decrypt(bytes(12), sealed[_HEADER_BYTES:], header + name.encode())
    except InvalidTag:
        raise Unreadable("it was changed or cut off, or it is encrypted for another key") from None
    return gzip.decompress(packed)


def _cipher(shared: bytes, own_public: bytes, public_key: bytes) -> AESGCM:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    # A key for each file, so that the nonce may be the same.
    derived = HKDF(hashes.SHA256(), 32, own_public + public_key, b"gencharge wal file").derive(shared)
    return AESGCM(derived)


def _same(source: Path, archived: Path) -> bool:
    if archived.name.endswith(SEALED_ENDING):
        header = archived.read_bytes()[:_HEADER_BYTES]
        return header[-32:] == hashlib.sha256(source.read_bytes()).digest() and header.startswith(_MAGIC)
    with source.open("rb") as own, gzip.open(archived, "rb") as archive:
        try:
            while True:
                piece = own.read(_PIECE)
                if piece != archive.read(_PIECE):
                    return False
                if not piece:
                    return True
        except _UNREADABLE:
            return False


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
