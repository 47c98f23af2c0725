"""`gencharge reset`: empty embedded stores, as on the first day."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gencharge.run.embedded import EmbeddedServers, ServerFailed

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

# What the product keeps in its data folder. Anything else there is not ours to delete.
_FOLDERS: Final = ("postgres", "mongo", "redis", "run", "logs", "sandbox", "storage")


def reset(settings: Settings) -> list[Path]:
    """Delete the data of the embedded stores, and return the folders that went.

    Raises ServerFailed outside development, or while a `gencharge dev` runs on this folder.
    """
    if not settings.is_development:
        raise ServerFailed("gencharge reset is for development: it deletes all data")
    # Every start leaves its lock. A folder without one was never ours, whatever the folders in it are called.
    if not (settings.data_dir / "lock").exists():
        return []
    EmbeddedServers(settings.data_dir).lock()
    folders = [settings.data_dir / name for name in _FOLDERS if (settings.data_dir / name).exists()]
    for folder in folders:
        shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    return folders
