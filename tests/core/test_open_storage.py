"""The settings say where files are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from gencharge.core.settings import Settings
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.s3_storage import S3Storage


def test_the_folder_is_the_one_that_is_set_or_beside_the_other_data(
    tmp_path: Path, settings: Settings
) -> None:
    assert open_storage(settings).folder == settings.data_dir.resolve() / "storage"  # type: ignore[attr-defined]
    elsewhere = settings.model_copy(update={"storage_dir": tmp_path})
    assert open_storage(elsewhere).folder == tmp_path.resolve()  # type: ignore[attr-defined]


def test_a_bucket_comes_before_the_folder_and_needs_its_key(settings: Settings) -> None:
    key = {"storage_access_key_id": "id", "storage_secret_access_key": "secret"}
    named = Settings(_env_file=None, environment="test", storage_bucket="files", **key)
    assert isinstance(open_storage(named), S3Storage)
    with pytest.raises(ValidationError, match="STORAGE_ACCESS_KEY_ID, STORAGE_SECRET_ACCESS_KEY: needed"):
        Settings(_env_file=None, environment="test", storage_bucket="files")


@pytest.mark.parametrize("name", ["storage_endpoint_url", "storage_public_url", "cdn_base_url"])
def test_an_address_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=rf"{name.upper()}: an address with https://"):
        Settings(_env_file=None, environment="test", **{name: "minio:9000"})
