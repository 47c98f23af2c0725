"""A real S3 server on a port of its own: moto's."""

from __future__ import annotations

import logging
from typing import Self

import httpx
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from gencharge.core.settings import Settings

BUCKET = "gencharge-files"


class S3Server:
    """Runs while it is entered, with one empty bucket."""

    def __enter__(self) -> Self:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        httpx.put(f"{self.url}/{BUCKET}", timeout=60).raise_for_status()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.stop()

    def settings(self, prefix: str = "", **others: object) -> Settings:
        """Settings whose files are in the bucket."""
        return Settings.model_construct(
            **{
                "storage_bucket": BUCKET,
                "storage_prefix": prefix,
                "storage_endpoint_url": self.url,
                "storage_region": "ap-south-1",
                "storage_access_key_id": "test",
                "storage_secret_access_key": SecretStr("test"),
                **others,
            }
        )
