"""The settings of backups. `core.settings` puts them with the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field


class Backups(BaseModel, defer_build=True):
    """Backups"""

    backup_dir: Path | None = Field(
        default=None,
        description="The folder of the backups; better another disk than that of the data. Empty: `backups` under `DATA_DIR`.",
    )
    backup_bucket: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$",
        description="A bucket for the backups in place of `BACKUP_DIR`, at the service of `STORAGE_ENDPOINT_URL` and with its key.",
    )
    backup_key_file: Path | None = Field(
        default=None,
        description="A file with the key that backups are encrypted with; `gencharge backup key` makes one. Keep a copy "
        "apart from the backups: without it they can't be restored. In production no backup is made without one.",
    )
    backup_signing_key_file: Path | None = Field(
        default=None,
        description="A file with the private key that signs backups; `gencharge backup signing-key` makes one. Only where backups are made; "
        "in production none is made without one.",
    )
    backup_public_key_file: Path | None = Field(
        default=None,
        description="A file with the public key that belongs to it. If it is set, no backup is restored or verified that is not signed with "
        "the private one. In production nothing is restored or verified without it.",
    )
    postgres_bin_dir: Path | None = Field(
        default=None,
        description="The folder of `pg_dump` and `pg_restore`. Empty: those of the system and the embedded ones, the "
        "oldest that fit the server.",
    )
    backup_schedule: Literal["off", "hourly", "daily"] = Field(
        default="off",
        description="How often a worker makes a backup, verifies it and deletes those that are not kept any more.",
    )
    backup_hour: int = Field(
        default=3, ge=0, le=23, description="The hour in India at which a daily backup is due."
    )
    backup_wal_dir: Path | None = Field(
        default=None,
        description="A folder for the write-ahead log and the base backups of the embedded PostgreSQL, for a recovery to a point in time; better "
        "another disk than that of the data. Encrypted with the key of `BACKUP_KEY_FILE` if there is one; with `BACKUP_BUCKET` a worker copies it there, too. "
        "Empty: no archive.",
    )
    backup_wal_days: int = Field(
        default=7,
        ge=1,
        le=400,
        description="For how many days back a point in time can be reached: base backups and segments that only older ones need are deleted.",
    )
    backup_event_days: int = Field(
        default=8,
        ge=0,
        le=400,
        description="For how many days delivered events are stored, compressed and encrypted: from them a recovery writes again into MongoDB what a backup "
        "of it that is older than the instant does not have. As long as the oldest backup that MongoDB would be taken from; the same for "
        "all workers. 0: not at all.",
    )
    backup_databases_at_most: int = Field(
        default=4,
        ge=1,
        le=100,
        description="How many databases that restores made or left may be there; with as many, none is begun. `gencharge backup "
        "databases` lists them.",
    )
    backup_keep_hourly: int = Field(
        default=24, ge=0, le=1000, description="For how many hours the last backup of each hour is kept."
    )
    backup_keep_daily: int = Field(
        default=7, ge=0, le=1000, description="For how many days the last backup of each day is kept."
    )
    backup_keep_weekly: int = Field(
        default=4, ge=0, le=1000, description="For how many weeks the last backup of each week is kept."
    )
    backup_keep_monthly: int = Field(
        default=12, ge=0, le=1000, description="For how many months the last backup of each month is kept."
    )

    def backup_problems(self) -> Iterator[str]:
        """Keys without which no scheduled backup of a production installation would be made or verified."""
        if self.backup_schedule == "off":
            return
        for name in ("backup_key_file", "backup_signing_key_file", "backup_public_key_file"):
            if getattr(self, name) is None:
                yield f"{name.upper()}: needed with BACKUP_SCHEDULE={self.backup_schedule}"
