"""The disk that the data folder is on: how much room there is and how much it takes, and whether it can be used at all."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Final

# Room for the embedded stores: three new ones with their journals, and what running ones write in a while.
NEW_DATA_BYTES: Final = 1_000_000_000
MORE_DATA_BYTES: Final = 200_000_000


def free_bytes(folder: Path) -> int:
    """How much is free on the disk of a folder, which need not be there yet."""
    return shutil.disk_usage(_existing(folder)).free


def problem_with(folder: Path, setting: str = "DATA_DIR") -> str:
    """Why no data can be written there, in a line that says what to do; empty if they can. `setting` names the folder."""
    existing = _existing(folder)
    if not os.path.isdir(existing):
        return f"{existing} is not a folder: set {setting} to one"
    if not os.access(existing, os.W_OK | os.X_OK):
        owner = existing.stat().st_uid
        if owner != os.geteuid():
            return f"{existing} belongs to another user ({_name_of(owner)}): run as that user, or set {setting} to a folder of your own"
        return f"{existing} can't be written to: set {setting} to another folder"
    return ""


def shortage(folder: Path, needed: int = NEW_DATA_BYTES) -> str:
    """The line for a user whose disk has less than `needed` bytes; empty if there is room."""
    free = free_bytes(folder)
    if free >= needed:
        return ""
    return (
        f"{folder} needs {needed // 10**6} MB of free disk and has {free // 10**6} MB: "
        "make room, or set DATA_DIR to a folder on another disk"
    )


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _existing(folder: Path) -> Path:
    # os.path, because Path.exists raises an error for a folder that this user may not look into.
    return next(path for path in (folder.resolve(), *folder.resolve().parents) if os.path.exists(path))
