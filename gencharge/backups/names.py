"""The names of what is in an archive, and of the archives. Nothing else is ever read or written.

A name in an archive becomes a key of the storage or a collection, so a name that leads elsewhere (`../`, an absolute path) is refused
before anything is touched.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from gencharge.backups.errors import BackupInvalid
from gencharge.core.stores.storage import checked_key
from gencharge.core.wording import worded

FOLDER: Final = "backups/"
HEADER: Final = "header.json"
MANIFEST: Final = "manifest.json"
POSTGRES: Final = "postgres.dump"
COLLECTIONS: Final = "mongo/collections.json"
FILES: Final = "files"
PLAIN_ENDING: Final = ".tar.zst"
SEALED_ENDING: Final = ".tar.zst.aes"
_SEGMENT: Final = re.compile(r"(?P<part>.+)\.(?P<number>\d{6})")
_COLLECTION: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}")
_ID: Final = re.compile(r"\d{8}t\d{6}z-[0-9a-f]{8}")
_DATABASE: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def new_backup_id(now: datetime, random_hex: str) -> str:
    """The id of a backup made at `now` (UTC): ids sort by time, to the millisecond. `random_hex`: five digits, so that two of one
    millisecond differ."""
    return f"{now:%Y%m%dt%H%M%Sz}-{now.microsecond // 1000:03x}{random_hex}"


def made_at(backup_id: str) -> datetime:
    """When a backup was begun, in UTC, by its id."""
    return datetime.strptime(f"{backup_id[:15]}+0000", "%Y%m%dt%H%M%S%z")


def is_backup_id(text: str) -> bool:
    """Whether it looks like the id of a backup."""
    return _ID.fullmatch(text) is not None


def archive_key(backup_id: str, *, sealed: bool) -> str:
    """Where the archive is in the storage."""
    return f"{FOLDER}{backup_id}{SEALED_ENDING if sealed else PLAIN_ENDING}"


def description_key(backup_id: str) -> str:
    """Where what is known about the archive is in the storage."""
    return f"{FOLDER}{backup_id}.json"


def id_of_archive(key: str) -> str | None:
    """The id of the backup whose archive has this key; None if it is no archive."""
    for ending in (SEALED_ENDING, PLAIN_ENDING):
        if key.endswith(ending):
            backup_id = key.removeprefix(FOLDER).removesuffix(ending)
            return backup_id if is_backup_id(backup_id) else None
    return None


def segment_name(part: str, number: int) -> str:
    """The name in the archive of a piece of a part."""
    return f"{part}.{number:06d}"


def part_of(name: str) -> tuple[str, int]:
    """The part and the number of the piece that a name in the archive means. Raises BackupInvalid."""
    match = _SEGMENT.fullmatch(name)
    if match is None:
        raise BackupInvalid(
            worded("The archive holds {name}, which is no name of a backup's part.", name=repr(name[:200]))
        )
    part = match["part"]
    if part not in {HEADER, MANIFEST, POSTGRES, COLLECTIONS} and not _is_file(part):
        collection_of(part)
    return part, int(match["number"])


def _is_file(part: str) -> bool:
    if not part.startswith(f"{FILES}/"):
        return False
    key_of(part)
    return True


def key_of(part: str) -> str:
    """The key of the storage that a part `files/KEY` means. Raises BackupInvalid."""
    try:
        return checked_key(part.removeprefix(f"{FILES}/"))
    except ValueError:
        raise BackupInvalid(
            worded("The archive holds {name}, which leads out of the folder of files.", name=repr(part[:200]))
        ) from None


def collection_of(part: str) -> str:
    """The collection that a part `mongo/NAME.bson` means. Raises BackupInvalid."""
    name = part.removeprefix("mongo/").removesuffix(".bson")
    if part != collection_part(name) or not _COLLECTION.fullmatch(name) or name.startswith("system."):
        raise BackupInvalid(
            worded("The archive holds {name}, which is no name of a backup's part.", name=repr(part[:200]))
        )
    return name


def collection_part(collection: str) -> str:
    """The part that holds a collection."""
    return f"mongo/{collection}.bson"


def checked_database(name: str) -> str:
    """The name of a database to be made. Raises BackupInvalid."""
    if not _DATABASE.fullmatch(name):
        raise BackupInvalid(
            worded(
                "{name} is no name of a database: up to 63 lower-case letters, digits and _, a letter first.",
                name=repr(name[:80]),
            )
        )
    return name


def derived_database(name: str, purpose: str, stamp: str) -> str:
    """The name of a database beside `name`: `gencharge_dev` -> `gencharge_restored_20261122t101500z_dev`.

    `_dev` and `_test` stay at the end: they allow what production must not."""
    ending = next((ending for ending in ("_dev", "_test") if name.endswith(ending)), "")
    tail = f"_{purpose}_{stamp}{ending}"
    return checked_database(f"{name.removesuffix(ending)[: 63 - len(tail)]}{tail}".lower().replace("-", "_"))
