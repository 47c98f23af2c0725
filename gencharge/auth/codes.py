"""Where one-time passwords come from."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from gencharge.auth.development import fixed_codes
from gencharge.core.settings import Settings

DIGITS: Final = 6
# Phone number (E.164) -> code.
Codes = Callable[[str], str]


def random_code(_phone_number: str) -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def codes_of(settings: Settings) -> Codes:
    """The process's source of codes. Development differs only here, not where codes are checked."""
    return fixed_codes(settings, random_code) if settings.dev_fixed_otp else random_code
