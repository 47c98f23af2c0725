"""One OpenAPI document of the application for a whole run of the tests: to make it takes 1.5 s of CPU.

It depends on the routes, which are those of the package, and on settings only through its description.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from filelock import FileLock

from gencharge.core.settings import Settings


def share(app: FastAPI) -> FastAPI:
    """Let the application of `create_app` take a copy of the document that one process of this run made; the application."""
    own: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not own:
            own.update(orjson.loads(_document()))
            own["info"]["description"] = app.description
        return own

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def plain_app() -> FastAPI:
    """An application with default settings and without stores, which describes itself with the document of the run."""
    return share(_new_app())


def _new_app() -> FastAPI:
    # Not above: each process of tests would load the API, also the one that only hands out the work.
    from gencharge.api.main import create_app

    return create_app(Settings(_env_file=None))  # type: ignore[call-arg]


def forget() -> None:
    """At the start of a run inside a test, which tests another copy of the package: it makes a document of its own."""
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return Path(
        os.environ["GENCHARGE_TEST_SERVERS"], f"openapi{os.environ.get('GENCHARGE_TEST_INNER', '')}.json"
    )


@cache
def _document() -> bytes:
    if "GENCHARGE_TEST_SERVERS" not in os.environ:
        return orjson.dumps(_new_app().openapi())  # not in a run of the tests
    path = _path()
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.write_bytes(orjson.dumps(_new_app().openapi()))
            draft.rename(path)
    return path.read_bytes()
