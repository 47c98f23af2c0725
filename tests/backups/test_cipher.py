"""What is encrypted opens with its key only, and only if not a byte of it was changed, moved or cut off."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from gencharge.backups import cipher
from gencharge.backups.cipher import CHUNK_BYTES, OpeningReader, SealingWriter
from gencharge.backups.errors import BackupInvalid, BackupKeyInvalid, BackupKeyMismatch, BackupTooNew
from tests.make.backups import KEY

_TAG = 16


def sealed(content: bytes, key: bytes = KEY) -> bytes:
    file = io.BytesIO()
    writer = SealingWriter(file.write, key)
    for at in range(0, len(content), 300_000):
        writer.write(content[at : at + 300_000])
    writer.finish()
    return file.getvalue()


def opened(file: bytes, key: bytes = KEY) -> bytes:
    reader, pieces = OpeningReader(io.BytesIO(file), key), []
    while piece := reader.read(70_000):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_was_encrypted_comes_back(size: int) -> None:
    content = os.urandom(size)
    file = sealed(content)
    assert opened(file) == content
    assert content[:64] not in file or size < 8


def test_the_same_content_is_encrypted_differently_each_time() -> None:
    assert sealed(b"x" * 100) != sealed(b"x" * 100)


def test_another_key_is_refused_by_name() -> None:
    with pytest.raises(BackupKeyMismatch, match=cipher.key_id(KEY)):
        opened(sealed(b"content"), b"\1" * 32)


def test_each_flipped_byte_is_noticed() -> None:
    file = sealed(b"some content")
    for at in range(len(file)):
        changed = bytearray(file)
        changed[at] ^= 0x01
        with pytest.raises((BackupInvalid, BackupKeyMismatch, BackupTooNew)):
            opened(bytes(changed))


def test_chunks_that_are_cut_off_or_moved_or_doubled_are_noticed() -> None:
    file = sealed(os.urandom(3 * CHUNK_BYTES))
    start = file.index(b"\n") + 1
    size = CHUNK_BYTES + _TAG
    first, second, third = (file[start + n * size : start + (n + 1) * size] for n in range(3))
    assert opened(file[:start] + first + second + third)
    for chunks in (
        [first, second],
        [first],
        [],
        [second, first, third],
        [first, first, second, third],
        [first, third],
    ):
        with pytest.raises(BackupInvalid):
            opened(file[:start] + b"".join(chunks))
    with pytest.raises(BackupInvalid):
        opened(file[:-1])


def test_a_newer_format_says_so() -> None:
    file = sealed(b"x").replace(b'"version": 1', b'"version": 2', 1)
    with pytest.raises(BackupTooNew, match="version 2"):
        opened(file)


def test_a_key_file_is_64_hexadecimal_digits(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(cipher.new_key() + "\n")
    assert len(cipher.read_key(path)) == 32
    for text in ("", "abc", "zz" * 32, "00" * 31):
        path.write_text(text)
        with pytest.raises(BackupKeyInvalid, match="64 hexadecimal digits"):
            cipher.read_key(path)
