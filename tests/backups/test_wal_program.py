"""The program that PostgreSQL calls for each segment: whole or not there, the same twice, another one never."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gencharge.backups import wal_program
from gencharge.backups.wal_program import DAMAGED, DONE, NOT_DONE, Refused

NAME = "0000000100000000000000AB"
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
