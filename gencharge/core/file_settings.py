"""The settings of the files that we keep. `core.settings` puts them with the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr


class Files(BaseModel, defer_build=True):
    """Files"""

    storage_dir: Path | None = Field(
        default=None,
        description="Where the files are that we keep, such as receipts and pictures. Empty: `storage` under `DATA_DIR`.",
    )
    storage_bucket: str = Field(
        default="",
        description="A bucket of an S3-compatible service, which keeps the files in place of `STORAGE_DIR`. API and worker on "
        "several machines need one.",
    )
    storage_prefix: str = Field(
        default="",
        pattern=r"^([a-z0-9_-][a-z0-9._-]*(/[a-z0-9_-][a-z0-9._-]*)*)?$",
        description="What the keys in the bucket begin with, such as `gencharge/production`.",
    )
    storage_endpoint_url: str = Field(
        default="", description="The address of the service, such as `https://minio.example.in`. Empty: AWS."
    )
    storage_public_url: str = Field(
        default="",
        description="Where browsers reach that service, such as `https://files.example.in` or `https://s3.ap-south-1.amazonaws.com`: then reports are "
        "fetched from the bucket itself, under a signed link of a minute. Empty: from the API.",
    )
    storage_region: str = Field(default="ap-south-1", description="The region of the bucket.")
    storage_access_key_id: str = Field(default="", description="The id of the access key for the bucket.")
    storage_secret_access_key: SecretStr = Field(default=SecretStr(""), description="The access key.")
    cdn_base_url: str = Field(
        default="",
        description="Where browsers get public pictures: a CDN in front of the bucket and its prefix, such as "
        "`https://cdn.example.in`. Empty: from the API.",
    )

    def file_problems(self) -> Iterator[str]:
        """What the settings of a bucket lack; a line for each."""
        if self.storage_bucket and not (
            self.storage_access_key_id and self.storage_secret_access_key.get_secret_value()
        ):
            yield "STORAGE_ACCESS_KEY_ID, STORAGE_SECRET_ACCESS_KEY: needed with STORAGE_BUCKET"
        for name in ("storage_endpoint_url", "storage_public_url", "cdn_base_url"):
            url = getattr(self, name)
            if url and not url.startswith(("http://", "https://")):
                yield f"{name.upper()}: an address with https://, not {url[:60]!r}"
