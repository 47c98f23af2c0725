"""Backups on the wire."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from gencharge.backups.models import RunKind, RunStatus
from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Body, Out

_Table = Annotated[str, StringConstraints(min_length=1, max_length=63)]
_NAME = "20261122t200506z-0a1b2c3d"


class BackupStatus(StrEnum):
    """How far a backup has come."""

    WAITING = "waiting"  # for a worker
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BackupCreate(Body):
    """What to back up."""

    description: str = Field(default="", max_length=200, examples=["Before the upgrade"])
    tables: list[_Table] = Field(
        default_factory=list,
        max_length=200,
        description="Only these tables and those that they refer to, without MongoDB and files. Empty: everything.",
    )


class BackupRestore(Body):
    """How to restore a backup."""

    in_place: bool = Field(
        default=False,
        description="false: into new databases, beside what is live. true: in the place of what is live, after a second admin approved.",
    )
    confirm: str = Field(
        default="", max_length=40, description="With `in_place`: the name of the backup, typed once more."
    )
    reason: str = Field(default="", max_length=500, description="With `in_place`: why, for the second admin.")


class BackupDatabaseOut(Out):
    """A database that a restore made or left."""

    database: str
    mongo_database: str = Field(description="What belongs to it in MongoDB.")
    purpose: Literal["restored", "before"] = Field(
        description="`restored`: a restore made it, beside what was live. `before`: it was live until a restore took its place."
    )
    made_at: datetime
    size_bytes: int = Field(description="In PostgreSQL.")


class BackupRunQuery(PageParams):
    """Which work on backups."""

    kind: RunKind | None = None
    status: RunStatus | None = None
    backup: str | None = Field(default=None, max_length=40)


class BackupQuery(PageParams):
    """Which backups."""

    status: BackupStatus | None = None


class BackupContents(Out):
    """How much is in a backup."""

    tables: int
    rows: int
    documents: int
    files: int


class BackupPart(Out):
    """A part of the archive. The files are one part."""

    name: str
    size_bytes: int = Field(description="Before it is compressed.")
    sha256: str


class BackupVerification(Out):
    """What a verification found."""

    at: datetime
    ok: bool
    problems: list[str] = Field(description="The first hundred; empty if it is good.")


class BackupRunOut(Out):
    """Work on a backup."""

    backup_run_id: UUID
    kind: RunKind
    backup: str = Field(description="The name of the backup.", examples=[_NAME])
    status: RunStatus
    stage: str = Field(description="What it is at; empty before it begins.", examples=["PostgreSQL"])
    done_bytes: int = Field(description="Of the content, before it is compressed.")
    total_bytes: int | None = Field(
        description="About as much as there is; null if no earlier backup tells it."
    )
    percent: float | None
    seconds_left: int | None
    database: str | None = Field(description="Of a restore: the name of the new database.")
    mongo_database: str | None = Field(description="Of a restore: the name of the new database of MongoDB.")
    problems: list[str] = Field(description="What is not as it was when the backup was made.")
    failure: str | None = Field(description="The code of what went wrong.")
    attempts: int
    requested_by: UUID | None = Field(description="null: the schedule.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class BackupOut(Out):
    """A backup."""

    backup: str = Field(description="The name of the backup.", examples=[_NAME])
    status: BackupStatus
    description: str
    tables: list[str] = Field(description="Only these tables are in it. Empty: everything.")
    begun_at: datetime
    size_bytes: int | None = Field(description="Of its file; null until it is ready.")
    duration_seconds: float | None
    encrypted: bool | None
    contents: BackupContents | None
    verification: BackupVerification | None = Field(description="The last one; null if there was none.")
    requested_by: UUID | None = Field(
        description="The admin who had it made; null: the schedule, or the command line."
    )
    run: BackupRunOut | None = Field(description="How a worker makes or made it; null: the command line did.")


class BackupDetail(BackupOut):
    """A backup, with its parts."""

    parts: list[BackupPart]
    migration: str | None = Field(description="The last one that its tables had.")
    gencharge: str | None = Field(description="The version that made it.")


class BackupLinkOut(Out):
    """A link to the file of a backup."""

    url: str = Field(description="For one download.")
    expires_at: datetime


class BackupLogLine(Out):
    """A line of the log of a run."""

    at: datetime
    level: str = Field(examples=["info"])
    text: str
