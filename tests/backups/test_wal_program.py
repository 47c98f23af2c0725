"""The program that PostgreSQL calls for each segment: whole or not there, the same twice, another one never."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gencharge.backups import wal_keys, wal_program
from gencharge.backups.wal_program import DAMAGED, DONE, NOT_DONE, Refused, Unreadable

NAME = "0000000100000000000000AB"
KEY = bytes(range(32))
PROGRAM = [sys.executable, "-I", "-S", str(Path(wal_program.__file__))]


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    path = tmp_path / "pg_wal" / NAME
    path.parent.mkdir()
    path.write_bytes(os.urandom(5000) + bytes(2_000_000))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "wal"
    path.mkdir()
    return path


def test_a_segment_is_kept_and_given_back_as_postgresql_calls_it(
    segment: Path, folder: Path, tmp_path: Path
) -> None:
    put = [*PROGRAM, "put", str(folder), f"pg_wal/{NAME}"]
    assert subprocess.run(put, cwd=tmp_path, check=False).returncode == DONE
    assert [path.name for path in folder.iterdir()] == [f"{NAME}.gz"]
    target = tmp_path / "RECOVERYXLOG"
    assert subprocess.run([*PROGRAM, "get", str(folder), NAME, str(target)], check=False).returncode == DONE
    assert target.read_bytes() == segment.read_bytes()
    missing = [*PROGRAM, "get", str(folder), "00000002.history", str(target)]
    assert subprocess.run(missing, check=False).returncode == NOT_DONE


def test_the_same_twice_is_fine_and_another_one_is_refused(segment: Path, folder: Path) -> None:
    wal_program.put(folder, segment)
    wal_program.put(folder, segment)
    before = (folder / f"{NAME}.gz").read_bytes()
    segment.write_bytes(b"another")
    with pytest.raises(Refused, match="another content"):
        wal_program.put(folder, segment)
    assert wal_program.main(["put", str(folder), str(segment)]) == NOT_DONE
    assert [path.name for path in folder.iterdir()] == [f"{NAME}.gz"]
    assert (folder / f"{NAME}.gz").read_bytes() == before


def test_one_that_was_cut_off_in_the_archive_is_no_match_and_stops_a_recovery(
    segment: Path, folder: Path, tmp_path: Path
) -> None:
    archived = folder / f"{NAME}.gz"
    archived.write_bytes(gzip.compress(segment.read_bytes())[:-9])
    with pytest.raises(Refused):
        wal_program.put(folder, segment)
    assert wal_program.main(["get", str(folder), NAME, str(tmp_path / "target")]) == DAMAGED
    assert not (tmp_path / "target").exists()


def test_what_was_not_archived_yet_comes_from_the_server_that_ended(
    segment: Path, folder: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    assert not wal_program.get(folder, NAME, target)
    assert wal_program.get(folder, NAME, target, segment.parent)
    assert target.read_bytes() == segment.read_bytes()


def test_names_of_other_files_and_wrong_words_are_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("../../etc/passwd", "abc", NAME.lower(), f"{NAME}.gz", ""):
        assert wal_program.main(["get", str(folder), name, str(tmp_path / "x")]) == NOT_DONE
    for name in ("00000002.history", f"{NAME}.00000028.backup", f"{NAME}.partial"):
        (tmp_path / name).write_bytes(b"content")
        assert wal_program.main(["put", str(folder), str(tmp_path / name)]) == DONE
    assert wal_program.main([]) == NOT_DONE
    assert wal_program.main(["put", str(folder), str(tmp_path / NAME)]) == NOT_DONE


def test_a_full_disk_leaves_nothing_under_the_name(
    segment: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert wal_program.main(["put", str(folder), str(segment)]) == NOT_DONE
    assert list(folder.iterdir()) == []


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "wal.key"
    path.write_text(wal_keys.private_of(KEY))
    return path


def test_with_a_key_it_is_encrypted_and_given_back_as_postgresql_calls_it(
    segment: Path, folder: Path, key_file: Path, tmp_path: Path
) -> None:
    program = [word for word in PROGRAM if word != "-S"]
    put = [*program, "put", "--to", wal_keys.public_of(KEY), str(folder), f"pg_wal/{NAME}"]
    for _ in range(2):
        assert subprocess.run(put, cwd=tmp_path, check=False).returncode == DONE
    [archived] = folder.iterdir()
    assert archived.name == f"{NAME}.gz.aes"
    assert segment.read_bytes()[:64] not in archived.read_bytes()
    target = tmp_path / "RECOVERYXLOG"
    get = [*program, "get", "--key", str(key_file), str(folder), NAME, str(target)]
    assert subprocess.run(get, check=False).returncode == DONE
    assert target.read_bytes() == segment.read_bytes()
    # Who only archives can't read it: without the private key a recovery stops, and does not end as at the end of the log.
    assert subprocess.run([*PROGRAM, "get", *get[-3:]], check=False).returncode == DAMAGED


def test_an_encrypted_file_that_was_changed_cut_off_renamed_or_is_for_another_key_stops_a_recovery(
    segment: Path, folder: Path, key_file: Path, tmp_path: Path
) -> None:
    wal_program.put(folder, segment, public_key=bytes.fromhex(wal_keys.public_of(KEY)))
    archived, target = folder / f"{NAME}.gz.aes", tmp_path / "out"
    whole = archived.read_bytes()
    words = ["get", "--key", str(key_file), str(folder), NAME, str(target)]
    for at in (0, 20, 60, 90, len(whole) - 1):
        changed = bytearray(whole)
        changed[at] ^= 1
        archived.write_bytes(changed)
        assert wal_program.main(words) == DAMAGED
    for length in (0, 50, 100, len(whole) - 1):
        archived.write_bytes(whole[:length])
        assert wal_program.main(words) == DAMAGED
    other = NAME.replace("AB", "AC")
    (folder / f"{other}.gz.aes").write_bytes(whole)
    assert wal_program.main([*words[:-2], other, str(target)]) == DAMAGED
    archived.write_bytes(whole)
    for text in (wal_keys.private_of(bytes(32)), "no key", ""):
        key_file.write_text(text)
        with pytest.raises(Unreadable):
            wal_program.get(folder, NAME, target, key_file=key_file)
    key_file.unlink()
    assert wal_program.main(words) == DAMAGED
    assert not target.exists()


def test_another_file_under_an_encrypted_name_is_refused_and_so_is_a_key_that_is_none(
    segment: Path, folder: Path
) -> None:
    public_key = wal_keys.public_of(KEY)
    wal_program.put(folder, segment, public_key=bytes.fromhex(public_key))
    segment.write_bytes(b"another")
    with pytest.raises(Refused, match="another content"):
        wal_program.put(folder, segment, public_key=bytes.fromhex(public_key))
    assert wal_program.main(["put", "--to", "abc", str(folder), str(segment)]) == NOT_DONE


def test_what_was_archived_before_there_was_a_key_is_still_given_back(
    segment: Path, folder: Path, key_file: Path, tmp_path: Path
) -> None:
    wal_program.put(folder, segment)
    # PostgreSQL asks again after a crash; by now there is a key.
    wal_program.put(folder, segment, public_key=bytes.fromhex(wal_keys.public_of(KEY)))
    assert [path.name for path in folder.iterdir()] == [f"{NAME}.gz"]
    assert wal_program.get(folder, NAME, tmp_path / "out", key_file=key_file)
    assert (tmp_path / "out").read_bytes() == segment.read_bytes()
