"""E-mail addresses, as logs, the audit trail and other people may see them."""

from __future__ import annotations

import re
from typing import Final

_IN_TEXT: Final = re.compile(r"([\w.%+-])[\w.%+'-]*@([\w-]+(?:\.[\w-]+)+)")


def masked_email(email: str | None) -> str | None:
    """`asha@example.com` -> `a***@example.com`. None stays None, and an empty text becomes None."""
    if not email:
        return None
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"


def mask_emails(text: str) -> str:
    """`text` with every e-mail address in it masked."""
    return _IN_TEXT.sub(r"\1***@\2", text)
