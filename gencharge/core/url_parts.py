"""The parts of a URL that may hold a password."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split(url: str) -> SplitResult:
    """As `urlsplit` does. Raises ValueError that says what would be right; what `urlsplit` raises repeats user and password."""
    try:
        return urlsplit(url)
    except ValueError:
        raise ValueError(
            "a URL: IPv6 addresses in square brackets, %-escapes for whatever is no plain letter in user and password"
        ) from None
