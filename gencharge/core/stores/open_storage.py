"""Opens the storage that the settings name."""

from __future__ import annotations

from gencharge.core.settings import Settings
from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.core.stores.s3_storage import S3Storage
from gencharge.core.stores.storage import Storage


def open_storage(settings: Settings) -> Storage:
    """The bucket, if the settings name one; else the folder. Touches nothing before its first use."""
    if settings.storage_bucket:
        return S3Storage.of(settings)
    return FolderStorage(settings.storage_folder)
