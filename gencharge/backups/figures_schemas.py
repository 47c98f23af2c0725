"""Figures of backups on the wire."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from gencharge.core.http.web import Out


class BackupSums(Out):
    """The work of workers on backups that ended in a time; what the command line did is not among it."""

    created: int = Field(description="Backups that were made.")
    verified: int = Field(description="Restored into scratch databases, and good.")
    restored: int = Field(description="Restores that succeeded, in place or into another database.")
    failed: int = Field(description="Of all kinds; a backup that was verified and is not good, too.")
    success_percent: float | None = Field(description="null if nothing ended.")
    average_seconds: float | None = Field(description="How long making one took; null if none was made.")
    largest_bytes: int | None = Field(
        description="Of the backups that were made, the largest; null if none was."
    )


class BackupPeriod(BackupSums):
    """The days up to today, in India."""

    period: str = Field(examples=["30 days"])


class BackupDay(BackupSums):
    """A day in India."""

    day: date


class BackupFigures(Out):
    """What there is, and how the work went."""

    backups: int = Field(description="In the storage now, whether a worker or the command line made them.")
    size_bytes: int = Field(description="Of all of them together.")
    newest: str | None = Field(description="The newest backup that holds everything.")
    newest_size_bytes: int | None = Field(description="Of that one.")
    newest_duration_seconds: float | None = Field(description="How long making it took.")
    last_good: str | None = Field(
        description="The newest one that holds everything and whose restore was verified."
    )
    last_good_age_seconds: int | None = Field(description="How old that one is.")
    periods: list[BackupPeriod]
    days: list[BackupDay] = Field(description="The last 30 days, the newest first.")
