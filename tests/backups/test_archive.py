"""An archive is read to its end or refused: nothing damaged, cut off, added or renamed gets through."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import orjson
import pytest

from gencharge.backups.archive import SEGMENT_BYTES, ArchiveReader, ArchiveWriter
from gencharge.backups.errors import BackupInvalid, BackupKeyRequired
from gencharge.core.errors import Problem
from tests.make.backups import HEADER, KEY, archive_of, contents_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PARTS = {
    "postgres.dump": os.urandom(SEGMENT_BYTES + 1000),
    "mongo/notes.bson": b"abc",
    "files/receipts/a.pdf": b"%PDF",
    "files/receipts/b.pdf": b"",
}


def repacked(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return zstd.compress(file.getvalue())


def members_of(archive: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(zstd.decompress(archive))) as tar:
        return [(info, tar.extractfile(info).read()) for info in tar.getmembers()]


def read_all(archive: bytes, key: bytes | None = None) -> ArchiveReader:
    reader = ArchiveReader(io.BytesIO(archive), key=key)
    for _ in reader.segments():
        pass
    return reader


@pytest.mark.parametrize("key", [None, KEY])
def test_what_was_written_is_read_with_header_and_manifest(key: bytes | None) -> None:
    archive = archive_of(PARTS, key=key)
    assert contents_of(archive, key=key) == PARTS
    reader = read_all(archive, key)
    assert reader.header == HEADER
    assert reader.manifest["about"] == "a test"
    assert reader.manifest["parts"]["postgres.dump"]["size_bytes"] == SEGMENT_BYTES + 1000
    assert reader.manifest["parts"]["files"]["entries"] == 2


def test_an_encrypted_archive_needs_a_key() -> None:
    with pytest.raises(BackupKeyRequired, match="BACKUP_KEY_FILE"):
        contents_of(archive_of(PARTS, key=KEY))


@pytest.mark.parametrize("key", [None, KEY])
def test_a_flipped_byte_anywhere_is_refused(key: bytes | None) -> None:
    archive = archive_of(PARTS, key=key)
    for at in [*range(0, len(archive), len(archive) // 97), len(archive) - 1]:
        changed = bytearray(archive)
        changed[at] ^= 0x10
        with pytest.raises(Problem):
            read_all(bytes(changed), key)


@pytest.mark.parametrize("key", [None, KEY])
def test_an_archive_that_was_cut_off_anywhere_is_refused(key: bytes | None) -> None:
    archive = archive_of(PARTS, key=key)
    for length in [0, 1, 10, 100, *range(1000, len(archive), len(archive) // 41), len(archive) - 1]:
        with pytest.raises(Problem):
            read_all(archive[:length], key)


@pytest.mark.parametrize("key", [None, KEY])
def test_what_follows_the_end_is_refused(key: bytes | None) -> None:
    archive = archive_of(PARTS, key=key)
    with pytest.raises(BackupInvalid):
        read_all(archive + b"x", key)


def test_an_archive_that_was_never_finished_is_refused() -> None:
    file = io.BytesIO()
    writer = ArchiveWriter(file.write, key=None, header=HEADER)
    with writer.part("postgres.dump") as part:
        part.write(os.urandom(100_000))
    with pytest.raises(BackupInvalid):
        read_all(file.getvalue())


@pytest.mark.parametrize("name", ["files/../../x.pdf.000000", "/etc/x.000000", "other.000000"])
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    members = members_of(archive_of(PARTS))
    members.insert(1, (tarfile.TarInfo(name), b"x"))
    with pytest.raises(BackupInvalid, match="archive holds"):
        read_all(repacked(members))


def test_a_link_is_refused() -> None:
    members = members_of(archive_of(PARTS))
    link = tarfile.TarInfo("files/receipts/c.pdf.000000")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    members.insert(1, (link, b""))
    with pytest.raises(BackupInvalid, match="no piece of a backup"):
        read_all(repacked(members))


@pytest.mark.parametrize(
    "change", ["drop a piece", "drop a part", "swap", "double", "add", "no manifest", "no header"]
)
def test_parts_that_are_not_those_of_the_manifest_are_refused(change: str) -> None:
    members = members_of(archive_of(PARTS))
    at = {info.name: index for index, (info, _) in enumerate(members)}
    dump, notes = at["postgres.dump.000001"], at["mongo/notes.bson.000000"]
    if change == "drop a piece":
        del members[dump]
    elif change == "drop a part":
        del members[notes]
    elif change == "swap":
        members[dump], members[dump - 1] = members[dump - 1], members[dump]
    elif change == "double":
        members.insert(-1, members[notes])
    elif change == "add":
        members.insert(-1, (tarfile.TarInfo("files/receipts/z.pdf.000000"), b"planted"))
    elif change == "no manifest":
        del members[-1]
    else:
        del members[0]
    with pytest.raises(BackupInvalid, match="damaged"):
        read_all(repacked(members))
    assert contents_of(repacked(members_of(archive_of(PARTS)))) == PARTS  # repacked as it was, it is good


def test_a_part_whose_content_was_exchanged_is_named() -> None:
    members = members_of(archive_of(PARTS))
    members = [(info, b"xyz" if info.name.startswith("mongo/") else content) for info, content in members]
    with pytest.raises(BackupInvalid, match=r"mongo/notes\.bson is not what its manifest says"):
        read_all(repacked(members))


def test_what_is_no_archive_is_refused() -> None:
    for content in (b"", b"hello", b"PK\3\4" * 100, orjson.dumps({"a": 1}), zstd.compress(b"no tar" * 1000)):
        with pytest.raises(BackupInvalid):
            read_all(content)


@pytest.mark.skipif(
    not (shutil.which("tar") and shutil.which("zstd")), reason="tar and zstd are not on this machine"
)
def test_tar_and_zstd_take_an_archive_without_key_apart(tmp_path: Path) -> None:
    (tmp_path / "a.tar.zst").write_bytes(archive_of(PARTS))
    subprocess.run(["tar", "--zstd", "-xf", "a.tar.zst"], cwd=tmp_path, check=True)
    pieces = sorted(tmp_path.glob("postgres.dump.*"))
    assert b"".join(piece.read_bytes() for piece in pieces) == PARTS["postgres.dump"]
