"""The archive of a server's write-ahead log (WAL), with the base backups that it continues: what is in it, and to which instants it leads.

    wal/000000010000000000000007.gz.aes    a segment: timeline, then the number in two halves; `wal_program` keeps it
    base/ID/base.tar.zst.aes               all files of the server, as pg_basebackup copies them
    base/ID/base.json                      when that was, and where in the log it begins and ends

Without a key nothing is encrypted, and the names end without `.aes`.

A base backup leads to every instant from its end up to the first segment that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from gencharge.backups import names
from gencharge.backups.wal_program import ENDING, SEALED_ENDING

SEGMENT_BYTES: Final = 16 * 1024 * 1024
ARCHIVE_NAME: Final = "base.tar.zst"
SEALED_ARCHIVE_NAME: Final = f"{ARCHIVE_NAME}.aes"
DESCRIPTION_NAME: Final = "base.json"
_IN_A_LOG: Final = 0x1_0000_0000 // SEGMENT_BYTES
_SEGMENT: Final = re.compile(
    rf"(?P<timeline>[0-9A-F]{{8}})(?P<log>[0-9A-F]{{8}})(?P<part>[0-9A-F]{{8}})({re.escape(ENDING)}|{re.escape(SEALED_ENDING)})"
)


@dataclass(frozen=True, slots=True)
class Base:
    """A base backup. `first` and `last`: the numbers of the segments without which it is of no use. Instants in UTC."""

    base_id: str
    folder: Path
    started_at: datetime
    finished_at: datetime
    timeline: int
    first: int
    last: int
    size_bytes: int
    postgres: str
    # Whether it is encrypted with the key of the backups.
    sealed: bool = False

    @property
    def archive(self) -> Path:
        """The files of the server."""
        return self.folder / archive_name(sealed=self.sealed)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of the archive. `archived_at`: each transaction in it had ended by then (UTC)."""

    number: int
    timeline: int
    path: Path
    archived_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Instants that can be reached, from `since` to about `until` (UTC). `missing`: the segment that is not there; None if nothing is known to come after."""

    since: datetime
    until: datetime
    bases: tuple[Base, ...]
    missing: str | None


def wal_folder(archive: Path) -> Path:
    """Where the segments are."""
    return archive / "wal"


def base_folder(archive: Path) -> Path:
    """Where the base backups are."""
    return archive / "base"


def archive_name(*, sealed: bool) -> str:
    """What the files of a base backup are called."""
    return SEALED_ARCHIVE_NAME if sealed else ARCHIVE_NAME


def segment_name(timeline: int, number: int) -> str:
    """How PostgreSQL calls a segment."""
    return f"{timeline:08X}{number // _IN_A_LOG:08X}{number % _IN_A_LOG:08X}"


def number_of(location: str) -> int:
    """The number of the segment that a location of the log (`0/2000028`) is in."""
    log, _, offset = location.partition("/")
    return int(log, 16) * _IN_A_LOG + int(offset, 16) // SEGMENT_BYTES


def number_of_name(name: str) -> int:
    """The number in the name of a segment."""
    return int(name[8:16], 16) * _IN_A_LOG + int(name[16:24], 16)


def list_bases(archive: Path) -> list[Base]:
    """The base backups, the oldest first. One whose description can't be read is none."""
    bases = list[Base]()
    for path in sorted(base_folder(archive).glob(f"*/{DESCRIPTION_NAME}")):
        if not names.is_backup_id(path.parent.name):
            continue
        try:
            bases.append(base_of(path.parent, orjson.loads(path.read_bytes())))
        except (OSError, KeyError, TypeError, ValueError):
            continue
    return bases


def list_segments(archive: Path) -> list[Segment]:
    """The segments, in their order; of two timelines the newer one comes last."""
    segments = list[Segment]()
    for path in wal_folder(archive).glob(f"*{ENDING}*"):
        archived_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if (segment := segment_of(path, archived_at)) is not None:
            segments.append(segment)
    return sorted(segments, key=lambda each: (each.number, each.timeline))


def segment_of(path: Path, archived_at: datetime) -> Segment | None:
    """The segment that a file of this name is; None if it is none."""
    match = _SEGMENT.fullmatch(path.name)
    if match is None:
        return None
    number = int(match["log"], 16) * _IN_A_LOG + int(match["part"], 16)
    return Segment(number, int(match["timeline"], 16), path, archived_at)


def spans_of(bases: Sequence[Base], segments: Sequence[Segment]) -> list[Span]:
    """What can be reached, the oldest first. A base backup whose own segments are not all there leads nowhere."""
    archived = dict[int, datetime]()
    for segment in segments:
        archived[segment.number] = max(segment.archived_at, archived.get(segment.number, segment.archived_at))
    newest = max(archived, default=-1)
    spans, ends = list[Span](), list[int]()
    for base in bases:
        end = base.first
        while end in archived:
            end += 1
        if end <= base.last:
            continue
        if ends and ends[-1] == end:
            before = spans.pop()
            spans.append(Span(before.since, before.until, (*before.bases, base), before.missing))
            continue
        missing = segment_name(base.timeline, end) if end < newest else None
        spans.append(Span(base.finished_at, max(archived[end - 1], base.finished_at), (base,), missing))
        ends.append(end)
    return spans


def base_for(spans: Sequence[Span], instant: datetime) -> tuple[Span, Base] | None:
    """The newest base backup that leads to an instant, and its span; None if there is none. The end of the last span is open."""
    for span in reversed(spans):
        is_last = span is spans[-1] and span.missing is None
        for base in reversed(span.bases):
            if base.finished_at <= instant and (instant <= span.until or is_last):
                return span, base
    return None


def superfluous(
    bases: Sequence[Base], segments: Sequence[Segment], *, keep_since: datetime
) -> tuple[list[Base], list[Segment]]:
    """What no instant since `keep_since` needs. The newest base backup stays in any case, and so do the segments after it."""
    older = [base for base in bases if base.finished_at <= keep_since]
    gone = older[:-1] if older else []
    staying = bases[len(gone) :]
    if not staying:
        return [], []
    first = min(base.first for base in staying)
    return gone, [segment for segment in segments if segment.number < first]


def describe(spans: Sequence[Span]) -> list[str]:
    """The spans in a line each, for a person."""
    lines = list[str]()
    for span in spans:
        backups = "1 base backup" if len(span.bases) == 1 else f"{len(span.bases)} base backups"
        size = sum(base.size_bytes for base in span.bases) / 1e6
        gap = f"; then {span.missing} is missing" if span.missing else ""
        lines.append(f"{_text(span.since)} to {_text(span.until)}  ({backups}, {size:.0f} MB{gap})")
    return lines


def _text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def base_of(folder: Path, description: dict[str, Any]) -> Base:
    """The base backup that is described like this. Raises KeyError, TypeError or ValueError if it is none."""
    return Base(
        base_id=folder.name,
        folder=folder,
        started_at=datetime.fromisoformat(description["started_at"]),
        finished_at=datetime.fromisoformat(description["finished_at"]),
        timeline=int(description["timeline"]),
        first=number_of(str(description["start"])),
        last=number_of(str(description["end"])),
        size_bytes=int(description["size_bytes"]),
        postgres=str(description["postgres"]),
        sealed=bool(description.get("sealed", False)),
    )
