"""The product as it is, and one route more: guarded, it does nothing. No product route does nothing."""

from __future__ import annotations

from fastapi import FastAPI

from gencharge.api.main import create_app
from gencharge.core.http import web
from gencharge.sessions.guards import SignedInUser

GUARD_PATH = "/v1/bench"
router = web.router("bench")


@router.get("")
async def guarded(user: SignedInUser) -> dict[str, str]:
    """Only the guard."""
    del user
    return {}


def create() -> FastAPI:
    """The application with its own settings; the route comes first, so that it costs no search."""
    app = create_app()
    app.router.routes[:0] = router.routes
    return app
