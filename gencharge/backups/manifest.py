"""What a backup says of itself: what it was made of, and what a restore of it must have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from gencharge.backups.errors import BackupInvalid, BackupTablesInvalid, BackupTooNew
from gencharge.core.wording import worded

FORMAT: Final = 1
_MISSING: Final = worded("missing")


def check_readable(header: Mapping[str, Any], *, revision: str, postgres_major: int | None = None) -> None:
    """Raise BackupTooNew if a newer version made the backup, BackupInvalid if its header is none.

    `revision`: the newest migration of this program; `postgres_major`: the server's that it is to be restored into."""
    try:
        version, made_with = int(header["format"]), int(header["postgres_major"])
        at, program = str(header["revision"]), str(header["gencharge"])
    except (KeyError, TypeError, ValueError):
        raise BackupInvalid("The archive is damaged: its header is not that of a backup.") from None
    if version > FORMAT:
        raise BackupTooNew(
            worded(
                "The backup has version {version} of the format, of GenCharge {program}; this program reads up to {known}.",
                version=version,
                program=program,
                known=FORMAT,
            )
        )
    if at > revision:
        raise BackupTooNew(
            worded(
                "The backup's tables are at revision {at}, of GenCharge {program}; this program knows up to {revision}. Restore it with that version.",
                at=at,
                program=program,
                revision=revision,
            )
        )
    if postgres_major is not None and made_with > postgres_major:
        raise BackupTooNew(
            worded(
                "The backup is of PostgreSQL {made_with}; the server here is {server}, which can't read it.",
                made_with=made_with,
                server=postgres_major,
            )
        )


def with_dependencies(
    chosen: Collection[str], tables: Collection[str], references: Sequence[tuple[str, str]]
) -> list[str]:
    """The chosen tables and all those that their foreign keys lead to, in order. Raises BackupTablesInvalid for one that does not exist."""
    if unknown := sorted(set(chosen) - set(tables)):
        raise BackupTablesInvalid(worded("There is no table {tables}.", tables=", ".join(unknown)[:300]))
    complete, waiting = set[str](), list(chosen)
    while waiting:
        table = waiting.pop()
        if table not in complete:
            complete.add(table)
            waiting += [other for own, other in references if own == table]
    return sorted(complete)


def differences(manifest: Mapping[str, Any], restored: Mapping[str, Any]) -> list[str]:
    """What is other in a restored copy than the manifest says; a line for each. Compares the keys of `restored`."""
    lines = list[str]()
    for what, actual in restored.items():
        expected = manifest.get(what)
        if isinstance(expected, dict) and isinstance(actual, dict):
            lines += [
                worded(
                    "{what}: {name} is {actual}, and was {expected}",
                    what=what,
                    name=name,
                    actual=actual.get(name, _MISSING),
                    expected=expected.get(name, _MISSING),
                )
                for name in sorted({*expected, *actual})
                if expected.get(name) != actual.get(name)
            ]
        elif expected != actual:
            lines.append(
                worded("{what} is {actual}, and was {expected}", what=what, actual=actual, expected=expected)
            )
    return lines


def summary(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Rows, documents and files, all together."""
    parts = manifest.get("parts", {})
    return {
        "tables": len(manifest.get("tables", {})),
        "rows": sum(int(table["rows"]) for table in manifest.get("tables", {}).values()),
        "documents": sum(int(count) for count in manifest.get("collections", {}).values()),
        "files": int(parts.get("files", {}).get("entries", 0)),
    }
