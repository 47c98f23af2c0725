"""What an archive leads to: spans, gaps, and what is not needed any more."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from gencharge.backups import wal_archive
from gencharge.backups.wal_archive import (
    Base,
    Segment,
    base_for,
    number_of,
    segment_name,
    spans_of,
    superfluous,
)

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def base(minutes: float, first: int, last: int | None = None) -> Base:
    last = first if last is None else last
    stamp = f"{at(minutes):%Y%m%dt%H%M%Sz}-00000000"
    return Base(stamp, Path("/base"), at(minutes - 1), at(minutes), 1, first, last, 1_000_000, "18.4")


def segments(*numbers: int) -> list[Segment]:
    return [Segment(number, 1, Path(f"/wal/{number}"), at(number)) for number in numbers]


def test_numbers_and_names_of_segments_are_postgresqls() -> None:
    assert segment_name(1, 2) == "000000010000000000000002"
    assert segment_name(2, 0x1FF) == "0000000200000001000000FF"
    assert number_of("0/2000028") == 2
    assert number_of("1/FF000000") == 0x1FF


def test_a_span_begins_with_a_base_backup_and_ends_with_the_last_segment() -> None:
    [span] = spans_of([base(2, 2)], segments(1, 2, 3, 4))
    assert (span.since, span.until, span.missing) == (at(2), at(4), None)
    [span] = spans_of([base(2, 2), base(3.5, 3)], segments(2, 3, 4))
    assert (span.since, span.until, len(span.bases)) == (at(2), at(4), 2)


def test_a_gap_ends_a_span_and_the_next_base_backup_begins_another() -> None:
    spans = spans_of([base(2, 2), base(6, 6)], segments(2, 3, 5, 6, 7))
    assert [(span.since, span.until, span.missing) for span in spans] == [
        (at(2), at(3), segment_name(1, 4)),
        (at(6), at(7), None),
    ]
    assert "then 000000010000000000000004 is missing" in wal_archive.describe(spans)[0]


def test_a_base_backup_without_its_own_segments_leads_nowhere() -> None:
    assert spans_of([base(2, 2, 4)], segments(2, 3)) == []
    assert spans_of([base(2, 2)], []) == []


def test_an_instant_is_reached_from_the_newest_base_backup_before_it() -> None:
    spans = spans_of([base(2, 2), base(3.5, 3), base(8, 8)], segments(2, 3, 4, 8))
    assert base_for(spans, at(1)) is None
    assert base_for(spans, at(5)) is None, "in the gap"
    for minutes, expected in ((2, at(2)), (3, at(2)), (3.7, at(3.5)), (8.5, at(8)), (100, at(8))):
        choice = base_for(spans, at(minutes))
        assert choice is not None
        assert choice[1].finished_at == expected


@pytest.mark.parametrize(("keep_since", "gone", "first"), [(1, 0, 2), (3, 0, 2), (4, 1, 3), (50, 2, 8)])
def test_what_no_kept_instant_needs_is_superfluous(keep_since: float, gone: int, first: int) -> None:
    bases, archived = [base(2, 2), base(3.5, 3), base(8, 8)], segments(1, 2, 3, 4, 8, 9)
    old, unneeded = superfluous(bases, archived, keep_since=at(keep_since))
    assert len(old) == gone
    assert min(segment.number for segment in archived if segment not in unneeded) == first
    assert superfluous([], archived, keep_since=at(1000)) == ([], [])


def test_a_folder_is_read_as_it_is_and_what_is_no_base_backup_is_left_out(tmp_path: Path) -> None:
    assert wal_archive.list_bases(tmp_path) == []
    assert wal_archive.list_segments(tmp_path) == []
    wal = tmp_path / "wal"
    wal.mkdir()
    for name in (
        "000000010000000000000002.gz",
        "000000020000000000000002.gz",
        "00000002.history.gz",
        ".x",
        "a.gz",
    ):
        (wal / name).touch()
    os.utime(wal / "000000010000000000000002.gz", (START.timestamp(), START.timestamp()))
    listed = wal_archive.list_segments(tmp_path)
    assert [(each.number, each.timeline) for each in listed] == [(2, 1), (2, 2)]
    assert listed[0].archived_at == START
    for name, content in (
        (
            "20261120t120000z-00000000",
            {"start": "0/2000028", "end": "0/3000000", "timeline": 1, "size_bytes": 7, "postgres": "18.4"},
        ),
        ("20261120t130000z-00000000", {}),
        (".20261120t140000z-00000000", {}),
        ("other", {}),
    ):
        folder = tmp_path / "base" / name
        folder.mkdir(parents=True)
        dates = {"started_at": START.isoformat(), "finished_at": START.isoformat()}
        (folder / "base.json").write_bytes(orjson.dumps(dates | content))
    [own] = wal_archive.list_bases(tmp_path)
    assert (own.first, own.last, own.size_bytes) == (2, 3, 7)
