"""E-mail addresses, as logs, the audit trail and other people may see them."""

from __future__ import annotations


def masked_email(email: str | None) -> str | None:
    """`asha@example.com` -> `a***@example.com`. None stays None, and an empty text becomes None."""
    if not email:
        return None
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"
