"""One OpenAPI document of the application for all files that a process of tests runs: to make it takes 1.5 s of CPU.

It depends on the routes, which are those of the package, and on settings only through its description.
"""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import FastAPI

_documents: dict[str | None, bytes] = {}


def share(app: FastAPI) -> None:
    """Let the application of `create_app` take a copy of the document that an earlier one made, or make it for the later ones."""
    make = app.openapi
    own: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not own:
            if app.description not in _documents:
                _documents[app.description] = orjson.dumps(make())
            own.update(orjson.loads(_documents[app.description]))
        return own

    app.openapi = openapi  # type: ignore[method-assign]
