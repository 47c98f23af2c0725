"""Names: as lists sort and search them, and as the audit trail may keep them."""

from __future__ import annotations

import unicodedata


def name_key(name: str | None) -> str:
    """A name without what people don't care about: `Asha  RAO` and `asha rao` are one. Empty without a name."""
    return unicodedata.normalize("NFC", " ".join((name or "").split()).casefold())


def masked_name(name: str | None) -> str | None:
    """`Asha Rao` -> `A***`: enough to see that it changed."""
    return f"{name[0]}***" if name else None
