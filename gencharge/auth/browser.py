"""Pages in a browser that sign in: which one asks, whether it is ours, and the cookie that keeps its session.

A page names itself in a header that no form can send, and no page of another site without our consent (CORS). Only then is
its cookie set or read, and the refresh token is nowhere else. The console and the app each have a cookie of their own, so
that signing in at one signs nobody out of the other. The prefix `__Host-` lets no other host, and no page without TLS, set it;
browsers take 127.0.0.1 and localhost for safe, so it works in development as it is.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from starlette.responses import Response

HEADER: Final = "X-GenCharge-Client"


class BrowserClient(StrEnum):
    """One of our own pages."""

    CONSOLE = "console"
    APP = "app"

    @property
    def cookie(self) -> str:
        """The name of its cookie."""
        return f"__Host-gencharge-{self.value}"

    def set_cookie(self, response: Response, refresh_token: str, *, max_age_seconds: int) -> None:
        """Keep a refresh token in the browser, out of the reach of scripts and of other sites."""
        response.set_cookie(
            self.cookie,
            refresh_token,
            max_age=max_age_seconds,
            path="/",
            secure=True,
            httponly=True,
            samesite="strict",
        )

    def delete_cookie(self, response: Response) -> None:
        """Let the browser forget it."""
        response.delete_cookie(self.cookie, path="/", secure=True, httponly=True, samesite="strict")
