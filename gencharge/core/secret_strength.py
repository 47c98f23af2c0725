"""Whether a secret is fit to sign and seal with. The issuer of a partner's secret chooses its length, we that of our own."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

# What the seed documents and earlier versions of the source print. Who builds on one of them has no secret.
_PRINTED: Final = ("change_me", "changeme", "otp_secret_key", "development-only", "tests-only", "your_secret")
OUR_CHARACTERS: Final = 32
_OUR_DIFFERENT: Final = 10
PARTNERS_CHARACTERS: Final = 16
_PARTNERS_DIFFERENT: Final = 8


def weakness(value: str) -> str | None:
    """What is wrong with a secret of our own; None if it is fit."""
    return _weakness(value, OUR_CHARACTERS, _OUR_DIFFERENT)


def weakness_of_partners(value: str) -> str | None:
    """What is wrong with a secret that we share with a partner; None if it is fit."""
    return _weakness(value, PARTNERS_CHARACTERS, _PARTNERS_DIFFERENT)


def _weakness(value: str, characters: int, different: int) -> str | None:
    if any(sample in value.lower() for sample in _PRINTED):
        return "a sample value; set a secret of your own"
    if len(value) < characters or len(set(value)) < different:
        return f"at least {characters} characters, {different} different ones"
    if _is_repetition(value) or _is_row(value):
        return "a pattern that can be guessed; set a random value"
    return None


def _is_repetition(value: str) -> bool:
    """True for a text that some shorter one makes if it is written several times."""
    return value in (value + value)[1:-1]


def _is_row(value: str) -> bool:
    """True if most characters follow from the one before, as in 12345678 or aaaabbbb."""
    steps = [ord(after) - ord(before) for before, after in pairwise(value)]
    return 2 * sum(abs(step) <= 1 for step in steps) > len(steps)
