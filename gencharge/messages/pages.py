"""The pages that the links of e-mails lead to: a question or an answer, and one button, as they fit on a phone."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from gencharge.core.values.language import Language
from gencharge.core.values.recipient import NotificationType
from gencharge.core.wording import Worded, in_language, worded

_STYLE: Final = """
body{margin:0;background:#f4f5f7;color:#1d2430;font:18px/1.5 'Noto Sans','Noto Sans Devanagari',Arial,Helvetica,sans-serif}
main{max-width:480px;margin:0 auto;padding:24px}
.mark{font-weight:bold;color:#0b5cad}
form{background:#fff;border-radius:8px;padding:24px}
h1{margin:0 0 24px;font-size:22px;line-height:1.35}
button{width:100%;min-height:48px;border:0;border-radius:8px;background:#0b5cad;color:#fff;font:inherit;font-weight:bold}
"""
_DIGEST: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_NAMES: Final = {
    NotificationType.REMINDER: worded("reminders"),
    NotificationType.ANNOUNCEMENT: worded("announcements"),
    NotificationType.PROMOTIONAL: worded("offers"),
}


def question(type: NotificationType) -> Worded:
    """Whether e-mails of this type are to stop."""
    name = _NAMES.get(type)
    if name is None:
        return worded("Stop these e-mails from GenCharge?")
    return worded("Stop e-mails with {what} from GenCharge?", what=name)


def page(title: str, button: str, action: str, language: Language) -> str:
    """A page with one button, which posts to `action`."""
    heading, label = (escape(in_language(text, language.value)) for text in (title, button))
    return (
        f'<!doctype html><html lang="{language.value}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{heading}</title><style>{_STYLE}</style></head>'
        f'<body><main><p class="mark">GenCharge</p><form method="post" action="{escape(action)}"><h1>{heading}</h1>'
        f"<button>{label}</button></form></main></body></html>"
    )
