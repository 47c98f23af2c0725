"""An archive as a file: a tar, compressed with zstd, encrypted if there is a key. Written and read from end to end, never kept whole.

The parts are in pieces of at most 4 MiB, `postgres.dump.000000` and so on, because a tar wants to know a size before the content.
Without a key any `tar --zstd -x` takes it apart, and `cat postgres.dump.*` puts a part together. First comes `header.json`, what has
to be known before anything is read, last `manifest.json`, with the size and the SHA-256 of each part.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import orjson

from gencharge.backups import names
from gencharge.backups.cipher import MAGIC, OpeningReader, SealingWriter, Source
from gencharge.backups.errors import BackupInvalid, BackupKeyRequired
from gencharge.core.wording import worded

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SEGMENT_BYTES: Final = 4 * 1024 * 1024
# The manifest and the list of collections are read whole.
_MAX_JSON_BYTES: Final = 64 * 1024 * 1024
_LEVEL: Final = 3


class Digests:
    """Size and SHA-256 of each part, as it goes by. All files together are one part."""

    def __init__(self) -> None:
        self._hashes: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def add(self, part: str, number: int, content: bytes) -> None:
        """Count a piece."""
        group = names.FILES if part.startswith(f"{names.FILES}/") else part
        digest = self._hashes.setdefault(group, hashlib.sha256())
        if group == names.FILES:
            digest.update(f"{part}\0{number}\0{len(content)}\0".encode())
        digest.update(content)
        self._sizes[group] = self._sizes.get(group, 0) + len(content)
        self._counts[group] = self._counts.get(group, 0) + (number == 0)

    def as_parts(self) -> dict[str, dict[str, Any]]:
        """What the manifest says of each part: its size in bytes, its SHA-256, how many files it is."""
        return {
            group: {
                "size_bytes": self._sizes[group],
                "sha256": digest.hexdigest(),
                "entries": self._counts[group],
            }
            for group, digest in self._hashes.items()
            if group not in {names.HEADER, names.MANIFEST}
        }


class ArchiveWriter:
    """Writes an archive. `sink` gets the bytes of the file. `finish` completes it: without that it is none."""

    def __init__(self, sink: Callable[[bytes], object], *, key: bytes | None, header: dict[str, Any]) -> None:
        self.digests = Digests()
        self._sealing = SealingWriter(sink, key) if key is not None else None
        options: dict[int, int] = {
            zstd.CompressionParameter.compression_level: _LEVEL,
            zstd.CompressionParameter.checksum_flag: 1,
        }
        self._compressor = zstd.ZstdCompressor(options=options)
        self._sink: Callable[[bytes], object] = self._sealing.write if self._sealing is not None else sink
        target = cast(Any, _Writing(self._compress))
        # `finish` closes it: an archive that is not finished must not get an end.
        self._tar = tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self.add_json(names.HEADER, header)

    def add_json(self, part: str, value: Any) -> None:
        """Write a part that is one JSON document."""
        with self.part(part) as writer:
            writer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))

    def part(self, part: str) -> PartWriter:
        """A part to write to."""
        names.part_of(names.segment_name(part, 0))
        return PartWriter(self, part)

    def add_segment(self, part: str, number: int, content: bytes) -> None:
        """Write a piece of a part."""
        self.digests.add(part, number, content)
        member = tarfile.TarInfo(names.segment_name(part, number))
        member.size, member.mode = len(content), 0o600
        self._tar.addfile(member, io.BytesIO(content))

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, with the parts in it, and the end of the file."""
        self.add_json(names.MANIFEST, manifest | {"parts": self.digests.as_parts()})
        self._tar.close()
        self._sink(self._compressor.flush())
        if self._sealing is not None:
            self._sealing.finish()

    def _compress(self, content: bytes) -> None:
        if compressed := self._compressor.compress(content):
            self._sink(compressed)


class PartWriter:
    """A part that is written piece by piece."""

    def __init__(self, archive: ArchiveWriter, part: str) -> None:
        self._archive = archive
        self._part = part
        self._buffer = bytearray()
        self._number = 0

    def write(self, content: bytes) -> None:
        """Add content."""
        self._buffer += content
        while len(self._buffer) > SEGMENT_BYTES:
            self._add(bytes(self._buffer[:SEGMENT_BYTES]))
            del self._buffer[:SEGMENT_BYTES]

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._add(bytes(self._buffer))

    def _add(self, content: bytes) -> None:
        self._archive.add_segment(self._part, self._number, content)
        self._number += 1


class ArchiveReader:
    """Reads an archive from its beginning to its end.

    `segments` yields what is in it; when it has ended, and only then, the archive is whole and `manifest` is what it says.
    """

    def __init__(self, source: Source, *, key: bytes | None) -> None:
        magic = _read_start(source)
        if magic == MAGIC:
            if key is None:
                raise BackupKeyRequired(
                    "The backup is encrypted. Set BACKUP_KEY_FILE to the file with its key."
                )
            plain: Source = OpeningReader(source, key, magic)
        else:
            plain = _Chained(magic, source)
        self._unpacked = _Unpacking(plain)
        self._digests = Digests()
        self.header: dict[str, Any] = {}
        self.manifest: dict[str, Any] = {}

    def segments(self) -> Iterator[tuple[str, int, bytes]]:
        """Part, number and content of each piece but those of header and manifest. Raises BackupInvalid at whatever is wrong."""
        collected: dict[str, bytearray] = {names.HEADER: bytearray(), names.MANIFEST: bytearray()}
        for part, number, content in self._in_order():
            if part in collected:
                collected[part] += content
                if len(collected[part]) > _MAX_JSON_BYTES:
                    raise BackupInvalid(worded("The archive is damaged: {part} is too large.", part=part))
                continue
            if not self.header:
                self.header = _json_of(names.HEADER, collected[names.HEADER])
            yield part, number, content
        self.header = self.header or _json_of(names.HEADER, collected[names.HEADER])
        self.manifest = _json_of(names.MANIFEST, collected[names.MANIFEST])
        self._compare(self.manifest.get("parts"))

    def _in_order(self) -> Iterator[tuple[str, int, bytes]]:
        seen, before, number_before = set[str](), "", -1
        for name, content in self._members():
            part, number = names.part_of(name)
            if part != before:
                if part in seen or (before == names.MANIFEST) or (not seen and part != names.HEADER):
                    raise BackupInvalid(
                        worded("The archive is damaged: {part} is at the wrong place.", part=repr(part))
                    )
                seen.add(part)
                before, number_before = part, -1
            if number != number_before + 1:
                raise BackupInvalid(
                    worded("The archive is damaged: a piece of {part} is missing.", part=repr(part))
                )
            number_before = number
            self._digests.add(part, number, content)
            yield part, number, content
        if before != names.MANIFEST:
            raise BackupInvalid("The archive is damaged: it has no manifest at its end.")

    def _members(self) -> Iterator[tuple[str, bytes]]:
        try:
            with tarfile.open(fileobj=cast(Any, self._unpacked), mode="r|", bufsize=tarfile.BLOCKSIZE) as tar:
                while (member := tar.next()) is not None:
                    # Keeping what has gone by would grow with the archive.
                    tar.members = []  # type: ignore[attr-defined]
                    if not member.isreg() or member.size > SEGMENT_BYTES:
                        raise BackupInvalid(
                            worded(
                                "The archive holds {name}, which is no piece of a backup.",
                                name=repr(member.name[:200]),
                            )
                        )
                    file = tar.extractfile(member)
                    yield member.name, file.read() if file is not None else b""
            while self._unpacked.read(SEGMENT_BYTES):
                pass
        except EOFError:
            raise BackupInvalid("The archive is damaged: it ends too early.") from None
        except (tarfile.TarError, zstd.ZstdError) as error:
            raise BackupInvalid(worded("The archive is damaged ({reason}).", reason=str(error))) from None

    def _compare(self, parts: object) -> None:
        actual = self._digests.as_parts()
        if actual == parts:
            return
        stated: dict[str, Any] = parts if isinstance(parts, dict) else {}
        different = sorted(name for name in {*actual, *stated} if actual.get(name) != stated.get(name))
        raise BackupInvalid(
            worded(
                "The archive is damaged: {parts} is not what its manifest says.",
                parts=", ".join(different)[:300],
            )
        )


class _Unpacking:
    """The content of a zstd frame. Raises EOFError if the file ends before the frame does, BackupInvalid if it goes on after it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._decompressor = zstd.ZstdDecompressor()

    def read(self, size: int, /) -> bytes:
        pieces, missing = list[bytes](), size
        while missing and (piece := self._read_some(missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _read_some(self, size: int) -> bytes:
        while not self._decompressor.eof:
            fresh = b""
            if self._decompressor.needs_input and not (fresh := self._source.read(256 * 1024)):
                raise EOFError("it ends too early")
            if piece := self._decompressor.decompress(fresh, size):
                return piece
        if self._decompressor.unused_data or self._source.read(1):
            raise BackupInvalid("The archive is damaged: something follows its end.")
        return b""


class _Writing(io.RawIOBase):
    """What a tar is written to."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def write(self, content: Any, /) -> int:
        self._write(bytes(content))
        return len(content)


class _Chained:
    """Bytes that were read already, and then a source."""

    def __init__(self, start: bytes, source: Source) -> None:
        self._start = start
        self._source = source

    def read(self, size: int, /) -> bytes:
        if self._start:
            piece, self._start = self._start[:size], self._start[size:]
            return piece
        return self._source.read(size)


def _read_start(source: Source) -> bytes:
    start = b""
    while len(start) < len(MAGIC) and (piece := source.read(len(MAGIC) - len(start))):
        start += piece
    return start


def _json_of(part: str, content: bytearray) -> dict[str, Any]:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise BackupInvalid(worded("The archive is damaged: its {part} can't be read.", part=part)) from None
    if not isinstance(value, dict):
        raise BackupInvalid(worded("The archive is damaged: its {part} can't be read.", part=part))
    return value
